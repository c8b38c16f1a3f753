package odata_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/odata/odatatest"
)

// A typed client that knows nothing but $metadata compiles, and a page of rows
// survives it.
func TestTypedClient(t *testing.T) {
	all := []*odata.Set{invoices(), {Name: "type", Columns: []odata.Column{{Name: "key", Type: odata.String, IsKey: true}, {Name: "func", Type: odata.Int}}}}
	metadata, err := odata.AppendMetadata(nil, all)
	if err != nil {
		t.Fatal(err)
	}
	client := odatatest.New(t, metadata)
	q := parse(t, "invoices", "")
	for _, c := range []struct {
		name, set, page string
		isRefused       bool
	}{
		{"rows", "invoices", `{"@odata.context":"` + q.Context(base) + `","value":[
			{"key":"k1","customerName":"Exemplu \"SRL\"","city":null,"lines":9007199254740993,"amount":1234567890123456.7891,"modifiedAt":"2026-03-02T09:15:28.123456Z","invoiceDate":"2026-03-01","isDeleted":false,"email":"***","notes":null},
			{"key":"k2","customerName":null,"city":null,"lines":null,"amount":null,"modifiedAt":null,"invoiceDate":null,"isDeleted":null,"email":null,"notes":null}]}`, false},
		{"no rows", "invoices", `{"@odata.context":"x","value":[]}`, false},
		{"a set named like a word of the language", "type", `{"@odata.context":"x","value":[{"key":"a","func":5}]}`, false},
		{"the client is strict: unknown column", "type", `{"@odata.context":"x","value":[{"key":"a","more":5}]}`, true},
		{"the client is strict: null key", "type", `{"@odata.context":"x","value":[{"key":null,"func":5}]}`, true},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			out, err := client.Read(t, c.set, c.page)
			if c.isRefused {
				if err == nil {
					t.Errorf("got %s", out)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(plain(t, []byte(c.page)), plain(t, out)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// plain reads JSON with its numbers as they are written.
func plain(t *testing.T, b []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
