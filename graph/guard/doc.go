// Package guard judges a plan once, before anything is asked of a source: is
// the operation within the limits its caller agreed to? It is called by the
// doors in graph/web between graph/plan and graph/engine. It reads the plan
// only; it never touches data and never changes the plan.
//
// One file per kind of judgement: limits.go the size and price of an operation,
// pages.go the page sizes it declares.
package guard

import "github.com/trama-graph/trama/graph/plan"

// Check returns nil when the plan is within the limits. Otherwise it returns
// the first objection as a *schema.Error: BadRequest for a page size that is
// out of range, Limited for an operation that is too deep or too wide,
// TooCostly for one that is too big. Messages name the limit and what was asked.
func Check(p *plan.Plan, l Limits) error {
	if err := checkShape(p, l); err != nil {
		return err
	}
	if err := checkPages(p.Roots, l.PageSize); err != nil {
		return err
	}
	return checkCost(p, l)
}
