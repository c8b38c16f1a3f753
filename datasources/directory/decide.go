package directory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/trama-graph/trama/schema"
)

// Link decides by hand that two records are the same customer (R0). It is a
// CONFLICT while a denial stands against it: of this pair, or of any two records
// it would bring together. Unlike an automatic link it may join two records of
// one source, or different fiscal numbers; that is reported, not refused.
func (d *Directory) Link(ctx context.Context, a, b RecordRef, author, reason string) error {
	return d.decide(ctx, a, b, SameCustomer, author, reason)
}

// Deny decides by hand that two records are not the same customer. It wins over
// every link and every rule, and takes the place of a link of this pair.
func (d *Directory) Deny(ctx context.Context, a, b RecordRef, author, reason string) error {
	return d.decide(ctx, a, b, NotTheSame, author, reason)
}

// Withdraw takes a decision back, as if it had not been made; NOT_FOUND when
// there is none.
func (d *Directory) Withdraw(ctx context.Context, a, b RecordRef, author, reason string) error {
	return d.decide(ctx, a, b, "", author, reason)
}

// Decisions returns what was decided by hand, sorted by records.
func (d *Directory) Decisions() []Decision {
	return d.snapshot.Load().sortedDecisions()
}

func (s *snapshot) sortedDecisions() []Decision {
	return slices.SortedFunc(maps.Values(s.decisions), func(x, y Decision) int {
		return cmp.Or(strings.Compare(x.A.Source, y.A.Source), strings.Compare(x.A.RecordID, y.A.RecordID),
			strings.Compare(x.B.Source, y.B.Source), strings.Compare(x.B.RecordID, y.B.RecordID))
	})
}

// decide makes the snapshot with a decision more or less; verdict "" withdraws.
func (d *Directory) decide(ctx context.Context, a, b RecordRef, verdict Verdict, author, reason string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.sync(ctx); err != nil { // what is decided about may have come by another instance
		return err
	}
	return d.repeat(ctx, func() error { return d.sync(ctx) }, func() error { return d.decideOnce(ctx, a, b, verdict, author, reason) })
}

func (d *Directory) decideOnce(ctx context.Context, a, b RecordRef, verdict Verdict, author, reason string) error {
	prev, p := d.snapshot.Load(), pairOf(a, b)
	had, decided := prev.decisions[p]
	switch {
	case author == "":
		return schema.Errorf(schema.BadRequest, "a decision needs its author")
	case a == b:
		return schema.Errorf(schema.BadRequest, "a decision is about two records")
	case verdict == "" && !decided:
		return schema.Errorf(schema.NotFound, "nothing was decided about these records")
	case verdict != "" && (prev.find(a) < 0 || prev.find(b) < 0):
		return schema.Errorf(schema.NotFound, "the directory does not have both of these records")
	case verdict == SameCustomer && decided && had.Verdict == NotTheSame:
		return schema.Errorf(schema.Conflict, "it was denied that these records are the same customer: withdraw that first")
	}
	now := d.deps.Now()
	next := &snapshot{cfg: d.cfg, slabs: prev.slabs, kept: prev.kept, decisions: maps.Clone(prev.decisions)}
	event := Event{At: now, Kind: string(verdict), Record: p[0], With: p[1], Rule: ruleManual, Author: author, Reason: reason}
	if verdict == "" {
		event.Kind = "withdraw"
		delete(next.decisions, p)
	} else {
		next.decisions[p] = Decision{A: p[0], B: p[1], Verdict: verdict, Author: author, Reason: reason, At: now}
	}
	c, isPatched := d.patch(prev, next, -1, nil, p[:], prev.ghosts, nil)
	if !isPatched {
		was := prev.tidied(-1, 0)
		next = &snapshot{cfg: d.cfg, slabs: was.slabs, base: was.base, kept: next.kept, decisions: next.decisions}
		b4 := before{was.golden.flat(), was.origin.flat()}
		c = d.build(next, was.crosswalk, b4)
		d.members(next, c, b4, nil, -1)
	}
	next = next.settled()
	if x, y := next.find(a), next.find(b); verdict == SameCustomer && next.cluster.at(x) != next.cluster.at(y) {
		if !slices.Contains(d.cfg.Rules, RuleManual) {
			return schema.Errorf(schema.NotEnabled, "links by hand are switched off (directory.rules)")
		}
		return schema.Errorf(schema.Conflict, "another denial keeps these records apart")
	}
	if rec := next.find(p[0]); rec >= 0 {
		event.Customer = next.id(next.cluster.at(rec))
	}
	c.Events = append(c.Events, event)
	if verdict == "" {
		c.Withdrawn = append(c.Withdrawn, p)
	} else {
		c.Decisions = append(c.Decisions, next.decisions[p])
	}
	d.stamp(next, c)
	if err := d.save(ctx, c); err != nil {
		return fmt.Errorf("save a decision: %w", err)
	}
	d.show(next)
	d.deps.Log.InfoContext(ctx, "decided by hand", "verdict", event.Kind, "author", author, "customers", next.customers())
	return nil
}
