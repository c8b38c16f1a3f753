package onec

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/trama-graph/trama/datasources"
)

// model is what a base was found to have. It does not change.
type model struct {
	published int
	objects   map[string]*object
	findings  []datasources.Finding
}

// object is one object of the base with the fields that were found in it.
type object struct {
	concept string
	set     string
	props   properties
	fields  map[string]string // upstream name by ours
	parts   []string          // tabular parts with lines or contacts
}

// prop returns the upstream name of a field, "" when the base has none.
func (o *object) prop(field string) string {
	if o == nil {
		return ""
	}
	return o.fields[field]
}

// composite reports whether a property's references tell their type beside them.
func (o *object) composite(prop string) bool {
	_, ok := o.props[prop+typeSuffix]
	return ok
}

const typeSuffix = "_Type"

// object returns what was found for a concept, nil when the base lacks it.
func (m *model) object(concept string) *object { return m.objects[concept] }

// conceptOf returns the concept of a set among those given, "" when it is none
// of them. Types of references are written StandardODATA.Document_X.
func (m *model) conceptOf(edmType string, among ...string) string {
	set := strings.TrimPrefix(edmType, "StandardODATA.")
	for _, c := range among {
		if o := m.objects[c]; o != nil && o.set == set {
			return c
		}
	}
	return ""
}

// wantedSets returns the published candidates of the given concepts: the only
// types that are looked at in $metadata.
func wantedSets(cfg *Config, concepts, published []string) map[string]bool {
	has := make(map[string]bool, len(published))
	for _, name := range published {
		has[name] = true
	}
	wanted := map[string]bool{}
	for _, c := range concepts {
		for _, name := range cfg.names(c) {
			if has[name] {
				wanted[name] = true
			}
		}
	}
	return wanted
}

// fingerprint names what a base publishes and what is wanted of it: as long as
// it is the same, $metadata need not be read again.
func fingerprint(published []string, wanted map[string]bool) string {
	names := slices.Clone(published)
	slices.Sort(names)
	h := sha256.New()
	fmt.Fprintf(h, "%d\n", cacheFormat)
	for _, n := range names {
		fmt.Fprintf(h, "%s %t\n", n, wanted[n])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// resolve chooses the objects and fields, and reports what it chose.
func resolve(cfg *Config, needed, published []string, found map[string]properties) *model {
	m := &model{published: len(published), objects: map[string]*object{}}
	if len(published) == 0 {
		m.report(datasources.Fail, "composition", "1C publishes no objects: the composition of the standard OData interface is empty")
		return m
	}
	m.report(datasources.OK, "composition", "%d sets published", len(published))
	defs := concepts()
	for _, name := range needed {
		def := defs[name]
		o := m.choose(cfg, name, published, found)
		if o == nil {
			continue
		}
		m.objects[name] = o
		for i := range def.fields {
			m.chooseField(cfg, o, &def.fields[i], published)
		}
	}
	return m
}

func (m *model) choose(cfg *Config, concept string, published []string, found map[string]properties) *object {
	level := datasources.Warn
	if isOptional(concept) {
		level = datasources.OK
	}
	names := cfg.names(concept)
	for _, name := range names {
		if !slices.Contains(published, name) {
			continue
		}
		props, ok := found[name]
		if !ok {
			m.report(datasources.Warn, concept, "%s is published but not in $metadata", name)
			continue
		}
		m.report(datasources.OK, concept, "%s", name)
		return &object{concept: concept, set: name, props: props, fields: map[string]string{}}
	}
	if cfg.Objects[concept] != "" {
		level = datasources.Fail
	}
	m.report(level, concept, "absent: none of %s is published", strings.Join(names, ", "))
	return nil
}

func (m *model) chooseField(cfg *Config, o *object, f *field, published []string) {
	names, own := cfg.candidates(o.concept, f)
	for _, name := range names {
		edm, ok := o.props[name]
		if f.shape == aParts && !ok && slices.Contains(published, o.set+"_"+name) {
			// Some builds name a tabular part only as a set of its own.
			edm, ok = "Collection()", true
		}
		if !ok {
			if own {
				m.report(datasources.Fail, o.concept+"."+f.name, "%s has no %s", o.set, name)
			}
			continue
		}
		if !f.shape.fits(edm, o.composite(name)) {
			if own {
				m.report(datasources.Fail, o.concept+"."+f.name, "%s.%s is of another kind: %s", o.set, name, edm)
			}
			continue
		}
		if f.shape == aParts {
			o.parts = append(o.parts, name)
			continue
		}
		o.fields[f.name] = name
		if own || len(f.from) > 1 {
			m.report(datasources.OK, o.concept+"."+f.name, "%s.%s", o.set, name)
		}
		return
	}
	if f.shape == aParts && len(o.parts) > 0 {
		m.report(datasources.OK, o.concept+"."+f.name, "%s", strings.Join(o.parts, ", "))
		return
	}
	if f.name == "taxId" {
		m.report(datasources.Warn, o.concept+"."+f.name, "none of %s in %s: customers are not linked by fiscal number", strings.Join(names, ", "), o.set)
	}
}

// isOptional reports whether an object only makes rows richer.
func isOptional(concept string) bool {
	switch concept {
	case conceptCurrency, conceptState, conceptUnit:
		return true
	}
	return false
}

func (m *model) report(level datasources.Level, subject, format string, args ...any) {
	m.findings = append(m.findings, datasources.Finding{Subject: subject, Result: fmt.Sprintf(format, args...), Level: level})
}
