package otrs

import (
	"slices"
	"time"

	"github.com/trama-graph/trama/schema"
)

// pushed is what of a filter goes into the search. The search finds at least the
// rows that match; the filter is checked again on them.
type pushed struct {
	params params
	// none says that nothing can match: the server may not be asked, as an empty
	// list would mean unfiltered.
	none bool
	// exact says that the search finds just the rows that match.
	exact bool
	// loose is the first column that is checked here only, for the error.
	loose string
	// cased says that the search compares several texts at once, of which a
	// database that does not tell letter case may find more than was asked for.
	cased bool
}

// pusher translates filters for one server.
type pusher struct {
	c  *client
	ab *abilities
}

// push translates the conjuncts of where. What it cannot translate exactly it
// leaves to the check on the rows.
func (p pusher) push(where schema.Predicate) pushed {
	out := pushed{params: params{}, exact: true}
	for _, q := range where.Conjuncts() {
		if q.Op == schema.None {
			out.none = true
			return out
		}
		if !p.conjunct(&out, q) {
			out.exact = false
			if out.loose == "" {
				q.Columns(func(column string) {
					if out.loose == "" {
						out.loose = column
					}
				})
			}
		}
		if out.none {
			return out
		}
	}
	return out
}

func (p pusher) conjunct(out *pushed, q schema.Predicate) bool {
	if column, list, ok := asList(q); ok {
		switch column {
		case "createdAt", "updatedAt":
			return q.Op == schema.Eq && p.moment(out, column, q.Values[0])
		case "source":
			// It is the same in every row.
			out.none = out.none || !slices.Contains(list, p.c.name)
			return true
		}
		return p.list(out, column, list)
	}
	switch q.Op {
	case schema.Lt, schema.Le, schema.Gt, schema.Ge:
		return p.bound(out, q.Column, q.Op, q.Values[0])
	}
	return false
}

// asList reads a condition as "column is one of these texts".
func asList(q schema.Predicate) (column string, list []string, ok bool) {
	switch q.Op {
	case schema.Eq, schema.In:
		for _, v := range q.Values {
			// A value of another kind equals no text.
			if v.Kind == schema.KindString {
				list = append(list, v.Str)
			}
		}
		return q.Column, list, true
	case schema.Or:
		for i, o := range q.Of {
			name, some, isList := asList(o)
			if !isList || i > 0 && name != column {
				return "", nil, false
			}
			column, list = name, append(list, some...)
		}
		return column, list, len(q.Of) > 0 && column != "createdAt" && column != "updatedAt"
	}
	return "", nil, false
}

// listParam returns the parameter that says "column is one of these", "" when
// there is none.
func listParam(column string) string {
	switch column {
	case "id":
		return paramTicketID
	case "number":
		return paramNumber
	case "customer", "customerNumber":
		return paramCustomerRaw
	case "state":
		return paramStates
	case "queue":
		return paramQueues
	case "priority":
		return paramPriorities
	case "type":
		return paramTypes
	case "stateType":
		return paramStateType
	}
	return ""
}

// list pushes "column is one of these". It reports false when the column cannot
// be searched for, or these values not exactly.
func (p pusher) list(out *pushed, column string, list []string) bool {
	param := listParam(column)
	if param == "" {
		return false
	}
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) == 0 {
		out.none = true
		return true
	}
	switch param {
	case paramTicketID:
		if !p.ab.ticketIDs {
			return false
		}
		// Others than whole numbers are no ids, and would empty the answer.
		list = slices.DeleteFunc(list, func(s string) bool { return !isID(s) })
	case paramNumber:
		if len(list) > 1 && !p.ab.numbers || slices.ContainsFunc(list, isNotPlain) {
			return false
		}
	case paramCustomerRaw:
		if !p.ab.customerRaw || slices.ContainsFunc(list, isWildcard) {
			return false
		}
	case paramStateType:
		return p.kinds(out, list)
	default:
		if len(list) > maxLookup {
			return false
		}
	}
	out.cased = out.cased || len(list) > 1
	return p.intersect(out, param, list)
}

// kinds pushes kinds of states: each is one or two of the server's.
func (p pusher) kinds(out *pushed, list []string) bool {
	var types []string
	for _, kind := range list {
		names := stateTypes(kind)
		if names == nil && schema.TicketStateType(kind) == schema.TicketUnknown {
			return false
		}
		types = append(types, names...)
	}
	return p.intersect(out, paramStateType, types)
}

// intersect adds a list to what is already asked of the same parameter.
func (p pusher) intersect(out *pushed, param string, list []string) bool {
	if before, ok := out.params[param].([]string); ok {
		list = slices.DeleteFunc(list, func(s string) bool { return !slices.Contains(before, s) })
	}
	if !out.params.set(param, list...) {
		out.none = true
	}
	return true
}

// moment pushes "column is this time": the second it lies in.
func (p pusher) moment(out *pushed, column string, v schema.Value) bool {
	return p.bound(out, column, schema.Ge, v) && p.bound(out, column, schema.Le, v)
}

// bound pushes one end of a range of time.
func (p pusher) bound(out *pushed, column string, op schema.Op, v schema.Value) bool {
	if v.Kind != schema.KindTime {
		return false
	}
	older, newer, able := createdOlder, createdNewer, p.ab.created
	switch column {
	case "createdAt":
	case "updatedAt":
		older, newer, able = changedOlder, changedNewer, p.ab.changed
	default:
		return false
	}
	if !able {
		return false
	}
	t, whole := v.Time, v.Time.Nanosecond() == 0
	var exact bool
	var wall string
	param, tighter := newer, func(a, b string) bool { return a > b }
	switch op {
	case schema.Gt:
		t = t.Truncate(time.Second).Add(time.Second)
	case schema.Ge:
		if !whole {
			t = t.Truncate(time.Second).Add(time.Second)
		}
	case schema.Lt:
		if whole {
			t = t.Add(-time.Second)
		}
	}
	if op == schema.Lt || op == schema.Le {
		param, tighter = older, func(a, b string) bool { return a < b }
		wall, exact = p.c.wallUpper(t)
	} else {
		wall, exact = p.c.wallLower(t)
	}
	if before, ok := out.params[param].(string); !ok || tighter(wall, before) {
		out.params[param] = wall
	}
	return exact
}

// wallUpper is the time of the server's wall clock such that no row of t or
// before is later by it. exact is false when later rows are not either: in the
// hour that a change of clocks repeats, a wall clock does not tell.
func (c *client) wallUpper(t time.Time) (wall string, exact bool) {
	local, shift := c.wall(t)
	return local.Add(shift).Format(timeLayout), shift == 0
}

// wallLower is the time of the server's wall clock such that no row of t or after
// is earlier by it. A time ahead of the server's clock would silently empty the
// answer, also when it is the clocks that differ: it is brought back.
func (c *client) wallLower(t time.Time) (wall string, exact bool) {
	exact = true
	if latest := c.serverNow().Add(-clockMargin); t.After(latest) {
		t, exact = latest, false
	}
	local, shift := c.wall(t)
	return local.Add(-shift).Format(timeLayout), exact && shift == 0
}

// clockMargin is what the Date of a reply may be wrong by: it has whole seconds,
// and was written before it came here.
const clockMargin = 2 * time.Second

// wall returns t on the server's wall clock, as if that were UTC, and by how much
// reading it back differs.
func (c *client) wall(t time.Time) (local time.Time, shift time.Duration) {
	text := t.In(c.zone).Format(timeLayout)
	local, _ = time.ParseInLocation(timeLayout, text, time.UTC)
	back, _ := time.ParseInLocation(timeLayout, text, c.zone)
	return local, back.Sub(t.Truncate(time.Second)).Abs()
}

func isNotPlain(s string) bool { return !isPlain(s) }

// isWildcard reports whether the server would skip the value: a filter with no
// other value is then none.
func isWildcard(s string) bool {
	return s == "%" || s == "%%" || s == "%%%"
}
