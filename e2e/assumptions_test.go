package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/trama-graph/trama/datasources/sandbox"
	"github.com/trama-graph/trama/datasources/sandbox/ecolix"
	"github.com/trama-graph/trama/datasources/sandbox/onec"
	"github.com/trama-graph/trama/datasources/sandbox/operand"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// What the wire pages assume of Operand and Ecolix (A1 to A12, E1 to E13) is drawn
// by a seed; the configuration says what was drawn, in the words of docs/sources.

type settings map[string]any

// erpSettings translates a dialect of the ERP.
func erpSettings(box *sandbox.Sandbox) settings {
	d, source := box.Ecolix.Dialect(), box.Source("erp")
	s := settings{
		"name": "erp", "kind": "ecolix", "supply": "copy", "every": "1h", "url": source.URL,
		"packages": []string{"crm", "ecommerce", "ecommerce-plus", "carrier", "supplier"}, "rate": settings{"per_minute": 6000},
		"reply": settings{"error_at": []string{d.ErrorField}, "success_at": []string{"metadata.issuccess"}},
	}
	switch d.Auth {
	case ecolix.AuthHeader:
		s["auth"] = settings{"kind": "header", "name": d.AuthName, "value": source.Password}
	case ecolix.AuthBearer:
		s["auth"] = settings{"kind": "bearer", "value": source.Password}
	case ecolix.AuthBasic:
		s["auth"] = settings{"kind": "basic", "user": d.AuthName, "password": source.Password}
	case ecolix.AuthQuery:
		s["auth"] = settings{"kind": "query", "name": d.AuthName, "value": source.Password}
	}
	switch d.Paging {
	case ecolix.PagingPage:
		s["paging"] = settings{"style": "page", "page_param": d.PageParam, "size_param": d.SizeParam, "first": d.FirstPage, "size": d.MaxSize}
	case ecolix.PagingOffset:
		s["paging"] = settings{"style": "offset", "offset_param": d.OffsetParam, "size_param": d.SizeParam, "size": d.MaxSize}
	case ecolix.PagingNone:
		s["paging"] = settings{"style": "none"}
	}
	if d.EmptyIs404 {
		s["reply"].(settings)["empty_statuses"] = []int{404}
	}
	if d.Reads == ecolix.ReadsPOST {
		s["method"] = "POST"
	}
	s["locale"] = settings{
		"decimals": [...]string{"comma", "auto", "dot", "comma", "comma", "comma", "comma"}[d.Decimals],
		"dates":    append(erpDates(d.Days), erpDates(d.Moments)...),
	}
	return s
}

func erpDates(style ecolix.DateStyle) []string {
	return [...][]string{
		{"2006-01-02", "2006-01-02T15:04:05Z07:00"}, {"2006-01-02"}, {"02/01/2006"}, {"2006-01-02T15:04:05"}, {"unix"}, {"2006-01-02T15:04:05Z07:00"},
	}[style]
}

// agencySettings translates a dialect of the agency.
func agencySettings(box *sandbox.Sandbox, d operand.Dialect) settings {
	d = d.Filled()
	source := box.Source("agency")
	s := settings{
		"name": "agency", "kind": "operand", "supply": "copy", "every": "1h", "url": source.URL,
		"auth": settings{"kind": "session", "login": settings{
			"method": "GET", "path": d.LoginPath, "query": settings{d.LoginParam: source.Password}, "header": d.AuthHeader, "token_at": []string{d.TokenAt()},
		}},
		"paging": settings{"style": "offset", "offset_param": d.OffsetParam, "size_param": d.LimitParam, "size": 100},
		"locale": settings{
			"decimals": [...]string{"auto", "dot", "comma", "comma"}[d.Amounts], "dates": []string{d.DayLayout, d.TimeLayout}, "zone": "America/Sao_Paulo",
		},
	}
	entities := settings{"Customer": settings{"list_at": []string{d.ListAt(operand.Clients)}, "fields": settings{
		"id": d.Name(operand.Clients, "idClient"), "name": d.Name(operand.Clients, "namePerson"),
		"taxId": d.Name(operand.Clients, "nationalDocument"), "deleted": d.Name(operand.Clients, "isDeleted"),
	}}}
	for entity, e := range map[string]struct {
		resource operand.Resource
		fields   map[string]string // of the graph → FinanceEntry
	}{
		"Invoice": {operand.Invoices, map[string]string{
			"number": "invoiceNumber", "customer": "partyId", "date": "issueDate", "dueDate": "dueDate", "total": "amount", "paid": "paidAmount", "notes": "description",
		}},
		"Payment": {operand.Receivables, map[string]string{
			"number": "documentNumber", "customer": "partyId", "invoice": "invoiceId", "date": "paymentDate", "amount": "paidAmount", "purpose": "description",
		}},
		"Payable": {operand.Payables, map[string]string{
			"number": "documentNumber", "supplier": "partyName", "supplierTaxId": "partyTaxId", "description": "description", "category": "category",
			"date": "issueDate", "dueDate": "dueDate", "amount": "amount", "paid": "paidAmount",
		}},
		"Boleto": {operand.Boletos, map[string]string{
			"number": "ourNumber", "customer": "partyId", "invoice": "invoiceId", "date": "issueDate", "dueDate": "dueDate", "amount": "amount", "url": "boletoUrl",
		}},
	} {
		fields := settings{"id": d.Name(e.resource, "id"), "deleted": d.Name(e.resource, "isDeleted"), "currency": d.Name(e.resource, "currency")}
		for name, entry := range e.fields {
			fields[name] = d.Name(e.resource, entry)
		}
		words := settings{}
		for status, word := range []string{"OPEN", "PAID", "PARTIAL", "CANCELLED"} {
			words[d.Status(world.AgencyStatus(status))] = word
		}
		fields["status"] = settings{"at": []string{d.Name(e.resource, "status")}, "map": words}
		entities[entity] = settings{
			"path": operand.DefaultPath(e.resource), "list_at": []string{d.ListAt(e.resource)}, "fields": fields,
			"window": settings{"from_param": "", "to_param": ""},
		}
	}
	s["entities"] = entities
	return s
}

// assumed is the configuration of the two, with the CRM beside them whose orders
// the agency bills.
func assumed(t *testing.T, box *sandbox.Sandbox, agency operand.Dialect) string {
	t.Helper()
	crm, d := box.Source("crm"), agency.Filled()
	b, err := yaml.Marshal(settings{
		"sources": []settings{
			{"name": "crm", "kind": "creatio", "url": crm.URL, "user": crm.User, "password": crm.Password, "base_currency": "EUR"},
			agencySettings(box, agency), erpSettings(box),
		},
		"directory": settings{"every": "1h"},
		"documents": settings{"Quote": []string{"erp", "crm"}, "Order": []string{"erp", "crm"}, "Invoice": []string{"agency"}},
		"links": []settings{
			{"source": "agency", "relation": "Invoice.order", "by": []any{
				d.Name(operand.Invoices, d.OrderNumberIn), settings{"field": d.Name(operand.Invoices, "description"), "pattern": "Pedido (SO-[0-9-]+)"},
			}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// whole asks for everything the two have, and what it is joined with.
const whole = `{
	orders(first: 1000, filter: {source: {eq: "erp"}}) { totalCount nodes { number status date customerReference total { amount currency } net { amount } tax { amount } paid { amount } computed
		lines { position sku name quantity unitPrice { amount } discount taxRate total { amount } } customer { name } quote { number } } }
	quotes(first: 1000, filter: {source: {eq: "erp"}}) { totalCount nodes { number status date validUntil total { amount } net { amount } tax { amount } customer { name } orders { nodes { number source } } } }
	products(first: 1000, filter: {source: {eq: "erp"}}) { totalCount nodes { sku name barcode price { amount currency } taxRate unit active stock { warehouse available physical reserved asOf } } }
	deliveryNotes(first: 1000, filter: {source: {eq: "erp"}}) { totalCount nodes { number carrier date appointment shippedAt parcels weight order { number source } lines { sku quantity } } }
	purchaseOrders(first: 1000) { totalCount nodes { number supplier supplierTaxId status date expectedDate total { amount } lines { sku quantity } } }
	invoices(first: 1000, filter: {source: {eq: "agency"}}) { totalCount nodes { number kind status date dueDate total { amount currency } paid { amount } notes customer { name } order { number source } payments { nodes { number amount { amount } } } } }
	payments(first: 1000, filter: {source: {eq: "agency"}}) { totalCount nodes { number status date amount { amount currency } purpose customer { name } invoice { number } } }
	payables(first: 1000) { totalCount nodes { number supplier supplierTaxId description category status date dueDate amount { amount } paid { amount } } }
	boletos(first: 1000) { totalCount nodes { number status date dueDate amount { amount } url invoice { number } customer { name } } }
	customers(first: 1000) { totalCount nodes { name taxId country members { source rule } } }
}`

// TestEveryAssumptionIsConfiguration draws what is not known of the two systems
// 50 times; with the matching configuration each gives the same graph.
func TestEveryAssumptionIsConfiguration(t *testing.T) {
	var first map[string][]string
	graph := func(t *testing.T, agency operand.Dialect, erp ecolix.Dialect) map[string][]string {
		box, err := sandbox.Start(t.Context(), sandbox.Options{
			Customers: 200, OneC: onec.Options{Configuration: onec.UNF},
			Operand: operand.Options{Dialect: agency, NoDirt: true}, Ecolix: ecolix.Options{Dialect: erp},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = box.Close() })
		config := assumed(t, box, agency)
		s := serve(t, config)
		s.copied(t)
		a := s.ask(t, whole, nil)
		garbled, failed := a.parted()
		for _, e := range failed {
			if !strings.HasPrefix(e, "AMBIGUOUS") {
				t.Fatalf("%v\n%s", e, config)
			}
		}
		out := map[string][]string{"garbled": garbled}
		for name, list := range a.Data {
			for _, n := range at(t, list, "nodes").([]any) {
				b, _ := json.Marshal(n)
				out[name] = append(out[name], string(b))
			}
			slices.Sort(out[name]) // ids are the dialect's own, and rows of one day are sorted by them
			if total := int(at(t, list, "totalCount").(float64)); total != len(out[name]) || total < 10 {
				t.Fatalf("%s: %d of %d", name, len(out[name]), total)
			}
		}
		if t.Failed() {
			t.Log(config)
		}
		return out
	}
	first = graph(t, operand.Dialect{}, ecolix.Dialect{})
	for seed := range uint64(50) {
		t.Run(fmt.Sprintf("seed=%d", seed+1), func(t *testing.T) {
			t.Parallel()
			agency, erp := operand.RandomDialect(seed+1), ecolix.RandomDialect(seed+1)
			got := graph(t, agency, erp)
			for name := range first {
				for i := range max(len(got[name]), len(first[name])) {
					if i >= len(got[name]) || i >= len(first[name]) || got[name][i] != first[name][i] {
						t.Errorf("%s: %d rows, want %d", name, len(got[name]), len(first[name]))
						if i < min(len(got[name]), len(first[name])) {
							t.Errorf("got  %s\nwant %s", got[name][i], first[name][i])
						}
						t.Logf("agency %+v\nerp %+v", agency, erp)
						break
					}
				}
			}
		})
	}
}
