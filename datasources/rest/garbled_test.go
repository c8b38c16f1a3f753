package rest_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/rest"
	"github.com/trama-graph/trama/schema"
)

// TestGarbledAnswers asks for the orders of two customers and gets what makes no
// sense: the answer is refused with SOURCE_INVALID, or the column is null and
// counted; never a wrong value.
func TestGarbledAnswers(t *testing.T) {
	const good = `{"id":1,"ref":"A","client":"c1","total":"12.50","status":"open","date":"2026-01-02"}`
	for name, c := range map[string]struct {
		body      string
		isRefused bool
		problem   string
		check     func(o *schema.Order) bool
	}{
		"good":                       {`[` + good + `]`, false, "", func(o *schema.Order) bool { return o.Number == "A" && o.Total.Amount.String() == "12.50" }},
		"cut off":                    {`[` + good + `,{"id":2,"ref":"B","cl`, true, "", nil},
		"cut off in what is unread":  {`[{"id":1,"ref":"A","client":"c1","x":{"y":[1,2`, true, "", nil},
		"text behind it":             {`[` + good + `]]`, true, "", nil},
		"a wrong escape":             {`[{"id":1,"client":"c1","x":"\q"}]`, true, "", nil},
		"a control character":        {"[{\"id\":1,\"client\":\"c1\",\"x\":\"a\nb\"}]", true, "", nil},
		"a number that is none":      {`[{"id":1,"client":"c1","x":01}]`, true, "", nil},
		"deeper than agreed":         {`[{"id":1,"client":"c1","x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}]`, true, "", nil},
		"larger than agreed":         {`[` + good + `,{"x":"` + strings.Repeat("x", 64<<10) + `"}]`, true, "", nil},
		"a row nobody asked for":     {`[` + good + `,{"id":2,"ref":"B","client":"c9"}]`, true, "", nil},
		"a row of nobody":            {`[` + good + `,{"id":2,"ref":"B"}]`, true, "", nil},
		"a list that is there twice": {`{"data":[],"data":[` + good + `]}`, true, "", nil},
		"an owner who is two":        {`[{"id":1,"ref":"A","client":"c1","client":"c2"}]`, true, "Order.customer: member that is there twice: 1", nil},
		"a key that is two":          {`[{"id":1,"id":2,"ref":"A","client":"c1"}]`, true, "Order.id: record without a key, left out: 1", nil},
		"a total that is two":        {`[{"id":1,"ref":"A","client":"c1","total":1,"total":2}]`, false, "Order.total: member that is there twice: 1", func(o *schema.Order) bool { return o.Total == nil }},
		"unknown members":            {`[{"new":{"id":7,"total":[]},"id":1,"ref":"A","client":"c1","total":3,"more":[{"id":8}]}]`, false, "", func(o *schema.Order) bool { return o.Key == "1" && o.Total.Amount.String() == "3.00" }},
		"a number for a text":        {`[{"id":1,"ref":12,"client":"c1"}]`, false, "", func(o *schema.Order) bool { return o.Number == "12" }},
		"a truth value for a text":   {`[{"id":1,"ref":true,"client":"c1"}]`, false, "Order.number: not of the expected type: 1", func(o *schema.Order) bool { return o.Number == "" }},
		"an object for a text":       {`[{"id":1,"ref":{"a":1},"client":"c1"}]`, false, "Order.number: not of the expected type: 1", func(o *schema.Order) bool { return o.Number == "" }},
		"a text for a number":        {`[{"id":1,"ref":"A","client":"c1","total":"much"}]`, false, "Order.total: not a number: 1", func(o *schema.Order) bool { return o.Total == nil }},
		"a number for a date":        {`[{"id":1,"ref":"A","client":"c1","date":17}]`, false, "Order.date: date in no declared form: 1", func(o *schema.Order) bool { return o.Date.IsZero() }},
		"no UTF-8":                   {"[{\"id\":1,\"ref\":\"a\xffb\",\"client\":\"c1\"}]", false, "Order.number: text that is not UTF-8, repaired: 1", func(o *schema.Order) bool { return o.Number == "a\ufffdb" }},
		"no UTF-8 in a name":         {"[{\"id\":1,\"r\xff\":\"x\",\"ref\":\"A\",\"client\":\"c1\"}]", false, "", func(o *schema.Order) bool { return o.Number == "A" }},
	} {
		t.Run("case="+name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, c.body) })
			cfg := config(s)
			cfg.MaxBody = 32 << 10
			order(&cfg, func(e *rest.Entity) {
				e.Keys = rest.Keys{Param: "ids"}
				e.Relations = map[string]rest.Keys{"customer": {Param: "clients"}}
			})
			src := open(t, s, cfg)
			parents := []string{"c1", "c2"}
			rows, err := orders(src).ByParent(t.Context(), "customer", parents, datasources.Query{First: 10, Fields: datasources.NewFields("number", "total", "date", "status")})
			if c.problem != "" {
				wantProblem(t, src, c.problem)
			}
			if c.isRefused {
				var some *datasources.BatchError
				if !errors.As(err, &some) || len(rows.Items) > 0 {
					t.Fatalf("%d rows and %v", len(rows.Items), err)
				}
				for _, p := range parents {
					wantError(t, some.ByKey[p], schema.SourceInvalid)
				}
				return
			}
			if err != nil {
				t.Fatal(chain(err))
			}
			if got := rows.Parent(0); len(got) != 1 || !c.check(&got[0]) {
				t.Fatalf("got %+v", got)
			}
			text, err := json.Marshal(rows.Items)
			if err != nil || !utf8.Valid(text) {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
}

// TestBodiesAreTakenBack: rows stay what they were while later answers are read
// into the same memory.
func TestBodiesAreTakenBack(t *testing.T) {
	n := 0
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		n++
		io.WriteString(w, strings.ReplaceAll(`[{"id":1,"ref":"A?","client":"c1","status":"d\u00e9?"},{"id":2,"ref":"B?","client":"c2","status":"é?"}]`, "?", strings.Repeat(string(rune('a'+n)), 40)))
	})
	cfg := config(s)
	order(&cfg, func(e *rest.Entity) {
		e.Keys = rest.Keys{Param: "ids"}
		e.Relations = map[string]rest.Keys{"customer": {Param: "clients"}}
	})
	r := orders(open(t, s, cfg))
	ask := func() []schema.Order {
		rows, err := r.ByParent(t.Context(), "customer", []string{"c1", "c2"}, datasources.Query{First: 10})
		if err != nil || len(rows.Items) != 2 {
			t.Fatal(len(rows.Items), err)
		}
		return rows.Items
	}
	first := ask()
	for range 20 {
		ask()
	}
	want := strings.Repeat("b", 40)
	if first[0].Number != "A"+want || first[0].Status != "dé"+want || first[1].Number != "B"+want || first[1].Status != "é"+want {
		t.Errorf("got %+v", first)
	}
}
