package odata

import (
	"maps"
	"slices"
	"strings"
)

// tree is what is wanted of a record: properties, and what is wanted of the
// records it leads to.
type tree struct {
	props map[string]edm
	navs  map[string]*branch
}

// branch leads to other records: through a navigation, which must be expanded, or
// through a complex property, which comes with its owner.
type branch struct {
	tree
	isMany    bool
	isComplex bool
}

func newTree() *tree { return &tree{props: map[string]edm{}, navs: map[string]*branch{}} }

// step is one name of a path.
type step struct {
	name      string
	isMany    bool
	isComplex bool
}

// add asks for the property at the end of steps.
func (t *tree) add(steps []step, name string, typ edm) {
	for _, s := range steps {
		b := t.navs[s.name]
		if b == nil {
			b = &branch{tree: *newTree(), isMany: s.isMany, isComplex: s.isComplex}
			t.navs[s.name] = b
		}
		t = &b.tree
	}
	t.props[name] = typ
}

// What version 2 wraps related records in, or puts in their place.
const (
	nameResults  = "results"
	nameDeferred = "__deferred"
)

// protocolNames are what an answer's records may have beside the properties that
// were asked for, and what is looked at here.
func protocolNames() []string {
	return []string{nameResults, nameDeferred, "error", "odata.error", "@odata.error"}
}

func (t *tree) names(list []string) []string {
	list = slices.AppendSeq(list, maps.Keys(t.props))
	for name, b := range t.navs {
		list = b.names(append(list, name))
	}
	return list
}

// options returns $select and $expand. Version 4 nests what it wants of related
// records; the versions before list it with slashes.
func (t *tree) options(v version) (selects, expands string) {
	if v >= v4 {
		return t.nested()
	}
	var sel, exp []string
	t.flat("", &sel, &exp)
	return strings.Join(sel, ","), strings.Join(exp, ",")
}

// selected are the names that come with the record itself, sorted.
func (t *tree) selected() []string {
	names := slices.Collect(maps.Keys(t.props))
	for name, b := range t.navs {
		if b.isComplex {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// expanded are the navigations, sorted.
func (t *tree) expanded() []string {
	var names []string
	for name, b := range t.navs {
		if !b.isComplex {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (t *tree) nested() (selects, expands string) {
	var parts []string
	for _, name := range t.expanded() {
		s, e := t.navs[name].nested()
		inner := "$select=" + s
		if s == "" {
			inner = ""
		}
		if e != "" {
			if inner != "" {
				inner += ";"
			}
			inner += "$expand=" + e
		}
		if inner != "" {
			name += "(" + inner + ")"
		}
		parts = append(parts, name)
	}
	return strings.Join(t.selected(), ","), strings.Join(parts, ",")
}

func (t *tree) flat(prefix string, sel, exp *[]string) {
	for _, name := range t.selected() {
		*sel = append(*sel, prefix+name)
	}
	for _, name := range t.expanded() {
		*exp = append(*exp, prefix+name)
		t.navs[name].flat(prefix+name+"/", sel, exp)
	}
}
