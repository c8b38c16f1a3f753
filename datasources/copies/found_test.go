package copies

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// TestFound: rows that share their memory are read as if each had its own, and
// neither the next answer nor who appends to a list changes them.
func TestFound(t *testing.T) {
	c, err := newCodec[schema.Order]()
	if err != nil {
		t.Fatal(err)
	}
	var want []schema.Order
	for i := range 300 {
		x := full()
		x.Key, x.Status = fmt.Sprint("o", i), string(make([]byte, i*50))
		x.Lines = slices.Repeat(x.Lines, i%7)
		want = append(want, x)
	}
	read := func(rows []schema.Order) []schema.Order {
		found := c.gather()
		defer c.free(found)
		var b []byte
		for i := range rows {
			b = c.encode(b[:0], &rows[i])
			if err := found.add(b, 0); err != nil {
				t.Fatal(err)
			}
		}
		clear(b) // the store's memory
		got, err := c.decodeAll(found, nil)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	got := read(want)
	for i := range got {
		_ = append(got[i].OrderNumbers, "of nobody")
		_ = append(got[i].Lines, &schema.OrderLine{Name: "of nobody"})
	}
	other := slices.Clone(want)
	slices.Reverse(other)
	read(other)
	for i := range want {
		if len(want[i].Lines) == 0 {
			want[i].Lines = []*schema.OrderLine{}
		}
	}
	if diff := cmp.Diff(want, got, exact()); diff != "" {
		t.Error(diff)
	}
}

// TestFoundAllocations: the rows of 50 parents cost some allocations for all of them
// together.
func TestFoundAllocations(t *testing.T) {
	c, err := newCodec[schema.Order]()
	if err != nil {
		t.Fatal(err)
	}
	x := full()
	usual := schema.NewMoney(decimal.MustParse("12.50"), "EUR") // not of the most digits there may be
	x.Tax, x.Paid, x.Lines[0].UnitPrice = usual, usual, usual
	data := c.encode(nil, &x)
	for _, p := range []struct {
		name   string
		fields datasources.Fields
		most   float64
	}{
		{"with their lines", nil, 90},
		{"without", datasources.NewFields("number"), 60},
	} {
		t.Run("case="+p.name, func(t *testing.T) {
			got := testing.AllocsPerRun(10, func() {
				found := c.gather()
				for range 150 {
					_ = found.add(data, 0)
				}
				if _, err := c.decodeAll(found, p.fields); err != nil {
					t.Fatal(err)
				}
				c.free(found)
			})
			t.Logf("%.0f allocations for 150 rows", got)
			if got > p.most {
				t.Errorf("%.0f allocations for 150 rows, want at most %.0f", got, p.most)
			}
		})
	}
}
