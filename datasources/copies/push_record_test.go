package copies_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// openPushed opens a pushed source with a bound of its own.
func openPushed(t testing.TB, cfg copies.PushedConfig, st copies.PushStore, d copies.Deps) *copies.Pushed {
	t.Helper()
	if cfg.Name == "" {
		cfg.Name = "erp"
	}
	x, err := copies.OpenPushed(t.Context(), cfg, st, d)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// lines gives records as they lie in a text, one a line.
func lines(text string) iter.Seq2[[]byte, error] {
	var list [][]byte
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" {
			list = append(list, []byte(l))
		}
	}
	return copies.PushRecords(list)
}

// push pushes what must be taken.
func push(t testing.TB, x *copies.Pushed, text string) copies.PushReport {
	t.Helper()
	r, err := x.Push(t.Context(), lines(text), copies.PushOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// list reads rows of an entity back, in the order of their keys.
func list[T any, P datasources.EntityOf[T]](t testing.TB, x *copies.Pushed, entity string) []T {
	t.Helper()
	r := x.Reader(entity).(datasources.Reader[T])
	rows, err := r.List(t.Context(), datasources.Query{First: 100_000, Order: schema.Sort{Column: "id"}})
	if err != nil {
		t.Fatal(err)
	}
	return rows.Items
}

const wholeOrder = `{"entity":"Order","id":"A-17","version":42,"data":{"id":"A-17","number":"A-17","customer":"K1","quote":"Q1",
"orderNumbers":["X","Y"],"shop":"web","status":"open","paymentStatus":"due","date":"2026-11-22T12:00:00+02:00","dueDate":null,
"total":{"amount":"1234567890123456.78","currency":"EUR"},"net":{"currency":"EUR","amount":12.5},"notes":"two\nlines \u00e9 \ud83d\ude00",
"lines":[{"position":1,"sku":"S","quantity":2.50,"unitPrice":{"amount":-0.5,"currency":"EUR"}},{"name":"freight"}],
"states":[{"status":"new","at":"2026-11-22T10:00:00Z"}],"createdAt":"2026-11-22T10:00:00.123456789Z"}}`

func TestPushTakesAWholeRecord(t *testing.T) {
	x := openPushed(t, copies.PushedConfig{}, newStore(t), copies.Deps{})
	if r := push(t, x, strings.ReplaceAll(wholeOrder, "\n", " ")); r.Stored != 1 || r.Refused != 0 {
		t.Fatalf("got %+v", r)
	}
	got := list[schema.Order](t, x, "Order")[0]
	day := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	if got.Source != "erp" || got.Key != "A-17" || !got.Date.Equal(day) || !got.CreatedAt.Equal(day.Add(123456789)) || !got.DueDate.IsZero() {
		t.Errorf("got %+v", got)
	}
	if got.Total.Amount.String() != "1234567890123456.78" || got.Net.Amount.String() != "12.50" || got.Notes != "two\nlines é 😀" {
		t.Errorf("got %v, %v, %q", got.Total, got.Net, got.Notes)
	}
	if got.CustomerKey != "K1" || got.QuoteKey != "Q1" || !slices.Equal(got.OrderNumbers, []string{"X", "Y"}) {
		t.Errorf("got %+v", got.Links)
	}
	if len(got.Lines) != 2 || got.Lines[0].Quantity.String() != "2.50" || got.Lines[0].UnitPrice.Amount.String() != "-0.50" || got.Lines[1].Name != "freight" || len(got.States) != 1 {
		t.Errorf("got %+v", got.Lines)
	}
}

// Every case is one record; the answer names the path and never the value.
func TestPushRefuses(t *testing.T) {
	const secret = "s3cr3t"
	st := newStore(t)
	data := func(fields string) string { return `{"entity":"Order","id":"1","version":1,"data":{` + fields + `}}` }
	deep := strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)
	for name, c := range map[string]struct{ record, code, path, says string }{
		"no JSON":                            {secret, "BAD_REQUEST", "", "not an object"},
		"not closed":                         {`{"entity":"Order","id":"1"`, "BAD_REQUEST", "", "not well-formed JSON"},
		"more behind":                        {`{"entity":"Order","id":"1","version":1,"data":{}} {}`, "BAD_REQUEST", "", "not well-formed JSON"},
		"no entity":                          {`{"id":"1","version":1,"data":{}}`, "BAD_REQUEST", "entity", "missing"},
		"no id":                              {`{"entity":"Order","version":1,"data":{}}`, "BAD_REQUEST", "id", "missing"},
		"empty id":                           {`{"entity":"Order","id":"","version":1,"data":{}}`, "BAD_REQUEST", "id", "empty"},
		"id is a number":                     {`{"entity":"Order","id":1,"version":1,"data":{}}`, "BAD_REQUEST", "id", "not a text"},
		"long id":                            {`{"entity":"Order","id":"` + strings.Repeat("x", 201) + `","version":1,"data":{}}`, "BAD_REQUEST", "id", "longer than 200 bytes"},
		"control in id":                      {`{"entity":"Order","id":"a\tb","version":1,"data":{}}`, "BAD_REQUEST", "id", "a control sign in a key or number"},
		"no version":                         {`{"entity":"Order","id":"1","data":{}}`, "BAD_REQUEST", "version", "missing"},
		"negative version":                   {`{"entity":"Order","id":"1","version":-1,"data":{}}`, "BAD_REQUEST", "version", "not a version"},
		"version of 19 digits":               {`{"entity":"Order","id":"1","version":1234567890123456789,"data":{}}`, "BAD_REQUEST", "version", "not a version"},
		"broken version":                     {`{"entity":"Order","id":"1","version":1.5,"data":{}}`, "BAD_REQUEST", "version", "not a version"},
		"version in words":                   {`{"entity":"Order","id":"1","version":"newest","data":{}}`, "BAD_REQUEST", "version", "not a version"},
		"version with 10 digits of a second": {`{"entity":"Order","id":"1","version":"2026-11-22T10:00:00.1234567891Z","data":{}}`, "BAD_REQUEST", "version", "not a version"},
		"version null":                       {`{"entity":"Order","id":"1","version":null,"data":{}}`, "BAD_REQUEST", "version", "not a version"},
		"no data":                            {`{"entity":"Order","id":"1","version":1}`, "BAD_REQUEST", "data", "missing"},
		"null data":                          {`{"entity":"Order","id":"1","version":1,"data":null}`, "BAD_REQUEST", "data", "missing"},
		"data is a list":                     {`{"entity":"Order","id":"1","version":1,"data":[]}`, "BAD_REQUEST", "data", "not an object"},
		"deleted with data":                  {`{"entity":"Order","id":"1","version":1,"deleted":true,"data":{}}`, "BAD_REQUEST", "data", "a deleted record has no data"},
		"deleted is a text":                  {`{"entity":"Order","id":"1","version":1,"deleted":"yes"}`, "BAD_REQUEST", "deleted", "neither true nor false"},
		"unknown entity":                     {`{"entity":"Secret","id":"1","version":1,"data":{}}`, "NOT_ENABLED", "entity", "not an entity that is pushed here"},
		"entity not configured":              {`{"entity":"Boleto","id":"1","version":1,"data":{}}`, "NOT_ENABLED", "entity", "not an entity that is pushed here"},
		"unknown member":                     {`{"entity":"Order","id":"1","version":1,"data":{},"extra":1}`, "BAD_REQUEST", "extra", "unknown field"},
		"member twice":                       {`{"entity":"Order","id":"1","id":"2","version":1,"data":{}}`, "BAD_REQUEST", "id", "given twice"},
		"current with id":                    {`{"entity":"Order","id":"1","current":true}`, "BAD_REQUEST", "entity", "full or current"},
		"deletions of nothing":               {`{"entity":"Order","id":"1","version":1,"data":{},"acceptDeletions":true}`, "BAD_REQUEST", "acceptDeletions", "only a record"},
		"unknown field":                      {data(`"totl":1`), "BAD_REQUEST", "data.totl", "unknown field"},
		"a value as a field":                 {data(`"` + secret + ` and more":1`), "BAD_REQUEST", "data.?", "unknown field"},
		"field of Trama":                     {data(`"source":"crm"`), "BAD_REQUEST", "data.source", "unknown field"},
		"computed":                           {data(`"computed":["total"]`), "BAD_REQUEST", "data.computed", "unknown field"},
		"other id":                           {data(`"id":"` + secret + `"`), "BAD_REQUEST", "data.id", "is another id than the record's"},
		"field twice":                        {data(`"number":"a","number":"a"`), "BAD_REQUEST", "data.number", "given twice"},
		"field twice, as null":               {data(`"number":null,"number":"a"`), "BAD_REQUEST", "data.number", "given twice"},
		"number for a text":                  {data(`"number":17`), "BAD_REQUEST", "data.number", "not a text"},
		"object for a text":                  {data(`"notes":{}`), "BAD_REQUEST", "data.notes", "not a text"},
		"oversized text":                     {data(`"notes":"` + strings.Repeat("x", 64*1024+1) + `"`), "BAD_REQUEST", "data.notes", "longer than 65536 bytes"},
		"oversized column":                   {data(`"status":"` + strings.Repeat("x", 1001) + `"`), "BAD_REQUEST", "data.status", "longer than 1000 bytes"},
		"NUL":                                {data(`"notes":"a\u0000"`), "BAD_REQUEST", "data.notes", "a text holds a NUL"},
		"NUL as it is":                       {data("\"notes\":\"a\x00\""), "BAD_REQUEST", "data.notes", "not well-formed JSON"},
		"not UTF-8":                          {data("\"notes\":\"\xff" + secret + "\""), "BAD_REQUEST", "data.notes", "not UTF-8"},
		"half a surrogate":                   {data(`"notes":"\ud83d"`), "BAD_REQUEST", "data.notes", "not UTF-8"},
		"surrogates swapped":                 {data(`"notes":"\ude00\ud83d"`), "BAD_REQUEST", "data.notes", "not UTF-8"},
		"float for money":                    {data(`"total":12.5`), "BAD_REQUEST", "data.total", "not money"},
		"no currency":                        {data(`"total":{"amount":"1"}`), "BAD_REQUEST", "data.total", "the currency is missing"},
		"no amount":                          {data(`"total":{"currency":"EUR"}`), "BAD_REQUEST", "data.total", "the amount is missing"},
		"amount in words":                    {data(`"total":{"amount":"` + secret + `","currency":"EUR"}`), "BAD_REQUEST", "data.total.amount", "not a decimal"},
		"amount with comma":                  {data(`"total":{"amount":"1,50","currency":"EUR"}`), "BAD_REQUEST", "data.total.amount", "not a decimal"},
		"amount with exponent":               {data(`"total":{"amount":1e3,"currency":"EUR"}`), "BAD_REQUEST", "data.total.amount", "not a decimal"},
		"amount of 19 digits":                {data(`"total":{"amount":"1234567890123456.789","currency":"EUR"}`), "BAD_REQUEST", "data.total.amount", "not a decimal"},
		"amount null":                        {data(`"total":{"amount":null,"currency":"EUR"}`), "BAD_REQUEST", "data.total.amount", "not a decimal"},
		"amount NaN":                         {data(`"total":{"amount":NaN,"currency":"EUR"}`), "BAD_REQUEST", "data.total.amount", "not a decimal"},
		"amount 01":                          {data(`"total":{"amount":01,"currency":"EUR"}`), "BAD_REQUEST", "data.total", "not well-formed JSON"},
		"currency in small":                  {data(`"total":{"amount":"1","currency":"eur"}`), "BAD_REQUEST", "data.total.currency", "not a currency"},
		"currency twice":                     {data(`"total":{"amount":"1","currency":"EUR","currency":"USD"}`), "BAD_REQUEST", "data.total.currency", "given twice"},
		"more in money":                      {data(`"total":{"amount":"1","currency":"EUR","rate":1}`), "BAD_REQUEST", "data.total.rate", "unknown field"},
		"a day for a time":                   {data(`"date":"2026-11-22"`), "BAD_REQUEST", "data.date", "not a time"},
		"time without zone":                  {data(`"date":"2026-11-22T10:00:00"`), "BAD_REQUEST", "data.date", "not a time"},
		"no such day":                        {data(`"date":"2026-02-30T10:00:00Z"`), "BAD_REQUEST", "data.date", "not a time"},
		"time of 1C's nothing":               {data(`"date":"0001-01-01T00:00:00Z"`), "BAD_REQUEST", "data.date", "not a time"},
		"time as a number":                   {data(`"date":1732269600`), "BAD_REQUEST", "data.date", "not a time"},
		"in a line":                          {data(`"lines":[{},{"total":{"amount":true,"currency":"EUR"}}]`), "BAD_REQUEST", "data.lines[1].total.amount", "not a decimal"},
		"null line":                          {data(`"lines":[null]`), "BAD_REQUEST", "data.lines[0]", "not an object"},
		"position too great":                 {data(`"lines":[{"position":4294967296}]`), "BAD_REQUEST", "data.lines[0].position", "not a whole number"},
		"too many lines":                     {data(`"lines":[` + strings.Repeat("{},", 10_000) + `{}]`), "LIMITED", "data.lines[10000]", "too many elements"},
		"null in numbers":                    {data(`"orderNumbers":[null]`), "BAD_REQUEST", "data.orderNumbers[0]", "not a text"},
		"empty number":                       {data(`"orderNumbers":[""]`), "BAD_REQUEST", "data.orderNumbers[0]", "empty"},
		"deep":                               {`{"entity":"Order","id":"1","version":1,"data":` + deep + `}`, "BAD_REQUEST", "data.a", "unknown field"},
		"deep brackets":                      {data(`"lines":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)), "BAD_REQUEST", "data.lines[0]", "not an object"},
		"open brackets":                      {strings.Repeat("[", 100_000), "BAD_REQUEST", "", "not an object"},
		"wrong word":                         {`{"entity":"Ticket","id":"1","version":1,"data":{"stateType":"open"}}`, "BAD_REQUEST", "data.stateType", "not one of NEW"},
		"wrong country":                      {`{"entity":"Customer","id":"1","version":1,"data":{"country":"Germany"}}`, "BAD_REQUEST", "data.country", "not a country"},
		"foreign id twice":                   {`{"entity":"Customer","id":"1","version":1,"data":{"foreignIds":{"crm":"1","crm":"2"}}}`, "BAD_REQUEST", "data.foreignIds.crm", "given twice"},
		"foreign id number":                  {`{"entity":"Customer","id":"1","version":1,"data":{"foreignIds":{"crm":1}}}`, "BAD_REQUEST", "data.foreignIds.crm", "not a text"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			x := openPushed(t, copies.PushedConfig{Name: "erp of " + name, Entities: []string{"Order", "Ticket", "Customer"}}, st, copies.Deps{})
			good := `{"entity":"Order","id":"good","version":1,"data":{"number":"1"}}`
			r, err := x.Push(t.Context(), copies.PushRecords([][]byte{[]byte(c.record), []byte(good)}), copies.PushOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if r.Refused != 1 || r.Stored != 1 || len(r.Results) != 1 {
				t.Fatalf("got %+v", r)
			}
			got := r.Results[0]
			if got.Code != c.code || got.Path != c.path || !strings.Contains(got.Message, c.says) || got.Result != copies.WasRefused || got.Index != 0 {
				t.Errorf("got %+v, want %s at %q: %s", got, c.code, c.path, c.says)
			}
			if strings.Contains(fmt.Sprintf("%+v %+v", r, x.Problems()), secret) {
				t.Errorf("a value is in %+v, %+v", r, x.Problems())
			}
			if p := x.Problems(); len(p) != 1 || p[0].Count != 1 {
				t.Errorf("problems are %+v", p)
			}
			r, err = x.Push(t.Context(), copies.PushRecords([][]byte{[]byte(good2), []byte(c.record)}), copies.PushOptions{All: true})
			if schema.CodeOf(err) != schema.BadRequest || r.Stored != 0 || r.Refused != 1 {
				t.Errorf("all or nothing: got %+v, %v", r, err)
			}
			if n := len(list[schema.Order](t, x, "Order")); n != 1 {
				t.Errorf("%d orders are stored", n)
			}
		})
	}
}

const good2 = `{"entity":"Order","id":"other","version":1,"data":{"number":"1"}}`

// FuzzPush feeds records: whatever comes, nothing panics, a refusal is UTF-8 and
// bounded, and what is stored can be read and is pushed again as the same.
func FuzzPush(f *testing.F) {
	for _, s := range []string{
		strings.ReplaceAll(wholeOrder, "\n", " "), good2,
		`{"entity":"Order","id":"1","version":"2026-11-22T10:00:00Z","deleted":true}`, `{"entity":"Order","current":true}`, `{"entity":"Order","full":true}`,
		`{"entity":"Customer","id":"1","version":"007","data":{"foreignIds":{"a":"b"},"address":{"city":"Iași"},"isPerson":true}}`,
		`{"entity":"Product","id":"1","version":0,"data":{"stock":[{"available":"1.50","asOf":"2026-11-22T10:00:00Z"}],"active":false}}`,
		`{"entity":"Ticket","id":"1","version":1,"data":{"stateType":"OPEN","title":"\ud83d\ude00"}}`, `{`, `[]`, `null`, "{\"entity\":\"\xff\"}", `{"a":1e999}`, `{"entity":"Order","id":"1","version":1,"data":{"total":{"amount":-00.1,"currency":"EUR"}}}`,
	} {
		f.Add([]byte(s))
	}
	st := newStore(f)
	x := openPushed(f, copies.PushedConfig{}, st, copies.Deps{})
	f.Fuzz(func(t *testing.T, record []byte) {
		one := copies.PushRecords([][]byte{record})
		r, err := x.Push(t.Context(), one, copies.PushOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range r.Results {
			if !utf8.ValidString(o.Path+o.Message+o.ID+o.Entity) || len(o.Path) > 4000 || len(o.Message) > 300 || len(o.ID) > 200 {
				t.Errorf("got %+v", o)
			}
		}
		if r.Stored == 0 {
			return
		}
		if !json.Valid(record) {
			t.Errorf("stored what encoding/json takes for no JSON")
		}
		if again, err := x.Push(t.Context(), one, copies.PushOptions{}); err != nil || again.Same != 1 {
			t.Errorf("pushed again: %+v, %v", again, err)
		}
	})
}

// docs/push.md has a table for each entity, which is printed from the code.
func TestPushDocs(t *testing.T) {
	const path = "../../docs/push.md"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := pushTables()
	const begin, end = "<!-- fields: printed by TestPushDocs -update-push -->\n", "<!-- end of fields -->"
	text := string(b)
	head, rest, ok := strings.Cut(text, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the marks are gone")
	}
	if fresh := head + begin + want + end + tail; fresh != text {
		if !*updatePush {
			t.Error("docs/push.md is not what the code takes: go test ./datasources/copies -run TestPushDocs -update-push")
			return
		}
		if err := os.WriteFile(path, []byte(fresh), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func pushTables() string {
	var b strings.Builder
	for _, e := range copies.PushEntities() {
		fmt.Fprintf(&b, "\n### %s\n\n| field | takes |\n|---|---|\n", e)
		for _, f := range copies.PushFields(e) {
			fmt.Fprintf(&b, "| `%s` | %s |\n", f.Name, f.Takes)
		}
	}
	return b.String() + "\n"
}

// A field that can be pushed is one of the SDL, links and what the directory links
// by left out.
func TestPushFieldsAreTheSchemas(t *testing.T) {
	types := sdlTypes(t)
	own := map[string][]string{"Customer": {"code", "foreignIds", "isPerson", "markedDeleted"}}
	links := []string{"customer", "order", "quote", "invoice", "orderNumbers", "quoteNumbers", "invoiceNumbers"}
	nested := map[string]string{"lines": "OrderLine", "states": "OrderState", "stock": "Stock", "address": "Address"}
	for _, e := range copies.PushEntities() {
		for _, f := range copies.PushFields(e) {
			holder, name := e, f.Name
			if outer, inner, ok := strings.Cut(strings.Replace(f.Name, "[]", "", 1), "."); ok {
				holder, name = nested[outer], inner
			}
			if !slices.Contains(types[holder], name) && !slices.Contains(own[e], name) && !slices.Contains(links, name) {
				t.Errorf("%s.%s is no field of %s", e, f.Name, holder)
			}
		}
	}
}

func TestPushStopsAtAnErrorOfTheBody(t *testing.T) {
	x := openPushed(t, copies.PushedConfig{}, newStore(t), copies.Deps{})
	cut := errors.New("cut off")
	_, err := x.Push(t.Context(), func(yield func([]byte, error) bool) {
		_ = yield([]byte(good2), nil) && yield(nil, cut)
	}, copies.PushOptions{})
	if !errors.Is(err, cut) {
		t.Errorf("got %v", err)
	}
	if s := x.EntityCopy("Order"); s.State != schema.CopyFilling || *s.Rows != 0 {
		t.Errorf("got %+v", s)
	}
}
