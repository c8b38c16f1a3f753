package odata_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/odata"
	foreign "github.com/trama-graph/trama/datasources/sandbox/unknown"
	"github.com/trama-graph/trama/datasources/sandbox/world"
	"github.com/trama-graph/trama/datasources/sourcetest"
	"github.com/trama-graph/trama/schema"
)

// exampleLedger is the ledger of docs/examples/odata.yaml in front of a service
// that was written without a look at this package.
func exampleLedger(t *testing.T, w *world.World, o foreign.LedgerOptions) (odata.Config, *foreign.Ledger, *httptest.Server) {
	t.Helper()
	ledger := foreign.NewLedger(w, o)
	server := httptest.NewServer(http.Handler(ledger))
	t.Cleanup(server.Close)
	cfg := odata.DefaultConfig()
	sourcetest.Example(t, "../../docs/examples/odata.yaml", "ledger", foreign.LedgerPassword, &cfg)
	cfg.URL, cfg.Timeout = server.URL+foreign.LedgerBase, 5*time.Second
	if o.Zone != nil {
		cfg.Zone = o.Zone.String()
	}
	return cfg, ledger, server
}

func openLedger(t *testing.T, cfg odata.Config) datasources.Source {
	t.Helper()
	src, err := odata.Open(t.Context(), cfg, odata.Deps{Links: map[string]datasources.LinkRules{"Invoice.order": {{Field: "Reference"}}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	return src
}

// TestUnknownLedger runs the suite of every connector in front of a ledger nobody
// wrote this connector for, by the documented configuration: each version, and
// what services of it do differently.
func TestUnknownLedger(t *testing.T) {
	for _, tc := range []struct {
		name     string
		versions []int
		opts     foreign.LedgerOptions
		with     func(*odata.Config)
	}{
		{"plain", []int{2, 3, 4}, foreign.LedgerOptions{}, nil},
		{"pages of 17, relative links", []int{3, 4}, foreign.LedgerOptions{PageSize: 17, RelativeNext: true}, nil},
		{"no pages of its own", []int{2}, foreign.LedgerOptions{PageSize: -1}, nil},
		{"no in, few parts of a filter", []int{4}, foreign.LedgerOptions{NoIn: true, MaxNodes: 100}, func(c *odata.Config) { c.Batch = 15 }},
		{"short addresses, 414", []int{3}, foreign.LedgerOptions{MaxURL: 1200}, nil},
		{"short addresses, IIS", []int{2}, foreign.LedgerOptions{MaxURL: 1200, LongURL: foreign.IISNotFound}, nil},
		{"another wall clock", []int{2, 3}, foreign.LedgerOptions{Zone: chisinau}, nil},
		{"bearer", []int{4}, foreign.LedgerOptions{Auth: foreign.BearerToken}, func(c *odata.Config) {
			c.Auth.Kind, c.Auth.User, c.Auth.Password, c.Auth.Value = "bearer", "", "", foreign.LedgerToken
		}},
	} {
		for _, version := range tc.versions {
			t.Run(fmt.Sprintf("case=v%d %s", version, tc.name), func(t *testing.T) {
				t.Parallel() // it is waited for, mostly
				opts := tc.opts
				opts.Version = version
				cfg, _, server := exampleLedger(t, world.New(1, 24), opts)
				if tc.with != nil {
					tc.with(&cfg)
				}
				sourcetest.Run(t, sourcetest.Subject{
					Source: openLedger(t, cfg), Name: "ledger", Lists: []string{"Order", "Invoice", "Payment", "Product"}, Down: server.Close,
					Secrets: []string{foreign.LedgerPassword, foreign.LedgerToken},
				})
			})
		}
	}
}

// TestUnknownLedgerSaysWhatTheWorldSays compares every invoice with the world, in
// the three versions and on another wall clock.
func TestUnknownLedgerSaysWhatTheWorldSays(t *testing.T) {
	w := world.New(1, 40)
	for _, version := range []int{2, 3, 4} {
		t.Run(fmt.Sprintf("case=v%d", version), func(t *testing.T) {
			cfg, ledger, _ := exampleLedger(t, w, foreign.LedgerOptions{Version: version, Zone: chisinau})
			src := openLedger(t, cfg)
			rows, err := datasources.ReaderOf[schema.Invoice](src, "Invoice").List(t.Context(), datasources.Query{First: 1000, Total: true, Order: schema.Sort{Column: "date"}})
			if err != nil {
				t.Fatal(err)
			}
			truth := ledger.Records("SalesInvoices")
			if len(rows.Items) != len(truth) || !slices.Equal(rows.Totals, []int{len(truth)}) {
				t.Fatalf("%d invoices and a total of %v, want %d", len(rows.Items), rows.Totals, len(truth))
			}
			for i := range rows.Items {
				x := &rows.Items[i]
				rec, ok := ledger.Record("SalesInvoices", x.Key)
				if !ok || x.Number != rec.Number || x.CustomerKey != rec.Owner || x.OrderKey != rec.Of {
					t.Fatalf("invoice %s is %+v, and should be %+v", x.Key, x, rec)
				}
				v := w.Invoice(rec.Customer, rec.Index)
				if want := decimal.MustNew(int64(v.Total), 2); x.Total.Amount.Cmp(want) != 0 || x.Total.Currency != v.Currency {
					t.Errorf("invoice %s comes to %v, want %s", x.Key, x.Total, want)
				}
				if want := v.Date.Truncate(time.Millisecond); !x.Date.Equal(want) {
					t.Errorf("invoice %s is of %s, want %s", x.Key, x.Date, want)
				}
				if len(x.Lines) != len(v.Lines) {
					t.Errorf("invoice %s has %d lines, want %d", x.Key, len(x.Lines), len(v.Lines))
				}
			}
		})
	}
}
