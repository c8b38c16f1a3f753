package schema_test

import (
	"testing"

	"github.com/trama-graph/trama/schema"
)

// TestPermits: what cannot be read of a row shows no row more.
func TestPermits(t *testing.T) {
	row := &schema.Order{Number: "A"}
	row.Faults = row.Faults.With("status", "total", "status")
	if len(row.Faults.Fields) != 2 || row.Faults.With("shop") == row.Faults || row.Faults.Has("shop") {
		t.Fatal("faults", row.Faults.Fields)
	}
	eq := func(column, value string) schema.Predicate {
		return schema.Compare(column, schema.Eq, schema.String(value))
	}
	yes, no := eq("number", "A"), eq("number", "B")
	for name, c := range map[string]struct {
		p              schema.Predicate
		permits, match bool
	}{
		"everything":                {schema.Predicate{}, true, true},
		"nothing":                   {schema.Predicate{Op: schema.None}, false, false},
		"a sound column":            {yes, true, true},
		"garbled":                   {eq("status", "open"), false, false},
		"not garbled":               {schema.Negate(eq("status", "secret")), false, true},
		"twice not":                 {schema.Negate(schema.Predicate{Op: schema.Not, Of: []schema.Predicate{eq("status", "open")}}), false, false},
		"absent":                    {schema.Compare("status", schema.IsNull), false, true},
		"not absent":                {schema.Negate(schema.Compare("total", schema.IsNull)), false, false},
		"with a sound one":          {schema.AllOf(yes, schema.Negate(eq("status", "secret"))), false, true},
		"or a sound one":            {schema.AnyOf(schema.Negate(eq("status", "secret")), yes), true, true},
		"or a sound one that fails": {schema.AnyOf(eq("status", "open"), no), false, false},
		"not both":                  {schema.Negate(schema.AllOf(yes, eq("status", "secret"))), false, true},
		"not both, one is not":      {schema.Negate(schema.AllOf(no, eq("status", "secret"))), true, true},
	} {
		t.Run("case="+name, func(t *testing.T) {
			if got := c.p.Permits(row); got != c.permits {
				t.Errorf("permits: %t", got)
			}
			if got := c.p.Match(row); got != c.match {
				t.Errorf("match: %t", got)
			}
			sound := *row
			sound.Faults = nil
			if c.p.Permits(&sound) != c.p.Match(&sound) {
				t.Error("a sound row is another")
			}
		})
	}
}
