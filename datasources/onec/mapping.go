package onec

import (
	"errors"
	"slices"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// document is what all documents of 1C have in common; each entity takes what
// it has.
type document struct {
	schema.Record
	schema.Links
	concept           string
	number            string
	customerReference string
	status            string
	date              time.Time
	due               time.Time
	total             *schema.Money
	tax               *schema.Money
	paid              *schema.Money
	posted            *bool
	notes             string
	method            string
	purpose           string
	lines             []*schema.OrderLine
}

// documentColumns are the properties that must be read for the asked fields: the
// keys always, tabular parts only for lines or a tax that nothing else tells.
func (s *source) documentColumns(entity string, o *object, f datasources.Fields) []string {
	cols := []string{"Ref_Key", o.prop("deleted"), o.prop("number")}
	ref := func(field string) {
		if prop := o.prop(field); prop != "" {
			cols = append(cols, prop)
			if o.composite(prop) {
				cols = append(cols, prop+typeSuffix)
			}
		}
	}
	ref("customer")
	for _, name := range []string{"date", "posted", "status", "notes", "dueDate", "customerReference", "purpose", "method", "paid", "tax"} {
		if f.Has(name) {
			cols = append(cols, o.prop(name))
		}
	}
	if f.Has("status") && o.prop("status") == "" {
		cols = append(cols, o.prop("posted"))
	}
	if wantsMoney(f) {
		cols = append(cols, o.prop("total"), o.prop("currency"))
	}
	for relation, column := range linkColumns() {
		if !f.Has(relation) && !f.Has(column) {
			continue
		}
		if hasReference(entity, relation) {
			ref(relation)
		}
		for _, name := range s.links[entity+"."+relation].Fields() {
			if _, ok := o.props[name]; ok {
				cols = append(cols, name)
			}
		}
	}
	if f.Has("lines") || f.Has("tax") && o.prop("tax") == "" {
		cols = append(cols, o.parts...)
	}
	return present(cols...)
}

// hasReference reports whether an entity's own reference to another document is
// looked at. An order's basis is no order.
func hasReference(entity, relation string) bool {
	return relation == "invoice" || relation == "order" && entity != "Order"
}

// reads collects the first error of many reads of one row.
type reads struct {
	r   row
	err error
}

func (d *reads) keep(err error) {
	if d.err == nil {
		d.err = err
	}
}

func (d *reads) text(name string) string {
	s, err := d.r.text(name)
	d.keep(err)
	return s
}

func (d *reads) ref(name string) string {
	s, err := d.r.ref(name)
	d.keep(err)
	return s
}

func (d *reads) time(name string, zone *time.Location) time.Time {
	t, err := d.r.time(name, zone)
	d.keep(err)
	return t
}

func (d *reads) bool(name string) *bool {
	b, err := d.r.bool(name)
	d.keep(err)
	return b
}

func (d *reads) number(name string) *decimal.Decimal {
	n, err := d.r.number(name)
	d.keep(err)
	return n
}

func (d *reads) money(name, currency string) *schema.Money {
	n := d.number(name)
	if n == nil {
		return nil
	}
	return schema.NewMoney(*n, currency)
}

// errNoKey says that a row has no Ref_Key, without which it is nobody's.
var errNoKey = errors.New("onec: a row without a key")

// document reads a row. Which columns there are was decided when they were
// asked for; what is not there stays empty.
func (b *builder) document(r row) (*document, error) {
	d := &reads{r: r}
	o := b.o
	id := d.ref("Ref_Key")
	if d.err == nil && id == "" {
		return nil, errNoKey
	}
	x := &document{concept: o.concept}
	x.Source, x.Key = b.s.cfg.Name, b.key(o.concept, id)
	x.number = d.text(o.prop("number"))
	x.date = d.time(o.prop("date"), b.s.zone)
	x.due = d.time(o.prop("dueDate"), b.s.zone)
	x.posted = d.bool(o.prop("posted"))
	x.notes = d.text(o.prop("notes"))
	x.customerReference = d.text(o.prop("customerReference"))
	x.method = d.text(o.prop("method"))
	x.purpose = d.text(o.prop("purpose"))
	x.status = b.status(d, x.posted)
	b.reference(d, x)
	if wantsMoney(b.fields) {
		currency := b.currency(d.ref(o.prop("currency")))
		x.total = d.money(o.prop("total"), currency)
		x.tax = d.money(o.prop("tax"), currency)
		x.paid = d.money(o.prop("paid"), currency)
		b.lines(d, x, currency)
	}
	return x, d.err
}

// status is the base's own word, or one derived from the marks.
func (b *builder) status(d *reads, posted *bool) string {
	if !b.fields.Has("status") {
		return ""
	}
	if prop := b.o.prop("status"); prop != "" {
		if b.o.props[prop] != "Edm.Guid" {
			return d.text(prop)
		}
		return b.lookup(conceptState, d.ref(prop)).name
	}
	switch deleted := d.bool(b.o.prop("deleted")); {
	case deleted != nil && *deleted:
		return "deleted"
	case posted == nil:
		return ""
	case *posted:
		return "posted"
	}
	return "draft"
}

// reference fills the links: the base's own references, which name their type
// where they may point to several, and the numbers the configured rules find.
func (b *builder) reference(d *reads, x *document) {
	if prop := b.o.prop("customer"); prop != "" {
		if !b.o.composite(prop) || b.m.conceptOf(d.text(prop+typeSuffix), conceptCustomer) != "" {
			x.CustomerKey = d.ref(prop)
		}
	}
	if prop := b.o.prop("order"); prop != "" && hasReference(b.entity, "order") {
		if !b.o.composite(prop) || b.m.conceptOf(d.text(prop+typeSuffix), conceptOrder) != "" {
			x.OrderKey = d.ref(prop)
		}
	}
	if prop := b.o.prop("invoice"); prop != "" {
		concept := ""
		if b.o.composite(prop) {
			concept = b.m.conceptOf(d.text(prop+typeSuffix), b.s.cfg.Invoices...)
		} else if slices.Contains(b.s.cfg.Invoices, conceptBill) {
			concept = conceptBill
		}
		if concept != "" {
			if id := d.ref(prop); id != "" {
				x.InvoiceKey = b.s.invoices.key(concept, id)
			}
		}
	}
	get := func(name string) string {
		// A link is a text somebody typed; of any other kind it holds no number.
		s, err := d.r.text(name)
		if err != nil {
			return ""
		}
		return s
	}
	x.OrderNumbers = b.s.links[b.entity+".order"].Extract(get)
	x.QuoteNumbers = b.s.links[b.entity+".quote"].Extract(get)
	x.InvoiceNumbers = b.s.links[b.entity+".invoice"].Extract(get)
}
