package odata

import (
	"maps"
	"slices"
	"strings"
)

// typeOfSet returns the type of a set's records. A set may be a path:
// "companies(…)/salesOrders" is what a navigation of another set leads to.
func (m *model) typeOfSet(set string) (string, bool) {
	names := strings.Split(strings.Trim(set, "/"), "/")
	for i, name := range names {
		names[i], _, _ = strings.Cut(name, "(")
	}
	typ, ok := m.sets[names[0]]
	for _, name := range names[1:] {
		n, isNav := m.navigation(typ, name)
		if !isNav {
			return "", false
		}
		typ = n.to
	}
	return typ, ok
}

// declare makes a type of what the config says about an entity's properties,
// beside or instead of $metadata: {OrderNo: Edm.String, Partner/ID: Edm.String,
// Items: Collection, Items/Price: Edm.Decimal, Address: Complex}. What a path leads
// through is another record unless it says otherwise; lists are those of the
// fields that hold lists.
func (m *model) declare(entity, base string, types map[string]string, lists []string) string {
	root := "config." + entity
	paths := slices.Sorted(maps.Keys(types))
	for _, path := range paths { // a prefix is sorted before what follows it
		names := splitPath(path)
		last := len(names) - 1
		typ := root
		t := m.structOf(typ, base)
		at := ""
		for i, name := range names {
			at = strings.TrimPrefix(at+"/"+name, "/")
			word := ""
			if i == last {
				word = types[path]
			}
			if i == last && word != "Collection" && word != "Complex" {
				full := word
				if e, ok := edmOf(word); ok {
					full = e.name
				}
				t.props[name] = property{typ: full}
				break
			}
			next := typ + "." + name
			below := ""
			known, isNav := m.navigation(typ, name)
			prop, isProp := m.property(typ, name)
			switch {
			case isNav && known.to != next:
				below = known.to
			case isProp && prop.typ != next:
				below = prop.typ
			}
			isMany := word == "Collection" || slices.Contains(lists, at) || known.isMany || prop.isMany
			if word == "Complex" || isProp && word == "" {
				t.props[name] = property{typ: next, isMany: isMany}
			} else {
				t.navs[name] = navigation{to: next, isMany: isMany}
			}
			typ = next
			t = m.structOf(typ, below)
		}
	}
	return root
}

// structOf returns a declared type, and makes it when it is new.
func (m *model) structOf(name, base string) *structType {
	t := m.types[name]
	if t == nil {
		t = &structType{base: base, props: map[string]property{}, navs: map[string]navigation{}}
		m.types[name] = t
	}
	return t
}
