package dataset_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/policies"
)

var update = flag.Bool("update", false, "write the golden files again")

// describe is a table as the golden files have it.
func describe(t *dataset.Table) string {
	var b strings.Builder
	fmt.Fprintf(&b, "== %s: %s\n", t.Name, t.Label)
	for _, c := range t.Columns {
		fmt.Fprintf(&b, "%s %s", c.Name, c.Type)
		for _, s := range []struct {
			on   bool
			text string
		}{
			{c.IsMasked, "masked"},
			{c.IsPartial, "partial"},
			{c.FilterKey != "", "filter=" + c.FilterKey},
			{c.OrderValue != "", "order=" + c.OrderValue},
			{c.Field != "", c.Field},
		} {
			if s.on {
				b.WriteString(" " + s.text)
			}
		}
		b.WriteByte('\n')
	}
	for _, q := range t.Queries {
		fmt.Fprintf(&b, "> %s\n  rows %s, key", q.Text, strings.Join(q.Rows, "."))
		for _, k := range q.Key {
			if k.Cell < 0 {
				b.WriteString(" number")
				continue
			}
			b.WriteString(" " + strings.Join(q.Cells[k.Cell].Path, "."))
		}
		b.WriteString(", records")
		for _, r := range q.Records {
			fmt.Fprintf(&b, " %s=%s", strings.Join(r.Path, "."), r.Type)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestShipped holds what each shipped package sees of each shipped dataset. The
// goldens are rewritten by -update, and a person reads the difference.
func TestShipped(t *testing.T) {
	full := graph.Full()
	c := shipped(t, full)
	e := engine(t)
	g, err := policies.NewGraph(full)
	must(t, err)
	views := map[string]*policies.View{"everything": everything(t, g)}
	for _, name := range []string{"bi", "dashboard", "admin", "ecommerce", "ecommerce-plus", "crm", "carrier", "supplier", "own-orders", "tickets"} {
		views[name] = viewOf(t, e, name)
	}
	for name, v := range views {
		t.Run("case="+name, func(t *testing.T) {
			s := schemaOf(t, v)
			var b strings.Builder
			for _, n := range c.Names() {
				d, _ := c.Get(n)
				table, ok := d.For(v, s)
				if !ok {
					if name == "bi" || name == "everything" {
						t.Errorf("%s does not exist", n)
					}
					fmt.Fprintf(&b, "== %s does not exist\n", n)
					continue
				}
				b.WriteString(describe(table))
			}
			file := filepath.Join("testdata", "shipped", name+".golden")
			if *update {
				must(t, os.MkdirAll(filepath.Dir(file), 0o755))
				must(t, os.WriteFile(file, []byte(b.String()), 0o644))
			}
			want, err := os.ReadFile(file)
			must(t, err)
			if b.String() != string(want) {
				t.Errorf("not as in %s:\n%s", file, b.String())
			}
		})
	}
}

// TestShippedNames holds that the datasets the product promises are there.
func TestShippedNames(t *testing.T) {
	got := strings.Join(shipped(t, graph.Full()).Names(), " ")
	const want = "contacts customer_summary customers invoices order_lines orders payables payments products quotes source_status stock tickets"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
