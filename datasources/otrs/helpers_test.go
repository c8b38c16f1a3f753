package otrs_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/otrs"
	"github.com/trama-graph/trama/datasources/otrs/otrstest"
	"github.com/trama-graph/trama/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// opened is a source on a desk.
type opened struct {
	datasources.Source
	tickets  datasources.Reader[schema.Ticket]
	articles datasources.Reader[schema.Article]
	log      *buffer
}

type buffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func config(address string) otrs.Config {
	cfg := otrs.DefaultConfig()
	cfg.Name, cfg.URL, cfg.User, cfg.Password = "helpdesk", address, "api", "apipw"
	return cfg
}

func orderLinks(fields ...string) map[string]datasources.LinkRules {
	var rules datasources.LinkRules
	for _, f := range fields {
		rules = append(rules, datasources.LinkRule{Field: f})
	}
	return map[string]datasources.LinkRules{"Ticket.order": rules}
}

// open opens a source on the desk. The links are a whole dynamic field.
func open(t *testing.T, desk *otrstest.Desk, change func(*otrs.Config, *otrs.Deps)) opened {
	t.Helper()
	cfg := config(desk.URL)
	transport := &http.Transport{}
	o := opened{log: &buffer{}}
	deps := otrs.Deps{
		Transport: transport, Links: orderLinks("DynamicField.OrderNumber"), Now: desk.Now,
		Log: slog.New(slog.NewTextHandler(o.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&cfg, &deps)
	}
	s, err := otrs.Open(t.Context(), cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	o.Source = s
	o.tickets = datasources.ReaderOf[schema.Ticket](s, "Ticket")
	o.articles = datasources.ReaderOf[schema.Article](s, "Article")
	t.Cleanup(func() {
		s.Close()
		transport.CloseIdleConnections()
	})
	return o
}

// warm makes the login and the probe, and forgets their calls.
func (o opened) warm(t *testing.T, desk *otrstest.Desk) opened {
	t.Helper()
	if _, err := o.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	desk.Take()
	return o
}

// calls counts the calls of each operation since the last time.
func calls(desk *otrstest.Desk) (searches, gets int) {
	for _, a := range desk.Take() {
		switch a.Op {
		case "TicketSearch":
			searches++
		case "TicketGet":
			gets++
		}
	}
	return searches, gets
}

func wantCalls(t *testing.T, desk *otrstest.Desk, searches, gets int) {
	t.Helper()
	if s, g := calls(desk); s != searches || g != gets {
		t.Errorf("got %d searches and %d gets, want %d and %d", s, g, searches, gets)
	}
}

func keys(rows []schema.Ticket) []string {
	out := make([]string, 0, len(rows))
	for i := range rows {
		out = append(out, rows[i].Key)
	}
	return out
}

func wantKeys(t *testing.T, rows []schema.Ticket, want ...string) {
	t.Helper()
	if got := keys(rows); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func wantCode(t *testing.T, err error, code schema.Code) {
	t.Helper()
	if got := schema.CodeOf(err); got != code {
		t.Fatalf("got %q (%v), want %q", got, err, code)
	}
	var e *schema.Error
	if errors.As(err, &e) && e.Source != "helpdesk" {
		t.Errorf("the error names %q", e.Source)
	}
}

func must[T any](t *testing.T) func(datasources.Rows[T], error) datasources.Rows[T] {
	return func(rows datasources.Rows[T], err error) datasources.Rows[T] {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
}

func param(a otrstest.Asked, name string) []string { return a.Params[name] }

// last returns the last request of an operation.
func last(t *testing.T, desk *otrstest.Desk, op string) otrstest.Asked {
	t.Helper()
	all := desk.Take()
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Op == op {
			return all[i]
		}
	}
	t.Fatalf("no %s was asked", op)
	return otrstest.Asked{}
}

var secretPattern = regexp.MustCompile(`apipw|session0000|secret text|UserLogin=`)
