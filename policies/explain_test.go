package policies_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/trama-graph/trama/policies"
)

func TestExplain(t *testing.T) {
	e := open(t, newGraph(t), dir("p.json", document(
		allow("roots", list("Query.orders"), "read"),
		allow("orders", list("Order.<id|number|status|total>"), "read", conditions(equalsClaim("row.shop", "shop"))),
		deny("no-totals", list("Order.total"), "read"),
		allow("notes", list("Order.notes"), "mask:last4", conditions(equalsClaim("row.shop", "shop"))),
		allow("quotes", list("Quote.number"), "read"),
	)), allScopes)
	explained := func(p *policies.Principal) map[string]*policies.Explanation {
		all, err := e.Explain(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]*policies.Explanation{}
		for i := range all {
			out[all[i].Type+"."+all[i].Field] = &all[i]
		}
		return out
	}
	with := explained(holder(map[string]string{"shop": "web"}))
	without := explained(holder(nil))
	for _, c := range []struct {
		of      map[string]*policies.Explanation
		field   string
		verdict policies.Verdict
		says    []string
	}{
		{with, "Order.number", policies.Allow, []string{"shop = claim shop", `"orders"`, "p.json"}},
		{with, "Order.total", policies.Deny, []string{`"no-totals"`}},
		{with, "Order.notes", policies.Mask, []string{"last4", `"notes"`}},
		{with, "Order.dueDate", policies.Deny, []string{"no policy"}},
		{with, "Quote.number", policies.Deny, []string{"Quote.id is denied"}},
		{without, "Order.number", policies.Deny, []string{"no claim shop"}},
		{without, "Query.orders", policies.Deny, []string{"Order.id is denied"}},
	} {
		t.Run("case="+c.field, func(t *testing.T) {
			x := c.of[c.field]
			if x.Verdict != c.verdict {
				t.Errorf("verdict %v, want %v", x.Verdict, c.verdict)
			}
			for _, want := range c.says {
				if why := x.Why(); !strings.Contains(why, want) {
					t.Errorf("it does not say %q: %s", want, why)
				}
			}
		})
	}
}

func TestDiff(t *testing.T) {
	g := newGraph(t)
	shipped := dir("p.json", document(allow("orders", list("Query.orders", "Order.<id|number>"), "read")))
	own := func(list ...string) fstest.MapFS {
		return dir("own.json", `{"policies": [`+strings.Join(list, ",")+`]}`)
	}
	more := own(allow("more", list("Order.status"), "read"), deny("less", list("Order.number"), "read"))
	rows := own(deny("drafts", list("Order.<.*>"), "read", conditions(equals("row.status", "Draft"))))
	for name, c := range map[string]struct {
		before, after fstest.MapFS
		want          string
	}{
		"nothing":    {more, more, ""},
		"fields":     {nil, more, "package:p: - Order.number (whole)\npackage:p: + Order.status (whole)"},
		"taken back": {more, nil, "package:p: + Order.number (whole)\npackage:p: - Order.status (whole)"},
		"rows":       {nil, rows, "rows of Order"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			var before, after fstest.MapFS = c.before, c.after
			changes, err := policies.Diff(t.Context(), g, shipped, orNone(before), orNone(after), allScopes)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, x := range changes {
				got = append(got, fmt.Sprint(x))
			}
			if text := strings.Join(got, "\n"); c.want == "" && text != "" || !strings.Contains(text, c.want) {
				t.Errorf("got\n%s\nwant\n%s", text, c.want)
			}
		})
	}
}
