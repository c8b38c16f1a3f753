package plan

import (
	"maps"
	"slices"
	"strings"
)

// Fields returns the distinct fields the operation reads, as Type.field, sorted:
// those of the answer, introspection left out, and those its arguments, filters
// and orders read. The slice may be shared and must not be changed.
func (p *Plan) Fields() []string {
	if p.fields != nil {
		return p.fields
	}
	var f fieldSet
	f.walk(p.Roots)
	return f.sorted()
}

// fieldSet gathers fields as Type.field.
type fieldSet map[fieldName]struct{}

type fieldName struct{ typeName, field string }

func (f *fieldSet) add(typeName, field string) {
	if *f == nil {
		*f = fieldSet{}
	}
	(*f)[fieldName{typeName, field}] = struct{}{}
}

func (f *fieldSet) walk(nodes []*Node) {
	for _, n := range nodes {
		if !strings.HasPrefix(n.Field, "__") {
			f.add(n.Type, n.Field)
		}
		for _, r := range n.Reads {
			typeName, field, _ := strings.Cut(r, ".")
			f.add(typeName, field)
		}
		f.walk(n.Children)
	}
}

func (f *fieldSet) sorted() []string {
	out := make([]string, 0, len(*f))
	for name := range maps.Keys(*f) {
		out = append(out, name.typeName+"."+name.field)
	}
	slices.Sort(out)
	return out
}

// sensitive lists the fields of the plan of which the option says so.
func (b *builder) sensitive(p *Plan) []string {
	var all fieldSet
	all.walk(p.Roots)
	maps.DeleteFunc(all, func(n fieldName, _ struct{}) bool { return !b.opts.Sensitive(n.typeName, n.field) })
	if len(all) == 0 {
		return nil
	}
	return all.sorted()
}
