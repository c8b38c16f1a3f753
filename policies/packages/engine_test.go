package packages_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/packages"
	"github.com/trama-graph/trama/schema"
)

// open reads the shipped packages as the server does.
func open(t *testing.T, dir string, scopes map[string]string) *policies.Engine {
	t.Helper()
	g, err := policies.NewGraph(fullSchema(t))
	must(t, err)
	e, err := policies.Open(t.Context(), policies.Options{Graph: g, Shipped: packages.FS, Dir: dir, Scopes: scopes})
	must(t, err)
	return e
}

func scopes() map[string]string {
	return map[string]string{"shop": "shop", "carrier": "carrier", "supplier": "supplier"}
}

func view(t *testing.T, e *policies.Engine, p *policies.Principal) *policies.View {
	t.Helper()
	v, err := e.View(t.Context(), p)
	must(t, err)
	return v
}

func holder(names ...string) *policies.Principal {
	return &policies.Principal{
		TokenID: "t", Account: "a", Role: "member", Packages: names, Door: "graphql",
		Claims: map[string]string{"shop": "web", "carrier": "Nord Fret", "supplier": "Forez", "customer": "c1"},
	}
}

// Which rows each package sees, and what of them at the places that matter.
func TestViews(t *testing.T) {
	e := open(t, "", scopes())
	const (
		deny  = policies.Deny
		allow = policies.Allow
		mask  = policies.Mask
	)
	tests := []struct {
		packages []string
		rows     map[string]string // of types, "" none
		fields   map[string]policies.Verdict
	}{
		{
			packages: []string{"admin"}, rows: map[string]string{"Customer": "all", "Payable": "all", "Ticket": "all"},
			fields: map[string]policies.Verdict{"Customer.taxId": allow, "Source.usage": allow, "CustomerMember.evidence": allow, "Query.accounts": deny, "Mutation.generateToken": deny, "Me.account": allow},
		},
		{
			packages: []string{"dashboard"}, rows: map[string]string{"Customer": "all", "Payable": "all"},
			fields: map[string]policies.Verdict{"Customer.taxId": allow, "Article.body": allow, "CustomerMember.recordId": deny, "Source.lastErrorCode": allow, "Source.usage": deny},
		},
		{
			packages: []string{"bi"}, rows: map[string]string{"Customer": "all", "Contact": "all"},
			fields: map[string]policies.Verdict{"Customer.name": allow, "Customer.taxId": mask, "Customer.address": mask, "Contact.name": mask, "Article.body": deny, "Article.createdAt": allow},
		},
		{
			packages: []string{"bi", "dashboard"}, rows: map[string]string{"Customer": "all"},
			fields: map[string]policies.Verdict{"Customer.taxId": allow, "Contact.name": allow},
		},
		{
			packages: []string{"ecommerce"}, rows: map[string]string{"Product": "all", "Order": "", "Customer": ""},
			fields: map[string]policies.Verdict{"Product.price": allow, "Stock.available": allow, "Stock.reserved": deny, "Query.orders": deny, "Query.products": allow, "Query.node": allow},
		},
		{
			packages: []string{"ecommerce-plus"}, rows: map[string]string{"Quote": "shop=web", "Order": "shop=web", "Customer": "via", "Invoice": ""},
			fields: map[string]policies.Verdict{"Order.total": allow, "Customer.name": allow, "Customer.taxId": deny, "Quote.probability": deny, "Query.customers": deny, "Order.invoices": deny},
		},
		{
			packages: []string{"crm"}, rows: map[string]string{"Customer": "all", "Contact": "all", "Order": "all", "Invoice": ""},
			fields: map[string]policies.Verdict{"Customer.taxId": allow, "Order.paid": deny, "Customer.invoices": deny, "Quote.probability": allow},
		},
		{
			packages: []string{"carrier"}, rows: map[string]string{"DeliveryNote": "carrier=Nord Fret", "Order": "via", "Customer": "via", "Product": "all", "Quote": ""},
			fields: map[string]policies.Verdict{"Customer.address": allow, "Customer.taxId": deny, "OrderLine.quantity": allow, "OrderLine.unitPrice": deny, "DeliveryNote.total": deny, "Query.order": deny},
		},
		{
			packages: []string{"supplier"}, rows: map[string]string{"PurchaseOrder": "supplier=Forez", "Order": "", "Customer": "", "Product": ""},
			fields: map[string]policies.Verdict{"PurchaseOrder.total": allow, "OrderLine.unitPrice": allow},
		},
		{
			packages: []string{"tickets"}, rows: map[string]string{"Ticket": "customerId=c1", "Customer": "customerId=c1", "Order": ""},
			fields: map[string]policies.Verdict{"Ticket.title": allow, "Ticket.articles": deny, "Ticket.order": deny, "Article.body": deny},
		},
		{
			packages: []string{"own-orders"}, rows: map[string]string{"Order": "customerId=c1", "Invoice": "customerId=c1", "Payment": "customerId=c1", "Quote": "customerId=c1", "DeliveryNote": "customerId=c1", "Customer": "customerId=c1", "Ticket": ""},
			fields: map[string]policies.Verdict{"Order.total": allow, "Order.notes": deny, "Order.tickets": deny},
		},
		{
			packages: []string{"own-orders", "tickets"}, rows: map[string]string{"Order": "customerId=c1", "Ticket": "customerId=c1"},
			fields: map[string]policies.Verdict{"Order.tickets": allow, "Ticket.order": allow},
		},
	}
	for _, tt := range tests {
		name := tt.packages[0]
		for _, n := range tt.packages[1:] {
			name += " and " + n
		}
		t.Run("case="+name, func(t *testing.T) {
			p := holder(tt.packages...)
			v := view(t, e, p)
			for typeName, want := range tt.rows {
				rule, visible := v.Rows(typeName)
				got := ""
				if visible {
					got = shown(rule.Bind(p.Claims))
				}
				if got != want {
					t.Errorf("rows of %s: %q, want %q", typeName, got, want)
				}
			}
			for field, want := range tt.fields {
				typeName, name, _ := split(field)
				if g := v.Grant(typeName, name); g.Verdict != want {
					t.Errorf("%s is %d, want %d", field, g.Verdict, want)
				}
			}
		})
	}
}

// Without its claim or its scope a partner sees no row.
func TestFailsClosed(t *testing.T) {
	scoped := map[string]struct{ claim, typeName string }{
		"ecommerce-plus": {"shop", "Order"}, "carrier": {"carrier", "DeliveryNote"}, "supplier": {"supplier", "PurchaseOrder"},
		"tickets": {"customer", "Ticket"}, "own-orders": {"customer", "Order"},
	}
	with, without := open(t, "", scopes()), open(t, "", nil)
	for name, s := range scoped {
		for _, tt := range []struct {
			name   string
			engine *policies.Engine
			claim  bool
		}{{"no claim", with, false}, {"no scope", without, true}} {
			if tt.claim && s.claim == "customer" {
				continue // needs no column
			}
			t.Run("case="+name+" "+tt.name, func(t *testing.T) {
				p := holder(name)
				if !tt.claim {
					delete(p.Claims, s.claim)
				}
				if rule, visible := view(t, tt.engine, p).Rows(s.typeName); visible && shown(rule.Bind(p.Claims)) != "none" {
					t.Errorf("rows of %s: %v", s.typeName, rule)
				}
			})
		}
	}
}

func TestRoles(t *testing.T) {
	e := open(t, "", scopes())
	for role, want := range map[string]policies.Verdict{"root": policies.Allow, "admin": policies.Allow, "member": policies.Deny} {
		t.Run("case="+role, func(t *testing.T) {
			p := holder()
			p.Role = role
			v := view(t, e, p)
			for _, field := range []string{"Query.accounts", "Query.audit", "Mutation.generateToken", "NewToken.secret"} {
				typeName, name, _ := split(field)
				if g := v.Grant(typeName, name); g.Verdict != want {
					t.Errorf("%s is %d, want %d", field, g.Verdict, want)
				}
			}
			id, ok := v.Graph().Field("Mutation", "generateToken")
			if got := v.Can(policies.Write, id); !ok || got != want {
				t.Errorf("writing is %d, want %d", got, want)
			}
			if g := v.Grant("Me", "warnings"); g.Verdict != policies.Allow {
				t.Error("me is denied")
			}
			if _, visible := v.Rows("Customer"); visible {
				t.Error("a role alone sees customers")
			}
		})
	}
}

var fence = regexp.MustCompile("(?s)```json\n(.*?)```")

// The examples of docs/policies.md load, alone and together, and do what they say.
func TestGuide(t *testing.T) {
	page, err := os.ReadFile("../../docs/policies.md")
	must(t, err)
	blocks := fence.FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 3 {
		t.Fatalf("the page has %d examples", len(blocks))
	}
	g, err := policies.NewGraph(fullSchema(t))
	must(t, err)
	dir := t.TempDir()
	for i, b := range blocks {
		alone := t.TempDir()
		name := string(rune('a'+i)) + ".json"
		for _, d := range []string{alone, dir} {
			must(t, os.WriteFile(filepath.Join(d, name), []byte(b[1]), 0o600))
		}
		for _, err := range policies.Lint(g, packages.FS, alone, scopes()) {
			t.Error(err)
		}
	}
	e := open(t, dir, scopes())

	if g := view(t, e, holder("dashboard")).Grant("Query", "payables"); g.Verdict != policies.Deny {
		t.Error("the dashboard still has payables")
	}
	franchise := view(t, e, holder("franchise"))
	if g := franchise.Grant("Customer", "phone"); g.Verdict != policies.Mask || g.Mask != policies.MaskLast4 {
		t.Errorf("the telephone number is %+v", g)
	}
	office := holder("bi", "bi-office")
	for address, want := range map[string]policies.Verdict{"10.1.2.3": policies.Allow, "192.0.2.1": policies.Mask} {
		office.Address = netip.MustParseAddr(address)
		if g := view(t, e, office).Grant("Customer", "taxId"); g.Verdict != want {
			t.Errorf("from %s the fiscal number is %d, want %d", address, g.Verdict, want)
		}
	}
}

// shown writes a predicate of the shipped packages.
func shown(p schema.Predicate) string {
	switch {
	case p.Op == schema.None:
		return "none"
	case p.Op == schema.All:
		return "all"
	case p.Column == policies.ViaColumn:
		return "via"
	case p.Op == schema.Eq && len(p.Values) == 1:
		return p.Column + "=" + p.Values[0].Text()
	}
	return fmt.Sprintf("%+v", p)
}

func split(field string) (typeName, name string, ok bool) { return strings.Cut(field, ".") }
