package tokens

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"net/netip"
	"time"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// errRefused is the one answer to every token that does not let in: it tells
// nobody whether an id exists.
var errRefused = schema.Errorf(schema.Unauthenticated, "the token is not valid")

// errElsewhere is told to who holds a valid token only.
var errElsewhere = schema.Errorf(schema.Forbidden, "the token may not be used from this address")

// maxText is more than any token has: what is longer is not even hashed.
const maxText = 100

// Verify returns the principal of a token's text. Whatever is wrong with it, the
// answer is the same UNAUTHENTICATED after the same work: nothing is looked up for
// a text that is no token or has a wrong checksum, one row for every other. Only a
// caller from outside the token's networks, who holds a valid token, is told so by
// FORBIDDEN. While the store is away it is SOURCE_UNAVAILABLE without a source, with
// Wait, for tokens that were not let in a moment ago. The principal's packages and claims are shared and must not be changed.
func (s *Service) Verify(ctx context.Context, text string, from netip.Addr) (*policies.Principal, error) {
	if len(text) > maxText {
		return nil, errRefused
	}
	now := s.now()
	sum := sha256.Sum256([]byte(text))
	e, epoch := s.cache.get(sum, now)
	if e == nil {
		var err error
		if e, err = s.look(ctx, text, now); err != nil {
			return nil, err
		}
		s.cache.put(sum, e, epoch, now)
	}
	if ends := e.principal.ExpiresAt; !ends.IsZero() && !now.Before(ends) {
		return nil, errRefused
	}
	if !e.allows(from) {
		return nil, errElsewhere
	}
	if hour := now.Unix() / 3600; e.usedIn(hour) {
		s.used.add(e.principal.TokenID, hour)
	}
	p := e.principal
	p.Address = from
	return &p, nil
}

// look finds a token in the store.
func (s *Service) look(ctx context.Context, text string, now time.Time) (*entry, error) {
	p, ok := parse(text)
	if !ok || p.env != s.env {
		return nil, errRefused
	}
	sum := mac(s.key, p)
	k, err := s.store.Known(ctx, p.id)
	if code := schema.CodeOf(err); code != "" && code != schema.NotFound {
		return nil, s.unchecked(ctx, err)
	}
	if err != nil {
		k = Known{SecretHMAC: make([]byte, len(sum)), State: Disabled} // compared as one that exists
	}
	isSecret := hmac.Equal(sum, k.SecretHMAC)
	isLive := k.State == Active || k.State == Overlapping
	isOver := !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt)
	if !isSecret || !isLive || isOver || k.AccountDisabled {
		return nil, errRefused
	}
	t, a, agreement, err := k.Load()
	if err != nil {
		return nil, schema.Errorf(schema.Internal, "the token could not be read").Because(err)
	}
	e := &entry{principal: principal(&t, &a, agreement)}
	for _, n := range t.Networks {
		prefix, err := netip.ParsePrefix(n)
		if err != nil {
			return nil, schema.Errorf(schema.Internal, "the token could not be read").Because(err)
		}
		e.networks = append(e.networks, prefix)
	}
	if !t.LastUsedAt.IsZero() {
		e.hour.Store(t.LastUsedAt.Unix() / 3600)
	}
	return e, nil
}
