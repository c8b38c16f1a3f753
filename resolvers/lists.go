package resolvers

import (
	"reflect"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/graph/model"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// list puts the four arguments of a list together. filter and orderBy are any of
// the generated inputs; their fields are named after the columns they read,
// which a test holds against the SDL's @reads.
func list(filter, orderBy any, first *int, after *string) loaders.Args {
	a := loaders.Args{Order: sort(reflect.ValueOf(orderBy)), First: first, After: after}
	if n := size(reflect.ValueOf(filter)); n > loaders.MaxConditions {
		a.Conditions = n // refused by the loaders; nothing is made of it
	} else {
		a.Where = predicate(reflect.ValueOf(filter))
	}
	return a
}

// size is how many conditions a generated filter input has: each column it names
// and each `not` is one, and so is an input that names nothing.
func size(filter reflect.Value) int {
	if filter.Kind() == reflect.Pointer {
		if filter.IsNil() {
			return 0
		}
		filter = filter.Elem()
	}
	n := 0
	for i := range filter.NumField() {
		name, _, _ := strings.Cut(filter.Type().Field(i).Tag.Get("json"), ",")
		v := filter.Field(i)
		switch {
		case v.IsNil():
		case name == "and", name == "or":
			for j := range v.Len() {
				n += size(v.Index(j))
			}
		case name == "not":
			n += 1 + size(v)
		default:
			n++
		}
	}
	return max(n, 1)
}

// predicate turns a generated filter input into a condition. It runs once per
// list of an operation, never per row.
func predicate(filter reflect.Value) schema.Predicate {
	if filter.Kind() == reflect.Pointer {
		if filter.IsNil() {
			return schema.Predicate{}
		}
		filter = filter.Elem()
	}
	var all []schema.Predicate
	for i := range filter.NumField() {
		name, _, _ := strings.Cut(filter.Type().Field(i).Tag.Get("json"), ",")
		v := filter.Field(i)
		if v.IsNil() {
			continue
		}
		switch name {
		case "and":
			for j := range v.Len() {
				all = append(all, predicate(v.Index(j)))
			}
		case "or":
			either := make([]schema.Predicate, v.Len())
			for j := range either {
				either[j] = predicate(v.Index(j))
			}
			all = append(all, schema.AnyOf(either...))
		case "not":
			all = append(all, schema.Negate(predicate(v)))
		default:
			all = append(all, conditions(name, v.Interface()))
		}
	}
	return conjunction(all)
}

// conjunction is AllOf, but nothing matches when one of the operands matches
// nothing.
func conjunction(of []schema.Predicate) schema.Predicate {
	for _, p := range of {
		if p.Op == schema.None {
			return p
		}
	}
	return schema.AllOf(of...)
}

func conditions(column string, input any) schema.Predicate {
	c := &comparisons{column: column}
	switch f := input.(type) {
	case *model.StringFilter:
		add(c, schema.Eq, f.Eq, schema.String)
		if f.In != nil {
			c.in(f.In)
		}
		if f.Ne != nil {
			c.all = append(c.all, schema.Negate(c.compare(schema.Eq, schema.String(*f.Ne))))
		}
		add(c, schema.Contains, f.Contains, schema.String)
		add(c, schema.Prefix, f.StartsWith, schema.String)
		c.isNull(f.IsNull)
	case *model.DecimalFilter:
		addRange(c, f.Eq, f.Lt, f.Le, f.Gt, f.Ge, func(d decimal.Decimal) schema.Value { return schema.Dec(d) })
		c.isNull(f.IsNull)
	case *model.DateTimeFilter:
		addRange(c, f.Eq, f.Lt, f.Le, f.Gt, f.Ge, func(t time.Time) schema.Value { return schema.Time(t) })
		c.isNull(f.IsNull)
	case *model.BooleanFilter:
		add(c, schema.Eq, f.Eq, schema.Bool)
		if f.In != nil {
			c.oneOf(f.In)
		}
		c.isNull(f.IsNull)
	}
	return conjunction(c.all)
}

// comparisons collects the conditions on one column.
type comparisons struct {
	column string
	all    []schema.Predicate
}

// compare makes a condition. A comparison with the empty text is one with
// nothing: equal means absent, and everything contains it.
func (c *comparisons) compare(op schema.Op, v schema.Value) schema.Predicate {
	if v.IsNull() {
		if op == schema.Eq {
			return schema.Predicate{Op: schema.IsNull, Column: c.column}
		}
		return schema.Negate(schema.Predicate{Op: schema.IsNull, Column: c.column})
	}
	return schema.Compare(c.column, op, v)
}

func (c *comparisons) in(texts []string) {
	var values []schema.Value
	null := schema.Predicate{Op: schema.None}
	for _, t := range texts {
		if t == "" {
			null = schema.Predicate{Op: schema.IsNull, Column: c.column}
			continue
		}
		values = append(values, schema.String(t))
	}
	set := schema.Predicate{Op: schema.None}
	if len(values) > 0 {
		set = schema.Compare(c.column, schema.In, values...)
	}
	c.all = append(c.all, schema.AnyOf(set, null))
}

func (c *comparisons) oneOf(list []bool) {
	values := make([]schema.Value, len(list))
	for i, v := range list {
		values[i] = schema.Bool(v)
	}
	p := schema.Predicate{Op: schema.None}
	if len(values) > 0 {
		p = schema.Compare(c.column, schema.In, values...)
	}
	c.all = append(c.all, p)
}

func (c *comparisons) isNull(want *bool) {
	if want == nil {
		return
	}
	p := schema.Predicate{Op: schema.IsNull, Column: c.column}
	if !*want {
		p = schema.Negate(p)
	}
	c.all = append(c.all, p)
}

func add[V any](c *comparisons, op schema.Op, v *V, value func(V) schema.Value) {
	if v != nil {
		c.all = append(c.all, c.compare(op, value(*v)))
	}
}

func addRange[V any](c *comparisons, eq, lt, le, gt, ge *V, value func(V) schema.Value) {
	add(c, schema.Eq, eq, value)
	add(c, schema.Lt, lt, value)
	add(c, schema.Le, le, value)
	add(c, schema.Gt, gt, value)
	add(c, schema.Ge, ge, value)
}

// sort turns a generated orderBy input into a sort. The enum's values are the
// columns' names in capitals: UPDATED_AT reads updatedAt.
func sort(orderBy reflect.Value) schema.Sort {
	if orderBy.IsNil() {
		return schema.Sort{}
	}
	field := orderBy.Elem().FieldByName("Field").String()
	direction, _ := orderBy.Elem().FieldByName("Direction").Interface().(model.OrderDirection)
	return schema.Sort{Column: column(field), Desc: direction == model.OrderDirectionDesc}
}

func column(enum string) string {
	words := strings.Split(strings.ToLower(enum), "_")
	for i, w := range words[1:] {
		words[i+1] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}
