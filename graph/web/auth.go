package web

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// enter lets a request in: by its token, and within what its account agreed. An
// error is a *refusal.
func (s *Server) enter(w http.ResponseWriter, r *http.Request, door string) (*policies.Principal, error) {
	p, err := s.authenticate(r, door)
	if err != nil {
		return nil, s.unauthenticated(w, r, door, err)
	}
	p.Door = door
	entryOf(r.Context()).token = p.TokenID
	if _, isSource := p.Source(); isSource && door != pushDoorName && door != "login" {
		return nil, &refusal{http.StatusForbidden, errOnlyPush}
	}
	if s.cfg.Quota == nil || door == "login" {
		return p, nil
	}
	state, err := s.cfg.Quota.Call(r.Context(), p)
	state.Headers(w.Header())
	if err != nil {
		return nil, s.overdrawn(r.Context(), w.Header(), err)
	}
	return p, nil
}

// pushDoorName is the one door, beside the login, that is open to sources.
const pushDoorName = "push"

var errOnlyPush = schema.Errorf(schema.Forbidden, "this token is a source's: it pushes records and reads nothing")

// authenticate lets a request in by its bearer token (RFC 6750). A token anywhere
// else, in the address above all, is not looked at, as it would stand in logs; but for
// the doors of tables (feedToken).
func (s *Server) authenticate(r *http.Request, door string) (*policies.Principal, error) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if isFeedDoor(door) {
		if token = feedToken(r); token == "" {
			return nil, schema.Errorf(schema.Unauthenticated, "a token is required: as a bearer's, as the password of Basic, or as api_key")
		}
	} else if !ok || !strings.EqualFold(scheme, "Bearer") {
		return nil, schema.Errorf(schema.Unauthenticated, "a bearer token is required")
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		from = netip.AddrPort{}
	}
	verified, err := s.cfg.Auth.Verify(r.Context(), strings.TrimSpace(token), from.Addr())
	if err != nil {
		return nil, err
	}
	p := *verified // others may hold the same one
	p.Address = from.Addr().Unmap()
	return &p, nil
}

// unauthenticated makes the refusal of a request from nobody.
func (s *Server) unauthenticated(w http.ResponseWriter, r *http.Request, door string, err error) error {
	switch schema.CodeOf(err) {
	case schema.Unauthenticated:
		w.Header().Set("WWW-Authenticate", `Bearer realm="trama"`)
		if isFeedDoor(door) { // what tools for reports ask their users for
			w.Header().Set("WWW-Authenticate", `Basic realm="trama", charset="UTF-8"`)
		}
		return &refusal{http.StatusUnauthorized, codedError(err)}
	case schema.Forbidden:
		return &refusal{http.StatusForbidden, codedError(err)}
	case schema.SourceUnavailable:
		// Trama's own store is away, which its owner logs: a line for each request would
		// only bury that one. Another instance may have it, so proxies may go on to it.
		e := codedError(err)
		retryAfter(w.Header(), e)
		return &refusal{http.StatusServiceUnavailable, e}
	}
	return s.internal(r.Context(), err)
}

// internal makes the refusal of what went wrong here, and logs it.
func (s *Server) internal(ctx context.Context, err error) error {
	s.cfg.Log.ErrorContext(ctx, "letting a request in failed", "err", err, "cause", errors.Unwrap(err))
	return &refusal{http.StatusInternalServerError, codedError(err)}
}

func codedError(err error) *schema.Error {
	var e *schema.Error
	if !errors.As(err, &e) {
		return schema.Errorf(schema.Internal, "internal error")
	}
	return e
}
