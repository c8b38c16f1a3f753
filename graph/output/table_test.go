package output_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph/output"
	"github.com/trama-graph/trama/schema"
)

// null is what the readers of these tests make of an absent value.
const null = "<null>"

// grid is a table in memory: the oracle.
type grid struct {
	cols []output.Column
	rows [][]schema.Value
}

// write writes the grid in windows of a few rows.
func (g grid) write(w output.Writer, window int) error {
	if err := w.Begin(g.cols); err != nil {
		return err
	}
	var room []schema.Value // used again, as callers do
	for at := 0; at < len(g.rows); at += window {
		room = room[:0]
		for _, row := range g.rows[at:min(at+window, len(g.rows))] {
			room = append(room, row...)
		}
		if err := w.Rows(room); err != nil {
			return err
		}
		clear(room)
	}
	return w.End()
}

// file writes the grid into memory.
func (g grid) file(tb testing.TB, window int, make func(io.Writer) output.Writer) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := g.write(make(&b), window); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// norms are what a format is documented to change.
type norms struct {
	text func(string) string
	time time.Duration // the step moments are cut to
}

// want returns the cells as texts, as a reader should have them.
func (g grid) want(n norms) [][]string {
	out := [][]string{make([]string, len(g.cols))}
	for i, c := range g.cols {
		out[0][i] = c.Name
	}
	for _, row := range g.rows {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = canon(v, g.cols[i].Type, n)
		}
		out = append(out, cells)
	}
	return out
}

func canon(v schema.Value, t output.Type, n norms) string {
	switch {
	case v.IsNull():
		return null
	case t == output.String:
		// What no UTF-8 is is replaced byte by byte in every format.
		return n.text(string([]rune(v.Str)))
	case t == output.Boolean:
		return fmt.Sprint(v.Bool)
	case t == output.Date:
		return v.Time.UTC().Format(time.DateOnly)
	case t == output.DateTime:
		at := v.Time.UTC()
		if n.time > 0 {
			at = at.Add(-time.Duration(at.Nanosecond()) % n.time)
		}
		return at.Format(time.RFC3339Nano)
	}
	return number(v.Text())
}

// number writes a number so that equal ones are equal.
func number(s string) string { return decimal.MustParse(s).Trim(0).String() }

func same(s string) string { return s }

// hostile are texts that have broken writers or readers of tables.
var hostile = []string{
	"plain", "ș, ț; ă", "Ромашка", "日本語", "🙂", "a\tb", "a,b", "a;b", `say "hi"`, `"`, `""`, "line\nbreak", "line\r\nbreak", "cr\ronly", "\n", "\r",
	"=1+1", "+373 22 123456", "-5", "@SUM(A1)", "\t=1", "'=1", "''=1", "'quoted'", " =1", " lead", "trail ", "  ", "＝1", "=cmd|' /C calc'!A0",
	"nul\x00byte", "\x00", "\x01\x02\x1f", "\x7f", "bad \xff\xfe utf", "\xed\xa0\x80 surrogate", "\xc0\xaf", "\uffff", "\ufffe", "\ufffd", "\ufeffbom", "\u2028\u2029",
	"<b>&amp;</b>", "]]>", "_x000D_", "_x0041_", "_x005F_x0041_", "__x0041_", "_X0041_", "_x004_", "\\", `\"`, `\u0041`, "\\.", "#", "NULL", "null", "true", "1e5", "0x10", "00123", "2026-01-01",
	strings.Repeat("a", 40_000), strings.Repeat("ы", 32_767), strings.Repeat("🙂", 16_384), strings.Repeat("\xff", 32_768), strings.Repeat("<", 32_768), strings.Repeat("x", 32_767),
}

func texts() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom(hostile),
		rapid.StringN(1, 20, 60),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 1, 20), func(b []byte) string { return string(b) }),
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"=", "'", "\"", " ", ",", ";", "\r", "\n", "\t", "-", "x", "_x0041_", "&", "\xff"}), 1, 8),
			func(s []string) string { return strings.Join(s, "") }),
	)
}

// value draws a value that the column can hold.
func value(t *rapid.T, c output.Column) schema.Value {
	if rapid.IntRange(0, 4).Draw(t, "null") == 0 {
		return schema.Null
	}
	switch c.Type {
	case output.String:
		return schema.Value{Kind: schema.KindString, Str: texts().Draw(t, "text")}
	case output.Int:
		return schema.Int(rapid.Int64().Draw(t, "int"))
	case output.Decimal:
		digits, places := c.Digits()
		if digits-places >= 2 && rapid.IntRange(0, 9).Draw(t, "whole") == 0 {
			return schema.Int(rapid.Int64Range(-99, 99).Draw(t, "int"))
		}
		limit := int64(1_000_000_000_000_000_000 - 1)
		if digits == 38 {
			limit = 9_223_372_036_854_775_807
		}
		shift := rapid.IntRange(0, 18).Draw(t, "shift")
		n := rapid.Int64Range(-limit, limit).Draw(t, "coefficient")
		for range shift {
			n /= 10
		}
		scale := rapid.IntRange(0, places).Draw(t, "scale")
		if digits == 18 {
			for range places - scale { // so that it has 18 digits with all its places
				n /= 10
			}
		}
		return schema.Dec(decimal.MustNew(n, scale))
	case output.Boolean:
		return schema.Bool(rapid.Bool().Draw(t, "bool"))
	}
	sec := rapid.OneOf(
		rapid.Int64Range(-62135596800+1, 253402300799),
		rapid.Int64Range(-2_300_000_000, -2_100_000_000), // about 1900
		rapid.Int64Range(1_600_000_000, 1_800_000_000),
	).Draw(t, "seconds")
	nano := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 999_999_999), rapid.Just(int64(999_999_999))).Draw(t, "nano")
	zone := time.FixedZone("", rapid.IntRange(-12, 14).Draw(t, "zone")*3600)
	return schema.Value{Kind: schema.KindTime, Time: time.Unix(sec, nano).In(zone)}
}

// drawn draws a table.
func drawn(t *rapid.T) grid {
	var g grid
	for i := range rapid.IntRange(1, 7).Draw(t, "columns") {
		c := output.Column{Name: fmt.Sprintf("%s%d", rapid.SampledFrom([]string{"z", "a", "ț", "q\"", "p,", "<&>", "_x0041_"}).Draw(t, "name"), i)}
		c.Type = output.Type(rapid.IntRange(0, int(output.Boolean)).Draw(t, "type"))
		if c.Type == output.Decimal {
			c.Scale = rapid.IntRange(output.AnyScale, 19).Draw(t, "scale")
			if c.Scale >= 0 && c.Scale <= 18 {
				c.Precision = rapid.SampledFrom([]int{0, 18, 38}).Draw(t, "precision")
			}
		}
		g.cols = append(g.cols, c)
	}
	for range rapid.IntRange(0, 20).Draw(t, "rows") {
		row := make([]schema.Value, len(g.cols))
		for i, c := range g.cols {
			row[i] = value(t, c)
		}
		g.rows = append(g.rows, row)
	}
	return g
}

// equal compares what was read with what was written.
func equal(tb failer, got, want [][]string) {
	tb.Helper()
	if len(got) != len(want) {
		tb.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i := range want {
		if len(got[i]) != len(want[i]) {
			tb.Fatalf("row %d has %d cells, want %d", i, len(got[i]), len(want[i]))
		}
		for c := range want[i] {
			if got[i][c] != want[i][c] {
				tb.Fatalf("row %d, column %d: %.80q, want %.80q", i, c, got[i][c], want[i][c])
			}
		}
	}
}
