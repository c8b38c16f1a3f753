package directory

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestSeries: a series behaves as a sorted slice, and what it was made from stays.
func TestSeries(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		list := make([]int, rapid.SampledFrom([]int{0, 1, pageSize, 2*pageSize + 1}).Draw(r, "size"))
		for i := range list {
			list[i] = 10 * i
		}
		now := seriesOf(list)
		type version struct {
			series[int]
			want []int
		}
		var all []version
		for range rapid.IntRange(1, 20).Draw(r, "steps") {
			at := rapid.IntRange(0, 10*(len(list)+1)).Draw(r, "value")
			switch rapid.IntRange(0, 3).Draw(r, "step") {
			case 0:
				all = append(all, version{now, slices.Clone(list)})
				now = now.edit()
			case 1:
				for i := range rapid.SampledFrom([]int{1, maxPage}).Draw(r, "inserts") {
					sortedInto(&now, []int{at + i}, cmp.Compare)
					p, _ := slices.BinarySearch(list, at+i)
					list = slices.Insert(list, p, at+i)
				}
			case 2:
				for i := range rapid.SampledFrom([]int{1, 10 * maxPage}).Draw(r, "removes") {
					takenOut(&now, []int{at + i}, cmp.Compare)
					if p, is := slices.BinarySearch(list, at+i); is {
						list = slices.Delete(list, p, p+1)
					}
				}
			case 3:
				if p, is := slices.BinarySearch(list, at); is {
					now.set(p, at) // in its place
				}
			}
		}
		for _, v := range append(all, version{now, list}) {
			if !slices.Equal(v.flat(), v.want) || v.len() != len(v.want) {
				r.Fatalf("%d values, want %d", v.len(), len(v.want))
			}
			for i, x := range v.want {
				if v.at(i) != x {
					r.Fatalf("at %d is %d, want %d", i, v.at(i), x)
				}
			}
			from := rapid.IntRange(0, len(v.want)).Draw(r, "from")
			to := rapid.IntRange(from, len(v.want)).Draw(r, "to")
			if got := v.between(from, to); !slices.Equal(got, v.want[from:to]) {
				r.Fatalf("from %d to %d are %d values", from, to, len(got))
			}
			for _, p := range v.pages.list {
				if len(p.list) == 0 || len(p.list) > maxPage {
					r.Fatalf("a page of %d", len(p.list))
				}
			}
			value := rapid.IntRange(-1, 10*(len(v.want)+1)).Draw(r, "sought")
			want, _ := slices.BinarySearch(v.want, value)
			if got := v.search(func(x int) bool { return x >= value }); got != want {
				r.Fatalf("%d is at %d, want %d", value, got, want)
			}
		}
	})
}
