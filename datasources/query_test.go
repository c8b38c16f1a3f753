package datasources_test

import (
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// The key of a query is one and the same text for equal ones in every version: entries in
// Redis are found by it.
func TestQueryKey(t *testing.T) {
	where := schema.Predicate{Op: schema.Eq, Column: "status", Values: []schema.Value{schema.String("a\"|b"), schema.Int(-3)}}
	seen := map[string]string{}
	for _, tc := range []struct {
		name string
		q    datasources.Query
		want string
	}{
		{"nothing", datasources.Query{}, `*|(0"")| false|0||false`},
		{"no column", datasources.Query{Fields: datasources.Fields{}}, `|(0"")| false|0||false`},
		{"columns", datasources.Query{Fields: datasources.NewFields("total", "number"), First: 5, Total: true}, `number,total|(0"")| false|5||true`},
		{"order", datasources.Query{Order: schema.Sort{Column: "date", Desc: true}}, `*|(0"")|date true|0||false`},
		{"after", datasources.Query{After: &datasources.After{Value: schema.String("x"), ID: "7", Inclusive: true}}, `*|(0"")| false|0|1"x" "7" true|false`},
		{"filter", datasources.Query{Where: where}, `*|(` + opText(where.Op) + `"status" 1"a\"|b" 2"-3")| false|0||false`},
		{"filters", datasources.Query{Where: schema.Predicate{Of: []schema.Predicate{where, {}}}}, `*|(0""(` + opText(where.Op) + `"status" 1"a\"|b" 2"-3")(0""))| false|0||false`},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			got := tc.q.Key()
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			if string(tc.q.AppendKey([]byte("x"))) != "x"+got {
				t.Errorf("appended it is %s", tc.q.AppendKey(nil))
			}
			if other, ok := seen[got]; ok {
				t.Errorf("the same as %s", other)
			}
			seen[got] = tc.name
		})
	}
}

func opText(op schema.Op) string { return string('0' + byte(op)) }
