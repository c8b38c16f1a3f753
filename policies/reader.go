package policies

import (
	"fmt"
	"slices"
)

// reader turns the tree of one file into a Document and notes what is wrong with its
// shape. What its names mean is checked by checker, when all files are read.
type reader struct {
	file     string
	policy   string // the id of the policy being read
	mistakes []*Mistake
}

func (r *reader) wrong(path, format string, args ...any) {
	r.mistakes = append(r.mistakes, newMistake(r.file, path, r.policy, fmt.Sprintf(format, args...)))
}

// maxItems bounds the lists of one document.
const maxItems = 1000

// read reads one file.
func (r *reader) read(raw []byte) Document {
	doc := Document{File: r.file}
	t, err := parseTree(raw, func(path string) { r.wrong(path, "the key is there twice") })
	if err != nil {
		r.wrong("", "%s", err)
		return doc
	}
	if t.kind != jsonObject {
		r.wrong("", "want an object, have %s", t.kind)
		return doc
	}
	has := r.known(&t, "", "package", "titles", "summaries", "example", "claims", "policies", "not_granted")
	doc.Package = r.text(has["package"], "package")
	doc.Titles = r.texts(has["titles"], "titles")
	doc.Summaries = r.texts(has["summaries"], "summaries")
	doc.Example = r.text(has["example"], "example")
	doc.Claims = r.list(has["claims"], "claims")
	doc.NotGranted = r.list(has["not_granted"], "not_granted")
	if doc.Package == "" {
		for _, key := range []string{"titles", "summaries", "example", "claims", "not_granted"} {
			if has[key] != nil {
				r.wrong(key, "belongs to a package, and the file defines none")
			}
		}
	}
	policies := has["policies"]
	switch {
	case policies == nil:
		r.wrong("policies", "is missing")
	case policies.kind != jsonList:
		r.wrong("policies", "want a list, have %s", policies.kind)
	case len(policies.items) > maxItems:
		r.wrong("policies", "more than %d policies; use several files", maxItems)
	default:
		for i := range policies.items {
			doc.Policies = append(doc.Policies, r.onePolicy(&policies.items[i], fmt.Sprintf("policies[%d]", i)))
			r.policy = ""
		}
	}
	return doc
}

func (r *reader) onePolicy(t *tree, path string) Policy {
	var p Policy
	if t.kind != jsonObject {
		r.wrong(path, "want an object, have %s", t.kind)
		return p
	}
	for _, m := range t.members {
		if m.key == "id" && m.value.kind == jsonString {
			r.policy = m.value.text
		}
	}
	has := r.known(t, path, "id", "description", "subjects", "effect", "resources", "actions", "conditions")
	p.ID = r.needed(has["id"], path+".id")
	p.Description = r.text(has["description"], path+".description")
	p.Effect = r.needed(has["effect"], path+".effect")
	if p.Effect != "" && p.Effect != "allow" && p.Effect != "deny" {
		r.wrong(path+".effect", "want exactly allow or deny, have %q%s", p.Effect, didYouMean(p.Effect, []string{"allow", "deny"}))
	}
	p.Subjects = r.some(has["subjects"], path+".subjects")
	p.Resources = r.some(has["resources"], path+".resources")
	p.Actions = r.some(has["actions"], path+".actions")
	if c := has["conditions"]; c != nil {
		p.Conditions = r.conditions(c, path+".conditions")
	}
	return p
}

// known returns the members of an object by their keys and reports the others.
func (r *reader) known(t *tree, path string, keys ...string) map[string]*tree {
	has := make(map[string]*tree, len(t.members))
	for i := range t.members {
		m := &t.members[i]
		if !slices.Contains(keys, m.key) {
			r.wrong(keyPath(path, m.key), "unknown key%s", didYouMean(m.key, keys))
			continue
		}
		if has[m.key] == nil {
			has[m.key] = &m.value
		}
	}
	return has
}

// text reads a text that may be left out, but may not be empty.
func (r *reader) text(t *tree, path string) string {
	switch {
	case t == nil:
		return ""
	case t.kind != jsonString:
		r.wrong(path, "want a text, have %s", t.kind)
		return ""
	case t.text == "":
		r.wrong(path, "is empty")
	}
	return t.text
}

func (r *reader) needed(t *tree, path string) string {
	if t == nil {
		r.wrong(path, "is missing")
	}
	return r.text(t, path)
}

// some reads a list of texts that must hold one.
func (r *reader) some(t *tree, path string) []string {
	if t == nil {
		r.wrong(path, "is missing")
		return nil
	}
	list := r.list(t, path)
	if t.kind == jsonList && len(t.items) == 0 {
		r.wrong(path, "is empty")
	}
	return list
}

// list reads a list of texts.
func (r *reader) list(t *tree, path string) []string {
	switch {
	case t == nil:
		return nil
	case t.kind != jsonList:
		r.wrong(path, "want a list of texts, have %s", t.kind)
		return nil
	case len(t.items) > maxItems:
		r.wrong(path, "more than %d of them", maxItems)
		return nil
	}
	var list []string
	for i := range t.items {
		at := fmt.Sprintf("%s[%d]", path, i)
		s := r.text(&t.items[i], at)
		if s != "" && slices.Contains(list, s) {
			r.wrong(at, "%q is there twice", s)
		}
		list = append(list, s)
	}
	return list
}

// texts reads texts by language.
func (r *reader) texts(t *tree, path string) map[string]string {
	if t == nil {
		return nil
	}
	if t.kind != jsonObject {
		r.wrong(path, "want an object of texts by language, have %s", t.kind)
		return nil
	}
	out := map[string]string{}
	for lang, text := range r.known(t, path, languageNames()...) {
		out[lang] = r.text(text, keyPath(path, lang))
	}
	return out
}
