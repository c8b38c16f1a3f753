package e2e

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/e2e/canary"
)

// TestLeakMatrix asks for every field of the schema by every way with every package,
// and looks for what must not come out in the bytes of every answer; and that
// everything comes out that may.
func TestLeakMatrix(t *testing.T) {
	l := leakWorld(t, false, "cache: {ttl: 10m}\n")
	l.known(t)
	l.keepAnswers(t)
	l.coversTheSchema(t)
	// The admin goes first: what the others ask for then lies in the cache.
	t.Run("case=admin", func(t *testing.T) { l.probeAs(t, l.admin).everyWayOut() })
	t.Run("every package", func(t *testing.T) {
		for _, p := range l.partners[1:] {
			t.Run("case="+p.name, func(t *testing.T) {
				t.Parallel()
				l.probeAs(t, p).everyWayOut()
			})
		}
	})
	l.silence(t)
	t.Logf("%d answers were kept ones", l.kept.Load())
	if l.kept.Load() < 100 {
		t.Errorf("only %d answers were kept ones", l.kept.Load())
	}
}

// everyWayOut asks one token for everything.
func (x *probe) everyWayOut() {
	x.schemaIsRight()
	for _, typ := range x.sdl.policed() {
		if typ == "Mutation" {
			continue
		}
		x.typ = typ
		x.shownFields()
		x.hiddenFields()
		x.hiddenInputs()
		x.way, x.fields, x.bodies = "described", nil, nil
		x.described()
		if x.sdl.list(typ) != "" {
			x.way = "filter"
			x.filtered()
			x.way = "order"
			x.ordered()
		}
	}
	x.hiddenActs()
	x.doors()
	x.nothingWithheld()
}

// shownFields runs every way with the fields the token's schema has.
func (x *probe) shownFields() {
	for _, w := range waysOut {
		x.way, x.bodies, x.fields = w.name, nil, nil
		for _, f := range x.sdl.fields(x.typ) {
			if x.has(x.typ, f) {
				x.fields = append(x.fields, f)
			}
		}
		if len(x.fields) > 0 {
			w.run(x)
			if w.name == "plain" {
				x.masks()
			}
		}
	}
}

// hiddenFields runs every way with the fields it has not, and wants the answers to
// be those for names nobody has ever had.
func (x *probe) hiddenFields() {
	var hidden []string
	for _, f := range x.sdl.fields(x.typ) {
		if !x.has(x.typ, f) {
			hidden = append(hidden, f)
		}
	}
	if len(hidden) == 0 {
		return
	}
	for _, w := range waysOut {
		x.way = w.name + " (hidden)"
		x.bodies, x.fields = nil, hidden
		w.run(x)
		got := x.bodies
		x.bodies, x.fields = nil, nonsense(hidden)
		w.run(x)
		x.sameAsUnknown(got, hidden)
	}
}

// sameAsUnknown compares the answers to denied names with those just got to names
// nobody has ever had.
func (x *probe) sameAsUnknown(got, hidden []string) {
	for i, body := range x.bodies {
		x.suggests(got[i])
		have, want := suggestion.ReplaceAllString(got[i], ""), suggestion.ReplaceAllString(unmask(body, hidden), "")
		if have != want && !x.leaks["unlike "+x.typ] {
			x.leaks["unlike "+x.typ] = true // told once
			x.t.Errorf("%s, %s: what is denied in %s is told apart from what does not exist\n got %.600s\nwant %.600s", x.name, x.way, x.typ, have, want)
		}
	}
}

// suggestion is what an error says beside the wrong name: which right ones are like
// it. A name that never existed is like other ones, or none.
var suggestion = regexp.MustCompile(` Did you mean ([^?]*)\?`)

// suggests wants only names of the token's schema to be suggested.
func (x *probe) suggests(body string) {
	for _, m := range suggestion.FindAllStringSubmatch(body, -1) {
		for _, name := range strings.FieldsFunc(m[1], func(r rune) bool { return strings.ContainsRune(`\", `, r) }) {
			if name != "or" && name != "an" && name != "inline" && name != "fragment" && name != "on" && !x.knows(name) && !x.leaks["suggests "+name] {
				x.leaks["suggests "+name] = true
				x.t.Errorf("%s, %s: %s is suggested, which its schema has not: %.300s", x.name, x.way, name, body)
			}
		}
	}
}

// knows reports whether a name is anywhere in the token's schema.
func (x *probe) knows(name string) bool {
	if _, ok := x.shown[name]; ok {
		return true
	}
	for _, names := range x.shown {
		if slices.Contains(names, name) {
			return true
		}
	}
	return false
}

// schemaIsRight compares the token's schema with plain Ladon: no field is in it that
// the token can read of no row whatever, and none is missing that it reads of a row
// of this world.
func (x *probe) schemaIsRight() {
	for _, typ := range x.sdl.policed() {
		for _, f := range x.sdl.fields(typ) {
			field := canary.Field{Type: typ, Name: f}
			able, may := x.ableTo(field)
			if typ == "Mutation" {
				continue
			}
			if x.has(typ, f) && !may {
				x.t.Errorf("%s: the schema shows %s, which it may never read", x.name, field)
			}
			if able && !x.has(typ, f) {
				x.t.Errorf("%s: the schema hides %s, which it may read", x.name, field)
			}
		}
	}
}

// ableTo reports whether the token reads a field, masked or not, of a row of the
// world that it reaches; and whether it could of any row there might be.
func (x *probe) ableTo(f canary.Field) (able, may bool) {
	defer func() {
		// What it leads to must be there as well: a field of a type of which nothing is
		// shown is shown no more.
		to, relation := x.sdl.isRelation(x.sdl.Types[f.Type].Fields.ForName(f.Name))
		switch {
		case to == "" || !may:
		case x.sdl.isEntity(to):
			toAble, toMay := x.ableTo(canary.Field{Type: to, Name: "id"})
			able, may = able && toAble, may && toMay
		case x.sdl.policedType(to) && !relation || to == "Article":
			some := false
			for _, part := range x.sdl.fields(to) {
				if a := x.oracle.read(x.partner, canary.Field{Type: to, Name: part}, nil, ""); a.whole || a.mask != "" {
					some = true
				}
			}
			able, may = able && some, may && some
		}
	}()
	if !x.sdl.isEntity(f.Type) {
		a := x.oracle.read(x.partner, f, nil, "")
		ok := a.whole || a.mask != ""
		return ok && x.reachesType(f.Type), ok
	}
	for _, n := range x.leak.nodes {
		if n.typ != f.Type {
			continue
		}
		for via := range x.reached[n] {
			if a := x.oracle.read(x.partner, f, n, via); a.whole || a.mask != "" {
				able = true
			}
		}
	}
	return able, able || x.oracle.could(x.partner, f)
}

// reachesType reports whether a type without rows of its own can be come to.
func (x *probe) reachesType(typ string) bool {
	if typ == "Query" {
		return true
	}
	for _, c := range x.waysTo(typ) {
		ok := true
		for _, s := range c {
			able, _ := x.ableTo(canary.Field{Type: s.typ, Name: s.field})
			ok = ok && able
		}
		if ok {
			return true
		}
	}
	return false
}

// doors looks at what lies beside the graph.
func (x *probe) doors() {
	x.way = "doors"
	for _, path := range []string{"/v1/login", "/metrics", "/readyz", "/healthz", "/", "/odata/", "/odata/$metadata", "/export/orders.csv", "/push/alpha", "/nobody"} {
		for _, token := range []string{x.token, ""} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				r := x.send(x.t, token, method, path, "*/*", nil)
				x.look(r, method+" "+path)
				if strings.Contains(r.raw(), x.token) {
					x.t.Errorf("%s: %s shows the token", x.name, path)
				}
			}
		}
	}
}

// nothingWithheld wants everything to have come out that may.
func (x *probe) nothingWithheld() {
	var missing []string
	for c := range x.whole {
		if !x.came[c] {
			missing = append(missing, c.Label)
		}
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		x.t.Errorf("%s: %d of %d canaries it may see never came, such as %q", x.name, len(missing), len(x.whole), missing[:min(12, len(missing))])
	}
	x.t.Logf("%s may see %d canaries whole and %d masked, of %d", x.name, len(x.whole), len(x.masked), len(x.world.Cells()))
}

// coversTheSchema wants every field of the world's types to hold a canary, so that a
// new field cannot be forgotten.
func (l *leak) coversTheSchema(t *testing.T) {
	t.Helper()
	covered := map[canary.Field]bool{}
	for _, c := range l.world.Cells() {
		for _, p := range c.Paths {
			for _, f := range p.Fields {
				covered[f] = true
			}
		}
	}
	for _, f := range canary.Plain() {
		if covered[f] {
			t.Errorf("%s holds canaries, and is said to hold none", f)
		}
		covered[f] = true
	}
	for _, typ := range l.sdl.policed() {
		if !l.sdl.isEntity(typ) && !slices.Contains([]string{"OrderLine", "OrderState", "Stock", "Article"}, typ) {
			continue
		}
		for _, f := range l.sdl.Types[typ].Fields {
			if _, relation := l.sdl.isRelation(f); !relation && f.Name != "id" && !covered[canary.Field{Type: typ, Name: f.Name}] {
				t.Errorf("%s.%s holds no canary: add it to e2e/canary", typ, f.Name)
			}
		}
	}
}
