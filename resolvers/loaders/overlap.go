package loaders

import (
	"context"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// overlapPage is how many rows are read at once, and overlapMost how many of one
// source are looked at.
const (
	overlapPage = 1000
	overlapMost = 1_000_000
)

// Overlaps counts the documents that two sources keep both: those with one number
// and one golden customer. Only sources whose records are kept here are read; others
// are named. It is for whoever may see all customers, and leaves out kinds of record
// of which the request may not see every row, number and total.
func (l *Loaders) Overlaps(ctx context.Context) ([]*schema.DocumentOverlap, error) {
	var out []*schema.DocumentOverlap
	for _, add := range []func(context.Context, []*schema.DocumentOverlap) ([]*schema.DocumentOverlap, error){
		overlapsOf[schema.Quote](l, "Quote"), overlapsOf[schema.Order](l, "Order"), overlapsOf[schema.Invoice](l, "Invoice"),
	} {
		var err error
		if out, err = add(ctx, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// overlapsOf compares each two owners of an entity.
func overlapsOf[T any, P datasources.EntityOf[T]](l *Loaders, entity string) func(context.Context, []*schema.DocumentOverlap) ([]*schema.DocumentOverlap, error) {
	return func(ctx context.Context, out []*schema.DocumentOverlap) ([]*schema.DocumentOverlap, error) {
		told := Told{l.access(ctx)}
		if l.access(ctx).Rows(entity).Op != schema.All || !told.Names(entity, "number") || !told.Names(entity, "total") {
			return out, nil
		}
		owners := l.Catalog.Owners(entity)
		for i, a := range owners {
			for _, b := range owners[i+1:] {
				o := &schema.DocumentOverlap{Entity: entity, A: a.Name, B: b.Name}
				if a.Supply == schema.SupplyLive || b.Supply == schema.SupplyLive {
					o.State = "NOT_COPIED"
				} else if err := overlap[T, P](ctx, l, entity, a, b, o); err != nil {
					return nil, err
				}
				out = append(out, o)
			}
		}
		return out, nil
	}
}

// overlap reads two sources in the order of numbers, side by side, so that neither
// has to be held.
func overlap[T any, P datasources.EntityOf[T]](ctx context.Context, l *Loaders, entity string, a, b *datasources.Connected, o *schema.DocumentOverlap) error {
	left := &inNumbers[T, P]{ctx: ctx, r: datasources.ReaderOf[T](a, entity)}
	right := &inNumbers[T, P]{ctx: ctx, r: datasources.ReaderOf[T](b, entity)}
	var both, same, other int
	x, y := left.group(), right.group()
	for len(x) > 0 && len(y) > 0 {
		switch nx, ny := documentNumber[T, P](&x[0]), documentNumber[T, P](&y[0]); {
		case nx < ny:
			x = left.group()
		case nx > ny:
			y = right.group()
		default:
			b, s, d := meeting[T, P](l, x, y)
			both, same, other = both+b, same+s, other+d
			x, y = left.group(), right.group()
		}
	}
	for len(x) > 0 {
		x = left.group()
	}
	for len(y) > 0 {
		y = right.group()
	}
	if left.err != nil {
		return left.err
	}
	if right.err != nil {
		return right.err
	}
	o.InA, o.InB, o.Both, o.SameTotal, o.OtherTotal = &left.rows, &right.rows, &both, &same, &other
	if left.rows >= overlapMost || right.rows >= overlapMost {
		o.State = "PARTIAL"
	}
	return nil
}

// meeting counts the rows of one number that are of one golden customer; each meets
// one of the other side at most.
func meeting[T any, P datasources.EntityOf[T]](l *Loaders, x, y []T) (both, same, other int) {
	taken := make([]bool, len(y))
	for i := range x {
		c, ok := golden[T, P](l, &x[i])
		for j := range y {
			d, has := golden[T, P](l, &y[j])
			if taken[j] || !ok || !has || c != d {
				continue
			}
			taken[j] = true
			both++
			switch p, q := P(&x[i]), P(&y[j]); {
			case p.Column("total").IsNull() || q.Column("total").IsNull():
			case p.Column("total").Compare(q.Column("total")) == 0 && p.Column("currency").Compare(q.Column("currency")) == 0:
				same++
			default:
				other++
			}
			break
		}
	}
	return both, same, other
}

func documentNumber[T any, P datasources.EntityOf[T]](row *T) string {
	return P(row).Column("number").Str
}

func golden[T any, P datasources.EntityOf[T]](l *Loaders, row *T) (string, bool) {
	source, _ := P(row).Identity()
	if key := P(row).Column("customer"); !key.IsNull() {
		return l.Directory.Golden(source, key.Str)
	}
	return "", false
}

// inNumbers reads a list in the order of its numbers.
type inNumbers[T any, P datasources.EntityOf[T]] struct {
	ctx  context.Context //nolint:containedctx // lives as long as one call of Overlaps
	r    datasources.Reader[T]
	page []T
	at   int
	rows int
	end  bool
	last *datasources.After
	err  error
}

// next returns the row in turn, nil at the end.
func (n *inNumbers[T, P]) next() *T {
	if n.at == len(n.page) && !n.end {
		n.read()
	}
	if n.at == len(n.page) || n.err != nil {
		return nil
	}
	return &n.page[n.at]
}

func (n *inNumbers[T, P]) read() {
	if n.rows >= overlapMost {
		n.end = true
		return
	}
	rows, err := n.r.List(n.ctx, datasources.Query{
		Fields: datasources.NewFields("number", "total", "customer"), Order: schema.Sort{Column: "number"}, First: overlapPage, After: n.last,
	})
	if err != nil {
		n.err, n.end = err, true
		return
	}
	n.page, n.at = rows.Items, 0
	n.rows += len(rows.Items)
	n.end = len(rows.Items) == 0 || len(rows.More) == 0 || !rows.More[0]
	if k := len(rows.Items); k > 0 {
		row := P(&rows.Items[k-1])
		_, id := row.Identity()
		n.last = &datasources.After{Value: row.Column("number"), ID: id}
	}
}

// group returns the next rows of one number; those without a number are passed
// over.
func (n *inNumbers[T, P]) group() []T {
	var out []T
	for row := n.next(); row != nil; row = n.next() {
		number := documentNumber[T, P](row)
		if len(out) > 0 && number != documentNumber[T, P](&out[0]) {
			break
		}
		if number != "" {
			out = append(out, *row)
		}
		n.at++
	}
	return out
}
