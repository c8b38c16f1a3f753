package plan

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/schema"
)

// Compiled is the plan of a query made once for all requests that ask it: what
// depends on their variables is bound to each (Bind), all else is shared between
// them. The variables of @skip and @include are not bound: a query has a Compiled
// for each Choice. It is never changed once it was bound, and safe for use by
// several goroutines.
type Compiled struct {
	schema *ast.Schema
	opts   Options
	plan   *Plan
	spots  []spot
	rebind []rebind
	tops   []int32 // the uppermost fields whose page comes from a variable

	program any // graph/engine's

	few, all copies   // where the pages are those of plan, and where they are not
	fixed    [2]int64 // cost and calls of what does not depend on variables
}

// copies are the nodes that are copied for each request.
type copies struct {
	own   []int32 // their spots
	slot  []int32 // by spot: its place in own, -1: shared
	kids  []*Node // the roots and the children of those, one after the other
	patch []patch // those among them that are copied too
}

// patch is a child that is copied for each request as well.
type patch struct{ kid, slot int32 }

// Compile makes the plan of a query with the variables of one request, and keeps
// what Bind needs to make that of any other. Errors are those of Of, and
// BadRequest for what is no query. What Options.Prices say is asked once.
func Compile(s *ast.Schema, op *ast.OperationDefinition, vars map[string]any, opts Options) (*Compiled, error) {
	if op.Operation != ast.Query && op.Operation != "" {
		return nil, schema.Errorf(schema.BadRequest, "a %s is not compiled", op.Operation)
	}
	d := &draft{at: -1}
	p, err := build(s, op, vars, opts, d)
	if err != nil {
		return nil, err
	}
	c := &Compiled{schema: s, opts: opts.filled(), plan: p, spots: d.spots, rebind: d.rebind}
	p.fields = p.Fields()
	for i := range c.spots {
		c.prices(int32(i)) //nolint:gosec // Options.MaxNodes bounds it
	}
	c.Own(nil)
	return c, nil
}

// prices notes what a field's cost is made of, and which fields depend on the page
// that a variable says.
func (c *Compiled) prices(i int32) {
	s := &c.spots[i]
	if c.opts.Prices != nil && s.node.Relation {
		s.price = c.opts.Prices.Price(s.node.Type, s.node.Field)
	}
	if s.paged && !s.priced {
		c.tops = append(c.tops, i)
		for j := i; j < s.end; j++ {
			c.spots[j].priced = true
		}
	}
	if s.node.Relation && !s.priced {
		c.fixed[0], c.fixed[1] = add(c.fixed[0], s.node.Cost), add(c.fixed[1], s.node.Calls)
	}
}

// Own says that a request changes nodes of its plan, by their numbers, beside
// those that depend on variables. It must be called before the first Bind.
func (c *Compiled) Own(numbers []int) {
	copied := make([]bool, len(c.spots))
	up := func(i int32) {
		for ; i >= 0 && !copied[i]; i = c.spots[i].parent {
			copied[i] = true
		}
	}
	for _, i := range numbers {
		up(int32(i)) //nolint:gosec // Options.MaxNodes bounds it
	}
	for _, r := range c.rebind {
		if r.spot >= 0 {
			up(r.spot)
		}
	}
	c.few = copiesOf(c.spots, copied)
	for i := range c.spots {
		copied[i] = copied[i] || c.spots[i].priced
	}
	c.all = copiesOf(c.spots, copied)
}

func copiesOf(spots []spot, copied []bool) copies {
	c := copies{slot: make([]int32, len(spots))}
	for i := range spots {
		c.slot[i] = -1
		if copied[i] {
			c.slot[i] = int32(len(c.own))   //nolint:gosec // Options.MaxNodes bounds it
			c.own = append(c.own, int32(i)) //nolint:gosec // Options.MaxNodes bounds it
		}
	}
	c.adopt(spots, 0, int32(len(spots))) //nolint:gosec // Options.MaxNodes bounds it
	for _, i := range c.own {
		c.adopt(spots, i+1, spots[i].end)
	}
	return c
}

// adopt notes the nodes from one spot to another that are side by side.
func (c *copies) adopt(spots []spot, from, to int32) {
	for i := from; i < to; i = spots[i].end {
		if slot := c.slot[i]; slot >= 0 {
			c.patch = append(c.patch, patch{int32(len(c.kids)), slot}) //nolint:gosec // Options.MaxNodes bounds it
		}
		c.kids = append(c.kids, spots[i].node)
	}
}

// Plan is the plan with the variables it was compiled with. It is shared and must
// not be changed.
func (c *Compiled) Plan() *Plan { return c.plan }

// Keep keeps what graph/engine prepared of Plan, for the plans that are bound. It
// must be called before the first Bind.
func (c *Compiled) Keep(program any) { c.program = program }

// Program returns what Compiled.Keep was given, nil of a plan that Of made.
func (p *Plan) Program() any {
	if p.from == nil {
		return nil
	}
	return p.from.program
}

// Len returns how many nodes there are. They are numbered from 0 in the order of
// the operation, each before those below it.
func (c *Compiled) Len() int { return len(c.spots) }

// Node returns a node of Plan by its number, and the number of the one it is below,
// -1 of a root.
func (c *Compiled) Node(i int) (n *Node, parent int) {
	return c.spots[i].node, int(c.spots[i].parent)
}

// Varying calls f for each node whose arguments hold variables.
func (c *Compiled) Varying(f func(i int)) {
	for _, r := range c.rebind {
		if r.spot >= 0 {
			f(int(r.spot))
		}
	}
}

// Bind makes the plan of a request with its variables, the coerced ones: what Of
// makes of them. Nodes that depend on nothing of the request are shared with all
// others and must not be changed, the others are the request's own. Errors are
// BadRequest for an argument that has no value.
func (c *Compiled) Bind(vars map[string]any) (*Plan, error) {
	p := new(Plan)
	*p = *c.plan
	p.from, p.copies = c, &c.few
	if len(c.rebind) == 0 {
		if len(c.few.own) > 0 {
			p.copy()
		}
		return p, nil
	}
	b := builder{schema: c.schema, vars: vars, opts: c.opts, plan: p}
	var room [8]arguments
	given := room[:0]
	for i := range c.rebind {
		a, err := b.again(c, &c.rebind[i])
		if err != nil {
			return nil, err
		}
		if a.resized {
			p.copies = &c.all
		}
		given = append(given, a)
	}
	p.copy()
	for i, a := range given {
		if at := c.rebind[i].spot; at >= 0 {
			n := p.node(at)
			n.Args = a.values
			if !slices.Equal(a.read, n.Reads) {
				n.Reads, p.fields = a.read, nil
			}
		}
	}
	if p.copies == &c.all {
		for _, i := range c.tops {
			b.resize(c, p, i, frame{rows: c.spots[i].rows, page: c.spots[i].page})
		}
		c.reprice(p)
	}
	if p.fields == nil && c.opts.Sensitive != nil {
		p.Sensitive = b.sensitive(p)
	}
	return p, nil
}

// copy gives a plan its own nodes.
func (p *Plan) copy() {
	c := p.copies
	p.own = make([]Node, len(c.own))
	kids := slices.Clone(c.kids)
	for _, k := range c.patch {
		kids[k.kid] = &p.own[k.slot]
	}
	roots := len(p.Roots)
	p.Roots, kids = kids[:roots:roots], kids[roots:]
	for slot, i := range c.own {
		n := &p.own[slot]
		*n = *p.from.spots[i].node
		if m := len(n.Children); m > 0 {
			n.Children, kids = kids[:m:m], kids[m:]
		}
	}
}

// arguments are those of a field, with the variables of a request.
type arguments struct {
	values  map[string]any
	read    []string
	resized bool // its page is not the one it was compiled with
}

// again gives a field the arguments of the request.
func (b *builder) again(c *Compiled, r *rebind) (a arguments, err error) {
	if a.values, err = b.arguments(r.typ, r.def, r.given); err != nil {
		return a, err
	}
	a.read = b.takeReads()
	if r.spot >= 0 && c.spots[r.spot].paged {
		page := b.pageSize(r.typ)
		if v, ok := whole(a.values["first"]); ok {
			page = v
		}
		a.resized = page != c.spots[r.spot].node.Page
	}
	return a, nil
}

// resize says again how many rows a field and those below it yield.
func (b *builder) resize(c *Compiled, p *Plan, i int32, at frame) {
	s := &c.spots[i]
	n := p.node(i)
	n.Rows = at.rows
	if !s.branch {
		return
	}
	inner := frame{rows: at.rows}
	n.Page = 0
	b.size(n, s.def, at, &inner)
	for j := i + 1; j < s.end; j = c.spots[j].end {
		b.resize(c, p, j, inner)
	}
	n.Rows = inner.rows
}

// reprice says again what relations cost.
func (c *Compiled) reprice(p *Plan) {
	p.Cost, p.Calls = c.fixed[0], c.fixed[1]
	for i := range c.spots {
		s := &c.spots[i]
		if !s.priced || !s.node.Relation {
			continue
		}
		parents := int64(1)
		if s.parent >= 0 {
			parents = p.node(s.parent).Rows
		}
		n := p.node(int32(i)) //nolint:gosec // Options.MaxNodes bounds it
		n.cost(s.price, c.opts, parents)
		p.Cost, p.Calls = add(p.Cost, n.Cost), add(p.Calls, n.Calls)
	}
}

// node returns a node by its number.
func (p *Plan) node(i int32) *Node {
	if slot := p.copies.slot[i]; slot >= 0 {
		return &p.own[slot]
	}
	return p.from.spots[i].node
}

// Node returns a node of a plan that Bind made by its number. It may be changed if
// it is one that Compiled.Own was told of, or one of Varying.
func (p *Plan) Node(i int) *Node { return p.node(int32(i)) } //nolint:gosec // Options.MaxNodes bounds it
