package dataset

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// Fault is what For keeps to itself: an operation that is not valid over the view's
// schema.
func (d *Definition) Fault(v *policies.View, s *ast.Schema) error {
	m := &maker{d: d, view: v, schema: s, shown: shown{}}
	_, err := m.table()
	return err
}

// Codec writes and reads groups as they are put aside.
type Codec struct{ a *Aggregator }

// NewCodec is that of a table's groups.
func NewCodec(t *Table) Codec { return Codec{NewAggregator(t, AggregateOptions{})} }

// Groups are those an aggregator holds.
func (c Codec) Groups(a *Aggregator) (out [][]byte) {
	g := &a.groups
	for i := range g.len() {
		out = append(out, a.layout.appendPartial(nil, g.keys.text(i), g.saysOf(i), g.rec(i), g.wides))
	}
	return out
}

// Again reads a group and writes it again; false where it is none.
func (c Codec) Again(b []byte) ([]byte, bool) {
	p, ok := partsOf(b)
	if !ok {
		return nil, false
	}
	rec := make([]byte, c.a.layout.size)
	var wides []wide
	if err := c.a.layout.absorb(rec, &wides, c.a.ops, p.rec); err != nil {
		return nil, false
	}
	// Whatever the key is and the row says, reading them ends.
	_ = c.a.give(p.key, p.says, rec, wides, func([]schema.Value) error { return nil })
	return c.a.layout.appendPartial(nil, p.key, p.says, rec, wides), true
}

// The bytes that groups are told apart and sorted by.
var (
	AppendComparable = appendComparable
	ReadComparable   = readComparable
)
