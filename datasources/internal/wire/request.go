package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// request makes the HTTP request of one attempt, under the attempt's context.
func (c *Client) request(ctx context.Context, call *Call) (*http.Request, *verdict) {
	address := call.URL
	if !isAbsolute(address) {
		address = strings.TrimLeft(address, "/")
		// The base itself is asked for with the slash it was configured with.
		if address != "" && address[0] != '?' || strings.HasSuffix(c.cfg.Base.Path, "/") {
			address = "/" + address
		}
		address = c.base + address
	}
	var body io.Reader
	if call.Body != nil {
		body = bytes.NewReader(call.Body)
	}
	req, err := http.NewRequestWithContext(ctx, call.Method, address, body)
	if err != nil {
		// The error repeats the address.
		return nil, newVerdict(OutcomeRefused, errors.New("address or method cannot be used"))
	}
	req.URL.User, req.URL.Fragment = nil, ""
	if b := c.cfg.Base; req.URL.Scheme != b.Scheme || req.URL.Host != b.Host && !strings.EqualFold(hostPort(req.URL), hostPort(b)) {
		return nil, newVerdict(OutcomeRefused, errors.New("address of another host than the source's"))
	}
	for name, values := range c.headers {
		req.Header[name] = values
	}
	req.Header.Set("Accept-Encoding", "gzip")
	if len(call.Accept) > 0 {
		req.Header.Set("Accept", strings.Join(call.Accept, ", "))
	}
	for name, values := range call.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	for name, values := range call.Credentials {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	if c.cfg.Jar != nil {
		// Before a transport may see the header: its slices are shared.
		req.Header["Cookie"] = slices.Clone(req.Header["Cookie"])
		for _, k := range c.cfg.Jar.Cookies(req.URL) {
			req.AddCookie(k)
		}
		if len(req.Header["Cookie"]) == 0 {
			delete(req.Header, "Cookie")
		}
	}
	return req, nil
}

func isAbsolute(address string) bool {
	scheme, _, ok := strings.Cut(address, "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" && u.Scheme == "https" {
		port = "443"
	} else if port == "" {
		port = "80"
	}
	return u.Hostname() + ":" + port
}
