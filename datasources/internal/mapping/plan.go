package mapping

import (
	"bytes"
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
	// have XXX, which is ISO 4217's for no currency, and a problem.
	Currency string
	// Country is the ISO 3166 code of customers whose record names none.
	Country string
	// Links are the source's rules by relation ("Invoice.order"), whose fields are
	// paths; what they find stands before what a field orderNumbers holds.
	Links map[string]datasources.LinkRules
	// Names are further names of members that documents are asked for, see
	// Plan.ShapeOf.
	Names []string
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

	keys     *keyTable
	shape    *Shape
	selected *selections[T]
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
	isExact   bool // a value that its map does not have is none
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
	paths []Path // of the rules
	into  func(*schema.Links) *[]string
}

// Shape is what Parse may leave out of the documents whose records the plan reads;
// the plan also reads documents that were parsed without it.
func (p *Plan[T]) Shape() *Shape { return p.shape }

// Tally makes an empty count of the plan's columns.
func (p *Plan[T]) Tally() *Tally {
	t := &Tally{entity: p.entity, fields: slices.Clone(p.names)}
	n := 0
	for i := range t.fields {
		n += len(t.fields[i].paths)
	}
	by := make([]int, n)
	for i := range t.fields {
		n := len(t.fields[i].paths)
		t.fields[i].by, by = by[:n:n], by[n:]
	}
	return t
}

// Rows reads the records of a list and appends what is Kept to rows, which must be
// empty behind its length. lost counts those that are none. The rows share memory
// with each other, not with the list.
func (p *Plan[T]) Rows(list Value, t *Tally, rows []T) (all []T, lost int) {
	n := list.Len()
	if cap(rows)-len(rows) < n {
		rows = slices.Grow(rows, n)
	}
	if n == 0 {
		return rows, 0
	}
	t.arena.expect(n)
	nodes := list.d.nodes
	for i, end := list.i+1, list.node().next; i < end; i = nodes[i].next {
		rows = rows[:len(rows)+1]
		last := &rows[len(rows)-1]
		fate := p.Row(Value{d: list.d, i: i}, t, last)
		t.arena.page.done++
		if fate == Kept {
			continue
		}
		if fate == Lost {
			lost++
		}
		*last = *new(T)
		rows = rows[:len(rows)-1]
	}
	t.arena.page = page{}
	return rows, lost
}

// Row reads one record into row, which must be empty. Unless the record is Kept,
// what row holds means nothing.
func (p *Plan[T]) Row(rec Value, t *Tally, row *T) Fate {
	t.records++
	t.record++
	t.spoilt, t.lacking, t.isKeyless = t.spoilt[:0], t.lacking[:0], false
	if rec.Kind() != Object {
		t.note(0, NotARecord)
		return Lost
	}
	m := t.index(rec, p.keys, 0)
	if p.gone >= 0 {
		if gone := p.fields[p.gone].truth(m, t); gone != nil && *gone {
			return Gone
		}
	}
	b := building{t: t, source: p.source, currency: cmp.Or(p.currency, schema.NoCurrency), isKnown: p.currency != ""}
	if p.cur >= 0 {
		b.readCurrency(&p.fields[p.cur].spec, m)
		b.isOdd = t.isSpoilt(p.fields[p.cur].id)
	}
	if !p.fill(&b, m, row, 0) {
		return Lost
	}
	if p.table.record != nil {
		rec := p.table.record(row)
		rec.Source = p.source
	}
	if len(p.links) > 0 {
		p.link(t, m, p.table.links(row))
	}
	if c, ok := any(row).(*datasources.CustomerRecord); ok && c.Country == "" && !b.hasCountry {
		c.Country = p.country
	}
	if len(t.spoilt) > 0 {
		p.sound(t, row)
	}
	return Kept
}

// building is what the columns of one record share.
type building struct {
	t        *Tally
	source   string
	currency string
	isKnown  bool // the currency is
	isOdd    bool // it cannot be read: no amount is made
	// hasCountry: the record names one, though it may not be known.
	hasCountry bool
}

// fill reads the columns of one record or element, false when it lacks its key.
// level is 0 for a record and 1 for an element of its lists.
func (p *Plan[T]) fill(b *building, m *members, row *T, level int) bool {
	var net, tax *schema.Money // where the row has no place for them
	for i := range p.fields {
		f := &p.fields[i]
		switch {
		case i == p.cur || i == p.gone:
		case f.text != nil:
			if !p.fillText(b, m, f, f.text(row)) {
				return false
			}
		case f.money != nil:
			*f.money(row) = b.money(&f.spec, m, f.role == isPrice)
		case f.number != nil:
			*f.number(row) = f.decimalOf(b.t, m)
		case f.moment != nil:
			*f.moment(row) = f.momentOf(b.t, m)
		case f.whole != nil:
			*f.whole(row) = f.wholeOf(b.t, m)
		case f.at != nil:
			p.fillRare(b, m, f, row, level)
		case f.role == isNet:
			net = b.money(&f.spec, m, true)
		default:
			tax = b.money(&f.spec, m, true)
		}
	}
	if p.table.amounts != nil {
		a := p.table.amounts(row)
		p.complete(b, a, net, tax)
	}
	return true
}

// fillText reads a text, false when it is the key and there is none.
func (p *Plan[T]) fillText(b *building, m *members, f *compiled[T], place *string) bool {
	if f.role == isCtry {
		*place, b.hasCountry = f.country(b.t, m)
		return true
	}
	*place = f.textOf(b.t, m, f.role, f.list)
	if f.role != isKey {
		return true
	}
	if *place == "" || b.t.isKeyless { // a key that was repaired is not the record's
		b.t.note(f.id, NoKey)
		return false
	}
	if len(*place) > maxKey {
		b.t.note(f.id, KeyTooLong)
		return false
	}
	return true
}

// fillRare reads a column of a type that few have.
func (p *Plan[T]) fillRare(b *building, m *members, f *compiled[T], row *T, level int) {
	switch place := f.at(row).(type) {
	case *string: // a column within another's row type
		p.fillText(b, m, f, place)
	case *time.Time:
		*place = f.momentOf(b.t, m)
	case **decimal.Decimal:
		*place = f.decimalOf(b.t, m)
	case **bool:
		*place = f.truth(m, b.t)
	case *bool:
		if v := f.truth(m, b.t); v != nil {
			*place = *v
		}
	case *[]string:
		*place = f.texts(b.t, m)
	case *map[string]string:
		*place = byName(b.t, m, f.parts)
	case *[]*schema.OrderLine:
		*place = elements(b, m, &f.spec, f.lines, &b.t.arena.lines, level+1)
	case *[]*schema.OrderState:
		*place = elements(b, m, &f.spec, f.states, &b.t.arena.states, level+1)
	case *[]*schema.Stock:
		*place = elements(b, m, &f.spec, f.stock, &b.t.arena.stock, level+1)
	}
}

// complete computes the one of three amounts that the record does not give. net
// and tax are those the row has no place for.
func (p *Plan[T]) complete(b *building, a amounts, net, tax *schema.Money) {
	hasNet, hasTax := a.net != nil, a.tax != nil
	if hasNet {
		net = *a.net
	}
	if hasTax {
		tax = *a.tax
	}
	total := *a.total
	if len(b.t.spoilt) > 0 && p.table.faults != nil {
		p.unmade(b.t, total, net, tax, hasNet, hasTax)
	}
	switch {
	case b.isOdd:
		p.unpaid(b.t, total, net, tax, hasNet, hasTax)
	case b.t.isSpoilt(p.totalID) && total == nil, b.t.isSpoilt(p.netID) && net == nil, b.t.isSpoilt(p.taxID) && tax == nil:
		// What cannot be read is not made up.
	case total == nil && net != nil && tax != nil:
		d, err := net.Amount.AddExact(tax.Amount, 0)
		p.computed(b, a, a.total, "total", p.totalID, d, err)
	case hasNet && net == nil && total != nil && tax != nil:
		d, err := total.Amount.SubExact(tax.Amount, 0)
		p.computed(b, a, a.net, "net", p.netID, d, err)
	case hasTax && tax == nil && total != nil && net != nil:
		d, err := total.Amount.SubExact(net.Amount, 0)
		p.computed(b, a, a.tax, "tax", p.taxID, d, err)
	}
}

// unmade notes the amount that would have been computed from the two others, of
// which one cannot be read.
func (p *Plan[T]) unmade(t *Tally, total, net, tax *schema.Money, hasNet, hasTax bool) {
	noTotal, noNet, noTax := t.isSpoilt(p.totalID), t.isSpoilt(p.netID), t.isSpoilt(p.taxID)
	lacks := func(x *schema.Money, isSpoilt bool, y *schema.Money, isOtherSpoilt bool) bool {
		return (isSpoilt || isOtherSpoilt) && (x != nil || isSpoilt) && (y != nil || isOtherSpoilt)
	}
	if total == nil && !noTotal && lacks(net, noNet, tax, noTax) {
		t.lack("total")
	}
	if hasNet && net == nil && !noNet && lacks(total, noTotal, tax, noTax) {
		t.lack("net")
	}
	if hasTax && tax == nil && !noTax && lacks(total, noTotal, net, noNet) {
		t.lack("tax")
	}
}

// unpaid notes the amounts that would have been computed in a currency nobody knows.
func (p *Plan[T]) unpaid(t *Tally, total, net, tax *schema.Money, hasNet, hasTax bool) {
	switch {
	case total == nil && net != nil && tax != nil:
		t.lack("total")
	case hasNet && net == nil && total != nil && tax != nil:
		t.lack("net")
	case hasTax && tax == nil && total != nil && net != nil:
		t.lack("tax")
	}
}

// computed fills in an amount and says so: in the row where it can, and as a
// problem where the record was expected to have the amount, or the row cannot say.
func (p *Plan[T]) computed(b *building, a amounts, into **schema.Money, name string, id int, d decimal.Decimal, err error) {
	if err != nil {
		return // more digits than can be kept
	}
	*into = b.t.arena.money.one(schema.MoneyOf(d, b.currency), b.t.arena.page)
	if a.computed != nil {
		*a.computed = append(*a.computed, name)
	}
	if id >= 0 {
		b.t.note(id, Computed)
	}
}

func (p *Plan[T]) link(t *Tally, m *members, links *schema.Links) {
	for i := range p.links {
		l := &p.links[i]
		into := l.into(links)
		found := l.numbers(t, m)
		if found == nil {
			continue
		}
		for _, n := range *into {
			if !slices.Contains(found, n) {
				found = append(found, n)
			}
		}
		*into = found
	}
}

// numbers is datasources.LinkRules.Extract, in the memory of the reading.
func (l *linkField) numbers(t *Tally, m *members) []string {
	var found []string
	for i := range l.rules {
		text := t.cleaned(m, &l.paths[i])
		if re := l.rules[i].Pattern; re != nil && text != nil {
			at := re.FindSubmatchIndex(text)
			switch {
			case at == nil:
				continue
			case len(at) > 2 && at[2] < 0:
				continue // a group that took no part
			case len(at) > 2:
				text = text[at[2]:at[3]]
			default:
				text = text[at[0]:at[1]]
			}
		}
		text = bytes.TrimSpace(text)
		if len(text) == 0 || slices.ContainsFunc(found, func(n string) bool { return n == string(text) }) {
			continue
		}
		if found == nil {
			found = t.arena.names.many(1, t.arena.page)
			found[0] = t.arena.text(text)
			continue
		}
		found = append(found, t.arena.text(text))
	}
	return found
}
