package plan

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// isPage reports whether a type is a page: the wrapper of a list in the form of
// the Relay cursor specification.
func (b *builder) isPage(typeName string) bool {
	def := b.schema.Types[typeName]
	return def != nil && def.Kind == ast.Object && def.Fields.ForName("pageInfo") != nil &&
		(def.Fields.ForName("nodes") != nil || def.Fields.ForName("edges") != nil)
}

// isEdge reports whether a type wraps one row of a page together with its cursor.
func isEdge(obj *ast.Definition) bool {
	return obj.Fields.ForName("cursor") != nil && obj.Fields.ForName("node") != nil
}

func (b *builder) isRoot(obj *ast.Definition) bool {
	return obj == b.schema.Query || obj == b.schema.Mutation || obj == b.schema.Subscription
}

// isRelation reports whether a field is answered by a call.
func (b *builder) isRelation(obj *ast.Definition, def *ast.FieldDefinition) bool {
	if b.isRoot(obj) {
		return true
	}
	if b.opts.Relations != nil {
		return b.opts.Relations(obj.Name, def.Name)
	}
	// A page's and an edge's own fields are read from them.
	if b.isPage(obj.Name) || isEdge(obj) && def.Name == "node" {
		return false
	}
	name := def.Type.Name()
	if b.isPage(name) {
		return true
	}
	returned := b.schema.Types[name]
	if returned == nil || !returned.IsCompositeType() {
		return false
	}
	if returned.Kind == ast.Union {
		return true
	}
	return returned.Fields.ForName("id") != nil
}

// size says how many values a field yields over all its parents, and which page
// size holds below it.
func (b *builder) size(n *Node, def *ast.FieldDefinition, at frame, inner *frame) {
	page := b.isPage(def.Type.Name())
	first := def.Arguments.ForName("first") != nil
	if page || first {
		n.Page = b.pageSize(n.Type)
		if v, ok := whole(n.Args["first"]); ok {
			n.Page = v
		}
	}
	if page && def.Type.Elem == nil {
		inner.page = b.counted(n.Page)
		return
	}
	for t := def.Type; t.Elem != nil; t = t.Elem {
		size := b.opts.ListSize
		switch {
		case n.Page != 0 || first:
			size = b.counted(n.Page)
		case at.page != 0 && (n.Field == "nodes" || n.Field == "edges"):
			size = at.page
		}
		inner.rows = mul(inner.rows, int64(max(size, 0)))
	}
}

// pageSize is the size of a page of a type's field that declares none.
func (b *builder) pageSize(typeName string) int {
	if b.opts.Whole && b.schema.Query != nil && typeName == b.schema.Query.Name {
		return WholePage
	}
	return b.opts.PageSize
}

// counted is how many rows of a page the figures count.
func (b *builder) counted(page int) int { return b.opts.counted(page) }

func (o *Options) counted(page int) int {
	if o.Whole && page == WholePage {
		return o.PageSize
	}
	return page
}

// columns lists what is read of the rows that a relation yields.
func (b *builder) columns(n *Node) []string {
	names := make([]string, 0, len(n.Children))
	add := func(children []*Node) {
		for _, c := range children {
			if c.Field != "__typename" {
				names = append(names, c.Field)
			}
		}
	}
	for _, c := range n.Children {
		switch {
		case !b.isPage(c.Type):
			add([]*Node{c})
		case c.Field == "nodes":
			add(c.Children)
		case c.Field == "edges":
			for _, e := range c.Children {
				if e.Field == "node" {
					add(e.Children)
				}
			}
		case c.Field == "totalCount":
			n.Total = true
		}
	}
	slices.Sort(names)
	// Without room behind it: what is added for one request is added to a copy.
	return slices.Clip(slices.Compact(names))
}

// price fills in what the relations cost and sums it up. parents is the number
// of objects the nodes are read of.
func (b *builder) price(nodes []*Node, parents int64) {
	p := b.plan
	for _, n := range nodes {
		if n.Relation {
			price := Price{}
			if b.opts.Prices != nil {
				price = b.opts.Prices.Price(n.Type, n.Field)
			}
			n.Sources = slices.Clone(price.Sources)
			n.cost(price, b.opts, parents)
			p.Cost, p.Calls = add(p.Cost, n.Cost), add(p.Calls, n.Calls)
			p.Sources = append(p.Sources, n.Sources...)
		}
		b.price(n.Children, n.Rows)
	}
	slices.Sort(p.Sources)
	p.Sources = slices.Compact(p.Sources)
}

// cost fills in what a relation costs. Where nothing is priced it is one call.
func (n *Node) cost(price Price, opts Options, parents int64) {
	n.Calls = 1
	if opts.Prices != nil {
		n.Calls = 0
	}
	rows := n.Rows
	if n.Page > 0 {
		rows = mul(parents, int64(opts.counted(n.Page)))
	}
	if len(price.Sources) > 0 {
		calls := max(parts(parents, price.Batch), parts(rows, price.Rows))
		n.Calls = mul(calls, int64(len(price.Sources)))
	}
	n.Cost = add(rows, mul(n.Calls, price.Call))
}

// parts returns how many parts of a size a number has, at least one.
func parts(n int64, size int) int64 {
	if size <= 0 || n <= int64(size) {
		return 1
	}
	return (n-1)/int64(size) + 1
}

// mul and add stop at the largest number instead of starting again below zero:
// an operation must not become cheap by being absurd.
func mul(a, b int64) int64 {
	if a == 0 || b == 0 {
		return 0
	}
	if a > math.MaxInt64/b {
		return math.MaxInt64
	}
	return a * b
}

func add(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// whole reads an Int argument in any of the forms literals and variables have.
// One that does not fit is cut to the largest or smallest int, for the guard to
// refuse.
func whole(v any) (int, bool) {
	var n int64
	switch v := v.(type) {
	case int64:
		n = v
	case int:
		n = int64(v)
	case int32:
		n = int64(v)
	case float64:
		if v >= math.MaxInt32 || v <= math.MinInt32 {
			return int(math.Copysign(math.MaxInt32, v)), true
		}
		n = int64(v)
	case json.Number:
		var err error
		if n, err = strconv.ParseInt(string(v), 10, 64); err != nil && n == 0 {
			return 0, false
		}
	case string:
		var err error
		if n, err = strconv.ParseInt(v, 10, 64); err != nil && n == 0 {
			return 0, false
		}
	default:
		return 0, false
	}
	return int(min(max(n, math.MinInt32), math.MaxInt32)), true
}
