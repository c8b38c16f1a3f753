package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// copied is the copy of an entity under test.
type copied struct {
	t  *testing.T
	s  Store
	at copies.Set
}

func openCopied(t *testing.T, s Store, source, entity string) *copied {
	t.Helper()
	at, err := s.OpenCopy(t.Context(), source, entity, "LAYOUT_1")
	must(t, err)
	return &copied{t: t, s: s, at: at}
}

// copyRow makes a row from values by column, "column=text", and links,
// "relation:number".
func copyRow(key, version string, facts ...string) copies.Row {
	columns := copies.Columns()
	row := copies.Row{Key: key, Data: []byte(key + " " + version), Hash: []byte(version), Values: make([]schema.Value, len(columns))}
	for _, f := range facts {
		if relation, number, ok := strings.Cut(f, ":"); ok {
			row.Links = append(row.Links, copies.Link{Relation: relation, Number: number})
			continue
		}
		name, text, _ := strings.Cut(f, "=")
		for i, c := range columns {
			if c.Name == name {
				row.Values[i] = schema.String(text)
			}
		}
	}
	return row
}

func (c *copied) begin() {
	c.t.Helper()
	c.beginWith("one")
}

// beginWith begins a reading with these settings.
func (c *copied) beginWith(settings string) {
	c.t.Helper()
	var err error
	c.at, err = c.s.BeginRun(c.t.Context(), c.at.ID, c.at.Run, c.at.Pages, copies.Begin{Settings: settings, At: when.Add(time.Duration(c.at.Run) * time.Hour)})
	must(c.t, err)
}

func (c *copied) save(p *copies.Page) {
	c.t.Helper()
	p.At = when.Add(time.Minute)
	var err error
	c.at, err = c.s.SavePage(c.t.Context(), c.at.ID, c.at.Run, c.at.Pages, p)
	must(c.t, err)
}

func (c *copied) end(e copies.End) int64 {
	c.t.Helper()
	if e.At.IsZero() {
		e.At = c.at.Started.Add(3 * time.Second)
	}
	ended, err := c.s.EndRun(c.t.Context(), c.at.ID, c.at.Run, c.at.Pages, e)
	must(c.t, err)
	c.at = ended.Set
	return ended.Deleted
}

// read replaces the copy by these rows.
func (c *copied) read(rows ...copies.Row) {
	c.t.Helper()
	c.begin()
	c.save(&copies.Page{Rows: rows, Last: true})
	c.end(copies.End{Before: c.at.Run, Most: 1000})
}

// first is a question for the first rows.
func first(n int) (a copies.Ask) {
	a.Source, a.First = "erp", n
	return a
}

// list returns the rows that match, in an order.
func (c *copied) list(where schema.Predicate, order schema.Sort) []string {
	c.t.Helper()
	a := first(100)
	a.Where, a.Order = where, order
	var out []string
	_, err := c.s.CopyList(c.t.Context(), c.at.ID, a, func(data []byte, _ int64) error { out = append(out, string(data)); return nil })
	must(c.t, err)
	return out
}

func (c *copied) expect(what string, want ...string) {
	c.t.Helper()
	if got := c.list(schema.Predicate{}, schema.Sort{}); !slices.Equal(got, want) {
		c.t.Errorf("%s: got %q, want %q", what, got, want)
	}
	if c.at.Rows != int64(len(want)) {
		c.t.Errorf("%s: counts %d rows, want %d", what, c.at.Rows, len(want))
	}
}

func copyReading(t *testing.T, open func() Store) {
	s := open()
	c := openCopied(t, s, "erp", "Order")
	if c.at.Run != 0 || c.at.Complete != 0 || c.at.Layout != "LAYOUT_1" || c.at.Source != "erp" || c.at.Entity != "Order" {
		t.Errorf("a new copy is %+v", c.at)
	}
	c.begin()
	c.save(&copies.Page{Rows: []copies.Row{copyRow("a", "1", "number=N1", "customer=c1", "orderNumber:A", "orderNumber:B"), copyRow("b", "1")}, Mark: "two", Shifting: true})
	if c.at.Run != 1 || !c.at.Running || c.at.Pages != 1 || c.at.Seen != 2 || c.at.Changed != 2 || c.at.Mark != "two" || !c.at.Shifting || c.at.AtEnd || c.at.Complete != 0 {
		t.Errorf("after a page %+v", c.at)
	}
	must(t, s.Close()) // and another process goes on
	s = opened(t, open)
	c = openCopied(t, s, "erp", "Order")
	var err error
	c.at, err = s.BeginRun(t.Context(), c.at.ID, 1, 1, copies.Begin{Resume: true, Settings: "one", At: when})
	must(t, err)
	if !c.at.Resumed || c.at.Mark != "two" || c.at.Settings != "one" || !c.at.Started.Equal(when) || !c.at.Saved.Equal(when.Add(time.Minute)) {
		t.Errorf("gone on with %+v", c.at)
	}
	c.save(&copies.Page{Rows: []copies.Row{copyRow("c", "1", "customer=c1"), copyRow("b", "1")}, Last: true})
	if c.at.Seen != 3 || c.at.Changed != 3 || !c.at.AtEnd || c.at.Rows != 3 || !c.at.Shifting {
		t.Errorf("after the last page %+v", c.at)
	}
	c.end(copies.End{})
	if c.at.Running || c.at.Complete != 1 || c.at.Sound != 1 || !c.at.AsOf.Equal(when) || c.at.Took != 3*time.Second || c.at.Mark != "" {
		t.Errorf("at the end %+v", c.at)
	}
	c.expect("read", "a 1", "b 1", "c 1")

	c.read(copyRow("a", "2", "customer=c2", "orderNumber:B"), copyRow("b", "1"), copyRow("d", "1", "number=N1"))
	c.expect("read again", "a 2", "b 1", "d 1")
	if c.at.Changed != 2 || c.at.Seen != 3 || c.at.Run != 2 || c.at.Resumed || c.at.Shifting {
		t.Errorf("read again %+v", c.at)
	}
	for _, p := range []struct {
		relation string
		parents  []string
		want     []string
	}{
		{"customer", []string{"c1", "c2", ""}, []string{"1 a 2"}},
		{"number", []string{"N1"}, []string{"0 d 1"}}, // what has changed has no number any more
		{"orderNumber", []string{"A", "B", "N"}, []string{"1 a 2"}},
	} {
		var got []string
		_, err := s.CopyByParent(t.Context(), c.at.ID, p.relation, p.parents, first(5), func(parent int, data []byte, _ int64) error {
			got = append(got, fmt.Sprint(parent, " ", string(data)))
			return nil
		})
		must(t, err)
		if !slices.Equal(got, p.want) {
			t.Errorf("by %s: got %q, want %q", p.relation, got, p.want)
		}
	}
	many := make([]string, 1200)
	for i := range many {
		many[i] = fmt.Sprint("no such key ", i)
	}
	many = append(many, "d", "a")
	var got []string
	_, err = s.CopyByKeys(t.Context(), c.at.ID, many, false, func(data []byte, _ int64) error { got = append(got, string(data)); return nil })
	must(t, err)
	slices.Sort(got)
	if !slices.Equal(got, []string{"a 2", "d 1"}) {
		t.Errorf("by keys %q", got)
	}
	full := errors.New("full")
	if _, err := s.CopyList(t.Context(), c.at.ID, first(5), func([]byte, int64) error { return full }); !errors.Is(err, full) {
		t.Errorf("error %v, want the reader's", err)
	}
	list, err := s.Copies(t.Context(), "")
	if err != nil || len(list) != 1 || list[0] != c.at {
		t.Errorf("all copies %+v, %v", list, err)
	}
}

// copyOvertaken: who knows an older state of the copy than there is changes
// nothing.
func copyOvertaken(t *testing.T, open func() Store) {
	s := opened(t, open)
	c := openCopied(t, s, "erp", "Order")
	c.begin()
	late := *c
	c.save(&copies.Page{Rows: []copies.Row{copyRow("a", "1")}})
	page := &copies.Page{Rows: []copies.Row{copyRow("late", "1")}, Last: true, At: when}
	if _, err := s.SavePage(t.Context(), late.at.ID, late.at.Run, late.at.Pages, page); !errors.Is(err, copies.ErrOvertaken) {
		t.Errorf("a page that follows another: %v", err)
	}
	for _, resume := range []bool{false, true} {
		if _, err := s.BeginRun(t.Context(), late.at.ID, late.at.Run, late.at.Pages, copies.Begin{Resume: resume, At: when}); !errors.Is(err, copies.ErrOvertaken) {
			t.Errorf("a beginning (resumed: %t) of who came late: %v", resume, err)
		}
	}
	if _, err := s.EndRun(t.Context(), c.at.ID, c.at.Run, c.at.Pages, copies.End{At: when}); !errors.Is(err, copies.ErrOvertaken) {
		t.Errorf("an end before the last page: %v", err)
	}
	c.save(&copies.Page{Last: true})
	if _, err := s.EndRun(t.Context(), late.at.ID, late.at.Run, late.at.Pages, copies.End{At: when}); !errors.Is(err, copies.ErrOvertaken) {
		t.Errorf("an end of who came late: %v", err)
	}
	c.end(copies.End{})
	if _, err := s.SavePage(t.Context(), c.at.ID, c.at.Run, c.at.Pages, page); !errors.Is(err, copies.ErrOvertaken) {
		t.Errorf("a page behind the end: %v", err)
	}
	c.expect("overtaken", "a 1")
}

func copyAtomic(t *testing.T, open func() Store) {
	s := opened(t, open)
	c := openCopied(t, s, "erp", "Order")
	c.read(copyRow("a", "1"))
	c.begin()
	twice := copyRow("x", "1", "orderNumber:A", "orderNumber:A")
	if _, err := s.SavePage(t.Context(), c.at.ID, c.at.Run, c.at.Pages, &copies.Page{Rows: []copies.Row{copyRow("n", "1"), copyRow("a", "2"), twice}}); err == nil {
		t.Error("a link was saved twice")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.SavePage(ctx, c.at.ID, c.at.Run, c.at.Pages, &copies.Page{Rows: []copies.Row{copyRow("n", "1")}}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the context's", err)
	}
	c.expect("half a page", "a 1")
	again := openCopied(t, s, "erp", "Order")
	if again.at != c.at {
		t.Errorf("half a page left %+v, want %+v", again.at, c.at)
	}
}

func copyEnds(t *testing.T, open func() Store) {
	s := opened(t, open)
	c := openCopied(t, s, "erp", "Order")
	rows := []copies.Row{copyRow("a", "1"), copyRow("b", "1"), copyRow("c", "1", "orderNumber:A")}
	c.read(rows...)
	gone := func() (keys []string) {
		must(t, s.Tombstones(t.Context(), c.at.ID, when, func(key string, at time.Time) error { keys = append(keys, key); return nil }))
		return keys
	}

	c.begin() // 2: nothing may be deleted
	c.save(&copies.Page{Rows: rows[:1], Last: true, Doubtful: true})
	if n := c.end(copies.End{}); n != 0 || c.at.Missing != 2 || c.at.Complete != 2 || c.at.Sound != 1 {
		t.Errorf("a doubtful end deleted %d: %+v", n, c.at)
	}
	c.begin() // 3: only what the sound one before did not meet either
	c.save(&copies.Page{Rows: rows[:2], Last: true})
	if n := c.end(copies.End{Before: 1, Most: 10}); n != 0 || c.at.Missing != 1 || c.at.Sound != 3 {
		t.Errorf("one reading deleted %d: %+v", n, c.at)
	}
	c.begin() // 4
	c.save(&copies.Page{Rows: rows[:1], Last: true})
	if n := c.end(copies.End{Before: 3, Most: 10}); n != 1 || c.at.Missing != 1 || c.at.Rows != 2 {
		t.Errorf("two readings deleted %d: %+v", n, c.at)
	}
	c.expect("missed twice", "a 1", "b 1")
	if got := gone(); !slices.Equal(got, []string{"c"}) {
		t.Errorf("tombstones %q", got)
	}
	c.begin() // 5: too many
	c.save(&copies.Page{Last: true})
	if n := c.end(copies.End{Before: 5, Most: 1}); n != 0 || c.at.Refused != 2 || c.at.Missing != 0 {
		t.Errorf("too many deleted %d: %+v", n, c.at)
	}
	c.expect("too many", "a 1", "b 1")
	c.read(rows...) // 6: a row that is back
	c.expect("back", "a 1", "b 1", "c 1")
	if got := gone(); len(got) != 0 || c.at.Refused != 0 {
		t.Errorf("tombstones %q, %+v", got, c.at)
	}
	c.begin()
	c.save(&copies.Page{Rows: rows[:2], Last: true})
	c.end(copies.End{Before: c.at.Run, Most: 10, At: when.Add(time.Hour)})
	if n, err := s.PurgeCopies(t.Context(), "erp", when.Add(time.Hour)); n != 0 || err != nil {
		t.Errorf("forgot %d too early, %v", n, err)
	}
	if n, err := s.PurgeCopies(t.Context(), "crm", when.Add(2*time.Hour)); n != 0 || err != nil {
		t.Errorf("forgot %d of another source, %v", n, err)
	}
	if n, err := s.PurgeCopies(t.Context(), "erp", when.Add(2*time.Hour)); n != 1 || err != nil || len(gone()) != 0 {
		t.Errorf("forgot %d, %v", n, err)
	}

	must(t, s.Refuse(t.Context(), c.at.ID, schema.NotEnabled))
	if c = openCopied(t, s, "erp", "Order"); c.at.Refusal != schema.NotEnabled {
		t.Errorf("refused %+v", c.at)
	}
	c.begin()
	c.save(&copies.Page{})
	if c.at.Refusal != "" {
		t.Errorf("a page of what is refused: %+v", c.at)
	}
}

func copyAccepted(t *testing.T, open func() Store) {
	s := opened(t, open)
	c := openCopied(t, s, "erp", "Order")
	c.read(copyRow("a", "1"), copyRow("b", "1"))
	must(t, s.AcceptDeletions(t.Context(), "crm", when.Add(1000*time.Hour)))
	try := func(at time.Time) int64 {
		t.Helper()
		c.begin()
		c.save(&copies.Page{Last: true})
		return c.end(copies.End{Before: c.at.Run, At: at})
	}
	if n := try(when.Add(10 * time.Hour)); n != 0 {
		t.Errorf("%d deleted by another source's consent", n)
	}
	must(t, s.AcceptDeletions(t.Context(), "erp", when.Add(20*time.Hour)))
	if n := try(when.Add(20 * time.Hour)); n != 0 {
		t.Errorf("%d deleted by a consent that has ended", n)
	}
	must(t, s.AcceptDeletions(t.Context(), "erp", when.Add(40*time.Hour)))
	if n := try(when.Add(30 * time.Hour)); n != 2 || !c.at.Accept.IsZero() {
		t.Errorf("%d deleted by consent, %+v", n, c.at)
	}
}

func copyLayouts(t *testing.T, open func() Store) {
	s := opened(t, open)
	c := openCopied(t, s, "erp", "Order")
	c.read(copyRow("a", "1"))
	again, err := s.OpenCopy(t.Context(), "erp", "Order", "LAYOUT_1")
	must(t, err)
	if again != c.at {
		t.Errorf("opened again: %+v, want %+v", again, c.at)
	}
	other, err := s.OpenCopy(t.Context(), "erp", "Order", "LAYOUT_2")
	must(t, err)
	if other.ID != c.at.ID || other.Layout != "LAYOUT_2" || other.Complete != 0 || other.Sound != 0 || !other.AsOf.IsZero() || other.Rows != 1 {
		t.Errorf("of another layout: %+v", other)
	}
}

// copyOrder: rows sort and compare as their values do.
func copyOrder(t *testing.T, open func() Store) {
	s := opened(t, open)
	c := openCopied(t, s, "erp", "Order")
	at := func(text string) schema.Value {
		x, err := time.Parse(time.RFC3339Nano, text)
		must(t, err)
		return schema.Time(x)
	}
	dec := func(text string) schema.Value { return schema.Dec(decimal.MustParse(text)) }
	for _, col := range []struct {
		name   string
		values []schema.Value // ascending
	}{
		{"total", []schema.Value{
			{},
			dec("-9999999999999999999"), dec("-100"), dec("-99.9"), dec("-1.01"), dec("-1"), dec("-0.123"), dec("-0.12"), dec("-0.0000000000000000001"), dec("0.00"),
			dec("0.0000000000000000001"), dec("0.01"), dec("0.1"), dec("0.12"), dec("0.123"), dec("1"), dec("9"), dec("10"), dec("99.9"), dec("9999999999999999999"),
		}},
		{"date", []schema.Value{
			{},
			schema.Time(time.Date(-10, 1, 1, 0, 0, 0, 0, time.UTC)), schema.Time(time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)), at("0000-01-01T00:00:00Z"), at("1969-12-31T23:59:59Z"), at("2026-03-04T08:15:00+02:00"),
			at("2026-03-04T08:15:00Z"), at("2026-03-04T08:15:00.000000001Z"), at("2026-03-04T08:15:00.5Z"), at("2026-03-04T08:15:00.55Z"), at("2026-03-04T08:15:01Z"),
			schema.Time(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)), schema.Time(time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)),
		}},
		{"number", []schema.Value{{}, schema.String("\x00"), schema.String("A"), schema.String("AB"), schema.String("a"), schema.String("a\x00"), schema.String("b"), schema.String("Ä"), schema.String("\xff")}},
		{"active", []schema.Value{{}, schema.Bool(false), schema.Bool(true)}},
	} {
		var rows []copies.Row
		var up []string
		for i, v := range col.values {
			row := copyRow(fmt.Sprintf("%03d", 500-i), "1") // keys the other way round
			for j, known := range copies.Columns() {
				if known.Name == col.name {
					row.Values[j] = v
				}
			}
			row.Hash = []byte(col.name + v.Key())
			rows, up = append(rows, row), append(up, string(row.Data))
		}
		c.read(rows...)
		if got := c.list(schema.Predicate{}, schema.Sort{Column: col.name}); !slices.Equal(got, up) {
			t.Errorf("%s up: %q", col.name, got)
		}
		down := slices.Clone(up)
		slices.Reverse(down)
		if got := c.list(schema.Predicate{}, schema.Sort{Column: col.name, Desc: true}); !slices.Equal(got, down) {
			t.Errorf("%s down: %q", col.name, got)
		}
		for i, v := range col.values[1:] {
			if got := c.list(schema.Compare(col.name, schema.Lt, v), schema.Sort{Column: col.name}); !slices.Equal(got, up[1:i+1]) {
				t.Errorf("%s below %q: %q", col.name, v.Text(), got)
			}
			if got := c.list(schema.Compare(col.name, schema.Eq, v), schema.Sort{}); !slices.Equal(got, up[i+1:i+2]) {
				t.Errorf("%s is %q: %q", col.name, v.Text(), got)
			}
		}
	}
	c.read(func() copies.Row {
		row := copyRow("one", "1")
		for j, known := range copies.Columns() {
			if known.Name == "total" {
				row.Values[j] = dec("1.50")
			}
		}
		return row
	}())
	for _, equal := range []string{"1.5", "1.50", "1.5000"} {
		if got := c.list(schema.Compare("total", schema.In, dec(equal), schema.Int(7)), schema.Sort{}); len(got) != 1 {
			t.Errorf("1.50 is not %s", equal)
		}
	}
}

// copyApart: copies do not see each other's rows.
func copyApart(t *testing.T, open func() Store) {
	s := opened(t, open)
	var list []*copied
	for _, name := range [][2]string{{"erp", "Order"}, {"erp", "Invoice"}, {"crm", "Order"}} {
		c := openCopied(t, s, name[0], name[1])
		c.read(copyRow("a", name[0]+name[1], "customer=c1", "orderNumber:A"), copyRow("b", "x"))
		list = append(list, c)
	}
	list[1].read()
	list[0].expect("the first", "a erpOrder", "b x")
	list[1].expect("the second")
	list[2].expect("the third", "a crmOrder", "b x")
	of, err := s.Copies(t.Context(), "erp")
	if err != nil || len(of) != 2 {
		t.Errorf("%d copies of a source, %v", len(of), err)
	}
	for _, relation := range []string{"customer", "orderNumber"} {
		n := 0
		_, err := s.CopyByParent(t.Context(), list[2].at.ID, relation, []string{"c1", "A"}, first(5), func(_ int, data []byte, _ int64) error {
			if string(data) != "a crmOrder" {
				t.Errorf("by %s: %q", relation, data)
			}
			n++
			return nil
		})
		if err != nil || n != 1 {
			t.Errorf("by %s: %d rows, %v", relation, n, err)
		}
	}
}
