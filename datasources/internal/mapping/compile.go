package mapping

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/trama-graph/trama/schema"
)

// Compile makes a plan. Errors are mistakes of the configuration, see Check.
func Compile[T any](o Options) (*Plan[T], error) {
	loc, err := compileLocale(o.Locale)
	if err != nil {
		return nil, fmt.Errorf("locale: %w", err)
	}
	if err := errors.Join(Check(o.Entity, o.Fields)...); err != nil {
		return nil, err
	}
	c := &compiler{locale: loc, keys: newKeyTable()}
	c.add(strings.TrimSuffix(o.Prefix, "."), nil) // the record as a whole
	for _, name := range o.Names {
		c.keys.number(name)
	}
	p := compile[T](c, o.Fields, o.Prefix)
	if p.table.record != nil || p.table.links != nil {
		if err := p.compileLinks(o); err != nil {
			return nil, err
		}
	}
	p.entity, p.source, p.currency, p.country = cmp.Or(o.Problems, o.Entity), o.Source, o.Currency, o.Country
	p.spoilage(c.names)
	p.names = c.names
	p.shape = p.shapeOf()
	p.selected = &selections[T]{}
	return p, nil
}

// compiler hands out the places in a Tally.
type compiler struct {
	locale *locale
	keys   *keyTable
	names  []tallied
}

func compile[T any](c *compiler, fields Fields, prefix string) *Plan[T] {
	p := &Plan[T]{table: tableOf[T](), keys: c.keys, cur: -1, gone: -1, totalID: -1, netID: -1, taxID: -1}
	for _, col := range p.table.columns {
		f, ok := fields[col.name]
		if !ok {
			continue
		}
		x := compiled[T]{column: col, spec: c.spec(prefix+col.name, f)}
		if col.at != nil {
			var row T
			switch col.at(&row).(type) {
			case *[]*schema.OrderLine:
				x.lines = compile[schema.OrderLine](c, f.Fields, prefix+col.name+".")
			case *[]*schema.OrderState:
				x.states = compile[schema.OrderState](c, f.Fields, prefix+col.name+".")
			case *[]*schema.Stock:
				x.stock = compile[schema.Stock](c, f.Fields, prefix+col.name+".")
			case *map[string]string:
				for _, name := range slices.Sorted(maps.Keys(f.Fields)) {
					x.parts = append(x.parts, part{name: name, spec: c.spec(prefix+col.name+"."+name, f.Fields[name])})
				}
			}
		}
		n := len(p.fields)
		x.isExact = col.name == "deleted" // a record is not lost to a word that nobody agreed on
		switch {
		case col.role == isCur:
			p.cur = n
		case col.role == isGone:
			p.gone = n
		case col.name == "total":
			p.totalID = x.id
		case col.role == isNet:
			p.netID = x.id
		case col.role == isTax:
			p.taxID = x.id
		}
		p.fields = append(p.fields, x)
	}
	var row T
	if p.table.amounts != nil && p.table.amounts(&row).computed == nil && p.netID >= 0 {
		p.totalID, p.taxID = c.place(prefix+"total"), c.place(prefix+"tax")
	}
	return p
}

// place is a column's place in a Tally, made when it is not configured.
func (c *compiler) place(name string) int {
	if i := slices.IndexFunc(c.names, func(t tallied) bool { return t.name == name }); i >= 0 {
		return i
	}
	return c.add(name, nil)
}

func (c *compiler) add(name string, paths []Path) int {
	c.names = append(c.names, tallied{name: name, paths: paths})
	return len(c.names) - 1
}

func (c *compiler) spec(name string, f Field) spec {
	paths, _ := ParsePaths(f.At) // checked before
	for i := range paths {
		paths[i].number(c.keys)
	}
	s := spec{paths: paths, constant: f.Value, values: f.Map, isInverse: f.Inverse, style: c.locale.style, dates: c.locale.dates}
	s.id = c.add(name, paths)
	if f.Decimals != "" {
		s.style, _ = styleOf(f.Decimals)
	}
	if len(f.Dates) > 0 {
		s.dates = c.locale.dates.with(f.Dates)
	}
	return s
}

func (p *Plan[T]) compileLinks(o Options) error {
	for _, r := range []struct {
		name string
		into func(*schema.Links) *[]string
	}{
		{"order", func(l *schema.Links) *[]string { return &l.OrderNumbers }},
		{"quote", func(l *schema.Links) *[]string { return &l.QuoteNumbers }},
		{"invoice", func(l *schema.Links) *[]string { return &l.InvoiceNumbers }},
	} {
		// "Order.quote" names the quote an order came of, "Quote.orders" the orders
		// that came of a quote: the numbers of orders either way.
		rules := slices.Concat(o.Links[o.Entity+"."+r.name], o.Links[o.Entity+"."+r.name+"s"])
		if len(rules) == 0 {
			continue
		}
		if p.table.links == nil {
			return fmt.Errorf("links: %s has no link %s", o.Entity, r.name)
		}
		l := linkField{rules: rules, into: r.into}
		for _, name := range rules.Fields() {
			path, err := ParsePath(name)
			if err != nil {
				return fmt.Errorf("links %s.%s: %w", o.Entity, r.name, err)
			}
			path.number(p.keys)
			l.paths = append(l.paths, path)
		}
		p.links = append(p.links, l)
	}
	return nil
}
