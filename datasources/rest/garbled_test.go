package rest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/rest"
	"github.com/trama-graph/trama/schema"
)

// TestGarbledAnswers asks for the orders of two customers and gets what makes no
// sense: the answer is refused with SOURCE_INVALID, or that customer's is, with the
// column; never a wrong value.
func TestGarbledAnswers(t *testing.T) {
	const good = `{"id":1,"ref":"A","client":"c1","total":"12.50","status":"open","date":"2026-01-02"}`
	for name, c := range map[string]struct {
		body    string
		says    string // to all customers, or to c1 where column is set; "" = there is no error
		column  string // at fault
		typed   bool   // it is one record's own mistake: a list gives the row without the value
		problem string
		check   func(o *schema.Order) bool
	}{
		"good":                       {body: `[` + good + `]`, check: func(o *schema.Order) bool { return o.Number == "A" && o.Total.Amount.String() == "12.50" }},
		"cut off":                    {body: `[` + good + `,{"id":2,"ref":"B","cl`, says: "erp gave an answer to Order that was cut off"},
		"cut off in what is unread":  {body: `[{"id":1,"ref":"A","client":"c1","x":{"y":[1,2`, says: "erp gave an answer to Order that was cut off"},
		"cut off behind an escape":   {body: `[{"id":1,"ref":"\`, says: "erp gave an answer to Order that was cut off"},
		"cut off within a word":      {body: `[{"id":1,"x":tru`, says: "erp gave an answer to Order that was cut off"},
		"cut off within a number":    {body: `[{"id":1,"x":1.`, says: "erp gave an answer to Order that was cut off"},
		"nothing":                    {body: ` `, says: "erp gave an answer to Order that was cut off"},
		"text behind it":             {body: `[` + good + `]]`, says: "erp gave an answer to Order that makes no sense"},
		"a wrong word":               {body: `[{"id":1,"x":tree}]`, says: "erp gave an answer to Order that makes no sense"},
		"a wrong escape":             {body: `[{"id":1,"client":"c1","x":"\q"}]`, says: "erp gave an answer to Order that makes no sense"},
		"a control character":        {body: "[{\"id\":1,\"client\":\"c1\",\"x\":\"a\nb\"}]", says: "erp gave an answer to Order that makes no sense"},
		"a number that is none":      {body: `[{"id":1,"client":"c1","x":01}]`, says: "erp gave an answer to Order that makes no sense"},
		"deeper than agreed":         {body: `[{"id":1,"client":"c1","x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}]`, says: "erp gave an answer to Order that is nested more deeply than agreed"},
		"larger than agreed":         {body: `[` + good + `,{"x":"` + strings.Repeat("x", 64<<10) + `"}]`, says: "erp gave an answer to Order that is larger than agreed"},
		"a row nobody asked for":     {body: `[` + good + `,{"id":2,"ref":"B","client":"c9"}]`, says: "erp gave an answer to Order with rows that were not asked for"},
		"a row of nobody":            {body: `[` + good + `,{"id":2,"ref":"B"}]`, says: "erp gave an answer to Order with rows that were not asked for"},
		"no list":                    {body: `{"orders":7}`, says: "erp gave an answer to Order that holds no list of records"},
		"a list that is there twice": {body: `{"data":[],"data":[` + good + `]}`, says: "erp gave an answer to Order that holds its list of records twice"},
		"an owner who is two":        {body: `[{"id":1,"ref":"A","client":"c1","client":"c2"}]`, says: "erp gave an answer to Order with rows that were not asked for", problem: "Order.customer: member that is there twice: 1"},
		"a key that is two":          {body: `[{"id":1,"id":2,"ref":"A","client":"c1"}]`, says: "erp answered Order in a form that is not agreed", problem: "Order.id: record without a key, left out: 1"},
		"a total that is two":        {body: `[{"id":1,"ref":"A","client":"c1","total":1,"total":2}]`, column: "total", problem: "Order.total: member that is there twice: 1"},
		"a currency that is two":     {body: `[{"id":1,"ref":"A","client":"c1","total":1,"cur":"EUR","cur":"MDL"}]`, column: "currency", problem: "Order.currency: member that is there twice: 1"},
		"one id for two":             {body: `[{"id":1,"ref":"A","client":"c1"},{"id":1,"ref":"B","client":"c2"}]`, says: "erp answered Order in a form that is not agreed"},
		"a record that came twice":   {body: `[{"id":1,"ref":"A","client":"c1"},{"id":1,"ref":"B","client":"c1"}]`, check: func(o *schema.Order) bool { return o.Number == "B" }},
		"unknown members":            {body: `[{"new":{"id":7,"total":[]},"id":1,"ref":"A","client":"c1","total":3,"more":[{"id":8}]}]`, check: func(o *schema.Order) bool { return o.Key == "1" && o.Total.Amount.String() == "3.00" }},
		"a number for a text":        {body: `[{"id":1,"ref":12,"client":"c1"}]`, check: func(o *schema.Order) bool { return o.Number == "12" }},
		"a truth value for a text":   {body: `[{"id":1,"ref":true,"client":"c1"}]`, column: "number", problem: "Order.number: not of the expected type: 1"},
		"an object for a text":       {body: `[{"id":1,"ref":{"a":1},"client":"c1"}]`, column: "number", problem: "Order.number: not of the expected type: 1"},
		"a text for a number":        {body: `[{"id":1,"ref":"A","client":"c1","total":"much"}]`, column: "total", typed: true, problem: "Order.total: not a number: 1"},
		"a number for a date":        {body: `[{"id":1,"ref":"A","client":"c1","date":17}]`, column: "date", typed: true, problem: "Order.date: date in no declared form: 1"},
		"no UTF-8":                   {body: "[{\"id\":1,\"ref\":\"a\xffb\",\"client\":\"c1\"}]", column: "number", problem: "Order.number: text that is not UTF-8, repaired: 1"},
		"no UTF-8 in a name":         {body: "[{\"id\":1,\"r\xff\":\"x\",\"ref\":\"A\",\"client\":\"c1\"}]", check: func(o *schema.Order) bool { return o.Number == "A" }},
		"lines that are no list":     {body: `[{"id":1,"ref":"A","client":"c1","lines":"two"}]`, column: "lines", problem: "Order.lines: not of the expected type: 1"},
		"lines that are one":         {body: `[{"id":1,"ref":"A","client":"c1","lines":{"n":1}}]`, column: "lines", problem: "Order.lines: not of the expected type: 1"},
		"lines with gaps":            {body: `[{"id":1,"ref":"A","client":"c1","lines":{"1":{"n":1},"7":{"n":2}}}]`, column: "lines", problem: "Order.lines: not of the expected type: 1"},
		"half a character":           {body: `[{"id":1,"ref":"a\ud800b","client":"c1"}]`, column: "number", problem: "Order.number: text that is not UTF-8, repaired: 1"},
		"a whole one, escaped":       {body: `[{"id":1,"ref":"a\ud83d\ude00\ufffd","client":"c1"}]`, check: func(o *schema.Order) bool { return o.Number == "a\U0001F600\ufffd" }},
		"a line's text for a number": {body: `[{"id":1,"ref":"A","client":"c1","lines":[{"n":1},{"n":"few"}]}]`, column: "lines", typed: true, problem: "Order.lines.quantity: not a number: 1"},
		"not asked for":              {body: `[{"id":1,"ref":"A","client":"c1","state":{"a":1}}]`, problem: "", check: func(o *schema.Order) bool { return o.Number == "A" }},
	} {
		t.Run("case="+name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, c.body) })
			cfg := config(s)
			cfg.MaxBody = 32 << 10
			order(&cfg, func(e *rest.Entity) {
				e.Keys = rest.Keys{Param: "ids"}
				e.Relations = map[string]rest.Keys{"customer": {Param: "clients"}}
				e.Fields["currency"], e.Fields["shop"] = at("cur"), at("state")
				e.Fields["lines"] = rest.Field{At: []string{"lines"}, Fields: rest.Fields{"quantity": at("n")}}
			})
			src := open(t, s, cfg)
			parents := []string{"c1", "c2"}
			rows, err := orders(src).ByParent(t.Context(), "customer", parents, datasources.Query{First: 10, Fields: datasources.NewFields("number", "total", "date", "status", "lines")})
			if c.problem != "" {
				wantProblem(t, src, c.problem)
			}
			if c.says == "" && c.column == "" {
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
				return
			}
			var some *datasources.BatchError
			if !errors.As(err, &some) || len(rows.Items) > 0 {
				t.Fatalf("%d rows and %v", len(rows.Items), err)
			}
			if c.column == "" {
				for _, p := range parents {
					wantError(t, some.ByKey[p], schema.SourceInvalid)
					if got := some.ByKey[p].Error(); got != c.says {
						t.Errorf("says %q", got)
					}
				}
				return
			}
			if len(some.ByKey) != 1 {
				t.Errorf("others failed too: %v", some.ByKey)
			}
			wantColumn(t, some.ByKey["c1"], c.column)

			rows, err = orders(src).List(t.Context(), datasources.Query{First: 10, Where: schema.Compare("id", schema.Eq, schema.String("1")), Fields: datasources.NewFields("number", "total", "date", "status", "lines")})
			if c.typed {
				if err != nil || len(rows.Items) != 1 {
					t.Errorf("the list has %d rows, %v: one record's mistake took it away", len(rows.Items), err)
				}
			} else {
				wantColumn(t, err, c.column)
			}
			rows, err = orders(src).ByKeys(t.Context(), []string{"1", "2"}, datasources.NewFields("number", "total", "date", "status", "lines"))
			if !errors.As(err, &some) || len(some.ByKey) != 1 || len(rows.Items) > 0 {
				t.Fatalf("by keys: %d rows, %v", len(rows.Items), err)
			}
			wantColumn(t, some.ByKey["1"], c.column)
		})
	}
}

// wantColumn wants SOURCE_INVALID for a column, which the message does not name.
func wantColumn(t *testing.T, err error, column string) {
	t.Helper()
	wantError(t, err, schema.SourceInvalid)
	var at *datasources.ColumnError
	if !errors.As(err, &at) || at.Column != column || at.Entity != "Order" || err.Error() != "erp answered Order in a form that is not agreed" ||
		at.Told() != "erp answered Order."+column+" in a form that is not agreed" {
		t.Errorf("got %v of %+v", err, at)
	}
}

// TestFaultsOfOtherRows: what no row of the page has at fault is nobody's business.
func TestFaultsOfOtherRows(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `[{"id":1,"ref":"A","client":"c1","total":"much","date":"2026-01-01"},{"id":2,"ref":"B","client":"c1","total":2,"date":"2026-01-02"},
			{"id":3,"ref":"C","client":"c2","total":3,"status":7,"date":"2026-01-03"}]`)
	})
	cfg := config(s)
	order(&cfg, func(e *rest.Entity) {
		e.Keys = rest.Keys{Param: "ids"}
		e.Relations = map[string]rest.Keys{"customer": {Param: "clients"}}
	})
	r := orders(open(t, s, cfg))
	for name, c := range map[string]struct {
		q    datasources.Query
		want string // parents that fail
	}{
		"on the page":      {datasources.Query{First: 10, Fields: datasources.NewFields("number", "total")}, "[c1]"},
		"behind the page":  {datasources.Query{First: 1, Fields: datasources.NewFields("number", "total")}, "[]"},
		"not asked for":    {datasources.Query{First: 10, Fields: datasources.NewFields("number")}, "[]"},
		"does not match":   {datasources.Query{First: 10, Fields: datasources.NewFields("number", "total"), Where: schema.Compare("number", schema.Eq, schema.String("B"))}, "[]"},
		"a number is text": {datasources.Query{First: 10, Fields: datasources.NewFields("number", "status")}, "[]"},
		"everything asked": {datasources.Query{First: 10}, "[c1]"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			rows, err := r.ByParent(t.Context(), "customer", []string{"c1", "c2"}, c.q)
			failed := []string{}
			var some *datasources.BatchError
			if errors.As(err, &some) {
				failed = slices.Sorted(maps.Keys(some.ByKey))
			}
			if got := fmt.Sprint(failed); got != c.want {
				t.Fatalf("failed %s, want %s: %v", got, c.want, err)
			}
			if c.want == "[c1]" && (len(rows.Parent(0)) != 0 || len(rows.Parent(1)) != 1 || rows.Parent(1)[0].Key != "3") {
				t.Errorf("rows %+v", rows)
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
