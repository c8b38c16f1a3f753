package mapping

import (
	"cmp"
	"slices"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Options say how the records of one entity become rows.
type Options struct {
	// Entity is the name in problems: "Order"; Source the configured name of the
	// system, which rows carry.
	Entity string
	Source string
	// Problems and Prefix name the entity and its columns in problems where they
	// are another's: {Product, stock.}.
	Problems string
	Prefix   string
	Fields   Fields
	Locale   Locale
	// Currency is the ISO 4217 code of amounts whose record names none, "" = they
	// are XXX and a problem.
	Currency string
	// Country is the ISO 3166 code of customers whose record names none.
	Country string
	// Links are the source's rules by relation ("Invoice.order"), whose fields are
	// paths; what they find stands before what a field orderNumbers holds.
	Links map[string]datasources.LinkRules
}

// Fate is what became of a record.
type Fate uint8

// The fates of records.
const (
	Kept Fate = iota
	Gone      // marked as deleted in the system, and no row of the graph
	Lost      // no record, or without a usable key: counted as a problem
)

// Plan turns records into rows of T: schema.Order and the other entities,
// datasources.CustomerRecord for Customer, StockRow for StockEntity. It is
// read-only and safe for concurrent use.
type Plan[T any] struct {
	entity   string
	source   string
	currency string
	country  string

	fields []compiled[T]
	// These are read before and beside the others, -1 = not configured.
	cur, gone int
	// Where computed amounts are counted, -1 = they are not.
	totalID, netID, taxID int

	table *table[T]
	links []linkField
	names []tallied // the shape of a Tally, of nested fields too
}

// compiled is one configured column.
type compiled[T any] struct {
	column[T]
	spec
	lines  *Plan[schema.OrderLine]
	states *Plan[schema.OrderState]
	stock  *Plan[schema.Stock]
	parts  []part // of a TextMap
}

// spec is how a column is read, whatever the row.
type spec struct {
	id        int // in a Tally
	paths     []Path
	constant  string
	values    map[string]string
	isInverse bool
	style     decimalStyle
	dates     *dateReader
}

type part struct {
	name string
	spec
}

// linkField is one relation's rules.
type linkField struct {
	rules datasources.LinkRules
	paths map[string]Path
	into  func(*schema.Links) *[]string
}

// Tally makes an empty count of the plan's columns.
func (p *Plan[T]) Tally() *Tally {
	t := &Tally{entity: p.entity, fields: slices.Clone(p.names)}
	for i := range t.fields {
		if n := len(t.fields[i].paths); n > 0 {
			t.fields[i].by = make([]int, n)
		}
	}
	return t
}

// Row reads one record into row, which must be empty. Unless the record is Kept,
// what row holds means nothing.
func (p *Plan[T]) Row(rec Value, t *Tally, row *T) Fate {
	t.records++
	t.record++
	if rec.Kind() != Object {
		t.note(0, NotARecord)
		return Lost
	}
	if p.gone >= 0 {
		if gone := p.fields[p.gone].truth(rec, t); gone != nil && *gone {
			return Gone
		}
	}
	b := &building{t: t, rec: rec, currency: cmp.Or(p.currency, noCurrency), isKnown: p.currency != ""}
	if p.cur >= 0 {
		b.readCurrency(&p.fields[p.cur].spec)
	}
	if !p.fill(b, rec, row) {
		return Lost
	}
	if p.table.record != nil {
		p.table.record(row).Source = p.source
	}
	if len(p.links) > 0 {
		p.link(rec, p.table.links(row))
	}
	if c, ok := any(row).(*datasources.CustomerRecord); ok && c.Country == "" && !b.hasCountry {
		c.Country = p.country
	}
	return Kept
}

// building is what the columns of one record share.
type building struct {
	t        *Tally
	rec      Value
	currency string
	isKnown  bool // the currency is
	// hasCountry: the record names one, though it may not be known.
	hasCountry bool
}

// fill reads the columns of one record or element, false when it lacks its key.
func (p *Plan[T]) fill(b *building, rec Value, row *T) bool {
	var net, tax *schema.Money // where the row has no place for them
	for i := range p.fields {
		f := &p.fields[i]
		if i == p.cur || i == p.gone {
			continue
		}
		if f.at == nil {
			if m := b.money(&f.spec, rec, true); f.role == isNet {
				net = m
			} else {
				tax = m
			}
			continue
		}
		switch place := f.at(row).(type) {
		case *string:
			if f.role == isCtry {
				*place, b.hasCountry = f.country(b.t, rec)
				continue
			}
			if *place = f.text(b.t, rec, f.role, f.list); *place == "" && f.role == isKey {
				b.t.note(f.id, NoKey)
				return false
			}
			if f.role == isKey && len(*place) > maxKey {
				b.t.note(f.id, KeyTooLong)
				return false
			}
		case *time.Time:
			*place = f.moment(b.t, rec)
		case **schema.Money:
			*place = b.money(&f.spec, rec, f.role == isPrice)
		case **decimal.Decimal:
			*place = f.number(b.t, rec)
		case **bool:
			*place = f.truth(rec, b.t)
		case *bool:
			if v := f.truth(rec, b.t); v != nil {
				*place = *v
			}
		case **int:
			*place = f.whole(b.t, rec)
		case *[]string:
			*place = f.texts(b.t, rec)
		case *map[string]string:
			*place = byName(b.t, rec, f.parts)
		case *[]*schema.OrderLine:
			*place = elements(b, rec, &f.spec, f.lines)
		case *[]*schema.OrderState:
			*place = elements(b, rec, &f.spec, f.states)
		case *[]*schema.Stock:
			*place = elements(b, rec, &f.spec, f.stock)
		}
	}
	if p.table.amounts != nil {
		a := p.table.amounts(row)
		p.complete(b, a, &net, &tax)
	}
	return true
}

// complete computes the one of three amounts that the record does not give.
func (p *Plan[T]) complete(b *building, a amounts, net, tax **schema.Money) {
	hasNet, hasTax := a.net != nil, a.tax != nil
	if hasNet {
		net = a.net
	}
	if hasTax {
		tax = a.tax
	}
	total := a.total
	switch {
	case *total == nil && *net != nil && *tax != nil:
		p.compute(b, a, total, "total", p.totalID, func() (decimal.Decimal, error) { return (*net).Amount.AddExact((*tax).Amount, 0) })
	case hasNet && *net == nil && *total != nil && *tax != nil:
		p.compute(b, a, net, "net", p.netID, func() (decimal.Decimal, error) { return (*total).Amount.SubExact((*tax).Amount, 0) })
	case hasTax && *tax == nil && *total != nil && *net != nil:
		p.compute(b, a, tax, "tax", p.taxID, func() (decimal.Decimal, error) { return (*total).Amount.SubExact((*net).Amount, 0) })
	}
}

// compute fills in an amount and says so: in the row where it can, and as a
// problem where the record was expected to have the amount, or the row cannot say.
func (p *Plan[T]) compute(b *building, a amounts, into **schema.Money, name string, id int, f func() (decimal.Decimal, error)) {
	d, err := f()
	if err != nil {
		return // more digits than can be kept
	}
	*into = schema.NewMoney(d, b.currency)
	if a.computed != nil {
		*a.computed = append(*a.computed, name)
	}
	if id >= 0 {
		b.t.note(id, Computed)
	}
}

func (p *Plan[T]) link(rec Value, links *schema.Links) {
	for _, l := range p.links {
		into := l.into(links)
		found := l.rules.Extract(func(name string) string { return clean(l.paths[name].Find(rec)) })
		for _, n := range *into {
			if !slices.Contains(found, n) {
				found = append(found, n)
			}
		}
		*into = found
	}
}
