package creatio

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// lookupPause is how long a table is taken as it is although an id is not in it:
// new statuses are rare, deleted ones are asked for with every row.
const lookupPause = time.Minute

// lookupRow is what is known of one row of a lookup table.
type lookupRow struct {
	text     string
	currency string           // ISO 4217, of Currency
	country  string           // ISO 3166, of Country
	percent  *decimal.Decimal // of Tax
}

// lookupTable is one table as it was read. It does not change.
type lookupTable struct {
	rows map[string]lookupRow
	ids  []string // sorted
	at   time.Time
}

// names are the lookup tables one reply needs, by table.
type names map[string]*lookupTable

func (n names) row(table, id string) lookupRow {
	if t := n[table]; t != nil && id != "" {
		return t.rows[id]
	}
	return lookupRow{}
}

// lookups keeps the lookup tables: each is loaded once, by one caller for all,
// and refreshed slowly.
type lookups struct {
	s *source

	mu     sync.Mutex // guards tables
	tables map[string]*lookupState
}

type lookupState struct {
	loads flight[*lookupTable]

	mu    sync.Mutex // guards the rest
	table *lookupTable
	tried time.Time
}

func newLookups(s *source) *lookups { return &lookups{s: s, tables: map[string]*lookupState{}} }

// need returns tables that hold the wanted ids as far as the site has them. A
// nil set of ids wants the table whatever is in it. satisfied, when not nil, may
// ask for one more look at a table.
func (l *lookups) need(ctx context.Context, st *site, want map[string][]string, satisfied func(table string, t *lookupTable) bool) (names, error) {
	found := names{}
	var mu sync.Mutex // guards found and failed
	var failed error
	var wait sync.WaitGroup
	for table, ids := range want {
		wait.Go(func() {
			t, err := l.table(ctx, st, table, func(t *lookupTable) bool {
				for _, id := range ids {
					if _, ok := t.rows[id]; !ok && id != "" {
						return false
					}
				}
				return satisfied == nil || satisfied(table, t)
			})
			mu.Lock()
			defer mu.Unlock()
			found[table] = t
			if err != nil && failed == nil {
				failed = err
			}
		})
	}
	wait.Wait()
	return found, failed
}

// table returns a table, read again when it is old or does not satisfy, but at
// most once a minute. A table that was there before is used on when it cannot be
// read now.
func (l *lookups) table(ctx context.Context, st *site, name string, satisfied func(*lookupTable) bool) (*lookupTable, error) {
	state := l.state(name)
	state.mu.Lock()
	t, tried := state.table, state.tried
	state.mu.Unlock()
	now := l.s.now()
	if t != nil && now.Sub(tried) < lookupPause {
		return t, nil
	}
	if t != nil && now.Sub(t.at) < l.s.cfg.LookupRefresh && satisfied(t) {
		return t, nil
	}
	fresh, err := state.loads.get(ctx)
	switch {
	case err == nil:
		return fresh, nil
	case t != nil && ctx.Err() == nil:
		return t, nil
	}
	return nil, l.s.named(err)
}

func (l *lookups) state(name string) *lookupState {
	l.mu.Lock()
	defer l.mu.Unlock()
	state := l.tables[name]
	if state == nil {
		state = &lookupState{}
		state.loads = flight[*lookupTable]{jobs: l.s.jobs, limit: lookupTimeout, load: func(ctx context.Context) (*lookupTable, error) {
			state.mu.Lock()
			last, tried := state.table, state.tried
			state.mu.Unlock()
			if last != nil && l.s.now().Sub(tried) < lookupPause {
				return last, nil // it was read between the caller's look and his asking
			}
			t, err := l.load(ctx, name)
			state.mu.Lock()
			defer state.mu.Unlock()
			state.tried = l.s.now()
			if err == nil {
				state.table = t
			}
			return t, err
		}}
		l.tables[name] = state
	}
	return state
}

// load reads a whole table. One the site does not have, or does not show to the
// service user, is empty: its texts are absent, and Probe says so.
func (l *lookups) load(ctx context.Context, name string) (*lookupTable, error) {
	t := &lookupTable{rows: map[string]lookupRow{}, at: l.s.now()}
	st, err := l.s.at(ctx)
	if err != nil {
		return nil, err
	}
	meta := st.model.sets[name]
	if meta == nil {
		return t, nil
	}
	sel := &selection{columns: lookupColumns(meta)}
	a := ask{set: name, cols: sel.names(), order: "Id", top: l.s.cfg.PageSize}
	records, whole, err := l.s.drain(ctx, st, chain{ask: a}, sel, nil, maxRows)
	if wire.IsRefused(err) {
		l.s.log.WarnContext(ctx, "lookup table refused", "source", l.s.cfg.Name, "table", name)
		return t, nil
	}
	if err != nil {
		return nil, err
	}
	if !whole {
		l.s.log.WarnContext(ctx, "lookup table cut off", "source", l.s.cfg.Name, "table", name, "rows", len(records))
	}
	for i := range records {
		t.rows[records[i].id] = l.s.lookupRow(name, &records[i])
	}
	t.ids = slices.Sorted(maps.Keys(t.rows))
	return t, nil
}

// lookupColumns are those of the usual ones a table has.
func lookupColumns(t *table) []column {
	list := []column{{field: "id", up: "Id", kind: ident, key: true}}
	for _, c := range []column{
		{field: "name", up: "Name"},
		{field: "shortName", up: "ShortName"},
		{field: "code", up: "Code"},
		{field: "percent", up: "Percent", kind: number},
	} {
		if t.has(c.up) {
			list = append(list, c)
		}
	}
	return list
}

func (s *source) lookupRow(table string, r *record) lookupRow {
	row := lookupRow{text: r.cell("name").str}
	switch table {
	case tableCurrency:
		row.currency = s.currencyOf(r.cell("shortName").str, r.cell("code").str, row.text)
	case tableCountry:
		row.country = s.countryOf(row.text, r.cell("code").str)
	case tableTax:
		if d := r.cell("percent").dec; d != nil {
			trimmed := d.Trim(0)
			row.percent = &trimmed
		}
	}
	return row
}

// currencyOf finds the ISO code of a currency: as configured, else the first of
// its short name, code and name that is one. Code often holds the number of ISO
// 4217.
func (s *source) currencyOf(texts ...string) string {
	for _, t := range texts {
		if iso := s.cfg.Currencies[t]; iso != "" {
			return iso
		}
	}
	for _, t := range texts {
		t = strings.ToUpper(strings.TrimSpace(t))
		if isCurrency(t) {
			return t
		}
		if iso := currencyNumber(t); iso != "" {
			return iso
		}
	}
	return ""
}

// currencyNumber knows the numeric codes of the currencies Creatio is sold in.
func currencyNumber(code string) string {
	switch code {
	case "498":
		return "MDL"
	case "978":
		return "EUR"
	case "840":
		return "USD"
	case "643":
		return "RUB"
	case "946":
		return "RON"
	case "980":
		return "UAH"
	case "398":
		return "KZT"
	case "933":
		return "BYN"
	case "986":
		return "BRL"
	case "826":
		return "GBP"
	case "756":
		return "CHF"
	case "985":
		return "PLN"
	}
	return ""
}

// texts returns the lookup tables the records need.
func (s *source) texts(ctx context.Context, st *site, sel *selection, records []record) (names, error) {
	want := map[string][]string{}
	for i := range sel.columns {
		c := &sel.columns[i]
		if c.kind != lookup {
			continue
		}
		seen := map[string]bool{}
		for j := range records {
			if id := records[j].cells[i].str; id != "" && !seen[id] {
				seen[id] = true
				want[c.table] = append(want[c.table], id)
			}
		}
	}
	return s.lookups.need(ctx, st, want, nil)
}

// filterTexts returns the lookup tables a predicate names, read again when a
// text is not in them.
func (s *source) filterTexts(ctx context.Context, st *site, v *view, where schema.Predicate) (names, error) {
	want, texts := map[string][]string{}, map[string][]string{}
	var visit func(p schema.Predicate)
	visit = func(p schema.Predicate) {
		if c := v.column(p.Column); c != nil && c.kind == lookup {
			want[c.table] = nil
			if p.Op == schema.Eq || p.Op == schema.In {
				for _, value := range p.Values {
					texts[c.table] = append(texts[c.table], value.Str)
				}
			}
		}
		for _, q := range p.Of {
			visit(q)
		}
	}
	visit(where)
	return s.lookups.need(ctx, st, want, func(table string, t *lookupTable) bool {
		return !slices.ContainsFunc(texts[table], func(text string) bool { return !t.knows(text) })
	})
}

func (t *lookupTable) knows(text string) bool {
	for _, row := range t.rows {
		if row.text == text || row.currency == text {
			return true
		}
	}
	return text == ""
}
