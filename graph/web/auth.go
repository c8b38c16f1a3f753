package web

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// authenticate lets a request in by its bearer token (RFC 6750). A token anywhere
// else, in the address above all, is not looked at: it would stand in logs.
func (s *Server) authenticate(r *http.Request) (*policies.Principal, error) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return nil, schema.Errorf(schema.Unauthenticated, "a bearer token is required")
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		from = netip.AddrPort{}
	}
	return s.cfg.Auth.Verify(r.Context(), strings.TrimSpace(token), from.Addr())
}
