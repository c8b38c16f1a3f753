package schema_test

import (
	"slices"
	"testing"

	"github.com/trama-graph/trama/schema"
)

// lines are order lines of which some cannot show their quantity ("-"), and some can.
func lines(s string) []*schema.OrderLine {
	var out []*schema.OrderLine
	for _, c := range s {
		line := &schema.OrderLine{}
		if c == '-' {
			line.Faults = &schema.Faults{Fields: []string{"quantity"}, Source: "erp"}
		}
		out = append(out, line)
	}
	return out
}

func TestWorsened(t *testing.T) {
	order := func(list string, faults ...string) *schema.Order {
		x := &schema.Order{Lines: lines(list)}
		if len(faults) > 0 {
			x.Faults = x.Faults.With(faults...)
		}
		return x
	}
	for _, c := range []struct {
		name     string
		was, now *schema.Order
		want     []string
	}{
		{"nothing", order("++"), order("++"), nil},
		{"a field", order("", "total"), order("", "total", "status"), []string{"status"}},
		{"mended", order("", "total"), order(""), nil},
		{"as before", order("+-", "total"), order("+-", "total"), nil},
		{"a line", order("++"), order("+-"), []string{"lines.quantity"}},
		{"another line", order("-+"), order("+-"), []string{"lines.quantity"}},
		{"a line mended", order("--"), order("-+"), nil},
		{"one more that is garbled", order("++"), order("++-"), nil},
		{"one more, and one garbled", order("++"), order("+-+-"), nil},
		{"one more, and both garbled", order("++"), order("+--"), []string{"lines.quantity"}},
		{"fewer, and one garbled", order("+++"), order("+-"), []string{"lines.quantity"}},
		{"fewer garbled", order("---"), order("--"), nil},
		{"all lines at once", order("++"), order("", "lines"), []string{"lines"}},
		{"lines again", order("", "lines"), order("+-"), nil},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			if got := schema.Worsened(c.was, c.now); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	t.Run("case=other lists", func(t *testing.T) {
		bad := &schema.Faults{Fields: []string{"quantity"}, Source: "erp"}
		for _, pair := range [][2]any{
			{&schema.Product{Stock: []*schema.Stock{{}}}, &schema.Product{Stock: []*schema.Stock{{Faults: bad}}}},
			{&schema.Invoice{Lines: []*schema.OrderLine{{}}}, &schema.Invoice{Lines: []*schema.OrderLine{{Faults: bad}}}},
			{&schema.DeliveryNote{Lines: []*schema.OrderLine{{}}}, &schema.DeliveryNote{Lines: []*schema.OrderLine{{Faults: bad}}}},
			{&schema.PurchaseOrder{Lines: []*schema.OrderLine{{}}}, &schema.PurchaseOrder{Lines: []*schema.OrderLine{{Faults: bad}}}},
			{&schema.Order{States: []*schema.OrderState{{}}}, &schema.Order{States: []*schema.OrderState{{Faults: bad}}}},
		} {
			if got := schema.Worsened(pair[0], pair[1]); len(got) != 1 || len(schema.Worsened(pair[1], pair[0])) != 0 {
				t.Errorf("%T: got %q", pair[0], got)
			}
		}
	})
}
