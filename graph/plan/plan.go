package plan

import (
	"math"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/schema"
)

// Kind is the kind of an operation.
type Kind string

// The kinds of operations.
const (
	Query        Kind = "query"
	Mutation     Kind = "mutation"
	Subscription Kind = "subscription"
)

// Plan is an operation as data. The figures are upper bounds, computed from the
// declared page sizes, never measured.
type Plan struct {
	Operation  string   `json:"operation,omitempty"` // its name, "" when it has none
	Kind       Kind     `json:"kind"`
	Roots      []*Node  `json:"roots"`
	Depth      int      `json:"depth"`             // nesting of fields, introspection not counted
	Aliases    int      `json:"aliases,omitempty"` // fields asked under another name, introspection included
	RootFields int      `json:"rootFields"`
	Nodes      int      `json:"nodes"`             // fields in all, introspection included
	Cost       int64    `json:"cost"`              // sum over the nodes
	Calls      int64    `json:"calls"`             // expected upstream calls
	Sources    []string `json:"sources,omitempty"` // sorted, distinct
	// Sensitive are the fields marked so that the operation reads, as Type.field,
	// sorted, distinct: of the answer, and by its filters, orders and arguments.
	Sensitive []string `json:"sensitive,omitempty"`
	// MaxRows bounds the rows of the answer while it is made, 0 for no bound. It is
	// the limit graph/guard put here, no figure of the operation.
	MaxRows int `json:"-"`

	from   *Compiled // what the plan is bound from, nil of one made by Of
	copies *copies   // which nodes it does not share with it
	own    []Node    // those
	fields []string  // Fields, where they are known already
}

// Node is one field of one concrete parent type. A field asked on an interface
// or a union has one node per object type it can stand on.
type Node struct {
	Key     string         `json:"key"`   // response key: the alias or the field's name
	Field   string         `json:"field"` // SDL field name
	Type    string         `json:"type"`  // concrete parent type
	Returns string         `json:"returns"`
	Args    map[string]any `json:"args,omitempty"` // coerced, defaults filled in, absent when neither given nor defaulted

	// Relation says that the field yields objects and is answered by a call (a
	// resolver), not read from its parent. Leaves that have a resolver are not
	// counted: they compute, they do not ask a source.
	Relation bool `json:"relation,omitempty"`
	// Page is the declared page size of a field that yields a page: its argument
	// first, or the default of Options. 0 for any other field.
	Page int `json:"page,omitempty"`
	// Total says that the operation reads totalCount of the page this node yields.
	Total bool `json:"total,omitempty"`
	// Columns are the SDL field names the operation reads of the rows a relation
	// yields, sorted, distinct, looking through pages, edges, lists and fragments.
	// Relations of those rows are among them. Empty and not nil when no row is
	// read (a page of which only totalCount is asked).
	Columns []string `json:"columns,omitzero"`
	// Reads are the fields that the arguments read, as Type.field, sorted, distinct:
	// searching, sorting and finding by a field is a read of it. Filled in by
	// Options.Reads.
	Reads []string `json:"reads,omitempty"`
	// Police is what the view says of the field, nil when it is shown as it is. It
	// belongs to one request, as a node that has it does.
	Police *Police `json:"-"`

	Rows    int64    `json:"rows"` // values this node yields at most, over all parents
	Calls   int64    `json:"calls,omitempty"`
	Sources []string `json:"sources,omitempty"`
	Cost    int64    `json:"cost,omitempty"` // of this node alone

	// Children are the fields of the value, in the order of the answer. Where the
	// value's type is an interface or a union they are grouped by Type.
	Children []*Node `json:"children,omitempty"`

	// Via is the type of the row from which the object the field is read of was
	// reached by a relation, looking through pages and edges; "" when no row was.
	Via string `json:"-"`

	Line int `json:"-"` // where the field stands in the document, for error locations
	Char int `json:"-"`
}

// Price is what calls of one relation cost. The zero Price is free.
type Price struct {
	Call    int64    // cost of one upstream call, in rows
	Batch   int      // parents one call serves, 0 when any number
	Rows    int      // rows one call brings, 0 when any number
	Sources []string // systems it touches: each is called
}

// Prices says what one call of a relation costs and which sources it touches.
// server.go fills it from the descriptions of the connectors. Price is asked
// for relations only and must be quick.
type Prices interface {
	Price(typeName, field string) Price
}

// Options are the planner's settings. The zero value plans with the defaults.
type Options struct {
	PageSize int // page size where the operation declares none; default 50
	ListSize int // assumed length of a list that is not a page; default 10
	// Whole says that a page of a root field that declares no size is wanted to the end
	// of its list: its size is WholePage, and its cost that of PageSize rows, so that what
	// is asked of each row is still bounded. It is for doors that read an answer window by
	// window and hold none of it.
	Whole    bool
	MaxNodes int    // fields a plan may have; default 5,000
	Prices   Prices // nil: every relation is one call and its rows
	// Relations says which fields are answered by a call: engine.Engine.Relation.
	// Nil: the root fields and every field that yields a page or an object with
	// an id.
	Relations func(typeName, field string) bool
	// Reads says which field a key of an input object, a value of an enum or an
	// argument ("Query.customer", "taxId") reads (@reads): policies.Graph.Reads.
	// Nil: nobody wants to know.
	Reads func(holder, name string) (typeName, field string, ok bool)
	// Sensitive says which fields are marked as such. Nil: none.
	Sensitive func(typeName, field string) bool
}

// filled returns the options with the defaults in them.
func (o Options) filled() Options {
	if o.PageSize <= 0 {
		o.PageSize = defaultPageSize
	}
	if o.ListSize <= 0 {
		o.ListSize = defaultListSize
	}
	if o.MaxNodes <= 0 {
		o.MaxNodes = defaultMaxNodes
	}
	return o
}

// WholePage is the page size of a list that is wanted to its end: Options.Whole.
const WholePage = math.MaxInt32

const (
	defaultPageSize = 50
	defaultListSize = 10
	defaultMaxNodes = 5000
	// stepsPerNode bounds the selections looked at for each node allowed, so that
	// fragments that match no type cannot keep the planner busy for nothing.
	stepsPerNode = 40
)

// Of makes the plan of a validated operation. The variables are the coerced
// ones (validator.VariableValues). Errors are *schema.Error: TooCostly for an
// operation with more fields than Options allow once its fragments are
// expanded, BadRequest for an argument or directive that has no value.
func Of(s *ast.Schema, op *ast.OperationDefinition, vars map[string]any, opts Options) (*Plan, error) {
	return build(s, op, vars, opts, nil)
}

func build(s *ast.Schema, op *ast.OperationDefinition, vars map[string]any, opts Options, d *draft) (*Plan, error) {
	opts = opts.filled()
	p := &Plan{Operation: op.Name, Kind: Kind(op.Operation)}
	var root *ast.Definition
	switch op.Operation {
	case ast.Query, "":
		p.Kind, root = Query, s.Query
	case ast.Mutation:
		root = s.Mutation
	case ast.Subscription:
		root = s.Subscription
	}
	if root == nil {
		return nil, schema.Errorf(schema.BadRequest, "the schema has no %s operations", p.Kind)
	}
	b := builder{schema: s, vars: vars, opts: opts, plan: p, steps: stepsPerNode * opts.MaxNodes, draft: d}
	roots, err := b.object(root, []ast.SelectionSet{op.SelectionSet}, frame{rows: 1, depth: 1})
	if err != nil {
		return nil, err
	}
	p.Roots, p.RootFields = roots, len(roots)
	b.price(roots, 1)
	if opts.Sensitive != nil {
		p.Sensitive = b.sensitive(p)
	}
	return p, nil
}
