package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// entity and list find the row type of an entity by its name.
func (s Subject) entity(t *testing.T, name string) {
	switch name {
	case "Contact":
		rows[schema.Contact](t, s, name)
	case "Ticket":
		rows[schema.Ticket](t, s, name)
	case "Quote":
		rows[schema.Quote](t, s, name)
	case "Order":
		rows[schema.Order](t, s, name)
	case "Invoice":
		rows[schema.Invoice](t, s, name)
	case "Payment":
		rows[schema.Payment](t, s, name)
	case "Product":
		rows[schema.Product](t, s, name)
	case "DeliveryNote":
		rows[schema.DeliveryNote](t, s, name)
	case "Payable":
		rows[schema.Payable](t, s, name)
	case "Boleto":
		rows[schema.Boleto](t, s, name)
	case "PurchaseOrder":
		rows[schema.PurchaseOrder](t, s, name)
	default:
		t.Fatalf("the suite does not know %s yet", name)
	}
}

func (s Subject) list(ctx context.Context, name string) error {
	q := datasources.Query{First: 5}
	var err error
	switch r := s.Source.Reader(name).(type) {
	case datasources.Reader[schema.Contact]:
		_, err = r.List(ctx, q)
	case datasources.Reader[schema.Ticket]:
		_, err = r.List(ctx, q)
	case datasources.Reader[schema.Quote]:
		_, err = r.List(ctx, q)
	case datasources.Reader[schema.Order]:
		_, err = r.List(ctx, q)
	case datasources.Reader[schema.Invoice]:
		_, err = r.List(ctx, q)
	case datasources.Reader[schema.Payment]:
		_, err = r.List(ctx, q)
	case datasources.Reader[schema.Product]:
		_, err = r.List(ctx, q)
	case datasources.Reader[schema.DeliveryNote]:
		_, err = r.List(ctx, q)
	case datasources.Reader[schema.Payable]:
		_, err = r.List(ctx, q)
	case datasources.Reader[schema.Boleto]:
		_, err = r.List(ctx, q)
	case datasources.Reader[schema.PurchaseOrder]:
		_, err = r.List(ctx, q)
	default:
		err = fmt.Errorf("the suite does not know %s yet", name)
	}
	return err
}

// table is an entity with all its rows, read page by page.
type table[T any, P datasources.EntityOf[T]] struct {
	s      Subject
	reader datasources.Reader[T]
	e      *datasources.Entity
	all    []T
}

func rows[T any, P datasources.EntityOf[T]](t *testing.T, s Subject, name string) {
	d := s.Source.Describe()
	x := &table[T, P]{s: s, reader: datasources.ReaderOf[T](s.Source, name), e: d.Entity(name)}
	if x.reader == nil || x.e == nil {
		t.Fatalf("there is no reader of %s", name)
	}
	x.all = x.pages(t, x.e.Default, 17)
	if len(x.all) < 10 {
		t.Fatalf("%d rows are too few to check anything", len(x.all))
	}
	t.Run("identity", x.identity)
	t.Run("orders", x.orders)
	t.Run("keys", x.keys)
	for _, r := range x.e.Relations {
		t.Run("relation="+string(r.Relation), func(t *testing.T) { x.relation(t, r.Relation) })
	}
	for _, c := range x.e.Columns {
		for _, op := range c.Ops {
			t.Run(fmt.Sprintf("filter=%s/%d", c.Name, op), func(t *testing.T) { x.filter(t, c.Name, op) })
		}
	}
}

func key[T any, P datasources.EntityOf[T]](row *T) string {
	_, k := P(row).Identity()
	return k
}

// pages follows a list to its end: every row once.
func (x *table[T, P]) pages(t *testing.T, order schema.Sort, size int) []T {
	t.Helper()
	var all []T
	seen := map[string]bool{}
	q := datasources.Query{Order: order, First: size}
	for {
		page, err := x.reader.List(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Items) > size || len(page.More) != 1 {
			t.Fatalf("a page of %d has %d rows and says %v", size, len(page.Items), page.More)
		}
		for i := range page.Items {
			k := key[T, P](&page.Items[i])
			if seen[k] {
				t.Fatalf("a row came twice, sorted by %+v", order)
			}
			seen[k] = true
		}
		all = append(all, page.Items...)
		if !page.More[0] {
			return all
		}
		last := &page.Items[len(page.Items)-1]
		q.After = &datasources.After{Value: P(last).Column(x.ordered(order)), ID: key[T, P](last)}
	}
}

func (x *table[T, P]) ordered(order schema.Sort) string {
	if order.Column == "" {
		return x.e.Default.Column
	}
	return order.Column
}

func (x *table[T, P]) identity(t *testing.T) {
	for i := range x.all {
		if source, k := P(&x.all[i]).Identity(); source != x.s.Name || k == "" {
			t.Fatalf("a row says it is %q of %q", k, source)
		}
	}
}

// orders sorts by every column that can be sorted by, both ways.
func (x *table[T, P]) orders(t *testing.T) {
	for _, c := range x.e.Columns {
		if !c.Sortable {
			continue
		}
		for _, desc := range []bool{false, true} {
			got := x.pages(t, schema.Sort{Column: c.Name, Desc: desc}, 23)
			if len(got) != len(x.all) {
				t.Errorf("sorted by %s (down: %t) there are %d rows of %d", c.Name, desc, len(got), len(x.all))
			}
			for i := 1; i < len(got); i++ {
				n := P(&got[i-1]).Column(c.Name).Compare(P(&got[i]).Column(c.Name))
				if c.Comparable && (!desc && n > 0 || desc && n < 0) {
					t.Errorf("row %d is out of order by %s (down: %t)", i, c.Name, desc)
					break
				}
			}
		}
	}
}

// keys asks for rows by key, with one that does not exist.
func (x *table[T, P]) keys(t *testing.T) {
	var ask []string
	for i := 0; i < len(x.all); i += 2 {
		ask = append(ask, key[T, P](&x.all[i]))
	}
	got, err := x.reader.ByKeys(t.Context(), append(slices.Clone(ask), x.s.stranger()), nil)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for i := range got.Items {
		found = append(found, key[T, P](&got.Items[i]))
	}
	slices.Sort(found)
	slices.Sort(ask)
	if !slices.Equal(found, ask) {
		t.Errorf("%d keys gave %d rows", len(ask), len(found))
	}
	few, err := x.reader.ByKeys(t.Context(), ask[:3], datasources.Fields{})
	if err != nil || len(few.Items) != 3 {
		t.Fatalf("without columns: %d rows, %v", len(few.Items), err)
	}
	for i := range few.Items {
		full := x.row(key[T, P](&few.Items[i]))
		for _, column := range []string{"customer", "number"} {
			if got, want := P(&few.Items[i]).Column(column), P(full).Column(column); got != want {
				t.Errorf("without columns, %s is %v and not %v", column, got, want)
			}
		}
	}
}

func (x *table[T, P]) row(k string) *T {
	for i := range x.all {
		if key[T, P](&x.all[i]) == k {
			return &x.all[i]
		}
	}
	return nil
}

// relation asks for the rows of many parents and compares with all rows.
func (x *table[T, P]) relation(t *testing.T, rel datasources.Relation) {
	// Rows were read with all columns, links included.
	want := map[string][]string{}
	for i := range x.all {
		if v := P(&x.all[i]).Column(string(rel)); !v.IsNull() {
			want[v.Text()] = append(want[v.Text()], key[T, P](&x.all[i]))
		}
	}
	if rel == "number" && len(want) == 0 { // a product's number is its code
		for i := range x.all {
			if v := P(&x.all[i]).Column("sku"); !v.IsNull() {
				want[v.Text()] = append(want[v.Text()], key[T, P](&x.all[i]))
			}
		}
	}
	if len(want) == 0 {
		t.Logf("no row of this system has a %s: nothing to compare", rel)
		return
	}
	var parents []string
	for p := range want {
		parents = append(parents, p)
	}
	slices.Sort(parents)
	parents = append(parents[:min(len(parents), 40)], x.s.stranger())
	got, err := x.reader.ByParent(t.Context(), rel, parents, datasources.Query{First: 1000, Total: true, Order: x.e.Default})
	refused := x.refused(t, err)
	if len(got.Offsets) != len(parents)+1 || len(got.More) != len(parents) {
		t.Fatalf("%d parents have %d offsets", len(parents), len(got.Offsets))
	}
	for i, p := range parents {
		if refused[p] {
			continue
		}
		var have []string
		for j := range got.Parent(i) {
			have = append(have, key[T, P](&got.Parent(i)[j]))
		}
		slices.Sort(have)
		slices.Sort(want[p])
		if !slices.Equal(have, want[p]) {
			t.Errorf("parent %d has %d rows, want %d", i, len(have), len(want[p]))
		}
		if len(got.Totals) > 0 && got.Totals[i] >= 0 && got.Totals[i] != len(want[p]) {
			t.Errorf("parent %d has a total of %d, want %d", i, got.Totals[i], len(want[p]))
		}
	}
	first := slices.IndexFunc(parents, func(p string) bool { return !refused[p] })
	one, err := x.reader.ByParent(t.Context(), rel, parents[first:first+1], datasources.Query{First: 1, Order: x.e.Default})
	if err != nil || len(one.Parent(0)) != 1 || one.More[0] != (len(want[parents[first]]) > 1) {
		t.Errorf("a page of one: %v, more %v", err, one.More)
	}
}

// refused are the parents the source says it cannot be asked by, such as numbers
// with the signs of its own filters. The others must have been answered.
func (x *table[T, P]) refused(t *testing.T, err error) map[string]bool {
	t.Helper()
	var some *datasources.BatchError
	if err != nil && !errors.As(err, &some) {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	if some == nil {
		return keys
	}
	for key, err := range some.ByKey {
		var e *schema.Error
		if !errors.As(err, &e) || e.Code != schema.UnsupportedFilter || e.Source != x.s.Name {
			t.Errorf("a parent fails with %v", err)
		}
		keys[key] = true
	}
	return keys
}

// filter asks for a comparison the source says it evaluates itself, with values
// that occur, and compares with all rows.
func (x *table[T, P]) filter(t *testing.T, column string, op schema.Op) {
	var values []schema.Value
	for i := range x.all {
		if v := P(&x.all[i]).Column(column); !v.IsNull() && !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return // this system has no value there: nothing can be compared
	}
	p := schema.Compare(column, op, values[len(values)/2])
	if op == schema.In {
		p.Values = values[:min(len(values), 3)]
	}
	if op == schema.IsNull {
		p.Values = nil
	}
	got, err := x.reader.List(t.Context(), datasources.Query{Where: p, First: len(x.all) + 1, Total: true})
	var e *schema.Error
	if errors.As(err, &e) && e.Code == schema.UnsupportedFilter && e.Source == x.s.Name {
		return // refused, not ignored
	}
	if err != nil {
		t.Fatal(err)
	}
	var have, want []string
	for i := range got.Items {
		have = append(have, key[T, P](&got.Items[i]))
	}
	for i := range x.all {
		if p.Match(P(&x.all[i])) {
			want = append(want, key[T, P](&x.all[i]))
		}
	}
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("%d rows, want %d", len(have), len(want))
	}
	if len(got.Totals) == 1 && got.Totals[0] >= 0 && got.Totals[0] != len(want) {
		t.Errorf("a total of %d, want %d", got.Totals[0], len(want))
	}
}
