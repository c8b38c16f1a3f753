package gather_test

import (
	"strconv"
	"testing"

	"github.com/trama-graph/trama/datasources/internal/gather"
)

func TestPlaces(t *testing.T) {
	for _, n := range []int{0, 1, 8, 9, 50, 500} {
		t.Run("case="+strconv.Itoa(n), func(t *testing.T) {
			var keys []string
			for i := range n {
				keys = append(keys, "C"+strconv.Itoa(i))
			}
			keys = append(keys, keys...) // the first of two counts
			p := gather.PlacesOf(keys)
			for i := range n {
				if got := p.Of("C" + strconv.Itoa(i)); got != int32(i) {
					t.Errorf("C%d is at %d, want %d", i, got, i)
				}
			}
			for _, k := range []string{"", "C", "C" + strconv.Itoa(n)} {
				if p.Has(k) {
					t.Errorf("%q is there", k)
				}
			}
		})
	}
}
