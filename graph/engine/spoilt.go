package engine

import (
	"context"
	"reflect"

	"github.com/99designs/gqlgen/graphql"

	"github.com/trama-graph/trama/schema"
)

// maxGarbled bounds the errors of fields whose rows cannot show them: a source that
// changed the form of a column need not say so for each of a thousand rows.
const maxGarbled = 100

// moreGarbled says how many such errors were left out.
func moreGarbled(n int64) error {
	return schema.Errorf(schema.SourceInvalid, "%d more fields were answered in a form that is not agreed", n)
}

// spoiltRow is a row that says which of its fields cannot be shown: schema.Record.
type spoiltRow interface {
	Spoilt() *schema.Faults
}

// findFaults notes where the rows of a type have their faults, so that whether an
// object has any costs one load, and nothing for types without.
func (o *object) findFaults() {
	f, ok := o.goType.FieldByName("Faults")
	if !ok || f.Type != reflect.TypeFor[*schema.Faults]() {
		return
	}
	t, offset := o.goType, uintptr(0)
	for _, i := range f.Index {
		if t.Kind() != reflect.Struct {
			return // behind a pointer
		}
		offset += t.Field(i).Offset
		t = t.Field(i).Type
	}
	o.faults, o.hasFaults = offset, true
}

// findSpoilt notes the objects of a set that cannot show all of their fields.
func (s *set) findSpoilt() {
	o := s.sel.object
	if !o.hasFaults {
		return
	}
	for i, p := range s.objects {
		f := *(**schema.Faults)(at(p, o.faults))
		if f == nil {
			continue
		}
		if s.spoilt == nil {
			s.spoilt = make([]*schema.Faults, len(s.objects))
		}
		s.spoilt[i] = f
	}
}

// judge decides for each object of a set what of a field it shows: hidden is where it
// is null, for what the view says or since its source answered what it reads in a form
// that was not agreed.
func (c *completion) judge(s *set) (hidden []bool) {
	c.police(s)
	for i, f := range s.spoilt {
		if !f.Has(c.step.node.Field) || c.hidden != nil && c.hidden[i] {
			continue
		}
		if c.hidden == nil {
			c.hidden = make([]bool, len(s.objects))
		}
		c.hidden[i] = true
		c.column.garble(s, c.step, i)
	}
	return c.hidden
}

// spoil notes the errors of a field that is read where it lies, when the answer is
// written; the writer leaves it out.
func (r *run) spoil(s *set, k int) {
	st := &s.sel.fields[k]
	for i, f := range s.spoilt {
		if !f.Has(st.node.Field) {
			continue
		}
		s.columns[k].garble(s, st, i)
		if st.field.shape.nonNull {
			s.kill(i)
			r.violated.Store(true)
		}
	}
}

// garble adds the error of an object that cannot show a field.
func (c *column) garble(s *set, st *step, i int) {
	if c.garbled++; c.garbled > maxGarbled {
		return
	}
	err := garbled(reflect.NewAt(s.sel.object.goType, s.objects[i]).Interface(), s.sel.object.name, st.node.Field)
	c.faults = append(c.faults, fault{set: s, step: st, index: i, err: err, garbled: true})
}

// garbled is the error of a row that cannot show a field.
func garbled(row any, typeName, field string) error {
	source := schema.FaultsOf(row).From()
	if e, ok := row.(interface{ Identity() (source, key string) }); ok {
		source, _ = e.Identity()
	}
	return schema.Garbled(source, typeName, field)
}

// sound is next, but where the row that a field is read of cannot show it.
func (w *Warden) sound(fc *graphql.FieldContext, next graphql.Resolver) graphql.Resolver {
	row, ok := rowIn(fc.Parent).(spoiltRow)
	if !ok || !row.Spoilt().Has(fc.Field.Name) {
		return next
	}
	return func(context.Context) (any, error) {
		if w.garbled.Add(1) > maxGarbled {
			return nil, nil
		}
		return nil, garbled(row, fc.Object, fc.Field.Name)
	}
}
