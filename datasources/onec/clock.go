package onec

import (
	"time"

	"github.com/trama-graph/trama/schema"
)

func (f *filterer) date(p schema.Predicate) (cond, error) {
	prop := f.o.prop("date")
	if p.Op == schema.IsNull {
		if prop == "" {
			return cond{}, nil
		}
		return cond{text: prop + " eq datetime'0001-01-01T00:00:00'"}, nil
	}
	if prop == "" {
		return never, nil
	}
	var parts []string
	for _, v := range p.Values {
		if v.Kind != schema.KindTime {
			return cond{}, errNotPushable
		}
		word, t, ok := wholeSeconds(p.Op, v.Time)
		if !ok {
			continue
		}
		wall, err := wallClock(t, f.zone)
		if err != nil && f.widen {
			switch p.Op {
			case schema.Le:
				wall, err = t.Add(2*time.Hour).In(f.zone).Format(clockLayout), nil
			case schema.Ge:
				wall, err = t.Add(-2*time.Hour).In(f.zone).Format(clockLayout), nil
			}
		}
		if err != nil {
			return cond{}, err
		}
		parts = append(parts, prop+" "+word+" datetime'"+wall+"'")
	}
	if len(parts) == 0 {
		return never, nil
	}
	return group(parts, " or "), nil
}

// wholeSeconds says a comparison with a moment in whole seconds, as 1C's dates
// are. ok is false when no whole second fulfils it.
func wholeSeconds(op schema.Op, t time.Time) (word string, whole time.Time, ok bool) {
	floor := t.Truncate(time.Second)
	exact := floor.Equal(t)
	switch op {
	case schema.Eq, schema.In:
		return "eq", floor, exact
	case schema.Lt:
		if exact {
			return "lt", floor, true
		}
		return "le", floor, true
	case schema.Le:
		return "le", floor, true
	case schema.Gt:
		return "gt", floor, true
	case schema.Ge:
		if exact {
			return "ge", floor, true
		}
		return "gt", floor, true
	}
	return "", floor, false
}

// clockLayout is a date of 1C: no zone, no fractions.
const clockLayout = "2006-01-02T15:04:05"

// wallClock writes a moment as the base's clock shows it. In the hour that a
// zone goes through twice it shows two moments alike: then the condition is
// checked here.
func wallClock(t time.Time, zone *time.Location) (string, error) {
	t = t.In(zone)
	for _, d := range []time.Duration{-time.Hour, time.Hour} {
		if t.Add(d).Format(clockLayout) == t.Format(clockLayout) {
			return "", errNotPushable
		}
	}
	if t.Year() < 1 || t.Year() > 9999 {
		return "", errNotPushable
	}
	return t.Format(clockLayout), nil
}
