package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/e2e/canary"
)

// TestLeakDeleted takes records away at their source, and then reads every table, and every
// list with its deleted rows, with every package: of deleted rows a token sees what it saw
// of them when they were alive, and nothing else. They are in no list that does not ask.
func TestLeakDeleted(t *testing.T) {
	l := copiedEvery(t, "1s", "datasets: {page_rows: 1}\n")
	l.known(t)
	l.world.Vanish()
	types := slices.DeleteFunc(canary.Types(), func(typ string) bool { return typ == "Customer" })
	total := func(typ, filter string) float64 {
		a := l.ask(t, "{ "+l.sdl.list(typ)+"("+filter+") { totalCount } }", nil)
		n, _ := at(t, a.Data, l.sdl.list(typ)+".totalCount").(float64)
		return n
	}
	for _, typ := range types {
		eventually(t, "a deleted "+typ, func() bool { return total(typ, "filter: {isDeleted: {eq: true}}") == 1 })
		if living, both := total(typ, "first: 1"), total(typ, "filter: {isDeleted: {in: [true, false]}}"); both != living+1 {
			t.Errorf("%s: %v living ones, %v with the deleted", typ, living, both)
		}
	}
	ghosts := map[*canary.Cell]bool{}
	for _, c := range l.world.Cells() {
		for _, p := range c.Paths {
			if slices.Contains(l.world.Ghosts, p.Row) && len(c.Paths) == 1 {
				ghosts[c] = true
			}
		}
	}
	if len(ghosts) < 50 {
		t.Fatalf("only %d canaries are of deleted rows", len(ghosts))
	}
	l.keepAnswers(t)
	for _, p := range l.partners {
		t.Run("case="+p.name, func(t *testing.T) {
			x := l.probeAs(t, p)
			x.tables()
			came := 0
			for c := range x.came {
				if ghosts[c] {
					came++
				}
			}
			for _, typ := range types {
				x.typ, x.fields = typ, nil
				for _, f := range x.sdl.fields(typ) {
					if x.has(typ, f) {
						x.fields = append(x.fields, f)
					}
				}
				if len(x.fields) == 0 || x.sdl.list(typ) == "" {
					continue
				}
				for _, filter := range []string{"", "(filter: {isDeleted: {eq: true}})", "(filter: {isDeleted: {in: [true, false]}}, first: 2)"} {
					if filter != "" && !x.has(typ+"Filter", "isDeleted") {
						continue
					}
					x.way = "graphql " + filter
					r := x.ask("{ "+x.sdl.list(typ)+filter+" { nodes {\n"+x.selection()+"} totalCount } }", nil)
					for _, f := range x.scanner.Find(r.body) {
						switch {
						case !ghosts[f.Cell]:
						case filter == "":
							t.Errorf("a list of living %s shows %s", typ, f.Label)
						default:
							came++
						}
					}
				}
			}
			t.Logf("%d canaries of deleted rows came", came)
			if want := map[string]int{"admin": 100, "bi": 30, "own-orders": 10}[p.name]; came < want {
				t.Errorf("only %d canaries of deleted rows came, want %d", came, want)
			}
			if p.name == "second-customer" || p.name == "unclaimed" { // the deleted rows are another's
				if came > 0 {
					t.Errorf("%d canaries of another's deleted rows came", came)
				}
			}
		})
	}
	l.silence(t)
	if body := fmt.Sprint(l.log); !strings.Contains(body, "DEBUG") {
		t.Error("nothing was logged")
	}
}
