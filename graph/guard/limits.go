package guard

import (
	"time"

	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// Limits are the bounds of one operation. A member that is 0 or less bounds
// nothing.
type Limits struct {
	Depth      int   // nesting of fields
	Aliases    int   // fields asked under another name
	RootFields int   // fields of Query
	PageSize   int   // the largest page one field may declare
	Whole      bool  // the lists of root fields may be read to their end (plan.Options.Whole)
	Nodes      int   // fields in all, with fragments expanded
	Cost       int64 // plan.Plan.Cost: rows at most, and the price of the calls
	ReplyRows  int   // rows of the answer, counted by the engine while it runs
	// Tokens and Time are not the plan's: the door bounds the document before it is
	// parsed, and the operation while it runs.
	Tokens int // lexical tokens of the document
	Time   time.Duration
}

// LimitsFor returns the limits of one operation of a token: those its agreement
// has numbers for, wider or narrower, and the server's for all others.
func LimitsFor(a policies.Agreement, server Limits) Limits {
	l := server
	agreed(&l.Depth, a.MaxDepth)
	agreed(&l.Aliases, a.MaxAliases)
	agreed(&l.RootFields, a.MaxRootFields)
	agreed(&l.PageSize, a.MaxPage)
	agreed(&l.Cost, a.MaxCost)
	agreed(&l.ReplyRows, a.MaxRows)
	agreed(&l.Tokens, a.MaxTokens)
	agreed(&l.Time, a.MaxTime)
	return l
}

func agreed[T int | int64 | time.Duration](limit *T, number T) {
	if number > 0 {
		*limit = number
	}
}

// DefaultLimits hold for a token whose agreement says nothing else. A join of
// five entities written with edges is about 15 deep; the page size is the
// product's; the cost is a million rows.
var DefaultLimits = Limits{
	Depth:      25,
	Aliases:    100,
	RootFields: 20,
	PageSize:   1000,
	Nodes:      2000,
	Cost:       1_000_000,
	Tokens:     10_000,
}

func checkShape(p *plan.Plan, l Limits) error {
	switch {
	case exceeds(p.Depth, l.Depth):
		return schema.Errorf(schema.Limited, "the operation is %d fields deep, the limit is %d", p.Depth, l.Depth)
	case exceeds(p.Aliases, l.Aliases):
		return schema.Errorf(schema.Limited, "the operation has %d aliases, the limit is %d", p.Aliases, l.Aliases)
	case exceeds(p.RootFields, l.RootFields):
		return schema.Errorf(schema.Limited, "the operation has %d root fields, the limit is %d", p.RootFields, l.RootFields)
	case exceeds(p.Nodes, l.Nodes):
		return schema.Errorf(schema.TooCostly, "the operation asks for %d fields, the limit is %d", p.Nodes, l.Nodes)
	}
	return nil
}

// checkCost comes last: a page that is too large has a better message than the
// cost it causes.
func checkCost(p *plan.Plan, l Limits) error {
	if l.Cost > 0 && p.Cost > l.Cost {
		return schema.Errorf(schema.TooCostly, "the operation costs %d, the limit is %d: ask for smaller pages or fewer relations", p.Cost, l.Cost)
	}
	return nil
}

func exceeds(asked, limit int) bool { return limit > 0 && asked > limit }
