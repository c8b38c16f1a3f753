package mapping_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// read reads a body with and without the plan's shape, whose outcome must be the
// same to the last count.
func read[T any](t *testing.T, plan *mapping.Plan[T], list []mapping.Path, body []byte) (shaped, all string) {
	t.Helper()
	of := func(parse func([]byte) (*mapping.Doc, error)) string {
		body := bytes.Clone(body)
		doc, err := parse(body)
		if err != nil {
			return err.Error()
		}
		records, err := mapping.Rows(doc.Root(), list)
		if err != nil {
			return err.Error()
		}
		tally := plan.Tally()
		rows, lost := plan.Rows(records, tally, nil)
		doc.Free()
		for i := range body {
			body[i] = '#' // rows point nowhere into it
		}
		text, err := json.Marshal(map[string]any{"rows": rows, "lost": lost, "coverage": tally.Coverage()})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	return of(plan.Shape().Parse), of(mapping.Parse)
}

// FuzzShape: what a shape leaves out changes nothing, and it refuses what a whole
// reading refuses.
func FuzzShape(f *testing.F) {
	tickets, _, orders, _ := rig(2)
	for _, s := range []string{
		`{"data":[{"numero":"1","lignes":[{"reference":"A","quantite":1,"x":[1,{"numero":2}]}],"devis":{"numero":"D","x":1}}]}`,
		`[{"numero":"1","numero":"2"},{"\u006eumero":"3","etat":"a\"b"},{"numero":"4","lignes":[{"reference":"A","reference":"B"}]}]`,
		`[{"numero":"1","x":01}]`, `[{"numero":"1","x":"` + "\x01" + `"}]`, `[{"numero":"1","x":[[["\ud800"]]],"y":tru}]`, `{"data":{"x":[{"numero":1}]}}`,
		`[[{"numero":1}]]`, `[{"lignes":{"0":{"reference":"A"}},"numero":1}]`, string(tickets), string(orders),
	} {
		f.Add([]byte(s))
	}
	plan, err := mapping.Compile[schema.Order](commande())
	if err != nil {
		f.Fatal(err)
	}
	few := plan.Select(datasources.NewFields("total", "status"))
	lists, err := mapping.ParsePaths([]string{"data", "data.*", "$"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, p := range []*mapping.Plan[schema.Order]{plan, few} {
			shaped, all := read(t, p, lists, body)
			if diff := cmp.Diff(all, shaped); diff != "" {
				t.Fatal(diff)
			}
		}
		if _, err := few.Shape().Parse(body); (err == nil) != json.Valid(body) && !errors.Is(err, mapping.ErrDepth) && !errors.Is(err, mapping.ErrSize) {
			t.Fatalf("%v, but encoding/json says %t", err, json.Valid(body))
		}
	})
}

// TestShapeBounds: what is left out counts for the bounds.
func TestShapeBounds(t *testing.T) {
	plan, err := mapping.Compile[schema.Contact](contact())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		body string
		want error
	}{
		"as deep as allowed": {`[{"x":` + strings.Repeat("[", mapping.MaxDepth-2) + strings.Repeat("]", mapping.MaxDepth-2) + `}]`, nil},
		"too deep":           {`[{"x":` + strings.Repeat("[", mapping.MaxDepth-1) + strings.Repeat("]", mapping.MaxDepth-1) + `}]`, mapping.ErrDepth},
		"too many":           {`[{"x":[` + strings.Repeat("0,", mapping.MaxValues) + `0]}]`, mapping.ErrSize},
		"half":               {`[{"id":1,"x":[1,2`, mapping.ErrSyntax},
		"text behind it":     {`[{"id":1}] x`, mapping.ErrSyntax},
	} {
		t.Run("case="+name, func(t *testing.T) {
			if _, err := plan.Shape().Parse([]byte(c.body)); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// TestTwins: of a member that is there twice nobody knows which is meant.
func TestTwins(t *testing.T) {
	o := contact()
	o.Fields["email"] = at("address.mail", "mail")
	for name, c := range map[string]struct {
		record, problem string
		check           func(c *schema.Contact) bool
		isLost          bool
	}{
		"a text":            {`{"id":1,"name":"a","name":"b"}`, "Contact.name: member that is there twice: 1", func(c *schema.Contact) bool { return c.Name == "" }, false},
		"the same text":     {`{"id":1,"name":"a","name":"a"}`, "Contact.name: member that is there twice: 1", func(c *schema.Contact) bool { return c.Name == "" }, false},
		"by another name":   {`{"id":1,"name":"a","\u006eame":"b"}`, "Contact.name: member that is there twice: 1", func(c *schema.Contact) bool { return c.Name == "" }, false},
		"three times":       {`{"id":1,"name":"a","name":"b","name":"c"}`, "Contact.name: member that is there twice: 1", func(c *schema.Contact) bool { return c.Name == "" }, false},
		"the key":           {`{"id":1,"id":2}`, "Contact.id: record without a key, left out: 1", nil, true},
		"a parent":          {`{"id":1,"customer":"A","customer":"B"}`, "Contact.customer: member that is there twice: 1", func(c *schema.Contact) bool { return c.CustomerKey == "" }, false},
		"deeper":            {`{"id":1,"address":{"mail":"a","mail":"b"},"mail":"c"}`, "Contact.email: member that is there twice: 1", func(c *schema.Contact) bool { return c.Email == "" }, false},
		"on the way":        {`{"id":1,"address":{"mail":"a"},"address":{}}`, "Contact.email: member that is there twice: 1", func(c *schema.Contact) bool { return c.Email == "" }, false},
		"a second choice":   {`{"id":1,"address":{"mail":"a"},"mail":"b","mail":"c"}`, "", func(c *schema.Contact) bool { return c.Email == "a" }, false},
		"a time":            {`{"id":1,"made":"2026-01-02","made":"2026-01-03"}`, "Contact.createdAt: member that is there twice: 1", func(c *schema.Contact) bool { return c.CreatedAt.IsZero() }, false},
		"in a list":         {`{"id":1,"orders":[{"ref":"A","ref":"B"}]}`, "Contact.orderNumbers: member that is there twice: 1", func(c *schema.Contact) bool { return len(c.OrderNumbers) == 0 }, false},
		"one nobody asked":  {`{"id":1,"x":"a","x":"b"}`, "", func(c *schema.Contact) bool { return c.Key == "1" }, false},
		"of other records":  {`{"id":1,"name":"a"}`, "", func(c *schema.Contact) bool { return c.Name == "a" }, false},
		"in what is passed": {`{"id":1,"name":"a","x":{"name":1,"name":2}}`, "", func(c *schema.Contact) bool { return c.Name == "a" }, false},
	} {
		t.Run("case="+name, func(t *testing.T) {
			out := run[schema.Contact](t, o, parse(t, "["+c.record+"]"))
			if c.isLost {
				if len(out.Rows) != 0 || out.Lost != 1 {
					t.Fatalf("%d rows, %d lost", len(out.Rows), out.Lost)
				}
			} else if len(out.Rows) != 1 || !c.check(&out.Rows[0]) {
				t.Fatalf("got %+v", out.Rows)
			}
			problems := slices.DeleteFunc(out.Problems, func(p string) bool { return strings.Contains(p, mapping.NeverThere) })
			if c.problem == "" && len(problems) > 0 || c.problem != "" && !slices.Contains(problems, c.problem) {
				t.Errorf("problems %q", problems)
			}
		})
	}
}

// TestAllocations: reading ten times the records takes no more allocations, but
// for the growth of the pieces that rows share.
func TestAllocations(t *testing.T) {
	count := func(customers int) (all float64) {
		tickets, quotes, orders, invoices := rig(customers)
		for _, f := range []func(){
			func() { reading[schema.Ticket](t, rigTickets(), "title", "state", "priority")(tickets) },
			func() { reading[schema.Quote](t, rigQuotes(), "status", "total")(quotes) },
			func() { reading[schema.Order](t, rigOrders(), "status", "total", "lines")(orders) },
			func() { reading[schema.Invoice](t, rigInvoices(), "status", "total", "paid", "dueDate")(invoices) },
		} {
			all += testing.AllocsPerRun(3, f)
		}
		return all
	}
	few, many := count(10), count(100)
	// 900 further rows with 2,000 lines and amounts and some 4,000 texts.
	if many-few > 150 {
		t.Errorf("%.0f allocations for 10 customers, %.0f for 100", few, many)
	}
}
