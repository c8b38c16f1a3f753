package main

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/trama-graph/trama/schema"
)

// decoder reads YAML into structs by their yaml tags, strictly: unknown and
// repeated keys are mistakes, and all mistakes are collected with their paths.
// Texts may hold ${ENVIRONMENT}, or be file:PATH; messages never show a value.
type decoder struct {
	env     func(string) (string, bool)
	errs    []error
	secrets []string // what came from the environment and from files
	depth   int      // of the value being decoded
	nodes   int      // decoded so far
}

// masked is the mistakes without what came from elsewhere: a message may show
// what stands in the file, never what it refers to.
func (d *decoder) masked(errs []error) []error {
	for i, err := range errs {
		text := err.Error()
		for _, s := range d.secrets {
			text = strings.ReplaceAll(text, s, "***")
			if quoted := strings.Trim(strconv.Quote(s), `"`); quoted != s {
				text = strings.ReplaceAll(text, quoted, "***")
			}
		}
		errs[i] = errors.New(text)
	}
	return errs
}

func (d *decoder) secret(value string) string {
	if len(value) > 2 && !slices.Contains(d.secrets, value) { // two letters are no secret
		d.secrets = append(d.secrets, value)
		// A secret may hold another: the longer one goes first.
		slices.SortFunc(d.secrets, func(a, b string) int { return len(b) - len(a) })
	}
	return value
}

func (d *decoder) bad(path, format string, args ...any) {
	d.errs = append(d.errs, fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...)))
}

// The bounds of a file: an alias may contain itself, and twice.
const (
	maxDepth = 32
	maxNodes = 200_000
)

func (d *decoder) decode(n *yaml.Node, v reflect.Value, path string) {
	d.depth++
	d.nodes++
	defer func() { d.depth-- }()
	if d.depth > maxDepth || d.nodes == maxNodes {
		d.bad(path, "is nested too deep or too large")
	}
	if d.depth > maxDepth || d.nodes >= maxNodes {
		return
	}
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Tag == "!!null" {
		return
	}
	switch into := v.Addr().Interface().(type) {
	case *sourceConfig:
		d.source(n, into, path)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		if short := shortForm(v); n.Kind != yaml.MappingNode && short.IsValid() {
			d.decode(n, short, path)
			return
		}
		d.fields(n, []reflect.Value{v}, path)
	case reflect.Slice:
		if n.Kind == yaml.ScalarNode && v.Type().Elem().Kind() == reflect.String {
			list := reflect.MakeSlice(v.Type(), 1, 1) // one is a list of one
			d.scalar(n, list.Index(0), path)
			v.Set(list)
			return
		}
		if n.Kind != yaml.SequenceNode {
			d.bad(path, "want a list")
			return
		}
		list := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
		for i, item := range n.Content {
			d.decode(item, list.Index(i), fmt.Sprintf("%s[%d]", path, i))
		}
		v.Set(list)
	case reflect.Map:
		if n.Kind != yaml.MappingNode {
			d.bad(path, "want a mapping")
			return
		}
		d.mapping(n, v, path)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(n, v.Elem(), path)
	case reflect.Interface:
		d.anything(n, v, path)
	default:
		d.scalar(n, v, path)
	}
}

// mapping decodes into a map. An entry a preset has already is completed by what
// is written, not replaced.
func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string) {
	m := reflect.MakeMap(v.Type())
	for key, item := range v.Seq2() {
		m.SetMapIndex(key, item)
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		name := n.Content[i].Value
		if seen[name] {
			d.bad(join(path, name), "is given twice")
			continue
		}
		seen[name] = true
		key := reflect.ValueOf(name)
		item := reflect.New(v.Type().Elem()).Elem()
		if old := m.MapIndex(key); old.IsValid() {
			item.Set(old)
		}
		d.decode(n.Content[i+1], item, join(path, name))
		m.SetMapIndex(key, item)
	}
	v.Set(m)
}

// anything decodes what has no type of its own, such as the body of a request.
func (d *decoder) anything(n *yaml.Node, v reflect.Value, path string) {
	switch n.Kind {
	case yaml.MappingNode:
		var m map[string]any
		into := reflect.ValueOf(&m).Elem()
		d.decode(n, into, path)
		v.Set(into)
	case yaml.SequenceNode:
		var list []any
		into := reflect.ValueOf(&list).Elem()
		d.decode(n, into, path)
		v.Set(into)
	default:
		own := *n
		if own.Value = d.expand(n.Value, path); own.Value != n.Value {
			own.Tag = "!!str"
		}
		var value any
		if err := own.Decode(&value); err != nil {
			d.bad(path, "want a single value")
			return
		}
		if value != nil {
			v.Set(reflect.ValueOf(value))
		}
	}
}

// shortForm is the field a struct consists of when it is not written as a
// mapping: the one tagged short.
func shortForm(v reflect.Value) reflect.Value {
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("short") == "true" {
			return v.Field(i)
		}
	}
	return reflect.Value{}
}

func (d *decoder) scalar(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.ScalarNode {
		d.bad(path, "want a single value")
		return
	}
	own := *n
	if own.Value = d.expand(n.Value, path); own.Value != n.Value {
		own.Tag, own.Style = "", 0
		if v.Kind() == reflect.String {
			own.Tag = "!!str"
		}
	}
	if v.Kind() == reflect.String {
		v.SetString(own.Value)
		return
	}
	if own.Value == "0" && v.Type() == reflect.TypeFor[time.Duration]() {
		v.SetInt(0) // no unit is needed for none
		return
	}
	if err := own.Decode(v.Addr().Interface()); err != nil {
		d.bad(path, "want %s", describe(v.Type()))
	}
}

func describe(t reflect.Type) string {
	switch {
	case t.String() == "time.Duration":
		return "a duration such as 30s or 5m"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int || t.Kind() == reflect.Int64:
		return "a whole number"
	case t.Kind() == reflect.Float64:
		return "a number"
	}
	return "a " + t.Kind().String()
}

// fields decodes a mapping into structs that share its keys.
func (d *decoder) fields(n *yaml.Node, structs []reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.bad(path, "want a mapping")
		return
	}
	var known []string
	structs = inlined(structs)
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i].Value
		if seen[key] {
			d.bad(join(path, key), "is given twice")
			continue
		}
		seen[key] = true
		found := false
		for _, s := range structs {
			for j := range s.NumField() {
				tag := s.Type().Field(j).Tag.Get("yaml")
				if tag == "" || tag == inline {
					continue
				}
				known = append(known, tag)
				if tag == key {
					found = true
					d.decode(n.Content[i+1], s.Field(j), join(path, key))
				}
			}
		}
		if !found {
			d.bad(join(path, key), "unknown key%s", schema.DidYouMean(key, known))
		}
	}
}

// inline is the tag of a struct whose keys are its holder's.
const inline = ",inline"

// inlined adds the structs that lie inline in others.
func inlined(structs []reflect.Value) []reflect.Value {
	for i := 0; i < len(structs); i++ {
		for j := range structs[i].NumField() {
			if structs[i].Type().Field(j).Tag.Get("yaml") == inline {
				structs = append(structs, structs[i].Field(j))
			}
		}
	}
	return structs
}

// source decodes the common part and the connector's part of a source, which
// share one mapping.
func (d *decoder) source(n *yaml.Node, s *sourceConfig, path string) {
	s.Supply = "live"
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		switch n.Content[i].Value {
		case "kind":
			s.kind = kindOf(n.Content[i+1].Value)
		case "supply":
			s.Supply = n.Content[i+1].Value
		}
	}
	structs := []reflect.Value{reflect.ValueOf(s).Elem()}
	if !s.isCalled() { // no connector is needed, of whatever kind it is
		if s.Supply == "push" {
			structs = append(structs, reflect.ValueOf(&s.pushed).Elem())
		}
		d.fields(d.withoutSettings(n, s, path), structs, path)
		s.kind = nil
		return
	}
	if s.kind != nil {
		s.settings = s.kind.defaults()
		structs = append(structs, reflect.ValueOf(s.settings).Elem())
	} else if n.Kind == yaml.MappingNode {
		// Without a kind nothing is known of the connector's keys.
		var scalar yaml.Node
		for i := 0; i+1 < len(n.Content); i += 2 {
			if k := n.Content[i].Value; k == "name" || k == "kind" || k == "supply" {
				scalar.Kind = yaml.MappingNode
				scalar.Content = append(scalar.Content, n.Content[i], n.Content[i+1])
			}
		}
		if scalar.Kind != 0 {
			n = &scalar
		}
	}
	d.fields(n, structs, path)
}

// withoutSettings leaves out, and reports, the keys of a connector that is not needed:
// a source that was called once may be pushed now.
func (d *decoder) withoutSettings(n *yaml.Node, s *sourceConfig, path string) *yaml.Node {
	if s.kind == nil || n.Kind != yaml.MappingNode {
		return n
	}
	own := map[string]bool{}
	for _, of := range inlined([]reflect.Value{reflect.ValueOf(s.kind.defaults()).Elem()}) {
		for i := range of.NumField() {
			own[of.Type().Field(i).Tag.Get("yaml")] = true
		}
	}
	for i := range reflect.TypeFor[sourceConfig]().NumField() { // those that every source has
		delete(own, reflect.TypeFor[sourceConfig]().Field(i).Tag.Get("yaml"))
	}
	rest := *n
	rest.Content = nil
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i].Value
		if own[key] && !(key == "entities" && s.Supply == "push") {
			d.bad(join(path, key), "does not go with supply: %s, this source is not called", s.Supply)
			continue
		}
		rest.Content = append(rest.Content, n.Content[i], n.Content[i+1])
	}
	return &rest
}

// A reference is marked by private characters while the file is read as YAML: in
// flow style, {password: ${SECRET}}, its braces would end the mapping.
var (
	written   = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)
	reference = regexp.MustCompile("\uE000([A-Za-z_][A-Za-z0-9_]*)\uE001")
)

func markReferences(text []byte) []byte {
	return written.ReplaceAll(text, []byte("\uE000${1}\uE001"))
}

// expand puts the environment's and files' contents in.
func (d *decoder) expand(text, path string) string {
	if name, ok := strings.CutPrefix(text, "file:"); ok {
		b, err := os.ReadFile(name)
		if err != nil {
			var p *os.PathError
			why := err
			if errors.As(err, &p) {
				why = p.Err
			}
			d.bad(path, "file %s: %v", name, why)
			return ""
		}
		return d.secret(strings.TrimRight(string(b), "\r\n"))
	}
	return reference.ReplaceAllStringFunc(text, func(ref string) string {
		name := reference.FindStringSubmatch(ref)[1]
		value, ok := d.env(name)
		if !ok {
			d.bad(path, "the environment has no %s", name)
		}
		return d.secret(value)
	})
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
