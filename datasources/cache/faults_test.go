package cache

import (
	"reflect"
	"testing"
	"time"

	"github.com/trama-graph/trama/schema"
)

// TestFaultsAreKept: what a row cannot show it cannot show from the cache either.
func TestFaultsAreKept(t *testing.T) {
	c, err := New(Config{TTL: time.Minute, Bytes: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	rows := []schema.Order{{Record: schema.Record{Source: "erp", Key: "1"}}, {Record: schema.Record{Source: "erp", Key: "2"}}}
	rows[0].Faults = rows[0].Faults.With("total", "lines")
	b, err := c.encode("name", &entry[schema.Order]{Rows: rows})
	if err != nil {
		t.Fatal(err)
	}
	e, err := decode[schema.Order](c, "name", b)
	if err != nil || len(e.Rows) != 2 {
		t.Fatal(e, err)
	}
	if !reflect.DeepEqual(e.Rows[0].Faults, rows[0].Faults) || e.Rows[1].Faults != nil {
		t.Errorf("got %+v and %+v", e.Rows[0].Faults, e.Rows[1].Faults)
	}
}
