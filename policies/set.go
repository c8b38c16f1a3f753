package policies

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/ory/ladon"
)

// The bounds of a set of documents, and of what is kept of it.
const (
	maxPolicies  = 10000
	maxMistakes  = 200
	keptSubjects = 4096
	defaultViews = 256
)

// origin is where documents come from.
type origin struct {
	files   fs.FS
	label   string // in front of the names of its files
	shipped bool
}

// policySet is one version of the documents, ready to make views of. Only its caches
// change.
type policySet struct {
	graph    *Graph
	scopes   map[string]string
	version  string
	loadedAt time.Time
	docs     []Document
	packages []string
	policies []compiled
	speaking []bitset          // by field, the policies that speak of it
	literal  map[string]bitset // by subject written out, its policies
	patterns []subjectPattern
	match    *matcher

	subjects *lru.Cache[string, bitset] // of subjects that patterns were tried on
	views    *lru.Cache[string, *View]
	making   sync.Mutex // one view at a time is made; guards byHash
	byHash   *lru.Cache[string, *View]
}

// compiled is one policy.
type compiled struct {
	*Policy
	file     string
	deny     bool
	named    [allActs]bool        // the actions it names
	judged   *ladon.DefaultPolicy // without conditions on rows
	rows     []Condition          // conditions on rows
	subjects []string
}

type subjectPattern struct {
	text     string
	policies bitset
}

// loadSet reads, checks and compiles documents. Where there are mistakes there is no
// set.
func loadSet(g *Graph, from []origin, scopes map[string]string, views int, now time.Time) (*policySet, []*Mistake) {
	var docs []Document
	var mistakes []*Mistake
	sum := sha256.New()
	write := func(s string) { fmt.Fprintf(sum, "%d:%s", len(s), s) }
	for _, o := range from {
		found, errs := readOrigin(o, write)
		docs = append(docs, found...)
		mistakes = append(mistakes, errs...)
	}
	for _, name := range scopeNames() {
		write(name + "=" + scopes[name])
	}
	c := newChecker(g, scopes)
	c.check(docs)
	mistakes = append(mistakes, c.mistakes...)
	if len(c.policies) > maxPolicies {
		mistakes = append(mistakes, &Mistake{File: "policies", Message: fmt.Sprintf("more than %d policies", maxPolicies)})
	}
	byPlace(mistakes)
	if n := len(mistakes); n > maxMistakes {
		mistakes = append(mistakes[:maxMistakes], &Mistake{File: "policies", Message: fmt.Sprintf("%d more mistakes", n-maxMistakes)})
	}
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	s := &policySet{
		graph: g, scopes: scopes, version: hex.EncodeToString(sum.Sum(nil)[:16]), loadedAt: now,
		docs: docs, packages: c.packages, literal: map[string]bitset{}, match: c.match,
	}
	s.compile(c)
	s.subjects = newCache[bitset](keptSubjects)
	s.views, s.byHash = newCache[*View](views), newCache[*View](views)
	return s, nil
}

// newCache makes a cache; the only error there is, a size of nothing, is ruled out.
func newCache[T any](size int) *lru.Cache[string, T] {
	c, err := lru.New[string, T](max(size, 1))
	if err != nil {
		panic(err)
	}
	return c
}

// readOrigin reads the documents of one file system, and writes their texts to version.
func readOrigin(o origin, version func(string)) (docs []Document, mistakes []*Mistake) {
	if o.files == nil {
		return nil, nil
	}
	names, err := files(o.files)
	if err != nil {
		for _, e := range flatten(err) {
			mistakes = append(mistakes, &Mistake{File: cleanLabel(o.label), Message: e.Error()})
		}
	}
	for _, name := range names[:min(len(names), maxFiles)] {
		r := reader{file: path.Join(o.label, name)}
		raw, err := readFile(o.files, name)
		if err != nil {
			mistakes = append(mistakes, &Mistake{File: r.file, Message: err.Error()})
			continue
		}
		version(name)
		version(string(raw))
		doc := r.read(raw)
		doc.Shipped = o.shipped
		docs = append(docs, doc)
		mistakes = append(mistakes, r.mistakes...)
	}
	return docs, mistakes
}

func cleanLabel(label string) string {
	if label == "" {
		return "policies"
	}
	return label
}

// flatten takes a joined error apart.
func flatten(err error) []error {
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		return j.Unwrap()
	}
	return []error{err}
}

// compile makes the checked documents ready.
func (s *policySet) compile(c *checker) {
	for i := range s.docs {
		for j := range s.docs[i].Policies {
			s.policies = append(s.policies, compilePolicy(s.docs[i].File, &s.docs[i].Policies[j]))
		}
	}
	s.speaking = make([]bitset, s.graph.Len())
	for i := range s.speaking {
		s.speaking[i] = newBitset(len(s.policies))
	}
	patterns := map[string]bitset{}
	for i := range s.policies {
		p := &s.policies[i]
		for _, name := range p.Resources {
			for _, f := range c.fields[name].fields {
				s.speaking[f].set(i)
			}
		}
		for _, name := range p.Subjects {
			in := s.literal
			if isPattern(name) {
				in = patterns
			}
			if in[name] == nil {
				in[name] = newBitset(len(s.policies))
			}
			in[name].set(i)
		}
	}
	for name, of := range patterns {
		s.patterns = append(s.patterns, subjectPattern{name, of})
	}
	slices.SortFunc(s.patterns, func(a, b subjectPattern) int { return strings.Compare(a.text, b.text) })
}

func compilePolicy(file string, p *Policy) compiled {
	c := compiled{Policy: p, file: file, deny: p.Effect == ladon.DenyAccess, subjects: p.Subjects}
	for _, a := range p.Actions {
		c.named[actionIndex(a)] = true
	}
	conditions := ladon.Conditions{}
	for i := range p.Conditions {
		k := &p.Conditions[i]
		if strings.HasPrefix(k.Key, rowKey) {
			c.rows = append(c.rows, *k)
		} else {
			conditions[k.Key] = k.static(c.deny)
		}
	}
	c.judged = &ladon.DefaultPolicy{
		ID: p.ID, Description: p.Description, Subjects: p.Subjects, Effect: p.Effect,
		Resources: p.Resources, Actions: p.Actions, Conditions: conditions,
	}
	return c
}

// of returns the policies that speak of a subject.
func (s *policySet) of(subject string) (bitset, error) {
	written := s.literal[subject]
	if len(s.patterns) == 0 {
		return written, nil
	}
	if kept, ok := s.subjects.Get(subject); ok {
		return kept, nil
	}
	all := newBitset(len(s.policies))
	all.add(written)
	for _, p := range s.patterns {
		ok, err := s.match.matches(p.text, subject)
		if err != nil {
			return nil, err
		}
		if ok {
			all.add(p.policies)
		}
	}
	s.subjects.Add(subject, all)
	return all, nil
}
