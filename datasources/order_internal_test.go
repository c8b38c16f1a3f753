package datasources

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/trama-graph/trama/schema"
)

// TestInOrder holds the look that rows are in order against the comparison they are
// sorted by.
func TestInOrder(t *testing.T) {
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for name, order := range map[string]schema.Sort{
		"by key":  {},
		"rising":  {Column: "createdAt"},
		"falling": {Column: "createdAt", Desc: true},
		"text":    {Column: "number", Desc: true},
	} {
		t.Run("case="+name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			met := map[bool]int{}
			for range 2000 {
				rows := make([]*schema.Ticket, random.IntN(4))
				for i := range rows {
					x := &schema.Ticket{Number: []string{"", "7", "8"}[random.IntN(3)]}
					x.Key = []string{"1", "2", "3"}[random.IntN(3)]
					if n := random.IntN(3); n > 0 {
						x.CreatedAt = day.AddDate(0, 0, n)
					}
					rows[i] = x
				}
				want := slices.IsSortedFunc(rows, func(a, b *schema.Ticket) int { return compare(a, b, order) })
				if got := inOrder(rows, order); got != want {
					t.Fatalf("in order = %t, want %t", got, want)
				}
				met[want]++
			}
			if met[true] < 200 || met[false] < 200 {
				t.Errorf("%v", met)
			}
		})
	}
}
