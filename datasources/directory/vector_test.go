package directory

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestVector: a vector behaves as a slice, and what it was made from stays.
func TestVector(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		list := make([]int, rapid.SampledFrom([]int{0, 1, pageSize - 1, pageSize, pageSize + 1, 3 * pageSize}).Draw(r, "size"))
		for i := range list {
			list[i] = i
		}
		now := vectorOf(list)
		type version struct {
			vector[int]
			want []int
		}
		var all []version
		for range rapid.IntRange(1, 30).Draw(r, "steps") {
			switch n := len(list); rapid.IntRange(0, 3).Draw(r, "step") {
			case 0:
				all = append(all, version{now, slices.Clone(list)})
				now = now.edit()
			case 1:
				for range rapid.SampledFrom([]int{1, pageSize}).Draw(r, "pushes") {
					now.push(n)
					list = append(list, n)
				}
			case 2:
				for range min(n, rapid.SampledFrom([]int{1, pageSize}).Draw(r, "pops")) {
					now.pop()
					list = list[:len(list)-1]
				}
			case 3:
				if n > 0 {
					i := rapid.IntRange(0, n-1).Draw(r, "at")
					now.set(int32(i), -i)
					list[i] = -i
				}
			}
		}
		for _, v := range append(all, version{now, list}) {
			if !slices.Equal(v.flat(), v.want) || int(v.n) != len(v.want) {
				r.Fatalf("%d values, want %d", v.n, len(v.want))
			}
			for i, x := range v.want {
				if v.at(int32(i)) != x || *v.ref(int32(i)) != x {
					r.Fatalf("at %d is %d, want %d", i, v.at(int32(i)), x)
				}
			}
		}
	})
}
