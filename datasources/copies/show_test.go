package copies_test

import (
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// TestShow: who looks at a copy from a store of his own sees where the server's stands.
func TestShow(t *testing.T) {
	b := newBench(t, 10)
	b.up.set(orders(0, 30)...)
	b.mustSync()
	pushed := openPushed(t, copies.PushedConfig{Name: "shop"}, b.st, copies.Deps{Now: b.clock.now})
	push(t, pushed, `{"entity":"Order","id":"1","version":1,"data":{"number":"1"}}`)
	sets, err := b.st.Copies(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	apart := newStore(t)
	c := openCopy(t, b.cfg, b.src, apart, copies.Deps{Now: b.clock.now})
	p := openPushed(t, copies.PushedConfig{Name: "shop"}, apart, copies.Deps{Now: b.clock.now})
	if st := c.Status(); !strings.Contains(st.Note, "first time") || p.Status().Note != "nothing was pushed yet" {
		t.Fatalf("an empty store: %+v, %+v", st, p.Status())
	}
	c.Show(sets)
	p.Show(sets)
	if st := c.Status(); st.Note != "" || !st.AsOf.Equal(b.c.Status().AsOf) || *c.EntityCopy("Order").Rows != 30 {
		t.Errorf("%+v, %+v", st, c.EntityCopy("Order"))
	}
	if st := p.Status(); st.Note == "nothing was pushed yet" || p.EntityCopy("Order").State != schema.CopyReady {
		t.Errorf("%+v, %+v", st, p.EntityCopy("Order"))
	}
	probe, err := p.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := ""
	for _, f := range probe {
		if f.Subject == "push of Order" {
			found = f.Result
		}
	}
	if !strings.HasPrefix(found, "1 records") {
		t.Errorf("probed %q", found)
	}
	for i := range sets {
		sets[i].Layout = "EARLIER"
	}
	if c.Show(sets); c.EntityCopy("Order").State != schema.CopyFilling {
		t.Errorf("of another version: %+v", c.EntityCopy("Order"))
	}
}
