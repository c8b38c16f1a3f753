package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/trama-graph/trama/graph/output"
)

// exportBar counts what comes, and shows it on a terminal.
type exportBar struct {
	bar   *progressbar.ProgressBar // nil where nobody looks
	bytes int64
	rows  int64
	lines bool // rows are lines, as they are of CSV and NDJSON
	csv   bool // whose first is the header
	quote bool // inside a quoted text of CSV
	last  byte
}

// newExportBar makes one. size is how many bytes will come, -1 where that is not known.
func newExportBar(q *export, stderr io.Writer, size int64) *exportBar {
	b := &exportBar{csv: q.format == output.FormatCSV, lines: q.format == output.FormatCSV || q.format == output.FormatNDJSON}
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b.bar = progressbar.NewOptions64(size,
			progressbar.OptionSetWriter(stderr), progressbar.OptionShowBytes(true), progressbar.OptionShowCount(), progressbar.OptionSetWidth(20),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSpinnerType(14), progressbar.OptionClearOnFinish(),
			progressbar.OptionSetDescription(q.out))
	}
	return b
}

// Write counts. It never fails.
func (b *exportBar) Write(p []byte) (int, error) {
	b.bytes += int64(len(p))
	if b.lines {
		for _, c := range p {
			switch {
			case c == '"' && b.csv:
				b.quote = !b.quote // a doubled one is two
			case c == '\n' && !b.quote:
				b.rows++
			}
			b.last = c
		}
	}
	if b.bar != nil {
		_ = b.bar.Add(len(p)) // a terminal that is gone stops no export
	}
	return len(p), nil
}

// end takes the bar from the terminal.
func (b *exportBar) end() {
	if b.bar != nil {
		_ = b.bar.Finish()
	}
}

// sum says what came.
func (b *exportBar) sum() string {
	if !b.lines {
		return size(b.bytes)
	}
	rows := b.rows
	if b.bytes > 0 && b.last != '\n' { // the last line has no end
		rows++
	}
	if b.csv && rows > 0 {
		rows--
	}
	return fmt.Sprintf("%d rows, %s", rows, size(b.bytes))
}

// size writes a number of bytes for people.
func size(n int64) string {
	const unit = 1000
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	f, i := float64(n)/unit, 0
	for ; f >= unit && i < 3; i++ {
		f /= unit
	}
	return fmt.Sprintf("%.1f %cB", f, "kMGT"[i])
}
