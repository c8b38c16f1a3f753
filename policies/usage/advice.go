package usage

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/schema"
)

// When a habit is worth a word, over all hours that are looked at.
const (
	adviseCalls  = 10  // calls with pages, or answers that did not change
	adviseRatio  = 10  // a page was declared so many times larger than what came
	adviseExcess = 100 // rows declared in vain by one call, in the mean
)

// Advice returns which calls of the last 24 hours, or from f.From on, cost more
// than they must, and what to ask instead: the most frequent first. Messages name
// only fields of the schema of who reads them; nil is the whole one.
func (r *Recorder) Advice(ctx context.Context, f Filter, seen *ast.Schema) ([]*schema.Advice, error) {
	f = f.filled(r.cfg.Now().Add(1))
	if seen == nil {
		seen = r.cfg.Schema
	}
	all, err := r.habits(ctx, f)
	if err != nil {
		return nil, failed("read advice", err)
	}
	var out []*schema.Advice
	for _, h := range all {
		if message := h.message(seen); message != "" {
			out = append(out, &schema.Advice{
				Kind: h.Kind, Token: h.Token, Account: h.Account, Operation: h.Operation, Name: h.Name,
				Count: number(h.Calls), Message: message,
			})
		}
	}
	slices.SortFunc(out, func(a, b *schema.Advice) int {
		return cmp.Or(cmp.Compare(*b.Count, *a.Count), cmp.Compare(a.Token, b.Token), cmp.Compare(a.Operation, b.Operation),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Message, b.Message))
	})
	return out[:min(len(out), f.First)], nil
}

// habits returns the habits of a filter, each added up over the hours, stored or
// not.
func (r *Recorder) habits(ctx context.Context, f Filter) (map[habitKey]*Habit, error) {
	if err := r.take(ctx); err != nil {
		return nil, err
	}
	defer r.leave()
	r.gather(false)
	stored, err := r.cfg.Store.UsageHabits(ctx, f)
	if err != nil {
		return nil, err
	}
	sum := waiting{habits: map[habitKey]*Habit{}}
	add := func(h Habit) {
		h.Hour = time.Time{} // all hours of a habit are one
		sum.addHabit(&h)
	}
	for _, h := range stored {
		add(h)
	}
	for _, h := range r.wait.habits {
		if !h.Hour.Before(f.From) && h.Hour.Before(f.To) && (f.Token == "" || h.Token == f.Token) && (f.Account == "" || h.Account == f.Account) {
			add(*h)
		}
	}
	return sum.habits, nil
}

// message says what was seen and what to ask instead, "" when nothing is to be
// said.
func (h *Habit) message(s *ast.Schema) string {
	switch h.Kind {
	case IDByID:
		return h.byKeyMessage(s)
	case Polling:
		return h.pollingMessage(s)
	case UnusedPage:
		return h.pageMessage()
	}
	return ""
}

func (h *Habit) byKeyMessage(s *ast.Schema) string {
	root := rootOf(h.Subject)
	said := fmt.Sprintf("asked %s by %s %d times, up to %d times within a minute", root.name(), root.Key, h.Calls, h.Most)
	if h.Amount > h.Calls {
		said += fmt.Sprintf(", for %d records", h.Amount)
	}
	l, ok := listOf(s, root)
	switch {
	case !ok:
		return said + "; ask for many at once: in the list they are in, or as a relation of what they belong to"
	case l.takes(root.Key):
		return said + fmt.Sprintf("; ask for many at once: %s(filter: {%s: {in: […]}})", l.name, root.Key)
	}
	return said + fmt.Sprintf("; ask for these fields in the query their keys came from: in %s { nodes { … } }, or in the relation of what they belong to", l.name)
}

func (h *Habit) pollingMessage(s *ast.Schema) string {
	if h.Hits < adviseCalls || 2*h.Hits < h.Calls {
		return ""
	}
	said := fmt.Sprintf("asked the same again every %s, unchanged %d of %d times; ask less often",
		seconds(h.Amount/h.Calls), h.Hits, h.Calls)
	if l, ok := listOf(s, rootOf(h.Subject)); ok && l.since {
		said += fmt.Sprintf(", or only for what changed: %s(filter: {updatedAt: {ge: …}})", l.name)
	}
	return said
}

// seconds writes a mean time between two calls.
func seconds(millis int64) string {
	d := time.Duration(millis) * time.Millisecond
	if d >= time.Second {
		d = d.Round(100 * time.Millisecond)
	}
	return d.String()
}

func (h *Habit) pageMessage() string {
	if h.Calls < adviseCalls || h.Amount/h.Calls < adviseExcess {
		return ""
	}
	path := strings.TrimPrefix(h.Subject, "Query.")
	if h.Hits == h.Calls {
		return fmt.Sprintf("asked pages of %d rows or more of %s %d times and read no row of them; ask with first: 0, since the declared size is what it costs",
			h.Least, path, h.Calls)
	}
	if h.Most*adviseRatio > h.Least {
		return ""
	}
	return fmt.Sprintf("asked pages of %d rows or more of %s %d times, and at most %s came; ask with first: %d, since the declared size is what it costs, and go on with after where there is more",
		h.Least, path, h.Calls, rows(h.Most), enough(h.Most))
}

func rows(n int64) string {
	switch n {
	case 0:
		return "no row"
	case 1:
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}

// enough returns a page size, round, that holds twice what came.
func enough(most int64) int64 {
	size := int64(10)
	for i := 0; size < 2*most; i++ {
		if i%3 == 1 {
			size = size / 2 * 5
		} else {
			size *= 2
		}
	}
	return size
}
