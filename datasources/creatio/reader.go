package creatio

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/gather"
	"github.com/trama-graph/trama/datasources/internal/guids"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

const (
	// parentRows is how many rows one chain of parents may have in one reply;
	// more, and the chain is asked again in halves.
	parentRows = 5000
	// parentChains is how many chains of parents go in one $batch, so that its
	// reply stays within maxBody.
	parentChains = 10
	// localBound is how many rows are read to evaluate a filter here.
	localBound = 20000
)

// reader answers for one entity.
type reader[T any, P gather.Entity[T]] struct {
	s     *source
	e     *datasources.Entity
	build func(b *builder, r *record) T
	// lines fills in what costs further calls, nil = there is no such thing.
	lines func(ctx context.Context, st *site, items []T) error
}

// open returns the site and the entity on it.
func (r *reader[T, P]) open(ctx context.Context) (*site, *view, error) {
	st, err := r.s.at(ctx)
	if err != nil {
		return nil, nil, err
	}
	v := st.views[r.e.Name]
	if v.table == nil {
		return nil, nil, r.s.missing("table " + v.set)
	}
	return st, v, nil
}

// ByKeys reads rows by their ids: one or-chain, or one $batch of them. A key that
// is no GUID does not exist.
func (r *reader[T, P]) ByKeys(ctx context.Context, keys []string, f datasources.Fields) (datasources.Rows[T], error) {
	var none datasources.Rows[T]
	asked := map[string]string{}
	var terms []term
	for _, key := range keys {
		if id, ok := guids.Parse(key); ok && id != guids.Zero && asked[id] == "" {
			asked[id] = key
			terms = append(terms, term{id, "Id eq " + id})
		}
	}
	if len(terms) == 0 {
		return none, nil
	}
	st, v, err := r.open(ctx)
	if err != nil {
		return none, err
	}
	sel := v.choose(f, nil, "")
	list := chains(ask{set: v.set, cols: sel.names()}, terms)
	results := r.s.run(ctx, st, list, maxParts, &sel, onlyIDs, maxRows)
	var records []record
	failed := map[string]error{}
	for i := range results {
		records = append(records, results[i].records...)
		if results[i].err != nil {
			for _, id := range list[i].keys {
				failed[asked[id]] = results[i].err
			}
		}
	}
	if len(failed) == len(terms) {
		return none, results[0].err
	}
	items, err := r.items(ctx, st, v, &sel, distinct(records))
	if err == nil {
		err = r.fill(ctx, st, items, f)
	}
	if err != nil {
		return none, err
	}
	rows := datasources.Rows[T]{Items: items}
	if len(failed) > 0 {
		return rows, &datasources.BatchError{ByKey: failed}
	}
	return rows, nil
}

func onlyIDs(keys []string, r *record) error {
	if !slices.Contains(keys, r.id) {
		return errForeignRow
	}
	return nil
}

// items maps records, with the lookup texts they need.
func (r *reader[T, P]) items(ctx context.Context, st *site, v *view, sel *selection, records []record) ([]T, error) {
	if len(records) == 0 {
		return nil, nil
	}
	n, err := r.s.texts(ctx, st, sel, records)
	if err != nil {
		return nil, err
	}
	b := &builder{s: r.s, v: v, names: n}
	items := make([]T, len(records))
	for i := range records {
		items[i] = r.build(b, &records[i])
	}
	return items, nil
}

func (r *reader[T, P]) fill(ctx context.Context, st *site, items []T, f datasources.Fields) error {
	if r.lines == nil || !f.Has("lines") || len(items) == 0 {
		return nil
	}
	return r.lines(ctx, st, items)
}

// family is how the rows of a relation are asked for and recognised.
type family struct {
	expr func(key string) string // "" = no row can belong to it
	of   func(r *record) []string
	// loose: keys are texts, which the database may hold equal although they
	// differ in letter case, accents or spaces at their ends.
	loose bool
}

// family finds a relation, with an error when the site lacks its columns: no
// rows and no way to tell must not look alike.
func (r *reader[T, P]) family(v *view, relation datasources.Relation) (family, error) {
	if r.e.Relation(relation) == nil {
		return family{}, r.s.unsupported(r.e.Name, string(relation))
	}
	if l := v.link(relation); l != nil {
		if len(v.linkTerms(l, "")) == 0 {
			return family{}, r.s.missing("column that links " + r.e.Name + " by " + string(relation))
		}
		return family{
			expr:  func(key string) string { return anyOf(v.linkTerms(l, key)) },
			of:    func(rec *record) []string { return l.rules.Extract(rec.extraText) },
			loose: true,
		}, nil
	}
	field := string(relation)
	if relation == "number" {
		field = v.number
	}
	c := v.column(field)
	if c == nil {
		return family{}, r.s.missing("column that links " + r.e.Name + " by " + string(relation))
	}
	of := func(rec *record) []string { return []string{rec.cell(field).str} }
	if c.kind == link {
		return family{of: of, expr: func(key string) string {
			id, ok := guids.Parse(key)
			if !ok || id == guids.Zero {
				return ""
			}
			return c.path() + " eq " + id
		}}, nil
	}
	return family{of: of, loose: true, expr: func(key string) string { return c.path() + " eq " + quoted(key) }}, nil
}

// linkTerms compares each column of a link that the site has with a number.
func (v *view) linkTerms(l *rule, key string) []string {
	var exprs []string
	for _, field := range l.rules.Fields() {
		if v.table.has(field) {
			exprs = append(exprs, field+" eq "+quoted(key))
		}
	}
	return exprs
}

// belongs returns the first of a record's keys that was asked for. ok is false
// for a foreign row.
func (f *family) belongs(r *record, keys []string) (key string, ok bool) {
	own := f.of(r)
	for _, k := range own {
		if slices.Contains(keys, k) {
			return k, true
		}
	}
	if !f.loose {
		return "", false
	}
	for _, k := range own {
		if slices.ContainsFunc(keys, func(asked string) bool {
			return fold(asked) == fold(k)
		}) {
			return "", true
		}
	}
	return "", false
}

// fold is a text without what databases overlook: letter case, accents and space
// at the ends.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, strings.ToLower(norm.NFKD.String(strings.TrimSpace(s))))
}

func (f *family) check(keys []string, r *record) error {
	if _, ok := f.belongs(r, keys); !ok {
		return errForeignRow
	}
	return nil
}

// ByParent reads the rows of parents: chains over the navigation ("Creatio
// facts", §3), in a $batch when there are several.
func (r *reader[T, P]) ByParent(ctx context.Context, relation datasources.Relation, parents []string, q datasources.Query) (datasources.Rows[T], error) {
	var none datasources.Rows[T]
	st, v, err := r.open(ctx)
	if err != nil {
		return none, err
	}
	fam, err := r.family(v, relation)
	if err != nil {
		return none, err
	}
	if q.Order.Column == "" {
		q.Order = r.e.Default
	}
	field := string(relation)
	if relation == "number" {
		field = v.number
	}
	sel := v.choose(q.Fields, &q, datasources.Relation(field))
	n, err := r.s.filterTexts(ctx, st, v, q.Where)
	if err != nil {
		return none, err
	}
	// Text functions are left to the re-check: parents bound the rows already.
	tr := translator{source: r.s.cfg.Name, base: r.s.cfg.BaseCurrency, view: v, names: n, noText: true}
	base := ask{set: v.set, cols: sel.names(), order: "ModifiedOn,Id", top: parentRows}
	if !v.table.has("ModifiedOn") {
		base.order = "Id"
	}
	pushed := tr.clause(q.Where)
	if len(wire.QueryEscape20(pushed.expr)) < maxQuery/2 {
		base.filter = pushed.expr
	}
	canonical := func(key string) string {
		if fam.loose {
			return key
		}
		return strings.ToLower(key)
	}
	asked := make(map[string]string, len(parents))
	for _, p := range parents {
		asked[canonical(p)] = p
	}
	rows, err := gather.ByParent[T, P](ctx, parents, maxChain*parentChains, q, gather.Parents[T]{
		Fetch: func(ctx context.Context, chunk []string) ([]T, bool, error) {
			var terms []term
			for _, p := range chunk {
				if expr := fam.expr(p); expr != "" && !pushed.none {
					terms = append(terms, term{canonical(p), expr})
				}
			}
			return r.children(ctx, st, v, &sel, &fam, chains(base, terms), asked)
		},
		One: func(ctx context.Context, parent string) (datasources.Rows[T], error) {
			one := q
			one.Where = schema.AllOf(q.Where, schema.Compare(field, schema.Eq, schema.String(canonical(parent))))
			return r.pages(ctx, st, v, one, true)
		},
		ParentOf: func(x *T) string {
			for _, k := range keysOf[T, P](x, field) {
				if p, ok := asked[k]; ok {
					return p
				}
			}
			return ""
		},
	})
	if e := r.fill(ctx, st, rows.Items, q.Fields); e != nil {
		return none, e
	}
	return rows, err
}

// keysOf are the keys by which a row refers to a parent.
func keysOf[T any, P gather.Entity[T]](x *T, field string) []string {
	if linked, ok := any(x).(interface{ LinkKeys() *schema.Links }); ok {
		switch l := linked.LinkKeys(); field {
		case "orderNumber":
			return l.OrderNumbers
		case "quoteNumber":
			return l.QuoteNumbers
		case "invoiceNumber":
			return l.InvoiceNumbers
		}
	}
	return []string{P(x).Column(field).Str}
}

// children reads the rows of one chunk of parents. A chain that fails is the
// error of its parents; one that a limit cut off makes the chunk incomplete.
func (r *reader[T, P]) children(ctx context.Context, st *site, v *view, sel *selection, fam *family, list []chain, asked map[string]string) ([]T, bool, error) {
	results := r.s.run(ctx, st, list, parentChains, sel, fam.check, parentRows)
	var records []record
	failed := map[string]error{}
	for i := range results {
		switch res := &results[i]; {
		case res.err != nil:
			for _, k := range list[i].keys {
				failed[asked[k]] = res.err
			}
		case !res.whole:
			return nil, false, nil
		default:
			records = append(records, res.records...)
		}
	}
	items, err := r.items(ctx, st, v, sel, distinct(records))
	if err != nil {
		return nil, true, err
	}
	if len(failed) > 0 {
		return items, true, &datasources.BatchError{ByKey: failed}
	}
	return items, true, nil
}
