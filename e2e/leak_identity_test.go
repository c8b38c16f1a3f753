package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/e2e/canary"
)

// TestForeignRowsDoNotExist asks with every package for rows it may not see, by id,
// number, sku, fiscal number, e-mail and a system's key, and wants the answer to be
// the one for a row that nobody has, to the byte.
func TestForeignRowsDoNotExist(t *testing.T) {
	l := leakWorld(t, false, "cache: {ttl: 0s}\n")
	l.known(t)
	ghosts := map[string]*node{}
	for _, n := range l.nodes {
		for _, r := range l.world.Ghosts {
			if n.rows[0] == r {
				ghosts[n.typ] = n
			}
		}
	}
	l.world.Vanish()
	for _, p := range l.partners {
		t.Run("case="+p.name, func(t *testing.T) {
			x := l.probeAs(t, p)
			x.way = "identity"
			foreign, own := 0, 0
			for _, n := range l.nodes {
				ghost := ghosts[n.typ]
				// The ghost is of alpha: a row of another system would be sought elsewhere.
				if ghost == n || ghost != nil && n.rows[0].Source != canary.Alpha {
					continue
				}
				byID, lookup := "query($v: ID!) { node(id: $v) { __typename id } }", l.sdl.lookup(n.typ)
				if x.reached[n][""] {
					own++
					if r := x.ask(byID, map[string]any{"v": l.ids[n]}); !strings.Contains(r.body, l.ids[n]) {
						t.Errorf("%s does not find its own %s: %s", p.name, n.name, r.body)
					}
					continue
				}
				foreign++
				if ghost != nil {
					x.alike(n.name+" by node", byID, l.ids[n], l.ids[ghost])
				}
				if !x.has("Query", lookup) {
					continue
				}
				if ghost != nil {
					x.alike(n.name+" by id", "query($v: ID!) { "+lookup+"(id: $v) { id } }", l.ids[n], l.ids[ghost])
				}
				for _, arg := range keysOf(n.typ) {
					if x.has("Query."+lookup, arg) {
						x.alike(n.name+" by "+arg, "query($v: String!) { "+lookup+"("+arg+": $v) { id } }", n.texts[arg], nobody(arg, n.texts[arg]))
					}
				}
				if n.typ == "Customer" && x.has("Query.customer", "sourceId") {
					x.alike(n.name+" by sourceId", `query($v: String!) { customer(sourceId: $v, source: "alpha") { id } }`, n.rows[0].Key, nobody("", n.rows[0].Key))
				}
			}
			t.Logf("%d foreign rows, %d own", foreign, own)
		})
	}
}

// nobody is a key of the same form as another that nobody has.
func nobody(arg, like string) string {
	if arg == "taxId" {
		return "1003600000007" // a valid one
	}
	return strings.Replace(like, "canary-0", "canary-8", 1)
}

// moving is what differs between two answers to one question: when a source was read.
var moving = regexp.MustCompile(`"asOf":"[^"]*"`)

// alike wants two answers that cannot be told apart.
func (x *probe) alike(what, query, foreign, none string) {
	x.t.Helper()
	a, b := x.ask(query, map[string]any{"v": foreign}), x.ask(query, map[string]any{"v": none})
	show := func(r *reply) string {
		h := http.Header{}
		for k, v := range r.header {
			// The length follows from the body, which is compared without when a source was
			// read: a moment has as many digits as it needs.
			if k != "Date" && k != "Content-Length" && !strings.HasPrefix(k, "Ratelimit") && !strings.HasPrefix(k, "X-Request") {
				h[k] = v
			}
		}
		return fmt.Sprint(r.status, h, moving.ReplaceAllString(r.body, ""))
	}
	if show(a) != show(b) {
		x.t.Errorf("%s: %s is told apart from what does not exist\n got %s\nwant %s", x.name, what, show(a), show(b))
	}
}

// TestForeignCursorsAreNone gives a token the admin's cursors: they are refused as
// one that is made up is.
func TestForeignCursorsAreNone(t *testing.T) {
	l := leakWorld(t, false, "cache: {ttl: 10m}\n")
	for _, typ := range canary.Types() {
		list := l.sdl.list(typ)
		a := l.ask(t, "{ "+list+"(first: 1) { pageInfo { endCursor } } }", nil)
		cursor, _ := at(t, a.Data, list+".pageInfo.endCursor").(string)
		if cursor == "" {
			t.Fatalf("no cursor of %s", list)
		}
		for _, p := range l.partners[1:] {
			x := l.probeAs(t, p)
			if x.way = "cursor"; x.has("Query", list) {
				r := x.ask("query($c: String!) { "+list+"(first: 1, after: $c) { nodes { id } } }", map[string]any{"c": cursor})
				if !strings.Contains(r.body, `"BAD_REQUEST"`) && len(x.whole) < len(l.oracle.sees(l.admin).whole) {
					t.Errorf("%s goes on behind the admin's cursor of %s: %s", p.name, list, r.body)
				}
			}
		}
	}
}

// TestForeignRowsTakeAsLong compares how long it takes to be told that a row is not
// there, with one that is somebody else's. It is a bound against looking further for
// the one than for the other, not a measurement: a system that is asked once more
// would double it.
func TestForeignRowsTakeAsLong(t *testing.T) {
	l := leakWorld(t, false, "cache: {ttl: 0s}\n")
	l.known(t)
	var foreign, ghost *node
	for _, n := range l.nodes {
		switch n.name {
		case "order-a2":
			foreign = n
		case "order-ghost":
			ghost = n
		}
	}
	l.world.Vanish()
	for _, p := range l.partners {
		if p.name != "own-orders" {
			continue
		}
		x := l.probeAs(t, p)
		took := map[*node]time.Duration{foreign: time.Hour, ghost: time.Hour}
		for range 60 {
			for _, n := range []*node{foreign, ghost} {
				started := time.Now()
				x.ask("query($v: ID!) { node(id: $v) { id } }", map[string]any{"v": l.ids[n]})
				took[n] = min(took[n], time.Since(started))
			}
		}
		t.Logf("foreign %s, none %s", took[foreign], took[ghost])
		if took[foreign] > 3*took[ghost]+2*time.Millisecond || took[ghost] > 3*took[foreign]+2*time.Millisecond {
			t.Errorf("a foreign row takes %s, one that does not exist %s", took[foreign], took[ghost])
		}
	}
}
