package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

const garbledConfig = `
store: {url: "sqlite:%s/t.db"}
cache: {ttl: 0s}
sources:
  - name: crm
    kind: rest
    url: %s
    reply: {list_at: [$]}
    entities:
      Customer: {path: /customers, fields: {id: id, name: name}, keys: {param: ids}}
  - name: acc
    kind: rest
    url: %s
    customer_key: crm.id
    currency: EUR
    reply: {list_at: [$]}
    retries: 0
    max_body: 16384
    entities:
      Invoice:
        path: /invoices
        fields: {id: id, number: number, customer: customerId, total: total, status: status, notes: notes, lines: {at: lines, fields: {sku: sku, quantity: qty}}}
        keys: {param: ids}
        relations: {customer: {param: customerIds}}
directory: {every: 24h}
`

// garbled is a server of one system that answers with whatever the test says, asked for
// some fields of its invoices.
func garbled(t *testing.T, invoice string) (ask func(body string) (data, errors string)) {
	t.Helper()
	var body string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/customers" {
			io.WriteString(w, `[{"id":"c1","name":"Ada"},{"id":"c2","name":"Bob"}]`)
			return
		}
		io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	cfg, err := parseConfig(fmt.Appendf(nil, garbledConfig, t.TempDir(), s.URL, s.URL), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	a, err := build(t.Context(), cfg, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	if failed := a.fill(t.Context()); len(failed) > 0 {
		t.Fatal(failed)
	}
	return func(text string) (string, string) {
		body = text
		r, err := a.web.Execute(t.Context(), operator(), `{ customers(first: 5, orderBy: {field: NAME}) { nodes { name invoices { nodes { `+invoice+` } } } } }`, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Data   json.RawMessage
			Errors []struct {
				Message    string
				Path       []any
				Extensions struct{ Code, Source string }
			}
		}
		answer := r.AppendJSON(nil)
		if err := json.Unmarshal(answer, &got); err != nil {
			t.Fatalf("%s: %v", answer, err)
		}
		var errs []string
		for _, e := range got.Errors {
			errs = append(errs, fmt.Sprintf("%s %s %v: %s", e.Extensions.Code, e.Extensions.Source, e.Path, e.Message))
		}
		return string(got.Data), strings.Join(errs, "\n")
	}
}

// TestGarbledAnswersThroughTheServer sends what makes no sense through all rooms: what
// is no answer nulls the branch, what one column of a row is not nulls that field, with
// SOURCE_INVALID that names it; never a wrong value, and nothing of what was sent.
func TestGarbledAnswersThroughTheServer(t *testing.T) {
	ask := garbled(t, "number total { amount }")
	const (
		good     = `{"id":1,"number":"A","customerId":"c1","total":"12.50"}`
		other    = `{"id":2,"number":"B","customerId":"c2","total":7}`
		ofBob    = `{"name":"Bob","invoices":{"nodes":[{"number":"B","total":{"amount":"7.00"}}]}}`
		noAda    = `{"name":"Ada","invoices":null}`
		noBob    = `{"name":"Bob","invoices":null}`
		ofAda    = `{"name":"Ada","invoices":{"nodes":[{"number":"A","total":{"amount":"12.50"}}]}}`
		noNumber = `{"name":"Ada","invoices":{"nodes":[{"number":null,"total":{"amount":"1.00"}}]}}`
		noTotal  = `{"name":"Ada","invoices":{"nodes":[{"number":"A","total":null}]}}`
		secret   = `hunter2`
	)
	for name, c := range map[string]struct{ body, data, says string }{
		"good":                  {`[` + good + `,` + other + `]`, ofAda + `,` + ofBob, ""},
		"cut off":               {`[` + good + `,{"id":2,"number":"` + secret, noAda + `,` + noBob, "acc gave an answer to Invoice that was cut off"},
		"no JSON":               {`[` + good + `,{hunter2}]`, noAda + `,` + noBob, "acc gave an answer to Invoice that makes no sense"},
		"deeper than agreed":    {`[` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `]`, noAda + `,` + noBob, "acc gave an answer to Invoice that is nested more deeply than agreed"},
		"larger than agreed":    {`[` + good + `,{"x":"` + strings.Repeat("x", 32<<10) + `"}]`, noAda + `,` + noBob, "acc gave an answer to Invoice that is larger than agreed"},
		"rows nobody asked for": {`[` + good + `,{"id":3,"number":"C","customerId":"hunter2"}]`, noAda + `,` + noBob, "acc gave an answer to Invoice with rows that were not asked for"},
		"no keys":               {`[{"number":"A","customerId":"c1"}]`, noAda + `,` + noBob, "acc answered Invoice.id in a form that is not agreed"},
		"an object for a text":  {`[{"id":1,"number":{"a":"hunter2"},"customerId":"c1","total":1},` + other + `]`, noNumber + `,` + ofBob, "acc answered Invoice.number in a form that is not agreed"},
		"a text for a number":   {`[{"id":1,"number":"A","customerId":"c1","total":"hunter2"},` + other + `]`, noTotal + `,` + ofBob, "acc answered Invoice.total in a form that is not agreed"},
		"a total that is two":   {`[{"id":1,"number":"A","customerId":"c1","total":1,"total":2},` + other + `]`, noTotal + `,` + ofBob, "acc answered Invoice.total in a form that is not agreed"},
		"no UTF-8":              {"[{\"id\":1,\"number\":\"A\xff\",\"customerId\":\"c1\",\"total\":1}," + other + `]`, noNumber + `,` + ofBob, "acc answered Invoice.number in a form that is not agreed"},
		"a number for a text":   {`[{"id":1,"number":12,"customerId":"c1","total":12.5},` + other + `]`, strings.Replace(ofAda, `"A"`, `"12"`, 1) + `,` + ofBob, ""},
		"unknown keys":          {`[{"x":{"total":[{}]},"id":1,"number":"A","customerId":"c1","total":12.5},` + other + `]`, ofAda + `,` + ofBob, ""},
		"not asked for":         {`[{"id":1,"number":"A","customerId":"c1","total":12.5,"status":[1],"notes":{"a":1}},` + other + `]`, ofAda + `,` + ofBob, ""},
	} {
		t.Run("case="+name, func(t *testing.T) {
			ask(`[` + good + `,` + other + `]`) // a source that fails several times in a row is left alone
			data, errs := ask(c.body)
			if want := `{"customers":{"nodes":[` + c.data + `]}}`; data != want {
				t.Errorf("data\n%s, want\n%s", data, want)
			}
			var want []string
			for _, at := range []struct{ row, path string }{{noAda, "0 invoices"}, {noNumber, "0 invoices nodes 0 number"}, {noTotal, "0 invoices nodes 0 total"}, {noBob, "1 invoices"}} {
				if strings.Contains(c.data, at.row) {
					want = append(want, fmt.Sprintf("SOURCE_INVALID acc [customers nodes %s]: %s", at.path, c.says))
				}
			}
			if errs != strings.Join(want, "\n") {
				t.Errorf("errors\n%s, want\n%s", errs, strings.Join(want, "\n"))
			}
			if strings.Contains(data+errs, secret) {
				t.Error("what was sent is shown")
			}
		})
	}
}

// TestGarbledLinesThroughTheServer: what is wrong with one line is that line's.
func TestGarbledLinesThroughTheServer(t *testing.T) {
	ask := garbled(t, "number lines { sku quantity }")
	data, errs := ask(`[{"id":1,"number":"A","customerId":"c1","lines":[{"sku":"a","qty":1},{"sku":"b","qty":"hunter2"}]},{"id":2,"number":"B","customerId":"c2","lines":[7]}]`)
	want := `{"customers":{"nodes":[{"name":"Ada","invoices":{"nodes":[{"number":"A","lines":[{"sku":"a","quantity":"1"},{"sku":"b","quantity":null}]}]}},` +
		`{"name":"Bob","invoices":{"nodes":[{"number":"B","lines":null}]}}]}}`
	if data != want {
		t.Errorf("data\n%s, want\n%s", data, want)
	}
	wantErrs := "SOURCE_INVALID acc [customers nodes 1 invoices nodes 0 lines]: acc answered Invoice.lines in a form that is not agreed\n" +
		"SOURCE_INVALID acc [customers nodes 0 invoices nodes 0 lines 1 quantity]: acc answered OrderLine.quantity in a form that is not agreed"
	if errs != wantErrs {
		t.Errorf("errors\n%s, want\n%s", errs, wantErrs)
	}
}

// TestColumnsAreToldToWhoMaySeeThem: a field the token does not have does not exist.
func TestColumnsAreToldToWhoMaySeeThem(t *testing.T) {
	a, _ := demoApp(t, demoOptions{customers: 10})
	as := func(p *policies.Principal) context.Context {
		access, err := a.access(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		return policies.WithAccess(t.Context(), access)
	}
	bi := &policies.Principal{TokenID: "t", Account: "t", Role: "member", Packages: []string{"bi"}, Door: "graphql"}
	for name, c := range map[string]struct {
		ctx    context.Context
		column string
		want   string
	}{
		"seen":             {as(bi), "total", "acc answered Invoice.total in a form that is not agreed"},
		"not seen":         {as(bi), "notes", "acc answered Invoice in a form that is not agreed"},
		"seen by another":  {as(operator()), "notes", "acc answered Invoice.notes in a form that is not agreed"},
		"of no field":      {as(operator()), "orderNumber", "acc answered Invoice in a form that is not agreed"},
		"nobody was asked": {t.Context(), "total", "acc answered Invoice in a form that is not agreed"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			shown := present(slog.New(slog.DiscardHandler))(loaders.With(c.ctx, loaders.New(a.loaders)), schema.Garbled("acc", "Invoice", c.column))
			if shown.Message != c.want || shown.Extensions["code"] != schema.SourceInvalid || shown.Extensions["source"] != "acc" {
				t.Errorf("got %+v", shown)
			}
		})
	}
}
