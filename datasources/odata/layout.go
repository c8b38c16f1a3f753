package odata

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// layout is how one entity lies in the system, found out once: its set, its key,
// and for each field of the config the candidate that exists.
type layout struct {
	entity string
	set    string
	keys   []keyPart
	fixed  cond    // holds for all reads
	filter cond    // the same with what is marked as deleted
	change *change // nil = nothing tells when a record was changed
	fields mapping.Fields
	// places are what must be selected for a field: "number", "lines", and
	// "=Invoice.order" for link rules.
	places map[string][]found
	// columns are what predicates may name.
	columns map[string]*column
	// links are the properties a relation by another document's number is asked
	// by: orderNumber; nil where a rule reads a part of a field.
	links    map[string][]*column
	rules    map[string]datasources.LinkRules
	narrowed datasources.Entity // the description, less what this system cannot do
	missing  []string           // fields none of whose candidates exists
	findings []datasources.Finding
}

// keyPrefix marks link rules among the places.
const linkPrefix = "="

// lay finds an entity in a model. The error is an *schema.Error when the set is
// not there.
func (s *source) lay(m *model, v version, name string) (*layout, error) {
	cfg := s.cfg.Entities[name]
	l := &layout{
		entity: name, set: cfg.Set, fixed: raw(cfg.Filter), filter: raw(cfg.Filter), fields: mapping.Fields{},
		places: map[string][]found{}, columns: map[string]*column{}, links: map[string][]*column{},
		rules: map[string]datasources.LinkRules{},
	}
	typ, ok := m.typeOfSet(cfg.Set)
	if len(cfg.Types) > 0 {
		typ, ok = m.declare(name, typ, cfg.Types, cfg.lists(name)), true
	}
	if !ok {
		return nil, notEnabled(s.cfg.Name, name)
	}
	if err := l.findKey(s, m, typ, &cfg); err != nil {
		return nil, err
	}
	x := &layouter{l: l, m: m}
	for _, field := range slices.Sorted(maps.Keys(cfg.Fields)) {
		if field != "id" {
			l.fields[field] = x.field(typ, nil, field, field, cfg.Fields[field])
		}
	}
	l.fields["id"] = mapping.Field{At: []string{keyMember}}
	for _, col := range mapping.Columns(name) {
		x.column(col, cfg.Fields[col.Name])
	}
	if gone := l.columns["deleted"]; gone != nil && name != "Customer" {
		l.fixed = and(l.fixed, alive(gone, s.trust))
	}
	x.change(typ, &cfg)
	x.linkRules(typ, s.links)
	l.narrow(s.desc.Entity(name), s.trust)
	return l, nil
}

// alive leaves out what is marked as deleted: it is no row, and may not be counted
// either. Where the service cannot do it, mapping does, and nothing is counted.
func alive(gone *column, t trust) cond {
	if gone.typ.kind != kindBool || !gone.canFilter || gone.raws != nil {
		return cond{all: true, loose: true}
	}
	c := term(fmt.Sprintf("%s eq %t", gone.path, gone.flipped))
	if gone.isRequired || t.noNull {
		return c
	}
	return or(c, term(gone.path+" eq null"))
}

// findKey takes the key from the config, else from $metadata.
func (l *layout) findKey(s *source, m *model, typ string, cfg *Entity) error {
	names := cfg.Key
	if len(names) == 0 {
		for _, path := range cfg.Fields["id"].At {
			if _, ok := m.property(typ, path); ok {
				names = []string{path}
				break
			}
		}
	}
	if len(names) == 0 {
		names = m.keys(typ)
	}
	for _, name := range names {
		f, ok := m.find(typ, []string{name})
		if !ok || !f.typ.isKey() || f.name == "" {
			return schema.SourceErrorf(schema.NotEnabled, s.cfg.Name, "%s of %s: the key's property %q is not there, or of no type a key can have", l.entity, s.cfg.Name, name)
		}
		l.keys = append(l.keys, keyPart{name: name, typ: f.typ})
	}
	if len(l.keys) == 0 {
		return schema.SourceErrorf(schema.NotEnabled, s.cfg.Name, "%s of %s has no key: set entities.%s.key", l.entity, s.cfg.Name, l.entity)
	}
	return nil
}

// layouter resolves the fields of one entity.
type layouter struct {
	l *layout
	m *model
}

// field resolves the candidates of one field of the config: to is where it
// belongs among the places, label its name for the operator. before are the steps
// to the records it is a field of.
func (x *layouter) field(typ string, before []step, to, label string, cfg mapping.Field) mapping.Field {
	out := cfg
	at, target, steps := (*found)(nil), typ, before
	for _, path := range cfg.At {
		names := splitPath(path)
		f, ok := x.m.find(typ, names)
		// A list of records is looked for at a navigation, a value at a property.
		if !ok || (len(cfg.Fields) > 0) != (f.name == "") {
			continue
		}
		at, target = &f, f.target
		steps = append(slices.Clip(before), f.steps...)
		out.At = []string{mappingPath(names)}
		break
	}
	switch {
	case at != nil && at.name != "":
		whole := *at
		whole.steps = steps
		x.l.places[to] = append(x.l.places[to], whole)
		x.typed(&out, whole.typ)
		x.report(label, fmt.Sprintf("%s, %s", at.path(), at.typ.name), datasources.OK)
	case at != nil:
		x.report(label, strings.TrimSuffix(at.path(), "/"), datasources.OK)
	case len(cfg.At) > 0:
		out.At = nil
		for _, path := range cfg.At {
			out.At = append(out.At, mappingPath(splitPath(path)))
		}
		x.l.missing = append(x.l.missing, label)
		x.report(label, "none of its candidates exists: "+strings.Join(cfg.At, ", "), datasources.Warn)
		return out
	}
	if len(cfg.Fields) > 0 {
		out.Fields = mapping.Fields{}
		for _, name := range slices.Sorted(maps.Keys(cfg.Fields)) {
			out.Fields[name] = x.field(target, steps, to, label+"."+name, cfg.Fields[name])
		}
	}
	return out
}

// typed tells mapping how a property of a known type was written by rewriter,
// whatever the locale says of texts.
func (x *layouter) typed(f *mapping.Field, t edm) {
	if t.isTime() {
		f.Dates = []string{"2006-01-02T15:04:05Z07:00"}
	}
}

func (x *layouter) report(field, result string, level datasources.Level) {
	x.l.findings = append(x.l.findings, datasources.Finding{Subject: x.l.entity + "." + field, Result: result, Level: level})
}

// mappingPath writes names as mapping reads paths.
func mappingPath(names []string) string { return strings.Join(names, ".") }

// column makes a field a column of predicates, when one property holds it.
func (x *layouter) column(col mapping.Column, cfg mapping.Field) {
	want, ok := wanted(col.Type)
	places := x.l.places[col.Name]
	if !ok || len(places) != 1 || cfg.Value != "" {
		return
	}
	f := places[0]
	c := &column{
		name: cmp.Or(col.Column, col.Name), path: f.path(), typ: f.typ, want: want,
		isRequired: f.isRequired, canFilter: f.canFilter, canSort: f.canSort, flipped: cfg.Inverse,
	}
	if len(cfg.Map) > 0 {
		c.raws, c.words = map[string][]string{}, map[string]bool{}
		for _, word := range slices.Sorted(maps.Keys(cfg.Map)) {
			c.raws[cfg.Map[word]] = append(c.raws[cfg.Map[word]], word)
			c.words[word] = true
		}
	}
	if col.Type == mapping.TextList {
		x.l.links[col.Column] = []*column{c}
		return
	}
	x.l.columns[c.name] = c
}

// wanted is the kind of a column's values in predicates.
func wanted(t mapping.Type) (schema.Kind, bool) {
	switch t {
	case mapping.Texts, mapping.TextList:
		return schema.KindString, true
	case mapping.Moment:
		return schema.KindTime, true
	case mapping.Money, mapping.Decimal:
		return schema.KindDecimal, true
	case mapping.Truth:
		return schema.KindBool, true
	}
	return schema.KindNull, false
}

// linkRules resolves the properties the configured rules read.
func (x *layouter) linkRules(typ string, all map[string]datasources.LinkRules) {
	for _, relation := range []string{"order", "quote", "invoice"} {
		rules := all[x.l.entity+"."+relation]
		if len(rules) == 0 {
			continue
		}
		var columns []*column
		resolved := make(datasources.LinkRules, 0, len(rules))
		for _, rule := range rules {
			names := splitPath(rule.Field)
			f, ok := x.m.find(typ, names)
			if !ok || f.name == "" {
				x.report(relation+" by "+rule.Field, "there is no such property", datasources.Warn)
				continue
			}
			x.report(relation+" by "+rule.Field, f.typ.name, datasources.OK)
			x.l.places[linkPrefix+relation] = append(x.l.places[linkPrefix+relation], f)
			columns = append(columns, &column{
				name: relation + "Number", path: f.path(), typ: f.typ, want: schema.KindString,
				isRequired: f.isRequired, canFilter: f.canFilter, canSort: f.canSort,
			})
			resolved = append(resolved, datasources.LinkRule{Field: mappingPath(names), Pattern: rule.Pattern})
		}
		x.l.rules[x.l.entity+"."+relation] = resolved
		column := relation + "Number"
		if !resolved.Exact() {
			x.l.links[column] = nil
			continue
		}
		x.l.links[column] = append(columns, x.l.links[column]...)
	}
}
