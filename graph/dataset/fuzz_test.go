package dataset_test

import (
	"strings"
	"testing"

	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/policies"
)

// FuzzLoad holds that any text is either refused with a reason or a dataset that
// exists for who sees everything, with names that are names, each there once.
func FuzzLoad(f *testing.F) {
	texts, err := dataset.Shipped()
	must(f, err)
	for name, text := range texts {
		f.Add(strings.Replace(text, "query "+name, "query d", 1))
	}
	for name, text := range others() {
		f.Add(strings.Replace(text, "query "+name, "query d", 1))
	}
	for _, r := range refusals() {
		f.Add(r.text)
	}
	full := graph.Full()
	g, err := policies.NewGraph(full)
	must(f, err)
	v := everything(f, g)
	s := schemaOf(f, v)
	f.Fuzz(func(t *testing.T, text string) {
		d, wrong := dataset.Read("d", text, full)
		if (d == nil) != (len(wrong) > 0) {
			t.Fatalf("%v and %v", d, wrong)
		}
		if d == nil {
			for _, p := range wrong {
				if p.Reason == "" || p.File != "d.graphql" {
					t.Errorf("%+v", p)
				}
			}
			return
		}
		must(t, d.Fault(v, s))
		table, ok := d.For(v, s)
		if !ok {
			t.Fatal("it does not exist")
		}
		seen := map[string]bool{}
		for _, c := range table.Columns {
			name := strings.ToLower(c.Name)
			if name == "" || seen[name] || c.Type == 0 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
				t.Errorf("column %+v", c)
			}
			seen[name] = true
		}
		if table.Aggregate == nil && len(table.Queries[0].Cells) < len(table.Columns)-dataset.FixedColumns {
			t.Error("columns without cells")
		}
	})
}
