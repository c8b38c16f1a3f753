package mapping

import (
	"slices"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/schema"
)

// isFault reports whether a problem of this kind leaves less in a row than the
// system sent, because of its form. The column is then empty, and the row says so
// (schema.Faults): a null in its place would look like a value the source does not
// have, half a text like a whole one.
func isFault(kind string) bool {
	switch kind {
	case AmbiguousDecimal, NotANumber, TooManyDigits, NoSuchDay, UnknownDate, WrongType, Twice, TextCut, TextRepaired, ListCut, NotARecord:
		return true
	}
	return false
}

// spoilt is what one column at fault takes with it.
type spoilt struct {
	columns []string // of the row, that are emptied
	fields  []string // of the graph, that read them: what the row's Faults name
	isKey   bool     // without it there is no row
}

// spoilage says of each column in a Tally what it takes with it. Customers are no
// rows of the graph and have none: what cannot be read of them is counted.
func (p *Plan[T]) spoilage(names []tallied) {
	if p.table.faults == nil {
		return
	}
	_, isStock := any((*T)(nil)).(*StockRow)
	for i := range names {
		switch top, inside, isInside := strings.Cut(names[i].name, "."); {
		case isStock && inside == "sku":
			names[i].spoilt = p.spoiltBy("id") // what it is joined by
		case isStock && isInside:
			names[i].spoilt = p.spoiltBy(inside)
		case isInside:
			names[i].spoilt = p.spoiltInside(top, inside)
		default:
			names[i].spoilt = p.spoiltBy(top)
		}
	}
}

// spoiltInside is what a column of the records of a list takes with it, of its record.
func (p *Plan[T]) spoiltInside(list, column string) *spoilt {
	for i := range p.fields {
		switch f := &p.fields[i]; {
		case f.name != list:
		case f.lines != nil:
			return f.lines.spoiltBy(column)
		case f.states != nil:
			return f.states.spoiltBy(column)
		case f.stock != nil:
			return f.stock.spoiltBy(column)
		}
	}
	return p.spoiltBy(list)
}

func (p *Plan[T]) spoiltBy(column string) *spoilt {
	switch column {
	case "", "deleted":
		return nil
	case "id":
		return &spoilt{isKey: true}
	case "currency":
		// An amount whose currency is not known may not pass for one of another.
		s := &spoilt{columns: p.amounts(), fields: []string{column}}
		s.fields = append(s.fields, s.columns...)
		return s
	case "orderNumbers", "quoteNumbers", "invoiceNumbers":
		number := fieldOf(column)
		return &spoilt{columns: []string{column}, fields: []string{number, strings.TrimSuffix(number, "Number")}}
	}
	fields := append([]string{column}, readers(p.entity, column)...)
	if p.table.record != nil && isOfCurrency(column) {
		fields = append(fields, "currency")
	}
	return &spoilt{columns: []string{column}, fields: fields}
}

// isOfCurrency reports whether the currency of a row is that of the column's amount.
func isOfCurrency(column string) bool {
	return column == "total" || column == "amount" || column == "price"
}

// fieldOf is what the column of a row type is called in the graph: orderNumber for
// orderNumbers.
func fieldOf(column string) string {
	switch column {
	case "orderNumbers", "quoteNumbers", "invoiceNumbers":
		return strings.TrimSuffix(column, "s")
	}
	return column
}

// amounts are the configured columns that hold money.
func (p *Plan[T]) amounts() []string {
	var list []string
	for i := range p.fields {
		f := &p.fields[i]
		if f.money != nil || f.lines != nil && len(f.lines.amounts()) > 0 {
			list = append(list, f.name)
		}
	}
	return list
}

// readers are the fields of the graph that read a column which is not theirs by its
// name: relations find their rows by the number of their holder and its customer.
func readers(entity, column string) []string {
	var list []string
	if column == "number" || column == "customer" {
		switch entity {
		case "Order":
			list = []string{"invoices", "payments", "tickets", "deliveryNotes"}
		case "Quote":
			list = []string{"orders"}
		case "Invoice":
			list = []string{"payments"}
		}
	}
	if entity == "Ticket" && column == "customer" {
		list = append(list, "customerNumber")
	}
	return list
}

// spoil notes a column of the current record at fault.
func (t *Tally) spoil(field int) {
	switch f := &t.fields[field]; {
	case f.spoilt == nil:
	case f.spoilt.isKey:
		t.isKeyless = true
	case !slices.Contains(t.spoilt, field):
		t.spoilt = append(t.spoilt, field)
	}
}

// lack notes an amount that would have been made of one at fault, and with a total its
// currency.
func (t *Tally) lack(amount string) {
	t.lacking = append(t.lacking, amount)
	if amount == "total" {
		t.lacking = append(t.lacking, "currency")
	}
}

// isSpoilt reports whether a column of the current record is at fault.
func (t *Tally) isSpoilt(field int) bool {
	return len(t.spoilt) > 0 && slices.Contains(t.spoilt, field)
}

// sound empties what is at fault in a record that was read, and says so in the row.
// Records of one source have the same faults most often: then they share them.
func (p *Plan[T]) sound(t *Tally, row *T) {
	if !slices.Equal(t.spoilt, t.last.spoilt) || !slices.Equal(t.lacking, t.last.lacking) {
		t.last.spoilt, t.last.lacking = slices.Clone(t.spoilt), slices.Clone(t.lacking)
		t.last.faults = p.blank(p.source).With(t.lacking...)
		for _, field := range t.spoilt {
			t.last.faults = t.last.faults.With(t.fields[field].spoilt.fields...)
		}
	}
	*p.table.faults(row) = t.last.faults
	for _, field := range t.spoilt {
		for _, column := range t.fields[field].spoilt.columns {
			p.clear(row, column)
		}
	}
	if p.table.amounts != nil {
		if made := p.table.amounts(row).computed; made != nil {
			*made = slices.DeleteFunc(*made, t.last.faults.Has)
		}
	}
}

// soundInside is sound for a record of a list within the record, of which all is that
// the Tally has got from the given places on.
func (p *Plan[T]) soundInside(t *Tally, source string, row *T, from, lackingFrom int) {
	spoilt, lacking := t.spoilt[from:], t.lacking[lackingFrom:]
	if !slices.Equal(spoilt, t.lastInside.spoilt) || !slices.Equal(lacking, t.lastInside.lacking) {
		t.lastInside.spoilt, t.lastInside.lacking = slices.Clone(spoilt), slices.Clone(lacking)
		t.lastInside.faults = p.blank(source).With(lacking...)
		for _, field := range spoilt {
			t.lastInside.faults = t.lastInside.faults.With(t.fields[field].spoilt.fields...)
		}
	}
	*p.table.faults(row) = t.lastInside.faults
	for _, field := range spoilt {
		for _, column := range t.fields[field].spoilt.columns {
			p.clear(row, column)
		}
	}
	t.spoilt, t.lacking = t.spoilt[:from], t.lacking[:lackingFrom]
}

// blank are no faults, of a row type that may have to be told whose it is.
func (p *Plan[T]) blank(source string) *schema.Faults {
	if p.table.record != nil {
		return nil
	}
	return &schema.Faults{Source: source}
}

// clear empties a column of a row.
func (p *Plan[T]) clear(row *T, column string) {
	for i := range p.table.columns {
		c := &p.table.columns[i]
		if c.name != column || c.at == nil {
			continue
		}
		switch place := c.at(row).(type) {
		case *string:
			*place = ""
		case *time.Time:
			*place = time.Time{}
		case **schema.Money:
			*place = nil
		case **decimal.Decimal:
			*place = nil
		case **bool:
			*place = nil
		case **int:
			*place = nil
		case *[]string:
			*place = nil
		case *[]*schema.OrderLine:
			*place = nil
		case *[]*schema.OrderState:
			*place = nil
		case *[]*schema.Stock:
			*place = nil
		}
	}
}
