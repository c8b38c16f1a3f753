package load

import (
	"context"
	"math"
	"slices"
)

// Round measures the targets one after the other, in every second round backwards:
// what the machine does meanwhile meets each of them.
func (d *Driver) Round(ctx context.Context, targets []*Target, c Cell, number int) ([]Result, error) {
	order := make([]int, len(targets))
	for i := range order {
		order[i] = i
		if number%2 == 1 {
			order[i] = len(targets) - 1 - i
		}
	}
	results := make([]Result, len(targets))
	for _, i := range order {
		var err error
		if results[i], err = d.Measure(ctx, targets[i], c); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// Median is the middle of values, of an even number the mean of the two in the
// middle; not a number where there are none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	s := slices.Clone(values)
	slices.Sort(s)
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}
