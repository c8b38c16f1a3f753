package odata_test

import (
	"errors"
	"testing"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/seal"
	"github.com/trama-graph/trama/schema"
)

// Columns of the set that most tests ask.
const (
	colKey = iota
	colCustomer
	colCity
	colLines
	colAmount
	colModified
	colDate
	colDeleted
	colEmail
	colNotes
)

func invoices() *odata.Set {
	return &odata.Set{Name: "invoices", Label: "Invoices", Columns: []odata.Column{
		{Name: "key", Type: odata.String, IsKey: true, CanFilter: true, CanSort: true},
		{Name: "customerName", Type: odata.String, MaxLength: 200, CanFilter: true, CanSort: true},
		{Name: "city", Type: odata.String, CanFilter: true, CanSort: true},
		{Name: "lines", Type: odata.Int, CanFilter: true, CanSort: true},
		{Name: "amount", Type: odata.Decimal, Precision: 19, Scale: 4, CanFilter: true, CanSort: true},
		{Name: "modifiedAt", Type: odata.DateTime, CanFilter: true, CanSort: true},
		{Name: "invoiceDate", Type: odata.Date, CanFilter: true, CanSort: true},
		{Name: "isDeleted", Type: odata.Boolean, CanFilter: true, CanSort: true},
		{Name: "email", Type: odata.String, IsMasked: true, CanFilter: true, CanSort: true},
		{Name: "notes", Type: odata.String},
	}}
}

func sets(name string) (*odata.Set, bool) {
	if name == "invoices" {
		return invoices(), true
	}
	return nil, false
}

const base = "https://api.example.md/bi/odata"

func parse(t testing.TB, path, query string) *odata.Question {
	t.Helper()
	q, err := odata.Parse(path, query, sets, odata.Limits{})
	if err != nil {
		t.Fatalf("Parse(%q, %q): %v", path, query, err)
	}
	return q
}

// refused parses and returns the error, which must be an *odata.Error.
func refused(t testing.TB, path, query string, limits odata.Limits) *odata.Error {
	t.Helper()
	q, err := odata.Parse(path, query, sets, limits)
	var e *odata.Error
	if !errors.As(err, &e) || q != nil {
		t.Fatalf("Parse(%q, %q) = %v, %v, want an *odata.Error", path, query, q, err)
	}
	return e
}

// sealer is the project's own, bound to one purpose as the door binds it.
type sealer struct{ s *seal.Sealer }

func newSealer(t testing.TB) sealer {
	t.Helper()
	s, err := seal.New([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	return sealer{s}
}

func (s sealer) Seal(b []byte) string               { return s.s.Cursor(b, []byte("odata")) }
func (s sealer) Open(sealed string) ([]byte, error) { return s.s.OpenCursor(sealed, []byte("odata")) }

func dec(s string) schema.Value { return schema.Dec(decimal.MustParse(s)) }

func at(s string) schema.Value {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return schema.Time(t)
}
