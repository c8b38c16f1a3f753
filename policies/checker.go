package policies

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// checker finds what is wrong with the names in a set of documents, and which fields
// and subjects their patterns mean.
type checker struct {
	graph    *Graph
	scopes   map[string]string
	match    *matcher
	packages []string // all that are defined
	policies map[string]string
	fields   map[string]resource // by the text of a resource
	subjects map[string]string   // by the text of a subject, what is wrong with it
	names    []string            // the graph's resources, by FieldID
	mistakes []*Mistake
	file     string
	policy   string
}

// resource is what the text of a resource means.
type resource struct {
	fields []FieldID
	wrong  string
}

func newChecker(g *Graph, scopes map[string]string) *checker {
	c := &checker{
		graph: g, scopes: scopes, match: newMatcher(1 << 14), policies: map[string]string{},
		fields: map[string]resource{}, subjects: map[string]string{}, names: make([]string, g.Len()),
	}
	for i := range g.fields {
		c.names[i] = g.fields[i].resource
	}
	return c
}

func (c *checker) wrong(path, format string, args ...any) {
	c.mistakes = append(c.mistakes, newMistake(c.file, path, c.policy, fmt.Sprintf(format, args...)))
}

// check checks all documents of a set.
func (c *checker) check(docs []Document) {
	definedIn := map[string]string{}
	for i := range docs {
		d := &docs[i]
		if d.Package == "" {
			continue
		}
		c.file, c.policy = d.File, ""
		if in, ok := definedIn[d.Package]; ok {
			c.wrong("package", "the package %q is defined in %s already", d.Package, in)
			continue
		}
		definedIn[d.Package] = d.File
		if !isPackageName(d.Package) {
			c.wrong("package", "%q is no name for a package: want lower-case letters, digits and -", d.Package)
		}
	}
	c.packages = slices.Sorted(maps.Keys(definedIn))
	for i := range docs {
		c.document(&docs[i])
	}
}

func isPackageName(s string) bool {
	return len(s) <= 64 && s[0] != '-' && !strings.ContainsFunc(s, func(r rune) bool { return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') })
}

func (c *checker) document(d *Document) {
	c.file, c.policy = d.File, ""
	for i, name := range d.Claims {
		if name != "" && !slices.Contains(claimNames(), name) {
			c.wrong(fmt.Sprintf("claims[%d]", i), "there is no claim %q%s", name, didYouMean(name, claimNames()))
		}
	}
	for i, name := range d.NotGranted {
		c.resource(name, fmt.Sprintf("not_granted[%d]", i))
	}
	for i := range d.Policies {
		p := &d.Policies[i]
		c.policy = p.ID
		at := fmt.Sprintf("policies[%d]", i)
		if in, ok := c.policies[p.ID]; ok && p.ID != "" {
			c.wrong(at+".id", "a policy %q is in %s already", p.ID, in)
		} else {
			c.policies[p.ID] = d.File
		}
		c.onePolicy(p, at)
	}
}

func (c *checker) onePolicy(p *Policy, at string) {
	for i, s := range p.Subjects {
		if s == "" {
			continue
		}
		wrong, ok := c.subjects[s]
		if !ok {
			wrong = c.subject(s)
			c.subjects[s] = wrong
		}
		if wrong != "" {
			c.wrong(fmt.Sprintf("%s.subjects[%d]", at, i), "%s", wrong)
		}
	}
	var masks []MaskKind
	for i, a := range p.Actions {
		switch act := actionIndex(a); {
		case a == "":
		case act < 0:
			c.wrong(fmt.Sprintf("%s.actions[%d]", at, i), "%s", wrongAction(a))
		case act >= firstMask:
			masks = append(masks, maskOf(act))
		}
	}
	for i, name := range p.Resources {
		if name == "" {
			continue
		}
		path := fmt.Sprintf("%s.resources[%d]", at, i)
		fields := c.resource(name, path)
		if p.Effect == "allow" {
			for _, m := range masks {
				c.mask(m, fields, path)
			}
		}
		for _, k := range p.Conditions {
			if strings.HasPrefix(k.Key, rowKey) {
				c.rowCondition(&k, fields, keyPath(at+".conditions", k.Key), name)
			}
		}
	}
}

func wrongAction(a string) string {
	switch {
	case isPattern(a):
		return fmt.Sprintf("%q: actions are written out, patterns are refused", a)
	case a == "mask":
		return "want a mask with its kind, as mask:last4, mask:hash, mask:domain, mask:year or mask:null"
	}
	return fmt.Sprintf("there is no action %q%s", a, didYouMean(a, actionNames()))
}

// subject says what is wrong with a subject.
func (c *checker) subject(s string) string {
	prefix, name, ok := strings.Cut(s, ":")
	prefixes := []string{"package", "role", "token"}
	if !ok || isPattern(prefix) || !slices.Contains(prefixes, prefix) {
		hint := didYouMean(prefix, prefixes)
		if !ok || isPattern(prefix) {
			hint = ""
		}
		return fmt.Sprintf("%q: a subject begins with package:, role: or token:%s", s, hint)
	}
	if name == "" {
		return fmt.Sprintf("%q names nobody", s)
	}
	p, wrong := c.match.pattern(s)
	if wrong != "" {
		return fmt.Sprintf("%q %s", short(s), wrong)
	}
	var known []string
	switch prefix {
	case "package":
		known = c.packages
	case "role":
		known = roleNames()
	default:
		// Tokens are not known here; what takes long is found out with some that look like one.
		if _, wrong := p.find([]string{s, "token:4mB2s8Qk1Z", "token:" + strings.Repeat("a", 60) + "!", "token:" + strings.Repeat("1", 60) + "!"}); wrong != "" {
			return fmt.Sprintf("%q %s", short(s), wrong)
		}
		return ""
	}
	full := make([]string, len(known))
	for i, n := range known {
		full[i] = prefix + ":" + n
	}
	found, wrong := p.find(full)
	switch {
	case wrong != "":
		return fmt.Sprintf("%q %s", short(s), wrong)
	case len(found) == 0 && isPattern(s):
		return fmt.Sprintf("%q matches no %s", s, prefix)
	case len(found) == 0:
		return fmt.Sprintf("there is no %s %q%s", prefix, name, didYouMean(name, known))
	}
	return ""
}

// resource returns the fields a resource means.
func (c *checker) resource(name, path string) []FieldID {
	r, ok := c.fields[name]
	if !ok {
		r = c.meaning(name)
		c.fields[name] = r
	}
	if r.wrong != "" {
		c.wrong(path, "%s", r.wrong)
	}
	return r.fields
}

func (c *checker) meaning(name string) resource {
	rest, ok := strings.CutPrefix(name, resourcePrefix)
	if !ok {
		return resource{wrong: fmt.Sprintf("%q: a resource begins with %s", name, resourcePrefix)}
	}
	if !isPattern(name) {
		if id, ok := c.graph.resources[name]; ok {
			return resource{fields: []FieldID{id}}
		}
		return resource{wrong: c.unknown(name, rest)}
	}
	p, wrong := c.match.pattern(name)
	if wrong != "" {
		return resource{wrong: fmt.Sprintf("%q %s", short(name), wrong)}
	}
	found, wrong := p.find(c.names)
	switch {
	case wrong != "":
		return resource{wrong: fmt.Sprintf("%q %s", short(name), wrong)}
	case len(found) == 0:
		typeName, _, _ := strings.Cut(rest, ".")
		hint := ""
		if !isPattern(typeName) && c.graph.types[typeName] == nil {
			hint = didYouMean(typeName, c.graph.names)
		}
		return resource{wrong: fmt.Sprintf("%q matches no field%s", name, hint)}
	}
	ids := make([]FieldID, len(found))
	for i, n := range found {
		ids[i] = FieldID(n) //nolint:gosec // a place among the graph's fields
	}
	return resource{fields: ids}
}

// unknown says why a plain resource names no field.
func (c *checker) unknown(name, rest string) string {
	typeName, field, ok := strings.Cut(rest, ".")
	switch h := c.graph.types[typeName]; {
	case !ok:
		return fmt.Sprintf("%q: want graph:Type.field", name)
	case c.graph.isPart(typeName, field):
		return fmt.Sprintf("%q has no policies of its own: a page, an edge or a value bears the verdict of the field that holds it", name)
	case h != nil:
		var fields []string
		for _, f := range h.fields {
			fields = append(fields, c.graph.fields[f].name)
		}
		return fmt.Sprintf("%s has no field %q%s", typeName, field, didYouMean(field, fields))
	}
	return fmt.Sprintf("there is no type %q%s", typeName, didYouMean(typeName, c.graph.names))
}

// mask checks that fields can be masked so. The first that cannot is reported.
func (c *checker) mask(m MaskKind, fields []FieldID, path string) {
	for _, id := range fields {
		f := &c.graph.fields[id]
		why := ""
		switch {
		case id == f.holder.key:
			why = "is a key, and keys are never masked"
		case f.holder.root == ast.Mutation:
			why = "is a mutation, whose answer is masked by its own fields"
		case f.def.Type.NonNull:
			why = "is never null, and a mask may give null"
		case m == MaskYear && f.scalar != "DateTime":
			why = "is no DateTime"
		case m != MaskNull && m != MaskYear && f.scalar != "String":
			why = "is no String"
		}
		if why != "" {
			c.wrong(path, "mask:%s: %s.%s %s", m, f.holder.name, f.name, why)
			return
		}
	}
}
