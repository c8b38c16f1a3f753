package web

import (
	"context"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/guard"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/usage"
)

// compiled is a query that was asked before in a view, with all of its plan,
// judgement and program that is the same whoever of the view asks, and with
// whatever variables. It is shared between requests and never changed.
type compiled struct {
	plan      *plan.Compiled
	positions *guard.Positions
	roots     []usage.Root
	named     []*plan.Node // the root fields of roots, as compiled
}

// compile compiles a query for a view. An error is no answer: whoever asked learns
// from planning it the ordinary way what is wrong.
func compile(v *view, op *ast.OperationDefinition, vars map[string]any, opts plan.Options, access *policies.Access) (*compiled, error) {
	c, err := plan.Compile(v.schema, op, vars, opts)
	if err != nil {
		return nil, err
	}
	positions, err := guard.Compile(c, access)
	if err != nil {
		return nil, err
	}
	program, err := v.engine.Prepare(c.Plan())
	if err != nil {
		return nil, err
	}
	c.Keep(program)
	k := &compiled{plan: c, positions: positions, named: c.Plan().Roots}
	for _, n := range k.named {
		k.roots = append(k.roots, rootOf(n))
	}
	return k, nil
}

// rootsOf says what the root fields of a plan were asked by.
func (k *compiled) rootsOf(nodes []*plan.Node) []usage.Root {
	roots := make([]usage.Root, 0, len(nodes))
	for i, n := range nodes {
		switch {
		case strings.HasPrefix(n.Field, "__"):
		case k == nil:
			roots = append(roots, rootOf(n))
		case n == k.named[i]:
			roots = append(roots, k.roots[i])
		default:
			roots = append(roots, usage.Root{Field: k.roots[i].Field, Key: keyOf(n)})
		}
	}
	return roots
}

func rootOf(n *plan.Node) usage.Root {
	return usage.Root{Field: n.Type + "." + n.Field, Key: keyOf(n)}
}

// plan makes the plan of an operation and judges it. Documents that are asked again
// are compiled.
func (s *Server) plan(ctx context.Context, v *view, oc *operation) (*plan.Plan, error) {
	return s.planFor(ctx, v, oc, false)
}

// planFor is plan, and where the whole of the root list is wanted that of a table: its
// rows are bounded by who reads them, window by window.
func (s *Server) planFor(ctx context.Context, v *view, oc *operation, isWhole bool) (*plan.Plan, error) {
	access, opts := policies.AccessFrom(ctx), s.cfg.Plan
	opts.Whole = isWhole
	// Where an agreement's largest page is smaller than the default, it is the default.
	if agreed := access.Principal.Agreement.MaxPage; agreed > 0 && agreed < opts.PageSize {
		opts.PageSize = agreed
	}
	oc.compiled = v.compiled(oc, opts, access)
	var p *plan.Plan
	var err error
	if oc.compiled != nil {
		p, err = oc.compiled.plan.Bind(oc.Variables)
	} else {
		p, err = plan.Of(v.schema, oc.Operation, oc.Variables, opts)
	}
	if err != nil {
		return nil, err
	}
	limits := guard.LimitsFor(access.Principal.Agreement, s.cfg.Limits)
	if isWhole {
		limits.Whole, limits.ReplyRows = true, 0
	}
	if err := guard.Check(p, limits); err != nil {
		return nil, err
	}
	if oc.compiled != nil {
		return p, oc.compiled.positions.Police(p, access)
	}
	return p, guard.Access(p, access)
}

// compiled returns the compiled form of an operation, nil where it has none: it is
// asked for the first time, is no query, or cannot be planned.
func (v *view) compiled(oc *operation, opts plan.Options, access *policies.Access) *compiled {
	if oc.doc == nil || access.Principal == nil {
		return nil
	}
	choice, ok := oc.doc.conditions[oc.Operation.Name].Choice(oc.Variables)
	if !ok || oc.Operation.Operation != ast.Query {
		return nil
	}
	key := operationKey{oc.doc, oc.Operation.Name, choice, opts.PageSize, opts.Whole}
	if k := v.operations.get(key); k != nil {
		return k
	}
	k, err := compile(v, oc.Operation, oc.Variables, opts, access)
	if err != nil {
		return nil
	}
	v.operations.add(key, k, int64(k.plan.Len()))
	return k
}

// operationKey is what a compiled query depends on: the operation of a document,
// what its conditions come to, the page size where it declares none, and whether the
// whole of its list is wanted.
type operationKey struct {
	doc    *document
	name   string
	choice uint16
	page   int
	whole  bool
}

// The bounds of the compiled queries of one view: how many, of how many fields in
// all. A field takes about a kilobyte.
const (
	keptOperations = 300
	keptFields     = 16_000
)

// operations are the compiled queries of a view. Documents that are forgotten meanwhile
// are kept with them, so they are bounded by the same.
type operations = weighed[operationKey, *compiled]

func newOperations() *operations {
	return newWeighed[operationKey, *compiled](keptFields, keptOperations)
}
