package onec

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/gather"
	"github.com/trama-graph/trama/schema"
)

// fetchPages is how many pages are read of one chunk of parents before it is
// asked in smaller ones.
const fetchPages = 4

// ByParent implements datasources.Reader.
func (r *reader[T, P]) ByParent(ctx context.Context, rel datasources.Relation, parents []string, q datasources.Query) (datasources.Rows[T], error) {
	if r.e.Relation(rel) == nil {
		return datasources.Rows[T]{}, schema.SourceErrorf(schema.UnsupportedFilter, r.s.cfg.Name, "%s cannot find %s by %s", r.s.cfg.Name, r.e.Name, rel)
	}
	m, objects, err := r.objects(ctx)
	if err != nil {
		return datasources.Rows[T]{}, err
	}
	if q.Order.Column == "" {
		q.Order = r.e.Default
	}
	q.Fields = r.fields(q, string(rel))
	k := &kin[T, P]{
		r: r, objects: objects, rel: string(rel), q: q,
		builders: make([]*builder, len(objects)), push: make([]cond, len(objects)), filters: map[*object]*filterer{},
	}
	for _, o := range objects {
		k.filters[o] = r.filterer(m, o)
	}
	push, _ := r.pushable(m, objects, q.Where).Split(q.Where)
	size := r.s.cfg.Batch
	for i, o := range objects {
		if k.builders[i], err = r.s.builder(ctx, m, o, r.e.Name, r.key, q.Fields); err != nil {
			return datasources.Rows[T]{}, err
		}
		if k.push[i], err = k.filters[o].render(push); err != nil {
			k.push[i] = cond{} // cannot be: pushable has rendered it
		}
		req := r.request(o, q.Fields).where(append(r.fixed(o), k.push[i].text)...)
		req.order, req.top, req.skip = "Ref_Key", r.s.cfg.Page, 1
		size = min(size, r.s.client.fit(req, 0, maxLen(parents, func(p string) string { return k.term(o, p) })))
	}
	rows, err := gather.ByParent[T, P](ctx, parents, size, q, gather.Parents[T]{
		Fetch: k.fetch,
		One: func(ctx context.Context, parent string) (datasources.Rows[T], error) {
			return r.list(ctx, m, objects, q, k, parent)
		},
		ParentOf: func(x *T) string { return k.parentOf(x, k.asked(parents)) },
	})
	if r.finish != nil {
		if err := r.finish(ctx, m, rows.Items, q.Fields); err != nil {
			return datasources.Rows[T]{}, asError(r.s.cfg.Name, err)
		}
	}
	return rows, err
}

// fields are the columns a query needs: those asked for and those that are
// looked at here.
func (r *reader[T, P]) fields(q datasources.Query, more ...string) datasources.Fields {
	q.Where.Columns(func(c string) { more = append(more, c) })
	if q.Order.Column != "" {
		more = append(more, q.Order.Column)
	}
	return q.Fields.With(more...)
}

// kin is one reading of rows by their parents.
type kin[T any, P gather.Entity[T]] struct {
	r        *reader[T, P]
	objects  []*object
	rel      string
	q        datasources.Query
	builders []*builder // by object
	push     []cond     // the filter by object
	filters  map[*object]*filterer

	once  sync.Once // makes known
	known map[string]string
}

// term is the condition that a row belongs to a parent, "" when none can.
func (k *kin[T, P]) term(o *object, parent string) string {
	switch k.rel {
	case "customer", "order", "invoice":
		return k.filters[o].refersTo(k.rel, parent).text // "" for never
	}
	return k.filters[o].textIs(k.rel, parent).text
}

// fold is how parents are compared: GUIDs whatever their letter case, texts to
// the letter but trimmed.
func (k *kin[T, P]) fold(parent string) string {
	switch k.rel {
	case "customer", "order", "invoice":
		return strings.ToLower(parent)
	}
	return strings.TrimSpace(parent)
}

// asked returns the parents as they were asked by what they are compared by.
func (k *kin[T, P]) asked(parents []string) map[string]string {
	k.once.Do(func() {
		k.known = make(map[string]string, len(parents))
		for _, p := range parents {
			if _, ok := k.known[k.fold(p)]; !ok {
				k.known[k.fold(p)] = p
			}
		}
	})
	return k.known
}

// candidates are the parents a row names.
func (k *kin[T, P]) candidates(x *T) []string {
	row := P(x)
	if linked, ok := any(x).(interface{ LinkKeys() *schema.Links }); ok {
		switch k.rel {
		case "orderNumber":
			return linked.LinkKeys().OrderNumbers
		case "quoteNumber":
			return linked.LinkKeys().QuoteNumbers
		case "invoiceNumber":
			return linked.LinkKeys().InvoiceNumbers
		}
	}
	if v := row.Column(k.rel); !v.IsNull() {
		return []string{v.Str}
	}
	return nil
}

// parentOf returns the parent of a row among those asked, "" when it has none.
func (k *kin[T, P]) parentOf(x *T, asked map[string]string) string {
	for _, c := range k.candidates(x) {
		if p, ok := asked[k.fold(c)]; ok {
			return p
		}
	}
	return ""
}

// belongs judges a row by the parents that were asked. The database may take
// texts that differ in case or accents for equal: such a row is left out, any other is
// foreign.
func (k *kin[T, P]) belongs(x *T, chunk []string) (bool, error) {
	for _, c := range k.candidates(x) {
		for _, p := range chunk {
			if k.fold(c) == k.fold(p) {
				return true, nil
			}
		}
	}
	for _, c := range k.candidates(x) {
		if slices.ContainsFunc(chunk, func(p string) bool { return loosened(p) == loosened(c) }) {
			return false, nil
		}
	}
	return false, foreign()
}

// loosened is a text without what databases overlook: letter case, accents and space
// at the ends.
func loosened(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, strings.ToLower(norm.NFKD.String(strings.TrimSpace(s))))
}

// fetched is what was read for a chunk.
type fetched[T any] struct {
	items    []T
	complete bool
}

func joinFetched[T any](a, b fetched[T]) fetched[T] {
	return fetched[T]{items: append(a.items, b.items...), complete: a.complete && b.complete}
}

// fetch reads the rows of some parents from all objects.
func (k *kin[T, P]) fetch(ctx context.Context, chunk []string) ([]T, bool, error) {
	found := make([]fetched[T], len(k.objects))
	errs := make([]error, len(k.objects))
	var wait sync.WaitGroup
	for i, o := range k.objects {
		var known []string
		for _, p := range chunk {
			if k.term(o, p) != "" {
				known = append(known, p)
			}
		}
		if len(known) == 0 || k.push[i].never {
			found[i].complete = true
			continue
		}
		wait.Go(func() {
			base := k.r.request(o, k.q.Fields).where(append(k.r.fixed(o), k.push[i].text)...)
			base.order, base.top = "Ref_Key", k.r.s.cfg.Page
			found[i], errs[i] = inHalves(k.r.s.client, known,
				func(ps []string) request { return base.where(anyOf(ps, func(p string) string { return k.term(o, p) })) },
				func(ps []string, q request) (fetched[T], error) { return k.pages(ctx, k.builders[i], ps, q) },
				joinFetched)
		})
	}
	wait.Wait()
	all := fetched[T]{complete: true}
	for _, f := range found {
		all = joinFetched(all, f)
	}
	for _, err := range errs {
		if err != nil {
			return nil, false, err
		}
	}
	return all.items, all.complete, nil
}

// pages reads one request page by page.
func (k *kin[T, P]) pages(ctx context.Context, b *builder, chunk []string, q request) (fetched[T], error) {
	var out fetched[T]
	for range fetchPages {
		items, n, err := k.r.read(ctx, b, q, func(x *T) (bool, error) { return k.belongs(x, chunk) })
		if err != nil {
			return out, err
		}
		before := len(out.items)
		out.items = distinct[T, P](append(out.items, items...))
		if len(items) > 0 && len(out.items) == before {
			return out, asError(k.r.s.cfg.Name, errors.New("the same page came twice"))
		}
		if n < q.top {
			out.complete = true
			return out, nil
		}
		q.skip += n
	}
	return out, nil
}
