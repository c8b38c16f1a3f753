package dataset

import (
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// Table is a dataset as one view has it. It does not change.
type Table struct {
	Name, Label, Description string

	// Partial says that it may be delivered without a source that failed.
	Partial bool

	// Columns begin with those that every table has; their order is the text's, and the
	// same whether there are rows or not.
	Columns []Column

	// Queries are the operations that give its rows: one, and of a summary one for each
	// list.
	Queries []Query

	// Changes says what the root list knows of the column modifiedAt.
	Changes Changes

	// Aggregate says how the rows of Queries become those of the table. It is nil where
	// they are the same: then Columns[FixedColumns+i] is Queries[0].Cells[i].
	Aggregate *Aggregate
}

// Query is one operation and what its answer holds for each row. A base row is
// FixedColumns values as a table's rows begin with them, then one for each of Cells.
type Query struct {
	Text     string
	Document *ast.QueryDocument // the same, valid over the view's schema; not to be changed

	// Rows leads from the answer to the list whose elements are rows, a page's nodes
	// among it: orders, nodes, lines. Each list on the way multiplies.
	Rows []string
	// IsPage says that the root field is a page, Rows[1] its nodes: the rest of the
	// list is behind its cursor.
	IsPage bool

	Cells   []Cell
	Records []Record // what is joined in a row; its modifiedAt is the latest of theirs
	Key     []KeyPart
	Source  int // the cell that is the source of a row; -1: it is null

	// Deleted is the cell that says whether the root list's record is no more, which the
	// whole row is with it; -1: no row is. Where it is asked, so are deleted records.
	Deleted int
	// IsBound says that the text itself gives the root list arguments.
	IsBound bool
}

// Cell is one value of a base row.
type Cell struct {
	Path      []string // from the answer, a page's nodes among it
	Type      Type
	Scale     int
	Field     string // Type.field
	IsMasked  bool
	IsPartial bool
}

// Record is one record joined in a row: the row's own, what holds it, or what one of
// these refers to. Where that is null there is no record.
type Record struct {
	Path []string // from the answer, a page's nodes among it
	Type string
	ID   int // the cell that is its sealed id
	// Changed is the cell that says when it was last seen to change; -1 where the view
	// does not show and export that on every row.
	Changed int
}

// Aggregate is how base rows become rows: by the values of Groups.
type Aggregate struct {
	// Groups and Measures are in the order of their columns.
	Groups   []Group
	Measures []Measure
	// Currency is the column that measures of money are grouped by besides; -1 for
	// none.
	Currency int
	// Per are the cells of each further list that hold the id of the first list's
	// record; Per[0] is the cell of that id itself. Nil unless the table is a summary.
	Per []int
	// Zone is the calendar of periods that the text names; nil: none.
	Zone *time.Location
}

// Group is a column that base rows are grouped by, or, of a summary, that a row of
// the first list shows.
type Group struct {
	Column, Cell int
	Period       Period
}

// Measure is a column that is made of the values of the base rows of a group.
type Measure struct {
	Column int
	Query  int // whose rows
	Cell   int
	op     op

	money         bool
	currency      int // cells; -1 for none
	minus         int
	minusCurrency int
	past          int
}
