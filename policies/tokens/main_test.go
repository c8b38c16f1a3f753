package tokens_test

import (
	"context"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var here = netip.MustParseAddr("127.0.0.1")

// counting is a store that counts what is asked, and fails when it is told to.
type counting struct {
	*store.Store
	looked, used atomic.Int64
	fails        atomic.Pointer[error]
	before       func() // each look-up, nil = nothing
}

func (c *counting) Known(ctx context.Context, id string) (tokens.Known, error) {
	c.looked.Add(1)
	if err := c.fails.Load(); err != nil {
		return tokens.Known{}, *err
	}
	k, err := c.Store.Known(ctx, id)
	if c.before != nil {
		c.before()
	}
	return k, err
}

func (c *counting) Used(ctx context.Context, ids []string, hour time.Time) error {
	c.used.Add(int64(len(ids)))
	if err := c.fails.Load(); err != nil {
		return *err
	}
	return c.Store.Used(ctx, ids, hour)
}

// bench is a service on an empty store, with a clock that stands still.
type bench struct {
	*tokens.Service
	t     testing.TB
	store *counting
	now   time.Time
}

var start = time.Date(2026, 1, 1, 12, 30, 0, 0, time.UTC)

func newBench(t testing.TB, options ...tokens.Option) *bench {
	t.Helper()
	st, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "trama.db"), store.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	b := &bench{t: t, store: &counting{Store: st}, now: start}
	options = append([]tokens.Option{tokens.WithPackages(func() []string { return []string{"admin", "bi", "crm", "ecommerce"} })}, options...)
	b.Service = tokens.New(b.store, []byte("server key"), "live", func() time.Time { return b.now }, options...)
	return b
}

// issue makes a token as the operator.
func (b *bench) issue(g tokens.Grant) (string, tokens.Token) {
	b.t.Helper()
	if g.Role == "" {
		g.Role = tokens.Member
	}
	if g.Packages == nil {
		g.Packages = []string{"bi"}
	}
	text, tok, err := b.Issue(b.t.Context(), tokens.Operator(), g)
	if err != nil {
		b.t.Fatal(err)
	}
	return text, tok
}

// account makes one as the operator.
func (b *bench) account(name string, role tokens.Role, agreement string) {
	b.t.Helper()
	if _, err := b.SaveAccount(b.t.Context(), tokens.Operator(), name, func(a *tokens.Account) { a.Role, a.Agreement = role, agreement }); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) agreement(a policies.Agreement) {
	b.t.Helper()
	if _, err := b.SaveAgreement(b.t.Context(), tokens.Operator(), a.Name, func(to *policies.Agreement) { *to = a }); err != nil {
		b.t.Fatal(err)
	}
}

// principal lets a token in that must be let in.
func (b *bench) principal(text string) *policies.Principal {
	b.t.Helper()
	p, err := b.Verify(b.t.Context(), text, here)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

// entries returns the newest entries of the audit, without what the store gave them.
func (b *bench) entries(n int) []tokens.Entry {
	b.t.Helper()
	list, err := b.Audit(b.t.Context(), tokens.AuditFilter{First: n})
	if err != nil {
		b.t.Fatal(err)
	}
	for i := range list {
		list[i].ID, list[i].At = 0, time.Time{}
	}
	return list
}
