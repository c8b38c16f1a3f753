package odata

import (
	"strings"
)

// model is what $metadata says about the sets that are read.
type model struct {
	version version // 0 = it does not say
	in      bool    // version 4.01, which has the operator in
	sets    map[string]string
	types   map[string]*structType
	enums   map[string][]string
}

// structType is an entity type or a complex type.
type structType struct {
	base  string // the type it extends, "" = none
	keys  []string
	props map[string]property
	navs  map[string]navigation
}

// property is a property of a type.
type property struct {
	typ        string // Edm.String, Shop.Address
	isMany     bool   // a collection of them
	isRequired bool   // never null
	noFilter   bool   // sap:filterable="false"
	noSort     bool   // sap:sortable="false"
}

// navigation leads to another entity.
type navigation struct {
	to     string // the type
	isMany bool
}

// maxBases bounds the chain of base types, which a hostile document may close to
// a ring.
const maxBases = 16

// property finds a property of a type or of those it extends.
func (m *model) property(typ, name string) (property, bool) {
	for range maxBases {
		t := m.types[typ]
		if t == nil {
			break
		}
		if p, ok := t.props[name]; ok {
			return p, true
		}
		typ = t.base
	}
	return property{}, false
}

// navigation finds a navigation property of a type or of those it extends.
func (m *model) navigation(typ, name string) (navigation, bool) {
	for range maxBases {
		t := m.types[typ]
		if t == nil {
			break
		}
		if n, ok := t.navs[name]; ok {
			return n, true
		}
		typ = t.base
	}
	return navigation{}, false
}

// keys returns the key's properties, nil when the type has none.
func (m *model) keys(typ string) []string {
	for range maxBases {
		t := m.types[typ]
		if t == nil {
			break
		}
		if len(t.keys) > 0 {
			return t.keys
		}
		typ = t.base
	}
	return nil
}

// edm returns the type of a property as the model knows it.
func (m *model) edm(name string) edm {
	if members, ok := m.enums[name]; ok {
		return edm{name: name, kind: kindEnum, members: members}
	}
	if m.types[name] != nil {
		return edm{name: name, kind: kindStruct}
	}
	t, ok := edmOf(name)
	if !ok || !strings.HasPrefix(name, "Edm.") {
		return edm{name: name}
	}
	return t
}
