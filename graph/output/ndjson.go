package output

import (
	"io"

	"github.com/trama-graph/trama/schema"
)

// NDJSON writes one JSON object a line, with every column in every line, null
// where there is none. Decimals and whole numbers are JSON numbers with all
// their digits: a reader that wants them exact must not read them as floats.
// Moments are RFC 3339 in UTC. A table without rows is an empty file.
type NDJSON struct {
	table
	cells
	keys [][]byte // what stands before the value of each column
}

var _ Writer = (*NDJSON)(nil)

// NewNDJSON returns a writer of NDJSON to w.
func NewNDJSON(w io.Writer) *NDJSON {
	n := &NDJSON{cells: cells{class: jsonClass()}}
	n.w = w
	return n
}

// Begin prepares the keys. Nothing stands before the rows.
func (n *NDJSON) Begin(cols []Column) error {
	if err := n.begin(cols); err != nil {
		return err
	}
	n.keys = make([][]byte, len(cols))
	for i := range n.cols {
		n.keys[i] = append(appendJSON([]byte{','}, n.cols[i].Name, n.class), ':')
	}
	n.keys[0][0] = '{'
	return nil
}

// Rows writes a line for each row.
func (n *NDJSON) Rows(cells []schema.Value) error {
	if err := n.window(cells); err != nil {
		return err
	}
	width := len(n.cols)
	for at, row := 0, 0; at < len(cells); at, row = at+width, row+1 {
		for i := range n.cols {
			var f fault
			n.buf = append(n.buf, n.keys[i]...)
			if n.buf, f = n.append(n.buf, &cells[at+i], &n.cols[i]); f != noFault {
				return n.misfit(f, i, row)
			}
		}
		n.buf = append(n.buf, '}', '\n')
		if len(n.buf) >= flushAt {
			if err := n.flush(); err != nil {
				return err
			}
		}
	}
	n.rows += int64(len(cells) / width)
	return n.flush()
}

// End writes nothing: NDJSON has no end.
func (n *NDJSON) End() error { return n.finish() }
