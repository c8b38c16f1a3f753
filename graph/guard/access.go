package guard

import (
	"slices"
	"strings"

	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// Access judges a plan by what its request may see, and notes on its nodes what
// the engine must mask or decide on each row (plan.Node.Police). A field that is
// denied, or that may not be searched by, is refused with BadRequest in the words
// of a field that does not exist. The view's schema has refused it before; this is
// the second lock, and does not rest on how that schema was made. A nil access
// sees nothing.
func Access(p *plan.Plan, a *policies.Access) error {
	return Police(p, a, func(field string) bool {
		if a == nil || a.View == nil {
			return false
		}
		id, ok := a.View.Graph().Field("Mutation", field)
		return ok && a.View.Can(policies.Write, id) == policies.Allow
	})
}

// Reads makes plan.Options.Reads of a graph of policies.
func Reads(g *policies.Graph) func(holder, name string) (typeName, field string, ok bool) {
	return func(holder, name string) (string, string, bool) {
		id, ok := g.Reads(holder, name)
		if !ok {
			return "", "", false
		}
		typeName, field := g.Name(id)
		return typeName, field, true
	}
}

// Judge says what a request may see of a field.
type Judge interface {
	Field(typeName, field string) policies.FieldAccess
}

// Police is Access over anything that judges; write says which fields of Mutation
// may be asked.
func Police(p *plan.Plan, j Judge, write func(field string) bool) error {
	g := guardian{judge: j, known: map[fieldName]*verdict{}}
	if p.Kind != plan.Mutation {
		return g.nodes(p.Roots, nil)
	}
	for _, n := range p.Roots {
		if strings.HasPrefix(n.Field, "__") {
			continue
		}
		if !write(n.Field) {
			return unknown(n.Type, n.Field)
		}
		if err := g.below(n, nil); err != nil {
			return err
		}
	}
	return nil
}

func unknown(typeName, field string) error {
	return schema.Errorf(schema.BadRequest, "Cannot query field %q on type %q.", field, typeName)
}

type fieldName struct{ typeName, field string }

// verdict is what is to be done with a field, reached in one way.
type verdict struct {
	access policies.FieldAccess
	police map[string]*plan.Police // of Row: by plan.Node.Via
}

// guardian judges the nodes of one plan, each field once.
type guardian struct {
	judge Judge
	known map[fieldName]*verdict
}

func (g *guardian) of(typeName, field string) *verdict {
	name := fieldName{typeName, field}
	v := g.known[name]
	if v == nil {
		v = &verdict{access: g.judge.Field(typeName, field)}
		g.known[name] = v
	}
	return v
}

// nodes judges fields of one value. holder is the relation that yields the rows
// they are read of.
func (g *guardian) nodes(nodes []*plan.Node, holder *plan.Node) error {
	for _, n := range nodes {
		if strings.HasPrefix(n.Field, "__") {
			continue
		}
		v := g.of(n.Type, n.Field)
		if v.access.Verdict == policies.Deny {
			return unknown(n.Type, n.Field)
		}
		n.Police = v.policeOf(n.Via)
		if n.Police != nil && n.Police.Row {
			need(holder, n.Police)
		}
		if err := g.below(n, holder); err != nil {
			return err
		}
	}
	return nil
}

// searched judges what a node's arguments read.
func (g *guardian) searched(n *plan.Node) error {
	for _, r := range n.Reads {
		typeName, field, _ := strings.Cut(r, ".")
		// Searching by a value that is masked, or hidden on some rows, would tell it.
		if g.of(typeName, field).access.Verdict != policies.Allow {
			return unknown(typeName, field)
		}
	}
	return nil
}

// below judges what a node's arguments read, and its children.
func (g *guardian) below(n, holder *plan.Node) error {
	if err := g.searched(n); err != nil {
		return err
	}
	if n.Columns != nil {
		holder = n
	}
	return g.nodes(n.Children, holder)
}

// policeOf returns what the engine has to do, nil when the field is shown as it
// is. How a row was reached is known now, so what depends on it is decided here.
func (v *verdict) policeOf(via string) *plan.Police {
	if v.access.Verdict == policies.Allow {
		return nil
	}
	if p, ok := v.police[via]; ok {
		return p
	}
	if v.police == nil {
		v.police = map[string]*plan.Police{}
	}
	p := police(&v.access, via)
	v.police[via] = p
	return p
}

// police says what to do with a field that is not Allow and not Deny.
func police(a *policies.FieldAccess, via string) *plan.Police {
	p := &plan.Police{Kind: a.Kind, Mask: a.Mask}
	if a.Verdict != policies.Row {
		return p
	}
	p.Row = true
	p.Full, p.Masked = plan.Via(a.Full, via), schema.Predicate{Op: schema.None}
	if p.Kind != "" {
		p.Masked = plan.Via(a.Masked, via)
	}
	p.Customer = plan.ReadsCustomer(p.Full) || plan.ReadsCustomer(p.Masked)
	switch {
	case p.Full.Op == schema.All:
		return nil
	case p.Full.Op == schema.None && p.Masked.Op == schema.All:
		return &plan.Police{Kind: p.Kind, Mask: p.Mask}
	}
	return p
}

// need adds the columns that the conditions read to those the rows are asked with.
func need(holder *plan.Node, p *plan.Police) {
	if holder == nil {
		return
	}
	add := func(name string) {
		if name == policies.CustomerColumn {
			name = "customer" // the row's own key of him
		}
		if i, ok := slices.BinarySearch(holder.Columns, name); !ok {
			holder.Columns = slices.Insert(holder.Columns, i, name)
		}
	}
	p.Full.Columns(add)
	p.Masked.Columns(add)
}
