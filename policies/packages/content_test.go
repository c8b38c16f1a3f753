package packages_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

func TestTexts(t *testing.T) {
	ids, full := map[string]string{}, fullSchema(t)
	for _, d := range documents(t) {
		t.Run("case="+d.file, func(t *testing.T) {
			for _, p := range d.Policies {
				if p.Description == "" || p.Effect != "allow" {
					t.Errorf("why is there %s?", p.ID)
				}
				if ids[p.ID] != "" {
					t.Errorf("%s is in %s as well", p.ID, ids[p.ID])
				}
				ids[p.ID] = d.file
			}
			if d.Package == "" {
				return
			}
			if d.Package+".json" != d.file {
				t.Errorf("package %s is in %s", d.Package, d.file)
			}
			for _, lang := range []string{"en", "fr", "ro", "pt"} {
				if d.Titles[lang] == "" || d.Summaries[lang] == "" {
					t.Errorf("no title or summary in %s", lang)
				}
			}
			if _, errs := gqlparser.LoadQueryWithRules(full, d.Example, rules.NewDefaultRules()); len(errs) > 0 {
				t.Errorf("example: %v", errs)
			}
		})
	}
}

// A package that speaks of a claim says so, and the other way round: who makes a
// token must know what to write into it.
func TestClaims(t *testing.T) {
	for _, d := range documents(t) {
		t.Run("case="+d.file, func(t *testing.T) {
			used := []string{}
			for _, p := range d.Policies {
				for _, c := range p.Conditions {
					if name, ok := c.Options["claim"].(string); ok && !slices.Contains(used, name) {
						used = append(used, name)
					}
				}
			}
			if slices.Sort(used); !slices.Equal(slices.Sorted(slices.Values(d.Claims)), used) {
				t.Errorf("claims are %v, policies speak of %v", d.Claims, used)
			}
		})
	}
}

// What the packages are for, said once more by hand: what must never be in one.
func TestNever(t *testing.T) {
	money := []string{"graph:OrderLine.unitPrice", "graph:OrderLine.total", "graph:OrderLine.tax", "graph:OrderLine.discount", "graph:Product.price"}
	internal := []string{
		"graph:CustomerMember.recordId", "graph:CustomerMember.evidence", "graph:CustomerConflict.key", "graph:FieldAlternative.value",
		"graph:Source.usage", "graph:Source.problems", "graph:Source.latencyMs", "graph:SourceEntity.upstream", "graph:Query.coverage",
		"graph:Payable.id", "graph:Boleto.id", "graph:Article.body", "graph:Article.subject", "graph:Article.from", "graph:Order.notes", "graph:Invoice.notes",
	}
	never := map[string][]string{
		"ecommerce":      append(slices.Clone(internal), "graph:Customer.id", "graph:Order.id", "graph:Quote.id", "graph:OrderLine.name", "graph:Stock.reserved", "graph:Stock.physical"),
		"ecommerce-plus": append(slices.Clone(internal), "graph:Customer.taxId", "graph:Customer.email", "graph:Customer.phone", "graph:Invoice.id", "graph:Payment.id", "graph:Contact.id", "graph:Quote.probability"),
		"crm":            append(slices.Clone(internal), "graph:Invoice.id", "graph:Payment.id", "graph:Ticket.id", "graph:PurchaseOrder.id", "graph:Order.paid", "graph:Order.paymentStatus"),
		"carrier": append(append(slices.Clone(internal), money...), "graph:Customer.taxId", "graph:Customer.email", "graph:Order.total", "graph:Order.net", "graph:Order.paid",
			"graph:DeliveryNote.total", "graph:Invoice.id", "graph:Quote.id", "graph:PurchaseOrder.id", "graph:Query.orders", "graph:Query.customers"),
		"supplier":   append(slices.Clone(internal), "graph:Customer.id", "graph:Order.id", "graph:Quote.id", "graph:Product.id", "graph:Stock.available", "graph:DeliveryNote.id"),
		"tickets":    append(slices.Clone(internal), "graph:Article.position", "graph:Ticket.articles", "graph:Ticket.owner", "graph:Ticket.responsible", "graph:Ticket.queue", "graph:Order.id"),
		"own-orders": append(slices.Clone(internal), "graph:Ticket.id", "graph:PurchaseOrder.id", "graph:Contact.id", "graph:Quote.probability", "graph:Product.id"),
		"bi": {
			"graph:Article.body", "graph:Article.subject", "graph:Article.from", "graph:Article.to", "graph:Article.cc", "graph:Ticket.title", "graph:Payment.purpose",
			"graph:Boleto.url", "graph:CustomerMember.recordId", "graph:CustomerMember.evidence", "graph:FieldAlternative.value", "graph:Source.usage", "graph:Source.lastErrorCode",
		},
		"dashboard": {
			"graph:CustomerMember.recordId", "graph:CustomerMember.evidence", "graph:Source.usage", "graph:Source.problems", "graph:Source.latencyMs", "graph:SourceEntity.upstream",
		},
	}
	docs, all := documents(t), policed(fullSchema(t))
	administration := []string{}
	for _, n := range all {
		for _, prefix := range []string{"graph:Mutation.", "graph:Account.", "graph:Token.", "graph:NewToken.", "graph:AuditEntry.", "graph:Usage.", "graph:PolicyStatus.", "graph:Query.accounts", "graph:Query.tokens", "graph:Query.audit", "graph:Query.usage"} {
			if strings.HasPrefix(n, prefix) {
				administration = append(administration, n)
			}
		}
	}
	if len(administration) < 20 {
		t.Fatalf("administration is %v", administration)
	}
	for _, d := range docs {
		if d.Package == "" {
			continue
		}
		t.Run("case="+d.Package, func(t *testing.T) {
			granted := decided(t, docs, "package:"+d.Package, all)
			for _, n := range append(never[d.Package], administration...) {
				if !slices.Contains(all, n) {
					t.Errorf("%s: the test names a field that is not there", n)
				}
				if len(granted[n]) > 0 {
					t.Errorf("%s is granted by %s", n, granted[n][0])
				}
			}
			for _, p := range d.Policies {
				if !slices.Equal(p.Subjects, []string{"package:" + d.Package}) || slices.Contains(p.Actions, "write") {
					t.Errorf("%s is for %v and lets %v", p.ID, p.Subjects, p.Actions)
				}
			}
		})
	}
}

// What bi masks is never granted whole as well, since whole would win.
func TestMasksOfBI(t *testing.T) {
	all := policed(fullSchema(t))
	masked := map[string]string{}
	whole := map[string]bool{}
	for _, d := range documents(t) {
		if d.Package != "bi" {
			continue
		}
		for _, p := range d.Policies {
			for _, r := range p.Resources {
				for _, n := range matching(t, r, all) {
					for _, a := range p.Actions {
						if kind, ok := strings.CutPrefix(a, "mask:"); ok {
							masked[n] = kind
						} else if a == "read" {
							whole[n] = true
						}
					}
				}
			}
		}
	}
	want := map[string]string{
		"graph:Customer.taxId": "hash", "graph:Payable.supplierTaxId": "hash", "graph:PurchaseOrder.supplierTaxId": "hash",
		"graph:Ticket.owner": "hash", "graph:Ticket.responsible": "hash", "graph:Ticket.customerUser": "hash",
		"graph:Customer.email": "domain", "graph:Contact.email": "domain",
		"graph:Customer.phone": "last4", "graph:Contact.phone": "last4", "graph:Contact.mobile": "last4",
		"graph:Customer.address": "null", "graph:Contact.name": "null", "graph:Contact.firstName": "null", "graph:Contact.lastName": "null",
	}
	if !maps.Equal(masked, want) {
		t.Errorf("masked are %v, want %v", masked, want)
	}
	for n := range masked {
		if whole[n] {
			t.Errorf("%s is whole as well", n)
		}
	}
}
