package odata

import "strings"

// maxSteps is the longest path a field may have.
const maxSteps = 6

// splitPath parts a path from the config: "Partner/ID", or "Partner.ID" as other
// connectors write it.
func splitPath(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '.' })
}

// isPath reports whether a text can be a path of names.
func isPath(path string) bool {
	names := splitPath(path)
	if len(names) == 0 || len(names) > maxSteps {
		return false
	}
	for _, n := range names {
		if strings.ContainsAny(n, " \t\r\n'\"()$?&=,;:@#%+*<>\\") || len(n) > 128 {
			return false
		}
	}
	return true
}

// found is a path that exists in a system.
type found struct {
	steps      []step // to the record that has the property
	name       string // of the property; "" = the path leads to records
	typ        edm
	target     string // the type of those records, "" when it is not known
	isRequired bool
	canFilter  bool
	canSort    bool
}

// path is the property as filters name it.
func (f *found) path() string {
	var b strings.Builder
	for _, s := range f.steps {
		b.WriteString(s.name + "/")
	}
	return b.String() + f.name
}

// find follows a path from a type. Names are compared as they are: OData is case
// sensitive.
func (m *model) find(typ string, names []string) (found, bool) {
	f := found{canFilter: true, canSort: true, isRequired: true, target: typ}
	for i, name := range names {
		last := i == len(names)-1
		if p, ok := m.property(f.target, name); ok {
			t := m.edm(p.typ)
			f.isRequired = f.isRequired && p.isRequired
			f.canFilter = f.canFilter && !p.noFilter && !p.isMany
			f.canSort = f.canSort && !p.noSort && !p.isMany
			if t.kind == kindStruct {
				f.steps = append(f.steps, step{name: name, isMany: p.isMany, isComplex: true})
				f.target = p.typ
				continue
			}
			if !last {
				return found{}, false
			}
			f.name, f.typ, f.target = name, t, ""
			return f, true
		}
		n, ok := m.navigation(f.target, name)
		if !ok {
			return found{}, false
		}
		// What is reached by a navigation may be absent as a whole.
		f.isRequired = false
		f.canFilter, f.canSort = f.canFilter && !n.isMany, f.canSort && !n.isMany
		f.steps = append(f.steps, step{name: name, isMany: n.isMany})
		f.target = n.to
	}
	return f, true
}

// joinPath writes names as filters name a property.
func joinPath(names []string) string { return strings.Join(names, "/") }
