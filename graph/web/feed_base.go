package web

import (
	"net/http"
	"strings"

	"github.com/trama-graph/trama/graph/odata"
)

// odataBase is the public address of /odata, without a slash at its end. Where no
// public_url is configured, it is the address of the request: behind a proxy that tells
// another one it is wrong, which is logged once. What a proxy says is not believed, since
// anybody can say it. The error is that the request names no host either, as HTTP/1.0 may.
func (s *Server) odataBase(r *http.Request) (string, error) {
	if u := s.cfg.Feed.PublicURL; u != nil {
		return strings.TrimSuffix(u.String(), "/") + "/odata", nil
	}
	if r.Host == "" {
		return "", &odata.Error{Kind: odata.KindBadRequest, Message: "the request has no Host, which links in the answer would begin with"}
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	if isForwarded(r, scheme) {
		s.unknownBase.Do(func() {
			s.cfg.Log.WarnContext(r.Context(), "found no public_url behind a proxy: links in answers have another address than the client's, set public_url")
		})
	}
	return scheme + "://" + r.Host + "/odata", nil
}

// isForwarded reports whether a proxy says that the client's address is another one.
func isForwarded(r *http.Request, scheme string) bool {
	h := r.Header
	if proto := h.Get("X-Forwarded-Proto"); proto != "" && !strings.EqualFold(proto, scheme) {
		return true
	}
	if host := h.Get("X-Forwarded-Host"); host != "" && !strings.EqualFold(host, r.Host) {
		return true
	}
	return h.Get("X-Forwarded-Prefix") != "" || strings.Contains(strings.ToLower(h.Get("Forwarded")), "proto=https") && scheme == "http"
}
