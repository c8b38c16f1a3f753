package mapping

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/trama-graph/trama/datasources"
)

// Watch makes the reading note in to the rows that hold something in one of the
// columns asked for which is not in the agreed form, so that a row has not what the
// system has. Columns that are read for something else are not looked at. It is for
// the entities of the graph only.
func (t *Tally) Watch(f datasources.Fields, to *Faults) {
	t.faults = to
	t.watched = make([]bool, len(t.fields))
	for i := range t.fields {
		column := columnOf(t.fields[i].name)
		t.watched[i] = f.Has(column) || column == "currency" && hasAmount(f)
	}
}

// columnOf is what the column of a field is called in the graph: its list for what
// stands in lines, orderNumber for orderNumbers.
func columnOf(field string) string {
	column, _, _ := strings.Cut(field, ".")
	switch column {
	case "orderNumbers", "quoteNumbers", "invoiceNumbers":
		return strings.TrimSuffix(column, "s")
	}
	return column
}

// hasAmount reports whether amounts are among the columns, which are worth nothing
// without their currency.
func hasAmount(f datasources.Fields) bool {
	for _, name := range []string{"total", "net", "tax", "paid", "amount", "price", "lines"} {
		if f.Has(name) {
			return true
		}
	}
	return false
}

// isFault reports whether a problem of this kind leaves less in a row than the
// system sent, because of its form.
func isFault(kind string) bool {
	switch kind {
	case AmbiguousDecimal, NotANumber, TooManyDigits, NoSuchDay, UnknownDate, TextCut, ListCut:
		return true
	}
	return isBroken(kind)
}

// isBroken reports whether a problem is one of the form of the whole answer rather than
// of what somebody typed into one record.
func isBroken(kind string) bool {
	switch kind {
	case WrongType, Twice, TextRepaired, NotARecord:
		return true
	}
	return false
}

// noFault is the number of a field where a record has none.
const noFault = -1

// Faults are the rows of an answer that hold a column in a form that was not
// agreed, by their keys. They are bounded by the rows. The zero value is not usable,
// see NewFaults. It is safe for concurrent use.
type Faults struct {
	source, entity string

	some    atomic.Bool
	mu      sync.Mutex       // guards columns
	columns map[string]fault // by key
}

// fault is what is wrong with a row.
type fault struct {
	column   string
	isBroken bool
}

// NewFaults has no faults yet.
func NewFaults(source, entity string) *Faults { return &Faults{source: source, entity: entity} }

// add notes a row by its key.
func (f *Faults) add(key, field string, isBroken bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.columns == nil {
		f.columns = map[string]fault{}
	}
	if known, isKnown := f.columns[key]; !isKnown || isBroken && !known.isBroken {
		f.columns[key] = fault{columnOf(field), isBroken}
	}
	f.some.Store(true)
}

// Of is why the row with a key cannot be given, nil when it can: SOURCE_INVALID,
// see datasources.Garbled.
func (f *Faults) Of(key string) error { return f.of(key, false) }

// InList is Of for a row of a list. What somebody typed into one record is no reason
// there: a list that could not be given for one row of thousands would have no page
// behind it either. The value is null, and counted.
func (f *Faults) InList(key string) error { return f.of(key, true) }

func (f *Faults) of(key string, onlyBroken bool) error {
	if !f.some.Load() {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if at, ok := f.columns[key]; ok && (at.isBroken || !onlyBroken) {
		return datasources.Garbled(f.source, f.entity, at.column)
	}
	return nil
}
