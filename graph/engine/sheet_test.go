package engine_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/engine/internal/testgraph/world"
	"github.com/trama-graph/trama/graph/plan"
	"github.com/trama-graph/trama/schema"
)

// columns are the paths of cells of the rows of customers.
func columns(names ...string) (paths [][]string) {
	for _, n := range names {
		paths = append(paths, append([]string{"customers", "nodes"}, strings.Split(n, ".")...))
	}
	return paths
}

// sheet prepares a table.
func (r *rig) sheet(tb testing.TB, query string, o engine.SheetOptions) (*engine.Sheet, *graphql.OperationContext, *plan.Plan) {
	tb.Helper()
	oc, err := r.prepare(query, nil)
	if err != nil {
		tb.Fatal(err)
	}
	p, err := r.plan(oc)
	if err != nil {
		tb.Fatal(err)
	}
	prog, err := r.engine.Prepare(p)
	if err != nil {
		tb.Fatal(err)
	}
	s, err := r.engine.Sheet(prog, o)
	if err != nil {
		tb.Fatal(err)
	}
	return s, oc, p
}

const ticketsQuery = `{ customers(first: 90000) { nodes { id level manager { id } parts { sku } tickets(first: 5) { nodes { id title } } } } }`

// ticketsTable has a row for each ticket of each customer.
func ticketsTable() engine.SheetOptions {
	rows := []string{"customers", "nodes", "tickets", "nodes"}
	return engine.SheetOptions{Rows: rows, Lead: 1, Lists: [][]string{rows, rows[:2]}, Cells: append(columns("id", "manager.id"), append(rows, "id"))}
}

// taken is a row with the place where it stands.
type taken struct {
	customer string
	place    int
	cells    string
}

// TestSheetGoesOn holds that a reader can go on behind any row: the cursor is that of the
// last customer whose rows he has, and over is how many rows of the next he has.
func TestSheetGoesOn(t *testing.T) {
	for _, tt := range []struct{ n, window int }{{25, 4}, {400, 100}, {400, 1000}} {
		t.Run(fmt.Sprintf("case=%d in windows of %d", tt.n, tt.window), func(t *testing.T) {
			r, _ := streamRig(t, tt.n, tt.window, 1)
			s, oc, p := r.sheet(t, ticketsQuery, ticketsTable())
			var all []taken
			type stop struct {
				cursor     string
				over, rows int
			}
			var stops []stop
			out, err := s.Read(t.Context(), oc, p, engine.ReadOptions{}, func(w *engine.Window) error {
				for n := range w.Rows + 1 {
					cursor, over := w.After(n)
					stops = append(stops, stop{cursor, over, len(all) + n})
				}
				for i := range w.Rows {
					row := w.Row(i)
					all = append(all, taken{row[1].Str, w.NumbersOf(i)[0], fmt.Sprint(row)})
					if got, want := w.NumbersOf(i)[1], slicesIndex(r.root.World.Customers, row[1].Str)+1; got != want {
						t.Errorf("row %d is of customer %d, want %d", i, got, want)
					}
				}
				return nil
			})
			if err != nil || int(out.Rows) != len(all) || len(all) < tt.n/2 {
				t.Fatalf("%d rows, told %d: %v", len(all), out.Rows, err)
			}
			cut := 0
			for _, s := range stops {
				// Behind the cursor's customer, the first over rows left out.
				from := 0
				if s.cursor != "" {
					if _, err := fmt.Sscanf(s.cursor, "cursor %d", &from); err != nil {
						t.Fatal(s.cursor)
					}
					from++
				}
				k := 0
				for k < len(all) && slicesIndex(r.root.World.Customers, all[k].customer) < from {
					k++
				}
				if s.over > 0 {
					cut++
				}
				if k+s.over != s.rows {
					t.Errorf("after %d rows the reader goes on behind %q and %d rows: at row %d", s.rows, s.cursor, s.over, k+s.over)
				}
			}
			if cut == 0 {
				t.Error("no customer was ever given in part")
			}
		})
	}
}

func slicesIndex(customers []*world.Customer, id string) int {
	for i, c := range customers {
		if c.ID == id {
			return i
		}
	}
	return -1
}

// TestSheetRefuses holds what is no table.
func TestSheetRefuses(t *testing.T) {
	r := newRig(t, world.New(7, 3, 0))
	rows := []string{"customers", "nodes"}
	for name, o := range map[string]engine.SheetOptions{
		"no rows":                       {},
		"rows that are not asked for":   {Rows: []string{"customers", "edges"}},
		"rows that are no list":         {Rows: []string{"customers"}},
		"rows behind a list":            {Rows: []string{"customers", "nodes", "manager"}},
		"rows that are lists":           {Rows: []string{"customers", "nodes", "grid"}},
		"rows that are values":          {Rows: []string{"customers", "nodes", "tags"}},
		"rows of several types":         {Rows: []string{"customers", "nodes", "related"}},
		"a cell that is not asked for":  {Rows: rows, Cells: columns("born")},
		"a cell that is an object":      {Rows: rows, Cells: columns("manager")},
		"a cell that is a list":         {Rows: rows, Cells: columns("tags")},
		"a cell in another list":        {Rows: rows, Cells: columns("parts.sku")},
		"a cell beside the rows":        {Rows: rows, Cells: [][]string{{"version"}}},
		"a cell of an interface":        {Rows: rows, Cells: columns("best.__typename")},
		"a number of what is no list":   {Rows: rows, Lists: [][]string{{"customers"}}},
		"a number of a list beside it":  {Rows: rows, Lists: [][]string{{"customers", "nodes", "parts"}}},
		"a cell that is the list alone": {Rows: rows, Cells: [][]string{rows}},
	} {
		t.Run("case="+name, func(t *testing.T) {
			oc, err := r.prepare(`{ version customers(first: 9) { nodes { id manager { id } best { __typename } grid { label } tags parts { sku } related { id } } } }`, nil)
			if err != nil {
				t.Fatal(err)
			}
			p, _ := r.plan(oc)
			prog, err := r.engine.Prepare(p)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.engine.Sheet(prog, o); schema.CodeOf(err) != schema.BadRequest {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("case=the plan of another operation", func(t *testing.T) {
		s, _, _ := r.sheet(t, `{ customers { nodes { id } } }`, engine.SheetOptions{Rows: rows, Cells: columns("id")})
		_, oc, p := r.sheet(t, `{ customers { nodes { name id } } }`, engine.SheetOptions{Rows: rows})
		if _, err := s.Read(t.Context(), oc, p, engine.ReadOptions{}, nil); schema.CodeOf(err) != schema.BadRequest {
			t.Errorf("got %v", err)
		}
	})
	t.Run("case=another view", func(t *testing.T) {
		oc, _ := r.prepare(`{ customers { nodes { id } } }`, nil)
		p, _ := r.plan(oc)
		prog, _ := r.engine.Prepare(p)
		other := newRig(t, world.New(7, 3, 0))
		if _, err := r.engine.For(other.es).Sheet(prog, engine.SheetOptions{Rows: rows}); schema.CodeOf(err) != schema.BadRequest {
			t.Errorf("got %v", err)
		}
	})
}

// TestSheetEnds holds that a reading ends with whoever ends it, waits for all it began,
// and that no more windows are made than the reader has taken and one is ahead.
func TestSheetEnds(t *testing.T) {
	full := errors.New("the disk is full")
	gone := errors.New("gone")
	for _, tt := range []struct {
		name string
		take func(cancel context.CancelCauseFunc) error
		want func(error) bool
	}{
		{"the taker", func(context.CancelCauseFunc) error { return full }, func(err error) bool { return err == full }}, //nolint:errorlint // the very error
		{"the context", func(cancel context.CancelCauseFunc) error { cancel(gone); return nil }, func(err error) bool { return errors.Is(err, gone) }},
	} {
		for _, partial := range []bool{false, true} {
			t.Run(fmt.Sprintf("case=%s, partial %t", tt.name, partial), func(t *testing.T) {
				r, w, from := partRig(t, 3000, 10, 2)
				s, oc, p := r.sheet(t, ticketsQuery, ticketsTable())
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				taken := 0
				_, err := s.Read(ctx, oc, p, engine.ReadOptions{Partial: partial}, func(*engine.Window) error {
					if taken++; taken < 5 {
						return nil
					}
					return tt.take(cancel)
				})
				if !tt.want(err) {
					t.Errorf("ended with %v", err)
				}
				if w.ended < w.begun || w.most > 3 || len(*from) > 10 {
					t.Errorf("%d windows began, %d ended, %d were held, %d parts were got", w.begun, w.ended, w.most, len(*from))
				}
			})
		}
	}
	t.Run("case=too many rows", func(t *testing.T) {
		r, w, _ := partRig(t, 300, 10, 1)
		s, oc, p := r.sheet(t, ticketsQuery, ticketsTable())
		own := *p
		own.MaxRows = 100
		if _, err := s.Read(t.Context(), oc, &own, engine.ReadOptions{Partial: true}, func(*engine.Window) error { return nil }); schema.CodeOf(err) != schema.Limited {
			t.Errorf("ended with %v", err)
		}
		if w.ended < w.begun {
			t.Errorf("%d windows began, %d ended", w.begun, w.ended)
		}
	})
	t.Run("case=a part that fails", func(t *testing.T) {
		r, _, _ := partRig(t, 300, 10, 1)
		r.root.OnPart = func(_ context.Context, from int) error {
			if from == 50 {
				return schema.SourceErrorf(schema.SourceTimeout, "erp", "erp did not answer")
			}
			return nil
		}
		s, oc, p := r.sheet(t, ticketsQuery, ticketsTable())
		rows := 0
		_, err := s.Read(t.Context(), oc, p, engine.ReadOptions{Partial: true}, func(w *engine.Window) error { rows += w.Rows; return nil })
		var e *schema.Error
		if !errors.As(err, &e) || e.Code != schema.SourceTimeout || e.Source != "erp" || rows == 0 {
			t.Errorf("ended with %#v after %d rows", err, rows)
		}
	})
}

// TestSheetErrors holds which errors end a reading, and what is given where it may be
// partial.
func TestSheetErrors(t *testing.T) {
	r, _ := streamRig(t, 25, 4, 1)
	s, oc, p := r.sheet(t, ticketsQuery, ticketsTable())
	r.root.World.Force = map[string]int{"Customer.manager/c17": int(world.Fails), "Customer.tickets/c3": int(world.Fails)}
	read := func(o engine.ReadOptions) (rows int, out engine.Reading, err error) {
		out, err = s.Read(t.Context(), oc, p, o, func(w *engine.Window) error { rows += w.Rows; return nil })
		return rows, out, err
	}
	if rows, _, err := read(engine.ReadOptions{}); err == nil || rows > 0 {
		t.Errorf("%d rows and %v", rows, err)
	}
	rows, out, err := read(engine.ReadOptions{Partial: true})
	if err != nil || len(out.Errors) != 2 || rows == 0 || int64(rows) != out.Rows {
		t.Errorf("%d rows of %d, %d errors, %v", rows, out.Rows, len(out.Errors), err)
	}
	borne := 0
	if _, out, err = read(engine.ReadOptions{Bear: func(*schema.Error) bool { borne++; return true }}); err != nil || out.Errors != nil || borne != 2 {
		t.Errorf("%d errors were borne, %d told, %v", borne, len(out.Errors), err)
	}
	// They are bounded, and counted.
	r, _ = streamRig(t, 2500, 4, 1)
	s, oc, p = r.sheet(t, ticketsQuery, ticketsTable())
	r.root.World.Force = map[string]int{"Customer.manager": world.TooFew}
	if _, out, err = read(engine.ReadOptions{Partial: true}); err != nil || len(out.Errors) != 1000 || out.More != 1500 {
		t.Errorf("%d errors and %d more, %v", len(out.Errors), out.More, err)
	}
}

// TestSheetIsBounded holds that what is held does not grow with the rows: a customer's
// tickets are made when they are asked for, and let go with their window.
func TestSheetIsBounded(t *testing.T) {
	peak := func(n int) (rows int64, most uint64) {
		r, _ := streamRig(t, n, 100, 1)
		r.root.On = nil
		s, oc, p := r.sheet(t, ticketsQuery, ticketsTable())
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		before := stats.HeapAlloc
		k := 0
		out, err := s.Read(t.Context(), oc, p, engine.ReadOptions{}, func(*engine.Window) error {
			if k++; k%(n/1000) == 0 {
				runtime.GC()
				runtime.ReadMemStats(&stats)
				most = max(most, stats.HeapAlloc)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out.Rows, most - min(before, most)
	}
	few, small := peak(2000)
	many, large := peak(20_000)
	t.Logf("%d rows: %d kB, %d rows: %d kB", few, small>>10, many, large>>10)
	if many < 9*few || large > small+(1<<20) {
		t.Errorf("%d bytes for %d rows, %d bytes for %d rows", small, few, large, many)
	}
}

// TestSheetCosts bounds what is allocated.
func TestSheetCosts(t *testing.T) {
	const n = 20_000
	r := newRig(t, world.New(7, n, 0))
	o := options()
	o.Scalars["Decimal"] = quick()
	var err error
	if r.engine, err = engine.New(r.es, r.root, o); err != nil {
		t.Fatal(err)
	}
	s, oc, p := r.sheet(t, `{ customers(first: 90000) { nodes { id name status rank born balance money { amount currency } } } }`, engine.SheetOptions{
		Rows: []string{"customers", "nodes"}, Lead: 5, Cells: columns("id", "name", "status", "rank", "born", "balance", "money.amount", "money.currency"),
	})
	got := testing.AllocsPerRun(3, func() {
		if out, err := s.Read(t.Context(), oc, p, engine.ReadOptions{}, func(*engine.Window) error { return nil }); err != nil || out.Rows != n {
			t.Fatal(out.Rows, err)
		}
	})
	if got > n/4 {
		t.Errorf("%.0f allocations for %d rows", got, n)
	}
}
