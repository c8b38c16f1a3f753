//go:build unix

package main

import (
	"strings"
	"testing"
	"time"
)

func TestParseComparison(t *testing.T) {
	const ours = "BenchmarkEngine    \t    2428\t    685426 ns/op\t 349.71 MB/s\t  112694 B/op\t     268 allocs/op\n"
	const theirs = "BenchmarkGenerated \t      24\t  57413263 ns/op\t   4.17 MB/s\t12285750 B/op\t  226128 allocs/op\n"
	const small = "BenchmarkEngineSmall \t 100\t 1 ns/op\t 1 B/op\t 1 allocs/op\n"
	want := comparison{benchmark{685426, 112694, 268}, benchmark{57413263, 12285750, 226128}}
	for _, tc := range []struct {
		name, text string
		says       string
	}{
		{"both", "goos: linux\n" + ours + theirs + "PASS\n", ""},
		{"with another", small + ours + small + theirs, ""},
		{"one", ours + "PASS\n", "BenchmarkGenerated printed no time"},
		{"without allocations", strings.ReplaceAll(ours, "allocs/op", "") + theirs, "BenchmarkEngine printed no time or allocations"},
		{"no number", strings.ReplaceAll(ours, "268", "many") + theirs, "BenchmarkEngine: "},
		{"nothing", "", "BenchmarkEngine printed"},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			got, err := parseComparison([]byte(tc.text))
			if (err != nil) != (tc.says != "") || err != nil && !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("got %v, want %q", err, tc.says)
			}
			if err == nil && got != want {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// The benchmarks are there under their names, and a first look at them is enough
// for the goals.
func TestCompareExecutors(t *testing.T) {
	t.Chdir("../..")
	rounds, err := compareExecutors(t.Context(), &options{rounds: 1, time: 20 * time.Millisecond}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := showExecutors(&out, rounds); err != nil {
		t.Fatal(err)
	}
	if c := rounds[0]; c.generated.allocations < 20*c.engine.allocations || strings.Count(out.String(), " met") < 1 {
		t.Errorf("the engine allocates no less:\n%s", &out)
	}
}

func TestShowExecutors(t *testing.T) {
	one := benchmark{time: 1e6, bytes: 1e3, allocations: 100}
	times := func(cpu, allocations float64) comparison {
		return comparison{engine: one, generated: benchmark{one.time * cpu, one.bytes, one.allocations * allocations}}
	}
	for _, tc := range []struct {
		name        string
		rounds      []comparison
		met, missed int
	}{
		{"none", nil, 0, 0},
		{"both met", []comparison{times(10, 20)}, 2, 0},
		{"the median counts", []comparison{times(1, 1), times(80, 800), times(80, 800)}, 2, 0},
		{"one missed", []comparison{times(80, 19)}, 1, 1},
		{"both missed", []comparison{times(9, 19)}, 0, 2},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			var out strings.Builder
			if err := showExecutors(&out, tc.rounds); err != nil {
				t.Fatal(err)
			}
			if met, missed := strings.Count(out.String(), " met"), strings.Count(out.String(), "missed"); met != tc.met || missed != tc.missed {
				t.Errorf("got %d met and %d missed, want %d and %d:\n%s", met, missed, tc.met, tc.missed, &out)
			}
		})
	}
}
