package tokens

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// Store keeps tokens.
type Store interface {
	// PutToken inserts or replaces tokens by id, in order and in one transaction.
	// A second active token of an account is a CONFLICT.
	PutToken(ctx context.Context, tokens ...Token) error
	// TokenByID returns a token in whatever state, NOT_FOUND when there is none.
	TokenByID(ctx context.Context, id string) (Token, error)
	// Tokens returns the tokens of an account, or all with "".
	Tokens(ctx context.Context, account string) ([]Token, error)
}

// Service issues and checks tokens.
type Service struct {
	store Store
	key   []byte
	env   string
	now   func() time.Time
}

// New makes a Service. serverKey is the store's secret; env is "live" or "test".
func New(store Store, serverKey []byte, env string, now func() time.Time) *Service {
	if now == nil {
		now = time.Now
	}
	key := sha256.Sum256(append([]byte("trama token 1\x00"), serverKey...))
	return &Service{store: store, key: key[:], env: env, now: now}
}

// Grant is what a new token is issued with.
type Grant struct {
	Account  string
	Packages []string
	Claims   map[string]string
	Networks []string
	Expires  time.Time
	By       string
}

// Issue makes the account's token and returns its text, which is not stored and
// cannot be shown again. The token the account had stops at once.
func (s *Service) Issue(ctx context.Context, g Grant) (text string, t Token, err error) {
	if g.Account = strings.TrimSpace(g.Account); g.Account == "" {
		return "", Token{}, schema.Errorf(schema.BadRequest, "the account has no name")
	}
	networks, err := prefixes(g.Networks)
	if err != nil {
		return "", Token{}, err
	}
	p, err := fresh(s.env)
	if err != nil {
		return "", Token{}, err
	}
	old, err := s.store.Tokens(ctx, g.Account)
	if err != nil {
		return "", Token{}, err
	}
	now := s.now()
	var change []Token
	for _, o := range old {
		if o.State == Active {
			o.State, o.StateBy, o.StateAt = Replaced, g.By, now
			change = append(change, o)
		}
	}
	t = Token{
		ID: p.id, SecretHMAC: mac(s.key, p), Account: g.Account, Packages: g.Packages, Claims: g.Claims, Networks: networks,
		State: Active, CreatedBy: g.By, CreatedAt: now, ExpiresAt: g.Expires, StateBy: g.By, StateAt: now,
	}
	if err := s.store.PutToken(ctx, append(change, t)...); err != nil {
		return "", Token{}, err
	}
	return p.text(), t, nil
}

// errRefused is the one answer to every token that does not let in: it tells
// nobody whether an id exists.
var errRefused = schema.Errorf(schema.Unauthenticated, "the token is not valid")

// Verify returns the principal of a token's text. Whatever is wrong with it, the
// answer is the same UNAUTHENTICATED; only a caller from outside the token's
// networks, who holds a valid token, is told so by FORBIDDEN.
func (s *Service) Verify(ctx context.Context, text string, from netip.Addr) (*policies.Principal, error) {
	p, ok := parse(text)
	if !ok || p.env != s.env {
		return nil, errRefused
	}
	sum := mac(s.key, p)
	t, err := s.store.TokenByID(ctx, p.id)
	var coded *schema.Error
	switch {
	case errors.As(err, &coded) && coded.Code == schema.NotFound:
		hmac.Equal(sum, make([]byte, len(sum))) // as long as for one that exists
		return nil, errRefused
	case err != nil:
		return nil, schema.Errorf(schema.Internal, "the token could not be checked").Because(err)
	}
	valid := hmac.Equal(sum, t.SecretHMAC)
	valid = valid && (t.State == Active || t.State == Overlapping)
	if !valid || (!t.ExpiresAt.IsZero() && !s.now().Before(t.ExpiresAt)) {
		return nil, errRefused
	}
	if !allowed(t.Networks, from) {
		return nil, schema.Errorf(schema.Forbidden, "the token may not be used from this address")
	}
	return &policies.Principal{TokenID: t.ID, Account: t.Account, Packages: t.Packages, Claims: t.Claims}, nil
}

// prefixes reads networks; a single address is a network of one.
func prefixes(networks []string) ([]string, error) {
	var out []string
	for _, n := range networks {
		if a, err := netip.ParseAddr(n); err == nil {
			n = netip.PrefixFrom(a, a.BitLen()).String()
		}
		p, err := netip.ParsePrefix(n)
		if err != nil {
			return nil, schema.Errorf(schema.BadRequest, "%q is not a network such as 10.0.0.0/8", n)
		}
		out = append(out, p.Masked().String())
	}
	return out, nil
}

func allowed(networks []string, from netip.Addr) bool {
	if len(networks) == 0 {
		return true
	}
	for _, n := range networks {
		if p, err := netip.ParsePrefix(n); err == nil && p.Contains(from.Unmap()) {
			return true
		}
	}
	return false
}

// Disable stops a token at once. An unknown one is NOT_FOUND.
func (s *Service) Disable(ctx context.Context, id, by string) error {
	t, err := s.store.TokenByID(ctx, id)
	if err != nil {
		return err
	}
	t.State, t.StateBy, t.StateAt = Disabled, by, s.now()
	return s.store.PutToken(ctx, t)
}
