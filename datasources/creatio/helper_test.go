package creatio_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/creatio"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// id makes a GUID of a letter of a–f and a number.
func id(kind string, n int) string {
	return strings.Repeat(kind, 8) + fmt.Sprintf("-0000-4000-8000-%012d", n)
}

func stamp(minute int) string {
	return time.Date(2026, 3, 1, 0, minute, 0, 0, time.UTC).Format(time.RFC3339Nano)
}

func num(s string) json.Number { return json.Number(s) }

var (
	mdl, usd    = id("c", 1), id("c", 2)
	fresh, done = id("d", 1), id("d", 2)
	paid        = id("d", 3)
	usual       = datasources.NewFields("number", "total", "status", "date", "updatedAt")
	byUpdate    = schema.Sort{Column: "updatedAt"}
	zero        = "00000000-0000-0000-0000-000000000000"
)

// lookups fills the lookup tables.
func (f *fake) lookups() *fake {
	f.add("Currency", row{"Id": mdl, "Name": "Leu", "ShortName": "MDL", "Code": "498"}, row{"Id": usd, "Name": "Dollar", "ShortName": "$", "Code": "840"})
	f.add("OrderStatus", row{"Id": fresh, "Name": "New"}, row{"Id": done, "Name": "Done"})
	f.add("OrderPaymentStatus", row{"Id": paid, "Name": "Paid"})
	f.add("InvoicePaymentStatus", row{"Id": paid, "Name": "Paid"})
	f.add("OpportunityStage", row{"Id": fresh, "Name": "Proposal"})
	f.add("Tax", row{"Id": id("d", 9), "Name": "VAT", "Percent": num("20.00")})
	f.add("Unit", row{"Id": id("d", 8), "Name": "pcs"})
	f.add("ProductCategory", row{"Id": id("d", 7), "Name": "Cables"})
	f.add("CaseStatus", row{"Id": fresh, "Name": "New"})
	f.add("CasePriority", row{"Id": fresh, "Name": "High"})
	return f
}

func order(n int, account string) row {
	return row{
		"Id": id("a", n), "CreatedOn": stamp(n), "ModifiedOn": stamp(n), "Number": fmt.Sprintf("ORD-%d", n), "Date": stamp(n),
		"AccountId": account, "OpportunityId": zero, "StatusId": fresh, "PaymentStatusId": paid, "DeliveryStatusId": nil,
		"CurrencyId": mdl, "Amount": num(fmt.Sprintf("%d.5000", 100+n)), "PaymentAmount": num("0.00"), "TaxAmount": num("10.25"),
	}
}

type opened struct {
	datasources.Source
	t    *testing.T
	log  *bytes.Buffer
	mu   sync.Mutex
	seen []wire.Observation
}

type lockedWriter struct {
	mu *sync.Mutex
	b  *bytes.Buffer
}

func (w lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (f *fake) config() creatio.Config {
	cfg := creatio.Default()
	cfg.Name, cfg.URL, cfg.User, cfg.Password, cfg.BaseCurrency = "crm", f.server.URL, user, password, "MDL"
	return cfg
}

// open opens a source at the fake.
func (f *fake) open(change func(*creatio.Config, *creatio.Deps)) *opened {
	f.t.Helper()
	o := &opened{t: f.t, log: &bytes.Buffer{}}
	cfg := f.config()
	deps := creatio.Deps{
		Log: slog.New(slog.NewTextHandler(lockedWriter{&o.mu, o.log}, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Observe: func(x wire.Observation) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.seen = append(o.seen, x)
		},
	}
	if change != nil {
		change(&cfg, &deps)
	}
	s, err := creatio.Open(f.t.Context(), cfg, deps)
	if err != nil {
		f.t.Fatal(err)
	}
	o.Source = s
	f.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			f.t.Error(err)
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		for _, secret := range []string{password, "csrf-value-", "ticket-", "loader-"} {
			if strings.Contains(o.log.String(), secret) {
				f.t.Errorf("the log holds %q", secret)
			}
		}
	})
	return o
}

func readerOf[T any](t *testing.T, o *opened, entity string) datasources.Reader[T] {
	t.Helper()
	r := datasources.ReaderOf[T](o.Source, entity)
	if r == nil {
		t.Fatalf("no reader of %s", entity)
	}
	return r
}

func orders(t *testing.T, o *opened) datasources.Reader[schema.Order] {
	t.Helper()
	return readerOf[schema.Order](t, o, "Order")
}

func keysIn[T any, P datasources.EntityOf[T]](items []T) []string {
	keys := make([]string, len(items))
	for i := range items {
		_, keys[i] = P(&items[i]).Identity()
	}
	return keys
}

func wantKeys(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("got %d keys %v, want %d keys %v", len(got), got, len(want), want)
	}
}

func wantCode(t *testing.T, err error, want schema.Code) {
	t.Helper()
	if got := schema.CodeOf(err); got != want {
		var e *schema.Error
		if errors.As(err, &e) && e.Err != nil {
			t.Logf("cause: %v", e.Err)
		}
		t.Fatalf("got code %q (%v), want %q", got, err, want)
	}
	var e *schema.Error
	if errors.As(err, &e) && e.Source != "crm" {
		t.Fatalf("got source %q, want crm", e.Source)
	}
}

func wantCalls(t *testing.T, f *fake, want ...string) {
	t.Helper()
	got := f.took()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("got calls %v, want %v", got, want)
	}
}

// warm makes the first calls: login, metadata, lookups.
func (o *opened) warm(f *fake) {
	o.t.Helper()
	if _, err := orders(o.t, o).List(o.t.Context(), datasources.Query{Fields: usual, First: 1000}); err != nil {
		o.t.Fatal(err)
	}
	f.took()
}

func html(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.Write([]byte("<!DOCTYPE html><html><body>Login</body></html>"))
}

func sortedCopy(s []string) []string {
	c := slices.Clone(s)
	slices.Sort(c)
	return c
}
