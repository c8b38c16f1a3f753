package otrs_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/otrs"
	"github.com/trama-graph/trama/datasources/otrs/otrstest"
	"github.com/trama-graph/trama/schema"
)

// One login for many callers at once, and one more when the session is gone.
func TestSession(t *testing.T) {
	desk := otrstest.NewDesk(t, otrstest.Made(100, 1, "ACME"))
	o := open(t, desk, nil)
	storm := func() {
		var wait sync.WaitGroup
		for i := range 16 {
			wait.Go(func() {
				rows, err := o.tickets.ByKeys(t.Context(), []string{strconv.Itoa(i + 1)}, nil)
				if err != nil || len(rows.Items) != 1 {
					t.Errorf("%d rows, %v", len(rows.Items), err)
				}
			})
		}
		wait.Wait()
	}
	storm()
	if n := desk.Logins(); n != 1 {
		t.Fatalf("%d logins, want 1", n)
	}
	desk.EndSessions()
	desk.Take()
	storm()
	if n := desk.Logins(); n != 2 {
		t.Fatalf("%d logins, want 2", n)
	}
	if _, gets := calls(desk); gets < 17 || gets > 32 {
		t.Errorf("%d calls for 16 callers, of which some are repeated once", gets)
	}
}

func TestAuth(t *testing.T) {
	for _, c := range []struct {
		auth   string
		quirks otrstest.Quirks
		logins int
		ok     bool
	}{
		{"session", otrstest.Quirks{}, 1, true},
		{"password", otrstest.Quirks{}, 0, true},
		{"header", otrstest.Quirks{}, 0, true},
		{"header", otrstest.Quirks{NoHeaders: true}, 0, false},
		{"session", otrstest.Quirks{NoPost: true}, 1, true},
		{"password", otrstest.Quirks{NoPost: true}, 0, true},
	} {
		t.Run(fmt.Sprintf("auth=%s/post=%v/headers=%v", c.auth, !c.quirks.NoPost, !c.quirks.NoHeaders), func(t *testing.T) {
			desk := otrstest.NewDesk(t, otrstest.Made(10, 1, "ACME"))
			desk.Quirks = c.quirks
			o := open(t, desk, func(cfg *otrs.Config, _ *otrs.Deps) { cfg.Auth = c.auth })
			rows, err := o.tickets.ByKeys(t.Context(), []string{"1"}, nil)
			if !c.ok {
				wantCode(t, err, schema.SourceUnavailable)
				return
			}
			if err != nil || len(rows.Items) != 1 {
				t.Fatalf("%d rows, %v", len(rows.Items), err)
			}
			if n := desk.Logins(); n != c.logins {
				t.Errorf("%d logins, want %d", n, c.logins)
			}
		})
	}
}

func TestWrongPassword(t *testing.T) {
	desk := otrstest.NewDesk(t, otrstest.Made(10, 1, "ACME"))
	o := open(t, desk, func(cfg *otrs.Config, _ *otrs.Deps) { cfg.Password = "apipw-wrong" })
	for range 3 {
		_, err := o.tickets.ByKeys(t.Context(), []string{"1"}, nil)
		wantCode(t, err, schema.SourceUnavailable)
		var e *schema.Error
		if !errors.As(err, &e) || e.Retryable {
			t.Error("wrong credentials do not heal")
		}
	}
	// Accounts are locked by storms of logins.
	if n := len(desk.Take()); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
}

// With the stock GET routes addresses stay within what servers take, and nothing
// in them changes its meaning.
func TestGetRoutes(t *testing.T) {
	customers := []string{"R&D+Co; x=1", "ACME", "Čapek, a.s.", "100%"}
	for i := range 96 {
		customers = append(customers, fmt.Sprintf("customer %02d with a rather long and winding key; & so on, %s", i, strings.Repeat("ж", 20)))
	}
	made := otrstest.Made(2000, 1, customers...)
	for _, x := range made {
		x["TicketID"] = 1_000_000_000_000_000 + x["TicketID"].(int)
	}
	desk := otrstest.NewDesk(t, made)
	desk.Quirks = otrstest.Quirks{NoPost: true}
	o := open(t, desk, func(cfg *otrs.Config, _ *otrs.Deps) { cfg.Batch = 1000 }).warm(t, desk)
	rows := customer(t, o, customers, datasources.Query{First: 100})
	for i := range customers {
		if len(rows.Parent(i)) != 20 {
			t.Errorf("%s: %d rows", customers[i], len(rows.Parent(i)))
		}
	}
	for _, a := range desk.Take() {
		if a.Method != http.MethodGet && a.Op != "SessionCreate" {
			t.Errorf("%s by %s", a.Op, a.Method)
		}
		if a.Length > 8000 {
			t.Errorf("%s of %d bytes", a.Op, a.Length)
		}
	}
}
