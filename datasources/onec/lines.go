package onec

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// line is a builder's list of the columns of tabular parts: each field with its
// candidates, as goods and services differ.
type line struct {
	cols   *columns
	fields map[string][]string
}

func (c *Config) line() line {
	l := line{cols: newColumns(), fields: map[string][]string{}}
	def := concepts()[conceptLine]
	for i := range def.fields {
		names, _ := c.candidates(conceptLine, &def.fields[i])
		l.fields[def.fields[i].name] = names
		for _, n := range names {
			l.cols.add(n)
		}
	}
	return l
}

// first returns the first candidate that has a value in the row.
func (l line) first(r row, field string) string {
	for _, name := range l.fields[field] {
		if v := r.raw(name); v != nil && string(v) != `""` && string(v) != `"`+zeroGUID+`"` {
			return name
		}
	}
	return ""
}

// lines reads the tabular parts that came, goods before services, and sums up
// the tax where the document has no field for it.
func (b *builder) lines(d *reads, x *document, currency string) {
	wanted := b.fields.Has("lines")
	sumTax := b.fields.Has("tax") && b.o.prop("tax") == ""
	if !wanted && !sumTax {
		return
	}
	l := b.s.line
	if wanted {
		x.lines = []*schema.OrderLine{}
	}
	for _, part := range b.o.parts {
		rows, err := d.r.part(part, l.cols)
		d.keep(err)
		for _, r := range rows {
			ln, err := b.line(r, l, currency)
			if err != nil {
				d.keep(err)
				return
			}
			if sumTax && ln.Tax != nil {
				d.keep(addMoney(&x.tax, ln.Tax))
			}
			if wanted {
				if ln.Position == nil || len(b.o.parts) > 1 {
					// Each part counts from 1.
					n := len(x.lines) + 1
					ln.Position = &n
				}
				x.lines = append(x.lines, ln)
			}
		}
	}
}

// addMoney adds exactly; both are of one currency.
func addMoney(sum **schema.Money, m *schema.Money) error {
	if *sum == nil {
		c := *m
		*sum = &c
		return nil
	}
	total, err := (*sum).Amount.Add(m.Amount)
	if err != nil {
		return badValue{"a sum"}
	}
	(*sum).Amount = total
	return nil
}

// line reads one row of a tabular part. Until finishLines its SKU is the GUID of
// the product.
func (b *builder) line(r row, l line, currency string) (*schema.OrderLine, error) {
	d := &reads{r: r}
	x := &schema.OrderLine{
		SKU:       d.ref(l.first(r, "product")),
		Name:      d.text(l.first(r, "name")),
		Quantity:  d.number(l.first(r, "quantity")),
		UnitPrice: d.money(l.first(r, "price"), currency),
		Discount:  d.number(l.first(r, "discount")),
		TaxRate:   taxRate(d.text(l.first(r, "rate"))),
		Tax:       d.money(l.first(r, "tax"), currency),
		Total:     d.money(l.first(r, "total"), currency),
	}
	if n := d.text(l.first(r, "position")); n != "" {
		if i, err := strconv.Atoi(n); err == nil && i > 0 {
			x.Position = &i
		}
	}
	if unit := d.text(l.first(r, "unit")); unit != "" {
		if id, ok := guid(unit); ok {
			x.Unit = b.lookup(conceptUnit, id).name
		} else if id == "" {
			x.Unit = unit
		}
	}
	return x, d.err
}

// taxRate reads an enumeration's value such as НДС20, НДС18_118 or БезНДС.
func taxRate(s string) *decimal.Decimal {
	from := strings.IndexAny(s, "0123456789")
	if from < 0 {
		return nil
	}
	digits := s[from:]
	if to := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); to >= 0 {
		digits = digits[:to]
	}
	if len(digits) > 2 {
		return nil
	}
	d, err := decimal.Parse(digits)
	if err != nil {
		return nil
	}
	return &d
}

func linesOf[T any](items []T, of func(*T) []*schema.OrderLine) []*schema.OrderLine {
	var all []*schema.OrderLine
	for i := range items {
		all = append(all, of(&items[i])...)
	}
	return all
}

// finishLines looks the lines' products up, all of a page together, and puts
// their codes and names in.
func (s *source) finishLines(ctx context.Context, lines []*schema.OrderLine) error {
	var ids []string
	seen := map[string]bool{}
	for _, l := range lines {
		if id := l.SKU; id != "" && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	known, err := s.productsByID(ctx, ids)
	if err != nil {
		return err
	}
	for _, l := range lines {
		if l.SKU == "" {
			continue
		}
		p := known[l.SKU]
		l.SKU = p.SKU
		if p.Name != "" {
			l.Name = p.Name
		}
		if l.Unit == "" {
			l.Unit = p.Unit
		}
	}
	return nil
}

// productsByID reads products of lines; a base that lacks the catalogue has
// lines without codes.
func (s *source) productsByID(ctx context.Context, ids []string) (map[string]schema.Product, error) {
	found := make(map[string]schema.Product, len(ids))
	rows, err := s.products.ByKeys(ctx, ids, datasources.NewFields("name", "sku", "unit"))
	if schema.CodeOf(err) == schema.NotEnabled {
		return found, nil
	}
	if err := whole(err); err != nil {
		return nil, err
	}
	for _, p := range rows.Items {
		found[p.Key] = p
	}
	return found, nil
}
