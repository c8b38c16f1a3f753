package copies_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
)

// garbledRows is how many rows the source of the property below has at most: enough
// that a reading can be refused.
const garbledRows = 30

// TestNothingReadableIsLost lets a source give good and garbled rows at random, which are
// read, followed, swept and refreshed, by processes that end and calls that fail. Without
// consent no row of the copy loses what it could show while it is there; with consent,
// or once the source is right, the copy is the source.
func TestNothingReadableIsLost(t *testing.T) {
	bothStores(t, func(t *testing.T, st *store.Store) {
		turn := 0
		rapid.Check(t, func(r *rapid.T) {
			turn++
			x := &garbledWorld{t: t, r: r, st: st, now: newClock(), cfg: copies.Config{Name: fmt.Sprintf("s%d", turn), MaxDelete: 1}}
			x.keyed = rapid.Bool().Draw(r, "keyed")
			x.l = newLedger(rapid.IntRange(2, 40).Draw(r, "page"))
			for i := range rapid.IntRange(1, garbledRows).Draw(r, "rows") {
				x.l.put(x.order(i))
			}
			x.open()
			x.settle()
			for range rapid.IntRange(1, 10).Draw(r, "steps") {
				x.step()
			}
			x.end()
		})
	})
}

type garbledWorld struct {
	t     *testing.T
	r     *rapid.T
	st    *store.Store
	now   *clock
	cfg   copies.Config
	l     *ledger
	keyed bool
	c     *copies.Copy
	value int
}

func (x *garbledWorld) order(i int) schema.Order {
	x.value++
	o := order(i, fmt.Sprintf("v%d", x.value))
	o.Source = x.cfg.Name
	return o
}

func (x *garbledWorld) open() {
	var err error
	if x.c, err = copies.Open(x.t.Context(), x.cfg, ledgerSystem(x.l, x.keyed), x.st, copies.Deps{Now: x.now.now}); err != nil {
		x.r.Fatal(err)
	}
}

// edit changes rows of the source, some of which are garbled then.
func (x *garbledWorld) edit() {
	column := rapid.SampledFrom([]string{"total", "status", "number"}).Draw(x.r, "column")
	switch rapid.IntRange(0, 6).Draw(x.r, "edit") {
	case 0, 1, 2:
		isGarbled := rapid.Bool().Draw(x.r, "garbled")
		from := rapid.IntRange(0, garbledRows-1).Draw(x.r, "from")
		many := rapid.IntRange(1, garbledRows).Draw(x.r, "many")
		for i := from; i < min(garbledRows, from+many); i++ {
			row := []schema.Order{x.order(i)}
			if isGarbled {
				row = spoil(row, column, each)
			}
			x.l.put(row...)
		}
	case 3:
		x.l.garble(column)
	case 4:
		x.l.mend(column)
	case 5:
		x.l.drop(fmt.Sprintf("o%04d", rapid.IntRange(0, garbledRows-1).Draw(x.r, "row")))
	case 6:
		x.l.tick()
	}
}

// step changes the source, and has the copy look at it in one of all ways.
func (x *garbledWorld) step() {
	for range rapid.IntRange(0, 3).Draw(x.r, "edits") {
		x.edit()
	}
	before := x.rows()
	if budget := rapid.IntRange(0, 8).Draw(x.r, "calls before a failure"); budget > 0 {
		x.l.failing(func(string, int) error {
			if budget--; budget == 0 {
				return away()
			}
			return nil
		})
	}
	x.now.add(rapid.SampledFrom([]time.Duration{time.Minute, time.Hour, 25 * time.Hour}).Draw(x.r, "later"))
	isConsented := false
	switch rapid.IntRange(0, 5).Draw(x.r, "look") {
	case 0, 1, 2:
		err := x.c.Sync(x.t.Context(), copies.Options{Full: rapid.Bool().Draw(x.r, "full")})
		x.tells(err)
	case 3:
		_, _ = x.c.Refresh(x.t.Context(), []string{"c1", "c2", "c3"})
	case 4:
		isConsented = true
		if err := x.c.Sync(x.t.Context(), copies.Options{AcceptGarbled: true}); err == nil {
			x.isSource("with consent")
		}
	case 5:
		x.open()
	}
	x.l.failing(nil)
	if isConsented {
		return
	}
	after := x.rows()
	for key, was := range before {
		now, ok := after[key]
		if !ok {
			continue
		}
		for _, column := range []string{"total", "status", "number"} {
			if !was.Faults.Has(column) && now.Faults.Has(column) {
				x.r.Fatalf("%s lost its %s", key, column)
			}
		}
	}
}

// tells: who keeps something back says so.
func (x *garbledWorld) tells(err error) {
	status, e := x.c.Status(), x.c.EntityCopy("Order")
	if (e.LastErrorCode == "") != (status.Note == "") || (e.LastErrorCode == "") != (status.State == "up") {
		x.r.Fatalf("%+v, and the code is %s", status, e.LastErrorCode)
	}
	if err != nil {
		return
	}
	kept := 0
	for _, p := range x.c.Problems() {
		if p.Kind == copies.ProblemHeld {
			kept = p.Count
		}
	}
	if strings.Contains(status.Note, "--accept-garbled") != (kept > 0) {
		x.r.Fatalf("%d are kept: %+v", kept, status)
	}
}

func (x *garbledWorld) rows() map[string]schema.Order {
	got, err := datasources.ReaderOf[schema.Order](x.c, "Order").List(x.t.Context(), datasources.Query{First: 1000, Order: schema.Sort{Column: "id"}})
	if err != nil {
		x.r.Fatal(err)
	}
	out := map[string]schema.Order{}
	for _, o := range got.Items {
		out[o.Key] = o
	}
	return out
}

func (x *garbledWorld) isSource(when string) {
	want := map[string]schema.Order{}
	for _, o := range x.l.all() {
		want[o.Key] = o
	}
	if diff := cmp.Diff(want, x.rows(), asRead()); diff != "" {
		x.r.Fatalf("%s the copy is not the source: %s", when, diff)
	}
}

// settle reads until nothing is left to do.
func (x *garbledWorld) settle() {
	for range 3 {
		x.now.add(25 * time.Hour)
		if err := x.c.Sync(x.t.Context(), copies.Options{}); err != nil {
			x.r.Fatal(err)
		}
	}
}

// end holds that the source is what it is taken for, once it is right or somebody
// consents.
func (x *garbledWorld) end() {
	if rapid.Bool().Draw(x.r, "consent at the end") {
		x.now.add(time.Hour)
		if err := x.c.Sync(x.t.Context(), copies.Options{AcceptGarbled: true}); err != nil {
			x.r.Fatal(err)
		}
		x.isSource("with consent")
	} else {
		x.l.mend("")
		x.settle()
		if x.keyed { // what a reading by keys takes for known may be of the garbled time
			x.now.add(25 * time.Hour)
			if err := x.c.Sync(x.t.Context(), copies.Options{Full: true}); err != nil {
				x.r.Fatal(err)
			}
		}
		x.isSource("repaired")
	}
	if st := x.c.Status(); st.State != "up" || st.Note != "" {
		x.r.Fatalf("%+v", st)
	}
	sets, err := x.st.Copies(x.t.Context(), x.cfg.Name)
	if err != nil || sets[0].Held != 0 || sets[0].Garbled != "" || !sets[0].AcceptGarbled.IsZero() {
		x.r.Fatalf("%+v, %v", sets, err)
	}
}
