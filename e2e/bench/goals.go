//go:build unix

package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/trama-graph/trama/e2e/bench/load"
)

// figure is one of a measurement's.
type figure struct {
	name      string
	unit      string
	of        func(r *load.Result) float64
	isTheMore bool // the better
}

var (
	cpuTime = figure{"CPU a request", "ms", func(r *load.Result) float64 { return r.CPU }, false}
	rate    = figure{"requests a second", "", func(r *load.Result) float64 { return r.RPS }, true}
	p50     = figure{"median", "ms", func(r *load.Result) float64 { return r.P50 }, false}
	p99     = figure{"99th percentile", "ms", func(r *load.Result) float64 { return r.P99 }, false}
	calls   = figure{"upstream calls a request", "", func(r *load.Result) float64 { return r.Calls }, false}
	total   = figure{"whole answer", "ms", func(r *load.Result) float64 { return r.P50 }, false}
	first   = figure{"first byte", "ms", func(r *load.Result) float64 { return r.First }, false}
	growth  = figure{"peak memory over idle", "MiB", func(r *load.Result) float64 { return r.Growth }, false}
)

// against is what a goal is held to.
type against int

const (
	absolute against = iota
	ratio            // to the floor
	toStatic         // to the floor's remembered answer
)

// goal is a bound of one figure of a cell; bound 0 = none, it is only shown.
type goal struct {
	cell    load.Cell
	figure  figure
	against against
	bound   float64
}

// measured are the results by phase, cell and target, one for each round.
type measured map[string][]load.Result

func key(phase, target, cell string, connections int, latency fmt.Stringer) string {
	return fmt.Sprint(phase, "|", target, "|", cell, "|", connections, "|", latency)
}

func (m measured) add(phase string, results []load.Result) {
	for _, r := range results {
		k := key(phase, r.Target, r.Cell, r.Connections, r.Latency)
		m[k] = append(m[k], r)
	}
}

func (m measured) of(phase, target string, c load.Cell) []load.Result {
	return m[key(phase, target, c.Name, c.Connections, c.Latency)]
}

// show prints every goal with what was measured. Errors of a server under test are
// an error: its figures say nothing.
func show(out io.Writer, phases []phase, m measured) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "phase\tquestion\tc\tlatency\tfigure\tfloor\ttrama\tratio\tgoal\t\t")
	for _, p := range phases {
		for _, g := range p.goals {
			if us := m.of(p.name, "trama", g.cell); len(us) > 0 {
				g.show(w, p.name, m, us)
			}
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	failed := 0
	for _, results := range m {
		for _, r := range results {
			failed += r.Errors
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d answers were no answers: the figures do not count", failed)
	}
	return nil
}

func (g *goal) show(w io.Writer, phase string, m measured, us []load.Result) {
	base := "floor"
	if g.against == toStatic {
		base = "static"
	}
	them := m.of(phase, base, g.cell)
	mine, theirs, ratios := make([]float64, len(us)), make([]float64, len(us)), make([]float64, len(us))
	for i := range us {
		mine[i], theirs[i] = g.figure.of(&us[i]), g.figure.of(&them[i])
		ratios[i] = mine[i] / theirs[i]
	}
	value, sign := load.Median(ratios), "×"
	if g.against == absolute {
		value, sign = load.Median(mine), ""
	}
	bound, verdict := judge(value, g.bound, g.figure.isTheMore, sign)
	name := g.figure.name
	if g.figure.unit != "" {
		name += ", " + g.figure.unit
	}
	if g.against == toStatic {
		name += ", to static"
	}
	fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\t%s\t%.2f×\t%s\t%s\t\n", phase, g.cell.Name, g.cell.Connections, g.cell.Latency, name,
		plain(load.Median(theirs)), plain(load.Median(mine)), load.Median(ratios), bound, verdict)
}

// judge writes a bound, and whether a value keeps to it; nothing of bound 0.
func judge(value, bound float64, isTheMore bool, sign string) (text, verdict string) {
	if bound == 0 {
		return "", ""
	}
	text, verdict = "≤ ", "missed"
	isMet := value <= bound
	if isTheMore {
		text, isMet = "≥ ", value >= bound
	}
	if isMet {
		verdict = "met"
	}
	return text + strconv.FormatFloat(bound, 'f', -1, 64) + sign, verdict
}

// plain writes a value with the three digits that say something and no exponent:
// 0.0544, 12.3, 1,110.
func plain(value float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(value, 'e', 2, 64), 64)
	if err != nil {
		return err.Error() // which cannot be: it was written a moment ago
	}
	text, isNegative := strings.CutPrefix(strconv.FormatFloat(rounded, 'f', -1, 64), "-")
	whole, fraction, hasFraction := strings.Cut(text, ".")
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "," + whole[at:]
	}
	if hasFraction {
		whole += "." + fraction
	}
	if isNegative {
		whole = "-" + whole
	}
	return whole
}
