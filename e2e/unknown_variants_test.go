package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/faults"
	"github.com/trama-graph/trama/datasources/sandbox/unknown"
)

// TestUnknownShopVariants lets the shop's cousins in: every way to log in with every
// way to page, errors under status 200, smaller pages than were asked for. Only the
// configuration changes, and the answers do not.
func TestUnknownShopVariants(t *testing.T) {
	const (
		key    = `auth: {kind: header, name: DOLAPIKEY, value: "${SHOP_KEY}"}`
		paging = `paging: {style: page, page_param: page, size_param: limit, first: 0, size: 100, total_at: pagination.total}`
		lists  = `list_at: [data, $] `
		failed = `error_at: error `
	)
	box := crmOnly(t, 40)
	ways := []struct {
		name string
		auth unknown.ShopAuth
		yaml func(inBody bool) string
	}{
		{"header", unknown.HeaderKey, func(bool) string { return key }},
		{"bearer", unknown.BearerKey, func(bool) string { return `auth: {kind: bearer, value: "${SHOP_KEY}"}` }},
		{"query", unknown.QueryKey, func(bool) string { return `auth: {kind: query, name: DOLAPIKEY, value: "${SHOP_KEY}"}` }},
		{"session", unknown.SessionLogin, func(inBody bool) string {
			at := "success.token"
			if inBody {
				at = "data." + at
			}
			return fmt.Sprintf(`auth: {kind: session, login: {path: /login, body: {login: %s, password: "${SHOP_KEY}"}, token_at: %s, header: DOLAPIKEY}}`, unknown.ShopUser, at)
		}},
	}
	for _, auth := range ways {
		for _, page := range []struct {
			name   string
			opts   unknown.ShopOptions
			paging func(inBody bool) string
		}{
			{"pages", unknown.ShopOptions{}, func(inBody bool) string {
				if inBody {
					return strings.Replace(paging, "pagination.total", "metadata.pagination.total", 1)
				}
				return paging
			}},
			{"pages of its own size", unknown.ShopOptions{MaxLimit: 30, EmptyArray: true}, func(inBody bool) string {
				if inBody {
					return strings.Replace(paging, "pagination.total", "metadata.pagination.total", 1)
				}
				return paging
			}},
			{"offset", unknown.ShopOptions{Paging: unknown.Offset}, func(inBody bool) string {
				at := "count"
				if inBody {
					at = "metadata.count"
				}
				return "paging: {style: offset, offset_param: offset, size_param: limit, size: 40, total_at: " + at + "}"
			}},
			{"cursor", unknown.ShopOptions{Paging: unknown.Cursor}, func(inBody bool) string {
				at := "next_cursor"
				if inBody {
					at = "metadata.next_cursor"
				}
				return "paging: {style: cursor, cursor_param: starting_after, size_param: limit, size: 40, cursor_at: " + at + "}"
			}},
		} {
			for _, inBody := range []bool{false, true} {
				name := auth.name + ", " + page.name
				if inBody {
					name += ", errors in the body"
				}
				t.Run("case="+name, func(t *testing.T) {
					opts := page.opts
					opts.Auth, opts.ErrorsInBody = auth.auth, inBody
					x := newShop(t, box.World, opts)
					if auth.auth == unknown.SessionLogin {
						t.Setenv("SHOP_KEY", unknown.ShopPassword)
					}
					swap := []string{key, auth.yaml(inBody), paging, page.paging(inBody), lists, `list_at: [data, items, $] `}
					if inBody {
						swap = append(swap, failed, "success_at: metadata.issuccess\n      "+failed)
					}
					s := serve(t, x.configuration(t, box, swap...))
					s.filled(t)
					x.compare(t, s, box.World)
					for _, secret := range []string{unknown.ShopKey, unknown.ShopPassword} {
						if strings.Contains(s.log.String(), secret) {
							t.Error("a secret is in the log")
						}
					}
				})
			}
		}
	}
}

// TestUnknownShopThatIgnoresFilters is told which customers' orders are wanted and
// gives everybody's: nobody gets them.
func TestUnknownShopThatIgnoresFilters(t *testing.T) {
	box := crmOnly(t, 40)
	x := newShop(t, box.World, unknown.ShopOptions{IgnoreFilters: true})
	s := serve(t, x.configuration(t, box))
	s.filled(t)
	a := s.ask(t, `{ customers(first: 5) { nodes { invoices { nodes { number } } } } }`, nil)
	if len(a.Errors) == 0 {
		t.Fatal("no error")
	}
	for i, e := range a.Errors {
		if e.Extensions["code"] != "SOURCE_INVALID" || e.Extensions["source"] != "shop" {
			t.Errorf("got %v", e)
		}
		if at(t, a.Data, fmt.Sprintf("customers.nodes.%d", i)).(map[string]any)["invoices"] != nil {
			t.Error("rows nobody asked for got out")
		}
	}
}

// TestUnknownSystemsThatFail breaks the shop and the ledger in each way: their
// branches are null or lack their rows, with a code and the source's name, the
// CRM's are whole, and nothing of what the system said gets out.
func TestUnknownSystemsThatFail(t *testing.T) {
	box := crmOnly(t, 40)
	ways := []faults.Mode{faults.Drop, faults.LoginPage, faults.Garbage, faults.ServerError, faults.ErrorBody, faults.HalfBody, faults.EmptyBody, faults.Limited}
	for name, open := range map[string]func(t testing.TB) *stranger{
		"shop":   func(t testing.TB) *stranger { return newShop(t, box.World, unknown.ShopOptions{}) },
		"ledger": func(t testing.TB) *stranger { return newLedger(t, box.World, unknown.LedgerOptions{}) },
	} {
		for _, way := range ways {
			t.Run(fmt.Sprintf("case=%s, %s", name, way), func(t *testing.T) {
				x := open(t)
				s := serve(t, x.configuration(t, box))
				s.filled(t)
				const question = `{ customers(first: 30) { nodes { orders { missing nodes { source } } invoices { nodes { number } } contacts { nodes { name } } } } }`
				x.faults.SetMode(way)
				x.broken(t, s.ask(t, question, nil))
				x.faults.Clear()
				deadline := time.Now().Add(time.Minute)
				for a := s.ask(t, question, nil); len(a.Errors) > 0; a = s.ask(t, question, nil) {
					if time.Now().After(deadline) {
						t.Fatalf("still broken: %v", a.Errors[0])
					}
					time.Sleep(100 * time.Millisecond) // the breaker closes by itself
				}
			})
		}
	}
}

// broken checks an answer while the system fails.
func (x *stranger) broken(t *testing.T, a *answer) {
	t.Helper()
	if len(a.Errors) == 0 {
		t.Fatal("no error")
	}
	for _, e := range a.Errors {
		code := fmt.Sprint(e.Extensions["code"])
		if !slices.Contains([]string{"SOURCE_UNAVAILABLE", "SOURCE_TIMEOUT", "SOURCE_LIMITED", "SOURCE_INVALID"}, code) || e.Extensions["source"] != x.name {
			t.Errorf("error %v", e)
		}
		for _, secret := range []string{"<", "http", "127.0.0.1", "CU2401", "D 10001"} {
			if strings.Contains(e.Message, secret) {
				t.Errorf("%q is shown in %q", secret, e.Message)
			}
		}
	}
	crm := 0
	var got struct {
		Nodes []struct {
			Orders   *struct{ Nodes []struct{ Source string } }
			Invoices *struct{ Nodes []any }
			Contacts *struct{ Nodes []any }
		}
	}
	into(t, a.Data["customers"], &got)
	for _, c := range got.Nodes {
		if c.Contacts == nil {
			t.Fatal("the CRM's contacts are null")
		}
		crm += len(c.Contacts.Nodes)
		if c.Invoices != nil && len(c.Invoices.Nodes) > 0 {
			t.Error("the broken system has invoices")
		}
		if c.Orders == nil {
			continue
		}
		for _, o := range c.Orders.Nodes {
			if o.Source != "crm" {
				t.Errorf("the broken system has orders: %s", o.Source)
			}
			crm++
		}
	}
	if crm < 30 {
		t.Errorf("%d rows of the CRM", crm)
	}
}
