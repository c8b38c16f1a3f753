package loaders_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// described is customer a as a directory describes him, every value a word of its
// own.
func described() people {
	member := func(source, id, rule, evidence string) *schema.CustomerMember {
		return &schema.CustomerMember{Source: source, RecordID: id, Rule: rule, Evidence: evidence}
	}
	return people{customers: []schema.Customer{{
		Record: schema.Record{Key: "a"}, Name: "A", Country: "MD",
		Members: []*schema.CustomerMember{
			member("crm", "a1", "FIRST", ""), member("books", "a1", "R1", "crm: onec"), member("erp", "a1", "R2", "MD:FISCAL-1"), member("erp", "a2", "R0", "ann: FISCAL-2 says so"),
		},
		Provenance: []*schema.FieldProvenance{
			{Field: "name", Source: "crm", Alternatives: []*schema.FieldAlternative{{Source: "books", Value: "name-of-books"}}},
			{Field: "phone", Source: "crm", Alternatives: []*schema.FieldAlternative{{Source: "books", Value: "phone-of-books"}, {Source: "erp", Value: "phone-of-erp"}}},
			{Field: "taxId", Source: "books", Alternatives: []*schema.FieldAlternative{{Source: "crm", Value: "FISCAL-3"}}},
			{Field: "colour", Source: "crm"},
		},
		Conflicts: []*schema.CustomerConflict{
			{Key: "k-phone", Kind: schema.ConflictValue, Field: "phone", Records: []*schema.CustomerMember{member("crm", "a1", "", ""), member("books", "a1", "", "")}},
			{Key: "k-fiscal", Kind: schema.ConflictInvalidFiscalID, Field: "", Records: []*schema.CustomerMember{member("crm", "a1", "", "")}},
			{Key: "k-broken", Kind: schema.ConflictBrokenForeignID, Records: []*schema.CustomerMember{member("crm", "a1", "", "")}},
			{Key: "k-french", Kind: schema.ConflictAmbiguousMatch, Records: []*schema.CustomerMember{member("crm", "a1", "", ""), member("crm", "b1", "", "")}},
			{Key: "k-moldovan", Kind: schema.ConflictAmbiguousMatch, Records: []*schema.CustomerMember{member("crm", "a1", "", ""), member("crm", "c1", "", "")}},
			{Key: "k-nobody", Kind: schema.ConflictAmbiguousMatch, Records: []*schema.CustomerMember{member("crm", "a1", "", ""), member("crm", "?", "", "")}},
		},
	}, {Record: schema.Record{Key: "b"}, Name: "B", Country: "FR"}, {Record: schema.Record{Key: "c"}, Name: "C", Country: "MD"}}}
}

// TestMetadataBearsItsOriginsVerdict asks for a golden record in every way and looks
// into the bytes of what is said of its fields.
func TestMetadataBearsItsOriginsVerdict(t *testing.T) {
	s := sealer(t)
	mask := func(string) string { return "masked" }
	row := func(full, masked schema.Predicate) policies.FieldAccess {
		return policies.FieldAccess{Verdict: policies.Row, Kind: policies.MaskHash, Mask: mask, Full: full, Masked: masked}
	}
	none := schema.Predicate{Op: schema.None}
	md := is("country", "MD")
	all := []string{"name-of-books", "phone-of-books", "phone-of-erp", "FISCAL-1", "FISCAL-2", "FISCAL-3", "k-phone", "k-fiscal", "k-broken", "k-french", "k-moldovan", "k-nobody", "crm: onec"}
	for name, c := range map[string]struct {
		access access
		hidden []string
		masks  int
	}{
		"everything":        {access{}, nil, 0},
		"phone denied":      {access{fields: map[string]policies.FieldAccess{"Customer.phone": {}}}, []string{"phone-of-books", "phone-of-erp", "k-phone"}, 0},
		"phone masked":      {access{fields: map[string]policies.FieldAccess{"Customer.phone": {Verdict: policies.Mask, Mask: mask}}}, []string{"phone-of-books", "phone-of-erp"}, 2},
		"taxId denied":      {access{fields: map[string]policies.FieldAccess{"Customer.taxId": {}}}, []string{"FISCAL-1", "FISCAL-2", "FISCAL-3", "k-fiscal"}, 0},
		"taxId masked":      {access{fields: map[string]policies.FieldAccess{"Customer.taxId": {Verdict: policies.Mask, Mask: mask}}}, []string{"FISCAL-1", "FISCAL-2", "FISCAL-3"}, 2},
		"on this row":       {access{fields: map[string]policies.FieldAccess{"Customer.phone": row(md, none)}}, nil, 0},
		"not on this row":   {access{fields: map[string]policies.FieldAccess{"Customer.phone": row(is("country", "FR"), none)}}, []string{"phone-of-books", "phone-of-erp", "k-phone"}, 0},
		"masked on it":      {access{fields: map[string]policies.FieldAccess{"Customer.phone": row(none, md)}}, []string{"phone-of-books", "phone-of-erp"}, 2},
		"his own phone":     {access{fields: map[string]policies.FieldAccess{"Customer.phone": row(is(policies.CustomerColumn, s.ID("Customer", "", "a")), none)}}, nil, 0},
		"another's phone":   {access{fields: map[string]policies.FieldAccess{"Customer.phone": row(is(policies.CustomerColumn, s.ID("Customer", "", "b")), none)}}, []string{"phone-of-books", "phone-of-erp", "k-phone"}, 0},
		"some customers":    {only("Customer", md), []string{"k-french", "k-nobody"}, 0},
		"a single customer": {only("Customer", is(policies.CustomerColumn, s.ID("Customer", "", "a"))), []string{"k-french", "k-moldovan", "k-nobody"}, 0},
	} {
		for way, ask := range map[string]func(*loaders.Loaders) (*schema.Customer, error){
			"list": func(l *loaders.Loaders) (*schema.Customer, error) {
				p, err := l.Customers.List(t.Context(), first(1))
				if err != nil {
					return nil, err
				}
				return p.Nodes[0], nil
			},
			"id": func(l *loaders.Loaders) (*schema.Customer, error) {
				return l.Customers.ByID(t.Context(), s.ID("Customer", "", "a"))
			},
			"of an order": func(l *loaders.Loaders) (*schema.Customer, error) {
				rows, err := l.Customers.Of(t.Context(), "Order", []string{"crm", "crm"}, []string{"a1", "?"})
				return rows[0], err
			},
		} {
			t.Run("case="+name+",way="+way, func(t *testing.T) {
				w := &policed{people: described()}
				before, _ := json.Marshal(w.people.customers)
				x, err := ask(as(w.config(t), c.access))
				if err != nil {
					t.Fatal(err)
				}
				text, err := json.Marshal(x)
				if err != nil {
					t.Fatal(err)
				}
				for _, word := range all {
					isHidden := false
					for _, h := range c.hidden {
						isHidden = isHidden || h == word
					}
					if strings.Contains(string(text), word) == isHidden {
						t.Errorf("%q is hidden: want %t in %s", word, isHidden, text)
					}
				}
				if n := strings.Count(string(text), `"masked"`); n != c.masks {
					t.Errorf("%d masked, want %d: %s", n, c.masks, text)
				}
				if after, _ := json.Marshal(w.people.customers); string(after) != string(before) {
					t.Error("the directory's record was changed")
				}
			})
		}
	}
}

// TestShown names no entity, field or link of the systems that may not be seen.
func TestShown(t *testing.T) {
	sources := []*schema.Source{{
		Name: "erp", Note: "still being read for the first time: Invoice",
		Entities: []*schema.SourceEntity{
			{Name: "Order", Upstream: "/orders", Filters: []string{"number", "orderNumber", "quoteNumber", "total", "customer", "Upstream_1"}, Orders: []string{"date", "total"}, Relations: []string{"customer", "quote", "invoiceNumber"}},
			{Name: "Invoice", Filters: []string{"number"}},
			{Name: "Article", Filters: []string{"ticket"}},
			{Name: "Product", Relations: []string{"number"}},
		},
		Problems: []*schema.SourceProblem{
			{Entity: "", Field: "data.items", Kind: "a"},
			{Entity: "Order", Field: "", Kind: "b"},
			{Entity: "Order", Field: "total", Kind: "c"},
			{Entity: "Order", Field: "lines.sku", Kind: "d"},
			{Entity: "Invoice", Field: "date", Kind: "e"},
			{Entity: "Customer", Field: "street", Kind: "f"},
			{Entity: "stock", Field: "available", Kind: "g"},
			{Entity: "Order", Field: "date", Kind: "h"},
		},
	}, {Name: "crm", Note: "asleep"}}
	coverage := []*schema.Coverage{{Entity: "Customer"}, {Entity: "Invoice.order"}, {Entity: "Ticket.order"}, {Entity: "Order.quote"}}
	known := func(typeName, field string) bool {
		return !strings.HasPrefix(field, "Upstream") && !strings.HasSuffix(field, "Number") && field != "street" && !(typeName == "Product" && field == "number") && typeName != "stock" && typeName != "Article"
	}
	denied := policies.FieldAccess{}
	a := access{
		rows: map[string]schema.Predicate{"Ticket": {Op: schema.None}},
		fields: map[string]policies.FieldAccess{
			"Order.total": denied, "Order.quote": denied, "Invoice.id": denied, "Customer.address": denied, "Order.lines": denied, "Product.sku": denied, "Product.stock": denied,
			"Order.date": {Verdict: policies.Mask}, "Order.number": {Verdict: policies.Row},
		},
	}
	before, _ := json.Marshal(sources)
	got := (loaders.Shown{Access: a, Known: known}).Sources(sources)
	text := func(v any) string { b, _ := json.Marshal(v); return string(b) }
	order := got[0].Entities[0]
	for name, c := range map[string][2]string{
		"entities":  {text([]string{got[0].Entities[0].Name, got[0].Entities[1].Name}), `["Order","Product"]`},
		"filters":   {text(order.Filters), `["number","orderNumber","customer","Upstream_1"]`},
		"orders":    {text(order.Orders), `null`},
		"relations": {text(order.Relations), `["customer","invoiceNumber"]`},
		"of a code": {text(got[0].Entities[1].Relations), `null`},
		"note":      {got[0].Note + got[1].Note, "asleep"},
		"problems": {func() (kinds string) {
			for _, p := range got[0].Problems {
				kinds += p.Kind
			}
			return kinds
		}(), "abh"},
		"coverage":             {text(len((loaders.Shown{Access: a, Known: known}).Coverage(coverage))), "1"},
		"coverage of all":      {text(len((loaders.Shown{Access: loaders.Everything{}}).Coverage(coverage))), "4"},
		"all of all":           {text((loaders.Shown{Access: loaders.Everything{}, Known: known}).Sources(sources)), string(before)},
		"the given are as was": {text(sources), string(before)},
	} {
		t.Run("case="+name, func(t *testing.T) {
			if c[0] != c[1] {
				t.Errorf("got %s, want %s", c[0], c[1])
			}
		})
	}
}
