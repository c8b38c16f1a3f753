package odata_test

import (
	"bytes"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/schema"
)

// FuzzParse reads any address: whatever is read has a canonical text that is
// read as the same filter, can be evaluated and continued; whatever is refused
// has a coded, short error.
func FuzzParse(f *testing.F) {
	for _, query := range []string{
		"", "$format=json", "%24filter=modifiedAt%20ge%202026-01-01T00:00:00Z+and+modifiedAt%20lt%202026-02-01T00:00:00Z",
		"$filter=(lines ge 1 and lines lt 5) or not (city in ('a','b''c',null))", "$count=true&$count=true&$top=1000&$skip=5",
		"$orderby=modifiedAt desc&$top=1", "$select=key,amount&api_key=trm_live_x", "$filter=contains(tolower(trim(city)),'x') and length(city) gt 2",
		"$filter=year(invoiceDate) eq 2026 and month(modifiedAt) eq 1 and date(modifiedAt) ne 2026-01-01",
		"$filter=amount gt -1.5e-3 or isDeleted eq true", "$skiptoken=AAAA", "$expand=x", "$filter=city/any(x:x eq 1)",
		"$filter=((((", "$filter=city eq '", "$filter=%ff", "$filter=not not null", "$filter=-INF lt amount", "$filter=a.b'c'",
	} {
		for _, path := range []string{"/invoices", "invoices('O''Neil%2F')", "invoices/$count", "$metadata", ""} {
			f.Add(path, query)
		}
	}
	limits := odata.Limits{FilterBytes: 5000, Depth: 50, Nodes: 500, Custom: []string{"x"}}
	s := newSealer(f)
	empty := row(make([]schema.Value, colNotes+1))
	f.Fuzz(func(t *testing.T, path, query string) {
		q, err := odata.Parse(path, query, sets, limits)
		if err != nil {
			var e *odata.Error
			if !errors.As(err, &e) || q != nil || schema.CodeOf(err) == schema.Internal || len(e.Message) > 400 || !utf8.ValidString(e.Message) {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		if q.Set == nil {
			return
		}
		values := make([]schema.Value, len(q.Order))
		q.Filter.Eval(row(full()))
		q.Filter.Eval(empty)
		if !q.IsContinued() {
			next, err := q.Next(base, odata.Position{Values: values, Count: -1}, s)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := url.Parse(next); err != nil || strings.ContainsAny(next, "\" <>\\\r\n") {
				t.Fatalf("%q: %v", next, err)
			}
			if q.Target == odata.Rows {
				path, query, err := odata.Resolve(base, next)
				if err != nil {
					t.Fatal(err)
				}
				q2, err := odata.Parse(path, query, sets, odata.Limits{Custom: limits.Custom})
				if err != nil || q2.Canonical() != q.Canonical() {
					t.Fatalf("%s is another question: %v", next, err)
				}
				if _, err := q2.Position(s); err != nil {
					t.Fatal(err)
				}
			}
		} else if _, err := q.Position(s); err == nil {
			t.Fatal("nobody made this token")
		}
		if q.Filter == nil {
			return
		}
		again, err := odata.Parse("invoices", "$filter="+url.QueryEscape(q.Filter.String()), sets, odata.Limits{})
		if err != nil || again.Filter.String() != q.Filter.String() {
			t.Fatalf("%s is read as %v: %v", q.Filter, again, err)
		}
	})
}

// FuzzBatch reads any envelope: whatever is read can be answered.
func FuzzBatch(f *testing.F) {
	f.Add("application/json", []byte(`{"requests":[{"id":"1","method":"get","url":"invoices","headers":{"a":"b"},"dependsOn":[]}]}`))
	f.Add("application/json", []byte(`{"requests":[{"id":"1","method":"POST","url":"//x","body":{},"atomicityGroup":"g"}]}`))
	f.Add("multipart/mixed; boundary=batch_x", []byte(part("GET invoices?$filter=lines eq 1 HTTP/1.1\r\nAccept: */*\r\n\r\n")+"--batch_x--\r\n"))
	f.Add("multipart/mixed; boundary=batch_x", []byte("--batch_x\r\nContent-Type: multipart/mixed\r\n\r\n--batch_x--"))
	f.Fuzz(func(t *testing.T, media string, body []byte) {
		b, err := odata.ReadBatch(media, bytes.NewReader(body), odata.Limits{BatchBytes: 10_000})
		if err != nil {
			if schema.CodeOf(err) == schema.Internal {
				t.Fatal(err)
			}
			return
		}
		if err := b.Write(t.Context(), io.Discard, true, serve); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzToken opens any plain text as a position: what is read was well formed.
func FuzzToken(f *testing.F) {
	q := parse(f, "invoices", "$orderby=amount,modifiedAt")
	var plain []byte
	if _, err := q.Token(odata.Position{Values: []schema.Value{dec("1.5"), at("2026-01-01T00:00:00Z"), schema.String("k")}, Mark: []byte("m")}, grabbing{&plain}); err != nil {
		f.Fatal(err)
	}
	f.Add(plain[17:])
	f.Add([]byte{})
	q = parse(f, "invoices", "$orderby=amount,modifiedAt&$skiptoken=x")
	f.Fuzz(func(t *testing.T, behind []byte) {
		opened := append(plain[:17:17], behind...)
		p, err := q.Position(grabbing{&opened})
		if err != nil {
			if odata.Status(err) != 400 {
				t.Fatal(err)
			}
			return
		}
		if len(p.Values) != 3 || p.Given < 0 || p.Count < -1 || len(p.Mark) > 1_024 {
			t.Fatalf("%+v", p)
		}
	})
}

// grabbing is a sealer that seals nothing.
type grabbing struct{ plain *[]byte }

func (g grabbing) Seal(b []byte) string {
	*g.plain = b
	return "x"
}

func (g grabbing) Open(string) ([]byte, error) { return *g.plain, nil }
