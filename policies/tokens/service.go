package tokens

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Service issues and checks tokens. It is safe for concurrent use.
type Service struct {
	store    Store
	key      []byte
	env      string
	now      func() time.Time
	log      *slog.Logger
	packages func() []string // nil = nobody knows which there are
	claims   []string
	sources  func() []string           // those that are pushed; nil = nobody knows
	needs    func(pkg string) []string // nil = nobody knows which claims a package needs

	cache cache
	used  used
	away  atomic.Int64 // the second in which it was last logged that the store is

	mu     sync.Mutex
	warned map[warning]int64 // day of the last log line
}

// Option changes how a Service works.
type Option func(*Service)

// WithPackages tells which packages exist, so that a grant of another is refused.
func WithPackages(names func() []string) Option { return func(s *Service) { s.packages = names } }

// WithNeeds tells which claims a package needs, so that a token of it without them,
// which would see nothing, is refused.
func WithNeeds(claims func(pkg string) []string) Option { return func(s *Service) { s.needs = claims } }

// WithLog is where tokens that end soon are told of; nil is silent.
func WithLog(l *slog.Logger) Option {
	return func(s *Service) {
		if l != nil {
			s.log = l
		}
	}
}

// WithCache sets how long a token that was let in is let in again without a
// look-up: a second by default, which is how long a token lives on that another
// process has stopped. 0 looks up each time.
func WithCache(d time.Duration) Option { return func(s *Service) { s.cache.lifetime = d } }

// New makes a Service. serverKey is the store's secret; env is "live" or "test".
func New(store Store, serverKey []byte, env string, now func() time.Time, options ...Option) *Service {
	if now == nil {
		now = time.Now
	}
	key := sha256.Sum256(append([]byte("trama token 1\x00"), serverKey...))
	s := &Service{
		store: store, key: key[:], env: env, now: now, log: slog.New(slog.DiscardHandler),
		claims: []string{"customer", "shop", "carrier", "supplier"}, cache: cache{lifetime: time.Second}, warned: map[warning]int64{},
	}
	for _, o := range options {
		o(s)
	}
	return s
}

// known returns which packages exist, nil when nobody knows.
func (s *Service) known() []string {
	if s.packages == nil {
		return nil
	}
	if names := s.packages(); names != nil {
		return names
	}
	return []string{}
}

// Tokens lists tokens as they are now, the newest first. First 0 is 50; at most
// 1,000.
func (s *Service) Tokens(ctx context.Context, f TokenFilter) ([]Token, error) {
	f.Now, f.First = s.now(), page(f.First)
	return s.store.ListTokens(ctx, f)
}

// Accounts lists all accounts by name, with their active tokens.
func (s *Service) Accounts(ctx context.Context) ([]Account, error) { return s.store.Accounts(ctx) }

// Agreements lists all agreements by name, the built-in one first.
func (s *Service) Agreements(ctx context.Context) ([]Agreement, error) {
	list, err := s.store.Agreements(ctx)
	if err != nil {
		return nil, err
	}
	return append([]Agreement{{Name: DefaultAgreement}}, list...), nil
}
