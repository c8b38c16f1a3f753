package creatio

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// model is what $metadata says of the tables this connector reads: columns
// differ from site to site, and a $select of one that is not there fails whole.
type model struct {
	sets  map[string]*table
	total int // tables the site has altogether
}

// table is one entity set.
type table struct {
	columns map[string]property
	lookups map[string]string // navigation → the table it leads to
}

type property struct {
	kind     string // "Edm.Guid"
	nullable bool
}

// has reports whether the site has a column.
func (t *table) has(column string) bool {
	if t == nil {
		return false
	}
	_, ok := t.columns[column]
	return ok
}

// entityType is a type as the document has it.
type entityType struct {
	base    string
	columns map[string]property
	links   map[string]string // navigation → type
}

// maxAncestors bounds a chain of base types, which a hostile document may close
// into a ring.
const maxAncestors = 16

// parseModel reads $metadata (CSDL 4). Only tables wanted asks for, and those
// their navigations lead to, are kept: the whole document has thousands.
func parseModel(body []byte, wanted func(set string) bool) (*model, error) {
	types, sets, err := readCSDL(body)
	if err != nil {
		return nil, err
	}
	if len(sets) == 0 {
		return nil, errors.New("creatio: metadata without a table")
	}
	setOf := make(map[string]string, len(sets))
	for set, t := range sets {
		// Two sets of one type: the smaller name, so that the choice is the same
		// each time.
		if old, ok := setOf[t]; !ok || set < old {
			setOf[t] = set
		}
	}
	m := &model{sets: map[string]*table{}, total: len(sets)}
	for set, t := range sets {
		if wanted(set) {
			m.sets[set] = tableOf(types, t, setOf)
		}
	}
	for _, t := range m.wantedTables() {
		for _, target := range t.lookups {
			if _, ok := m.sets[target]; !ok {
				m.sets[target] = tableOf(types, sets[target], setOf)
			}
		}
	}
	return m, nil
}

func (m *model) wantedTables() []*table {
	tables := make([]*table, 0, len(m.sets))
	for _, t := range m.sets {
		tables = append(tables, t)
	}
	return tables
}

// tableOf gathers a type's columns and those of its ancestors.
func tableOf(types map[string]*entityType, name string, setOf map[string]string) *table {
	t := &table{columns: map[string]property{}, lookups: map[string]string{}}
	for range maxAncestors {
		et := types[name]
		if et == nil {
			break
		}
		for c, p := range et.columns {
			if _, ok := t.columns[c]; !ok {
				t.columns[c] = p
			}
		}
		for n, target := range et.links {
			if set, ok := setOf[target]; ok {
				t.lookups[n] = set
			}
		}
		name = et.base
	}
	return t
}

// readCSDL returns the types by full name and the type of each set.
func readCSDL(body []byte) (types map[string]*entityType, sets map[string]string, err error) {
	types, sets = map[string]*entityType{}, map[string]string{}
	d := xml.NewDecoder(bytes.NewReader(body))
	namespace := ""
	var current *entityType
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return types, sets, nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("decode metadata: %w", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "Schema":
				namespace = attribute(e, "Namespace")
			case "EntityType":
				current = &entityType{base: attribute(e, "BaseType"), columns: map[string]property{}, links: map[string]string{}}
				types[namespace+"."+attribute(e, "Name")] = current
			case "EntitySet":
				sets[attribute(e, "Name")] = attribute(e, "EntityType")
			default:
				current.read(e)
			}
		case xml.EndElement:
			if e.Name.Local == "EntityType" {
				current = nil
			}
		}
	}
}

// read takes a member of an entity type; elsewhere the same elements belong to
// complex types and are left alone.
func (t *entityType) read(e xml.StartElement) {
	if t == nil {
		return
	}
	name := attribute(e, "Name")
	switch e.Name.Local {
	case "Property":
		// Absent means nullable (CSDL 4, §6.2.1).
		t.columns[name] = property{kind: attribute(e, "Type"), nullable: attribute(e, "Nullable") != "false"}
	case "NavigationProperty":
		if target := attribute(e, "Type"); !strings.HasPrefix(target, "Collection(") {
			t.links[name] = target
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
