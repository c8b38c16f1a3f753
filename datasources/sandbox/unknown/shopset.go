package unknown

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/govalues/decimal"
)

// shopSet is one resource. The cells are the columns of its table, which is what filters and sorting name; what a caller reads
// is rendered from the world when it is asked for, under other names, as in Dolibarr.
type shopSet struct {
	name     string // as in the address
	singular string // as in error texts
	columns  []string
	rows     []shopRow
	byID     map[string]int
	byNumber map[string]int
	byDoc    map[at]string // ids by what they stand for
	// render returns the members of a row in their order; linked fills linkedObjectsIds.
	render func(rec Record, linked bool) []member
}

type shopRow struct {
	rec   Record
	cells []cell
}

// column returns the index of a column by its name with alias («t.ref»), or -1. A bare name is ambiguous in Dolibarr's joins.
func (t *shopSet) column(name string) int {
	bare, ok := strings.CutPrefix(name, "t.")
	if !ok {
		return -1
	}
	return slices.Index(t.columns, bare)
}

func (t *shopSet) hasOwner() bool { return t.name != "thirdparties" && t.name != "products" }

func (t *shopSet) hasLines() bool { return t.hasOwner() }

// add appends a row; the cells stand in the order of the columns.
func (t *shopSet) add(rec Record, cells ...cell) {
	if len(cells) != len(t.columns) {
		panic("unknown: " + t.name + " has " + strconv.Itoa(len(t.columns)) + " columns")
	}
	rec.Set = t.name
	t.byID[rec.ID] = len(t.rows)
	t.byNumber[rec.Number] = len(t.rows)
	t.byDoc[at{rec.Customer, rec.Index}] = rec.ID
	t.rows = append(t.rows, shopRow{rec, cells})
}

// object prints a row.
func (t *shopSet) object(row int, o listOptions) []byte {
	members := t.render(t.rows[row].rec, o.linked)
	if o.properties != nil {
		members = slices.DeleteFunc(members, func(m member) bool { return !slices.Contains(o.properties, m.name) })
	}
	return object(nil, members)
}

// cell is one value of a column as the database has it.
type cell struct {
	kind cellKind
	text string
	num  decimal.Decimal
	at   time.Time
}

type cellKind uint8

const (
	cellNull cellKind = iota
	cellText
	cellNumber
	cellTime
)

func textCell(s string) cell { return cell{kind: cellText, text: s} }

// nullable is null where the text is empty.
func nullable(s string) cell {
	if s == "" {
		return cell{}
	}
	return textCell(s)
}

func intCell(n int64) cell { return cell{kind: cellNumber, num: decimal.MustNew(n, 0)} }

func decimalCell(d decimal.Decimal) cell { return cell{kind: cellNumber, num: d} }

// timeCell is null for the zero time. MySQL keeps whole seconds.
func timeCell(t time.Time) cell {
	if t.IsZero() {
		return cell{}
	}
	return cell{kind: cellTime, at: t.Truncate(time.Second)}
}

// compare orders two cells of the same column: null first, text without regard to case, as MySQL's usual collation does.
func (c cell) compare(d cell) int {
	if c.kind != d.kind {
		return cmp.Compare(c.kind, d.kind)
	}
	switch c.kind {
	case cellText:
		return strings.Compare(strings.ToLower(c.text), strings.ToLower(d.text))
	case cellNumber:
		return c.num.Cmp(d.num)
	case cellTime:
		return c.at.Compare(d.at)
	}
	return 0
}
