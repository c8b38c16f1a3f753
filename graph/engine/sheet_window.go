package engine

import "github.com/trama-graph/trama/schema"

// sheetRows is how many rows of a table are handed on at once at most. A row of 20
// cells takes 1,600 bytes.
const sheetRows = 256

// Window is some rows of a table, one behind the other. It and all it holds are used
// again for the next: what is kept of it must be copied. Texts may be kept.
type Window struct {
	// Rows is how many there are, 0 to 256. Only the last window may have none.
	Rows int
	// Cells are those of all rows, Sheet.Width for each: SheetOptions.Lead that are null,
	// for the reader to fill, then one for each of SheetOptions.Cells.
	Cells []schema.Value
	// Numbers are the rows' places in SheetOptions.Lists, as many for each row, from 1. In
	// the root's list they count from where this reading began.
	Numbers []int
	// IsLast says that no window follows.
	IsLast bool

	width, numbers int
	roots          []int // by row: its root row's place in page
	page           behind
	done           int  // root rows of page that have been given whole, with those before that have no rows
	isCut          bool // the next window goes on with the root row of the last row
	before         int  // rows that were given before this window, of the root row of its first row
}

// behind is a page that knows the cursors of its nodes: schema.Page.
type behind interface {
	// CursorBehind returns the cursor to go on behind the first n nodes, "" for none.
	CursorBehind(n int) string
}

// Row returns the cells of a row.
func (w *Window) Row(i int) []schema.Value { return w.Cells[i*w.width : (i+1)*w.width : (i+1)*w.width] }

// NumbersOf returns the numbers of a row, as dataset.Query.AppendKey takes them.
func (w *Window) NumbersOf(i int) []int {
	return w.Numbers[i*w.numbers : (i+1)*w.numbers : (i+1)*w.numbers]
}

// After returns where a reader goes on who takes no more than the first n rows of the
// window: behind a cursor of the root list, where he leaves out the first over rows he
// is given, since they are of a root row that was given in part. cursor is "" where
// that is the place this reading began at, and in lists without cursors, which are read
// again from the beginning, and in a page that is partial (schema.Page.Missing), behind
// which nobody goes on.
func (w *Window) After(n int) (cursor string, over int) {
	if n <= 0 && w.Rows > 0 {
		return w.at(w.roots[0], w.before)
	}
	if n >= w.Rows {
		n = w.Rows
		if !w.isCut {
			return w.at(w.done, 0)
		}
	}
	root := w.roots[n-1]
	if n < w.Rows && w.roots[n] != root {
		return w.at(w.roots[n], 0)
	}
	first := n - 1
	for first > 0 && w.roots[first-1] == root {
		first--
	}
	over = n - first
	if first == 0 {
		over += w.before
	}
	return w.at(root, over)
}

func (w *Window) at(nodes, over int) (string, int) {
	if w.page == nil {
		return "", over
	}
	return w.page.CursorBehind(nodes), over
}

func newWindow(s *Sheet) *Window {
	return &Window{
		Cells: make([]schema.Value, sheetRows*s.width), Numbers: make([]int, sheetRows*s.numbers), roots: make([]int, sheetRows),
		width: s.width, numbers: s.numbers,
	}
}
