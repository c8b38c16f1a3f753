package web

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/plan"
)

// TestOperationsAreBounded holds that what clients make us keep has an end, in
// number and in size, and that it is the oldest that goes.
func TestOperationsAreBounded(t *testing.T) {
	s := gqlparser.MustLoadSchema(&ast.Source{Name: "test.graphql", Input: `type Query { a: String }`})
	sized := func(fields int) *compiled {
		var b strings.Builder
		for i := range fields {
			fmt.Fprintf(&b, " a%d: a", i)
		}
		doc := gqlparser.MustLoadQuery(s, "{"+b.String()+" }") //nolint:staticcheck // the rules are the default ones
		c, err := plan.Compile(s, doc.Operations[0], nil, plan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return &compiled{plan: c}
	}
	for _, tt := range []struct {
		name              string
		fields, add, kept int
	}{
		{"few", 1, 10, 10},
		{"many", 1, keptOperations + 50, keptOperations},
		{"large", keptFields / 10, 50, 10},
		{"too large", keptFields/8 + 1, 3, 0},
	} {
		t.Run("case="+tt.name, func(t *testing.T) {
			o, k := newOperations(), sized(tt.fields)
			doc := &document{}
			for i := range tt.add {
				o.add(operationKey{doc: doc, page: i}, k, int64(tt.fields))
				o.add(operationKey{doc: doc, page: i}, k, int64(tt.fields))
				o.get(operationKey{doc: doc}) // the first stays the latest used
			}
			n, fields := o.size()
			if n != tt.kept || o.latest.Len() != tt.kept || fields != int64(tt.kept*tt.fields) {
				t.Errorf("kept %d of %d fields, want %d", n, fields, tt.kept)
			}
			if tt.kept > 0 && (o.get(operationKey{doc: doc}) == nil || o.get(operationKey{doc: doc, page: tt.add - 1}) == nil) {
				t.Error("one in use was dropped")
			}
		})
	}
}

func TestDocumentFits(t *testing.T) {
	d := &document{}
	if d.fits(100) {
		t.Error("nothing is known of it")
	}
	d.fit(100)
	d.fit(200)
	if !d.fits(100) || !d.fits(1000) || d.fits(99) {
		t.Error("it was found within 100")
	}
}
