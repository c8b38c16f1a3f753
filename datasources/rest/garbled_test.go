package rest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/rest"
	"github.com/trama-graph/trama/schema"
)

// TestGarbledAnswers asks for the orders of two customers and gets what makes no
// sense: the answer is refused with SOURCE_INVALID, or the row comes without the
// column and says so, by its parent, by its key and in a list alike; never a wrong
// value.
func TestGarbledAnswers(t *testing.T) {
	const good = `{"id":1,"ref":"A","client":"c1","total":"12.50","status":"open","date":"2026-01-02"}`
	for name, c := range map[string]struct {
		body    string
		says    string // to all customers; "" = there is no error
		faults  string // of the row
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
		"an owner who is two":        {body: `[{"id":1,"ref":"A","client":"c1","client":"c2"}]`, says: "erp answered Order in a form that is not agreed", problem: "Order.customer: member that is there twice: 1"},
		"a key that is two":          {body: `[{"id":1,"id":2,"ref":"A","client":"c1"}]`, says: "erp answered Order in a form that is not agreed", problem: "Order.id: record without a key, left out: 1"},
		"a total that is two":        {body: `[{"id":1,"ref":"A","client":"c1","total":1,"total":2}]`, faults: "total currency", problem: "Order.total: member that is there twice: 1"},
		"a currency that is two":     {body: `[{"id":1,"ref":"A","client":"c1","total":1,"cur":"EUR","cur":"MDL"}]`, faults: "currency total", problem: "Order.currency: member that is there twice: 1"},
		"one id for two":             {body: `[{"id":1,"ref":"A","client":"c1"},{"id":1,"ref":"B","client":"c2"}]`, says: "erp answered Order in a form that is not agreed"},
		"a record that came twice":   {body: `[{"id":1,"ref":"A","client":"c1"},{"id":1,"ref":"B","client":"c1"}]`, check: func(o *schema.Order) bool { return o.Number == "B" }},
		"unknown members":            {body: `[{"new":{"id":7,"total":[]},"id":1,"ref":"A","client":"c1","total":3,"more":[{"id":8}]}]`, check: func(o *schema.Order) bool { return o.Key == "1" && o.Total.Amount.String() == "3.00" }},
		"a number for a text":        {body: `[{"id":1,"ref":12,"client":"c1"}]`, check: func(o *schema.Order) bool { return o.Number == "12" }},
		"a truth value for a text":   {body: `[{"id":1,"ref":true,"client":"c1"}]`, faults: "number invoices payments tickets deliveryNotes", problem: "Order.number: not of the expected type: 1"},
		"an object for a text":       {body: `[{"id":1,"ref":{"a":1},"client":"c1"}]`, faults: "number invoices payments tickets deliveryNotes", problem: "Order.number: not of the expected type: 1"},
		"a text for a number":        {body: `[{"id":1,"ref":"A","client":"c1","total":"much"}]`, faults: "total currency", problem: "Order.total: not a number: 1"},
		"a number for a date":        {body: `[{"id":1,"ref":"A","client":"c1","date":17}]`, faults: "date", problem: "Order.date: date in no declared form: 1"},
		"no UTF-8":                   {body: "[{\"id\":1,\"ref\":\"a\xffb\",\"client\":\"c1\"}]", faults: "number invoices payments tickets deliveryNotes", problem: "Order.number: text that is not UTF-8, repaired: 1"},
		"no UTF-8 in a name":         {body: "[{\"id\":1,\"r\xff\":\"x\",\"ref\":\"A\",\"client\":\"c1\"}]", check: func(o *schema.Order) bool { return o.Number == "A" }},
		"lines that are no list":     {body: `[{"id":1,"ref":"A","client":"c1","lines":"two"}]`, faults: "lines", problem: "Order.lines: not of the expected type: 1"},
		"lines that are one":         {body: `[{"id":1,"ref":"A","client":"c1","lines":{"n":1}}]`, faults: "lines", problem: "Order.lines: not of the expected type: 1"},
		"lines with gaps":            {body: `[{"id":1,"ref":"A","client":"c1","lines":{"1":{"n":1},"7":{"n":2}}}]`, faults: "lines", problem: "Order.lines: not of the expected type: 1"},
		"half a character":           {body: `[{"id":1,"ref":"a\ud800b","client":"c1"}]`, faults: "number invoices payments tickets deliveryNotes", problem: "Order.number: text that is not UTF-8, repaired: 1"},
		"a whole one, escaped":       {body: `[{"id":1,"ref":"a\ud83d\ude00\ufffd","client":"c1"}]`, check: func(o *schema.Order) bool { return o.Number == "a\U0001F600\ufffd" }},
		"a line's text for a number": {body: `[{"id":1,"ref":"A","client":"c1","lines":[{"n":1},{"n":"few"}]}]`, problem: "Order.lines.quantity: not a number: 1", check: func(o *schema.Order) bool {
			return len(o.Lines) == 2 && o.Lines[0].Faults == nil && o.Lines[1].Quantity == nil && o.Lines[1].Faults.Has("quantity") && o.Lines[1].Faults.From() == "erp"
		}},
		"not asked for": {body: `[{"id":1,"ref":"A","client":"c1","state":{"a":1}}]`, problem: "", check: func(o *schema.Order) bool { return o.Number == "A" }},
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
			if c.says != "" {
				var some *datasources.BatchError
				if !errors.As(err, &some) || len(rows.Items) > 0 {
					t.Fatalf("%d rows and %v", len(rows.Items), err)
				}
				for _, p := range parents {
					wantError(t, some.ByKey[p], schema.SourceInvalid)
					if got := some.ByKey[p].Error(); got != c.says {
						t.Errorf("says %q", got)
					}
				}
				return
			}
			fields := datasources.NewFields("number", "total", "date", "status", "lines")
			listed, errList := orders(src).List(t.Context(), datasources.Query{First: 10, Where: schema.Compare("id", schema.Eq, schema.String("1")), Fields: fields})
			keyed, errKeyed := orders(src).ByKeys(t.Context(), []string{"1", "2"}, fields)
			if err = errors.Join(err, errList, errKeyed); err != nil {
				t.Fatal(chain(err))
			}
			for way, got := range map[string][]schema.Order{"by parent": rows.Parent(0), "in a list": listed.Items, "by key": keyed.Items} {
				if len(got) != 1 || c.check != nil && way == "by parent" && !c.check(&got[0]) {
					t.Fatalf("%s: got %+v", way, got)
				}
				var faults []string
				if f := got[0].Faults; f != nil {
					faults = f.Fields
				}
				if s := strings.Join(faults, " "); s != c.faults {
					t.Errorf("%s: faults %q, want %q", way, s, c.faults)
				}
				for _, column := range faults {
					if v := got[0].Column(column); !v.IsNull() {
						t.Errorf("%s: %s is %v", way, column, v)
					}
				}
			}
			if text, err := json.Marshal(rows.Items); err != nil || !utf8.Valid(text) {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
}

// TestFaultsAreTheirRows: what one row has at fault is no other's business, and its
// place in a page stays what it is.
func TestFaultsAreTheirRows(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `[{"id":1,"ref":"A","client":"c1","total":"much","date":"2026-01-01"},{"id":2,"ref":"B","client":"c1","total":2,"date":"2026-01-02"},
			{"id":3,"ref":"C","client":"c2","total":3,"status":[7],"date":"2026-01-03"}]`)
	})
	cfg := config(s)
	order(&cfg, func(e *rest.Entity) {
		e.Keys = rest.Keys{Param: "ids"}
		e.Relations = map[string]rest.Keys{"customer": {Param: "clients"}}
	})
	r := orders(open(t, s, cfg))
	for name, c := range map[string]struct {
		q    datasources.Query
		want string // rows of c1 | of c2
	}{
		"on the page":         {datasources.Query{First: 10, Fields: datasources.NewFields("number", "total")}, "2 1[total currency] | 3"},
		"behind the page":     {datasources.Query{First: 1, Fields: datasources.NewFields("number", "total")}, "2 | 3"},
		"not asked for":       {datasources.Query{First: 10, Fields: datasources.NewFields("number")}, "2 1 | 3"},
		"does not match":      {datasources.Query{First: 10, Fields: datasources.NewFields("number", "total"), Where: schema.Compare("total", schema.Gt, schema.Dec(decimal.Zero))}, "2 | 3"},
		"another's":           {datasources.Query{First: 10, Fields: datasources.NewFields("number", "status")}, "2 1 | 3[status]"},
		"everything asked":    {datasources.Query{First: 10}, "2 1[total currency] | 3[status]"},
		"in the order of its": {datasources.Query{First: 10, Fields: datasources.NewFields("number", "total"), Order: schema.Sort{Column: "total"}}, "1[total currency] 2 | 3"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			rows, err := r.ByParent(t.Context(), "customer", []string{"c1", "c2"}, c.q)
			if err != nil {
				t.Fatal(chain(err))
			}
			var of [2][]string
			for i := range of {
				for _, o := range rows.Parent(i) {
					text := o.Key
					if o.Faults != nil {
						text += fmt.Sprint(o.Faults.Fields)
					}
					of[i] = append(of[i], text)
				}
			}
			if got := strings.Join(of[0], " ") + " | " + strings.Join(of[1], " "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
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
