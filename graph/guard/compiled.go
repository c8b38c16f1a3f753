package guard

import (
	"slices"
	"strings"

	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
)

// Positions are the fields of a compiled query that its view does not simply show.
// What a view shows to all who have it is looked up once; masks belong to an
// account and formulas to its claims, so those are bound to each request. It is
// never changed, and safe for use by several goroutines.
type Positions struct {
	fields []fieldName
	ways   []way
	at     []position
	reads  []int // nodes whose arguments hold variables
	from   *plan.Compiled
}

// way is a field reached in one way (plan.Node.Via).
type way struct {
	field int
	via   string
}

// position is one place of a field in the query: its node and the one that yields
// the rows it is read of, -1 for none, by their numbers.
type position struct{ node, holder, way int }

// Compile judges a compiled query as Access does, with the eyes of one who has the
// view, and keeps what is to be decided again for each request. It must be called
// before the query is bound.
func Compile(c *plan.Compiled, j Judge) (*Positions, error) {
	g := &Positions{from: c}
	known := guardian{judge: j, known: map[fieldName]*verdict{}}
	var own []int
	holders := make([]int, c.Len()) // of the fields below a node
	for i := range c.Len() {
		n, parent := c.Node(i)
		holder := -1
		if parent >= 0 {
			holder = holders[parent]
		}
		if holders[i] = holder; n.Columns != nil {
			holders[i] = i
		}
		if strings.HasPrefix(n.Field, "__") {
			continue
		}
		v := known.of(n.Type, n.Field).access.Verdict
		if v == policies.Deny {
			return nil, unknown(n.Type, n.Field)
		}
		if err := known.searched(n); err != nil {
			return nil, err
		}
		if v == policies.Allow {
			continue
		}
		own = append(own, i)
		if v != policies.Row {
			holder = -1 // no column is needed
		} else if holder >= 0 {
			own = append(own, holder)
		}
		g.at = append(g.at, position{i, holder, g.way(n)})
	}
	c.Varying(func(i int) {
		if n, _ := c.Node(i); !strings.HasPrefix(n.Field, "__") {
			g.reads = append(g.reads, i)
		}
	})
	c.Own(own)
	return g, nil
}

func (g *Positions) way(n *plan.Node) int {
	name := fieldName{n.Type, n.Field}
	f := slices.Index(g.fields, name)
	if f < 0 {
		f = len(g.fields)
		g.fields = append(g.fields, name)
	}
	w := slices.Index(g.ways, way{f, n.Via})
	if w < 0 {
		w = len(g.ways)
		g.ways = append(g.ways, way{f, n.Via})
	}
	return w
}

// Police judges a plan that was bound from the query, by what its request may see:
// the judge must have the view the query was compiled for. It is Police of this
// package, without the look-ups that come out the same for each request.
func (g *Positions) Police(p *plan.Plan, j Judge) error {
	var known guardian
	for _, i := range g.reads {
		n := p.Node(i)
		if was, _ := g.from.Node(i); slices.Equal(n.Reads, was.Reads) {
			continue
		}
		if known.known == nil {
			known = guardian{judge: j, known: map[fieldName]*verdict{}}
		}
		if err := known.searched(n); err != nil {
			return err
		}
	}
	if len(g.at) == 0 {
		return nil
	}
	access := make([]policies.FieldAccess, len(g.fields))
	for i, f := range g.fields {
		access[i] = j.Field(f.typeName, f.field)
		if access[i].Verdict == policies.Deny {
			return unknown(f.typeName, f.field)
		}
	}
	ways := make([]*plan.Police, len(g.ways))
	for i, w := range g.ways {
		if a := &access[w.field]; a.Verdict != policies.Allow {
			ways[i] = police(a, w.via)
		}
	}
	for _, at := range g.at {
		n := p.Node(at.node)
		n.Police = ways[at.way]
		if n.Police != nil && n.Police.Row && at.holder >= 0 {
			need(p.Node(at.holder), n.Police)
		}
	}
	return nil
}
