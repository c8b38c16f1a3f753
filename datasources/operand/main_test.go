package operand_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/datasources/operand"
	fake "github.com/trama-graph/trama/datasources/sandbox/operand"
	"github.com/trama-graph/trama/datasources/sandbox/world"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var w300 = sync.OnceValue(func() *world.World { return world.New(1, 300) })

// config is what an operator writes who has seen the reference in his panel.
func config(url, token string) operand.Config {
	c := operand.DefaultConfig()
	c.Name, c.URL, c.Token = "agency", url, token
	c.Timeout, c.Retries = 5*time.Second, 0
	for entity, r := range map[string]fake.Resource{"Invoice": fake.Invoices, "Payment": fake.Receivables, "Payable": fake.Payables, "Boleto": fake.Boletos} {
		e := c.Entities[entity]
		e.Path = fake.DefaultPath(r)
		c.Entities[entity] = e
	}
	return c
}

// serve starts a fake Operand.
func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// output is everything the program says of itself.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// agency is a copy of a fake, with the store it is kept in.
type agency struct {
	*copies.Copy
	store *store.Store
	said  *output
}

// copied opens Operand and a copy of it; nothing is read yet.
func copied(t *testing.T, cfg operand.Config) *agency {
	t.Helper()
	st, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "trama.db"), store.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return copiedTo(t, cfg, st)
}

// copiedTo opens a copy that is kept in a store already.
func copiedTo(t *testing.T, cfg operand.Config, st *store.Store) *agency {
	t.Helper()
	a := &agency{store: st, said: &output{}}
	log := slog.New(slog.NewTextHandler(a.said, &slog.HandlerOptions{Level: slog.LevelDebug}))
	src, err := operand.Open(t.Context(), cfg, operand.Deps{
		Links: cfg.Links(), Log: log, Now: func() time.Time { return world.End }, // the window is around the world's end
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	if a.Copy, err = copies.Open(t.Context(), copies.Config{Name: cfg.Name}, src, st, copies.Deps{Log: log}); err != nil {
		t.Fatal(err)
	}
	return a
}

func mustSync(t *testing.T, a *agency) {
	t.Helper()
	if err := a.Sync(t.Context(), copies.Options{}); err != nil {
		t.Fatal(err)
	}
}

// rows are how many records the copy holds of each kind.
func (a *agency) rows() map[string]int {
	n := map[string]int{}
	for _, entity := range []string{"Customer", "Invoice", "Payment", "Payable", "Boleto"} {
		if s := a.EntityCopy(entity); s != nil && s.Rows != nil {
			n[entity] = *s.Rows
		}
	}
	return n
}

// invoices asks the copy for its invoices.
func (a *agency) invoices(t *testing.T) (int, error) {
	t.Helper()
	rows, err := datasources.ReaderOf[schema.Invoice](a.Source(), "Invoice").List(t.Context(), datasources.Query{First: 1, Total: true})
	if err != nil {
		return 0, err
	}
	return rows.Totals[0], nil
}

func codeOf(err error) schema.Code {
	var e *schema.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
