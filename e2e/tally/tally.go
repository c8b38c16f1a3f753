package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// An event is a line of `go test -json`; go doc cmd/test2json describes it.
type event struct {
	Action     string
	Package    string
	ImportPath string // of build output, which belongs to no test
	Test       string
	Output     string
}

// A name is a test of a package; with an empty test it is the package itself.
type name struct{ pkg, test string }

// A tally counts tests and prints what a reader needs of them. Subtests count as tests, as go test
// -v shows them. A package that fails although none of its tests did (it does not build, it
// panicked, it ran out of time) counts as one failure, lest the closing line look green.
type tally struct {
	out                     io.Writer
	passed, failed, skipped int
	printed                 map[name][]string   // output so far of what has not ended
	failures                map[string]int      // failed tests of each package
	failing                 map[string][]string // their output, shown together when the package ends
	skips                   []string
}

func newTally(out io.Writer) *tally {
	return &tally{out: out, printed: map[name][]string{}, failures: map[string]int{}, failing: map[string][]string{}}
}

// read takes events up to the end of r. A line that is no event is printed as it is.
func (t *tally) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil {
				t.take(e)
			} else {
				fmt.Fprintf(t.out, "%s\n", strings.TrimRight(string(line), "\n"))
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read test events: %w", err)
		}
	}
}

func (t *tally) take(e event) {
	n := name{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(t.out, e.Output)
	case "output":
		t.printed[n] = append(t.printed[n], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			t.endPackage(n, e.Action)
		} else {
			t.endTest(n, e.Action)
		}
	}
}

func (t *tally) endTest(n name, action string) {
	output := t.printed[n]
	delete(t.printed, n)
	switch action {
	case "pass":
		t.passed++
	case "skip":
		t.skipped++
		t.skips = append(t.skips, fmt.Sprintf("skipped: %s %s: %s", n.pkg, n.test, reason(output)))
	case "fail":
		t.failed++
		t.failures[n.pkg]++
		t.failing[n.pkg] = append(t.failing[n.pkg], output...)
	}
}

func (t *tally) endPackage(n name, action string) {
	if action != "fail" {
		for _, line := range t.printed[n] {
			if strings.HasPrefix(line, "ok  ") || strings.HasPrefix(line, "?   ") || strings.HasPrefix(line, "\t") {
				fmt.Fprint(t.out, line)
			}
		}
		delete(t.printed, n)
		return
	}
	if t.failures[n.pkg] == 0 {
		t.failed++
	}
	t.print(t.failing[n.pkg])
	delete(t.failing, n.pkg)
	// Tests that were cut off in the middle say where it happened; the package itself comes last.
	var open []name
	for cut := range t.printed {
		if cut.pkg == n.pkg && cut.test != "" {
			open = append(open, cut)
		}
	}
	slices.SortFunc(open, func(a, b name) int { return strings.Compare(a.test, b.test) })
	for _, cut := range append(open, n) {
		t.print(t.printed[cut])
		delete(t.printed, cut)
	}
}

// print writes the output without the lines that only say that a test goes on.
func (t *tally) print(output []string) {
	for _, line := range output {
		if !strings.HasPrefix(line, "=== ") && line != "FAIL\n" {
			fmt.Fprint(t.out, line)
		}
	}
}

// close prints the skipped tests and the closing line.
func (t *tally) close() {
	for _, s := range t.skips {
		fmt.Fprintln(t.out, s)
	}
	fmt.Fprintf(t.out, "%d passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped)
}

// reason finds what a test said when it skipped: "    x_test.go:12: no Redis".
func reason(output []string) string {
	for _, line := range output {
		line = strings.TrimSpace(line)
		if _, after, found := strings.Cut(line, ".go:"); found {
			if _, text, found := strings.Cut(after, ": "); found {
				return text
			}
		}
	}
	return "no reason given"
}
