package creatio

import (
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/schema"
)

// builder maps the records of one reply. Mapping is pure: what it needs was
// looked up before.
type builder struct {
	s     *source
	v     *view
	names names
}

func (b *builder) record(r *record) schema.Record {
	return schema.Record{Source: b.s.cfg.Name, Key: r.id, CreatedAt: b.time(r, "createdAt"), UpdatedAt: b.time(r, "updatedAt")}
}

// links fills in the keys of the same source and the numbers the rules find.
func (b *builder) links(r *record) schema.Links {
	l := schema.Links{
		CustomerKey: r.cell("customer").str,
		OrderKey:    r.cell("order").str,
		QuoteKey:    r.cell("quote").str,
	}
	for _, rule := range r.sel.links {
		numbers := rule.rules.Extract(r.extraText)
		switch rule.relation {
		case "orderNumber":
			l.OrderNumbers = numbers
		case "quoteNumber":
			l.QuoteNumbers = numbers
		case "invoiceNumber":
			l.InvoiceNumbers = numbers
		}
	}
	return l
}

// text returns a text, or the text of a lookup; "" when the lookup does not have
// the id.
func (b *builder) text(r *record, field string) string {
	for i := range r.sel.columns {
		c := &r.sel.columns[i]
		if c.field != field {
			continue
		}
		if c.kind == lookup {
			return b.names.row(c.table, r.cells[i].str).text
		}
		return r.cells[i].str
	}
	return ""
}

func (b *builder) time(r *record, field string) time.Time { return r.cell(field).at }

func (b *builder) decimal(r *record, field string) *decimal.Decimal {
	d := r.cell(field).dec
	if d == nil {
		return nil
	}
	trimmed := d.Trim(0)
	return &trimmed
}

// currency is that of a document's amounts: its own column's, else the base
// currency. An unknown one is "", and then the amounts are absent: a number
// without a currency is no money.
func (b *builder) currency(r *record) string {
	c := b.v.currency
	if c == nil {
		return b.s.cfg.BaseCurrency
	}
	value := r.cell("currency").str
	if c.kind == lookup {
		return b.names.row(c.table, value).currency
	}
	return b.s.currencyOf(value)
}

func (b *builder) money(r *record, field string) *schema.Money {
	return money(r.cell(field).dec, b.currency(r))
}

// money leaves the cents and drops the zeros a database's scale adds.
func money(d *decimal.Decimal, currency string) *schema.Money {
	if d == nil || currency == "" {
		return nil
	}
	return schema.NewMoney(*d, currency)
}

// percent returns a rate: of a tax in its lookup table, or a number.
func (b *builder) percent(r *record, field string) *decimal.Decimal {
	for i := range r.sel.columns {
		if c := &r.sel.columns[i]; c.field == field && c.kind == lookup {
			return b.names.row(c.table, r.cells[i].str).percent
		}
	}
	return b.decimal(r, field)
}
