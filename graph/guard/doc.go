// Package guard judges a plan once, before anything is asked of a source: is
// the operation within the limits its caller agreed to, and may he see what it
// reads? It is called by the doors in graph/web between graph/plan and
// graph/engine. It never touches data. A plan belongs to one request: what the
// engine must know of limits and views is noted on it, and nothing else
// changed. Of a compiled query, Positions are what is noted for each request; what
// its view says to all is looked up once.
//
// One file per kind of judgement: limits.go the size and price of an operation,
// pages.go the page sizes it declares, access.go the view.
package guard

import "github.com/trama-graph/trama/graph/plan"

// Check returns nil when the plan is within the limits. Otherwise it returns
// the first objection as a *schema.Error: BadRequest for a page size that is
// out of range, Limited for an operation that is too deep or too wide,
// TooCostly for one that is too big. Messages name the limit and what was asked.
// How many rows the answer may have is put on the plan, for the engine to hold.
func Check(p *plan.Plan, l Limits) error {
	if err := checkShape(p, l); err != nil {
		return err
	}
	for _, n := range p.Roots {
		if err := checkRoot(n, l); err != nil {
			return err
		}
	}
	p.MaxRows = max(l.ReplyRows, 0)
	return checkCost(p, l)
}
