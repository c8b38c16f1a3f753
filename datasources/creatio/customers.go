package creatio

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/guids"
)

// taxCandidates are where sites keep the fiscal number; a standard Creatio has
// no column for it ("Creatio facts", §6).
var taxCandidates = [...]string{
	setBilling + ".INN", setBilling + ".VatId", setBilling + ".UsrINN", setBilling + ".UsrVatId", setBilling + ".UsrTaxId",
	setAccount + ".UsrTaxId", setAccount + ".UsrINN", setAccount + ".UsrVatId",
}

// taxColumn finds where this site keeps it. A configured place is not replaced
// by another when it is missing.
func taxColumn(configured string, m *model) (set, col string) {
	paths := taxCandidates[:]
	if configured != "" {
		paths = []string{configured}
	}
	for _, path := range paths {
		if set, col, ok := accountPath(path); ok && m.sets[set].has(col) {
			return set, col
		}
	}
	return "", ""
}

// foreign is a column that holds a customer's id in another system.
type foreign struct{ set, col, target string }

// foreignColumns are the configured ones this site has.
func (s *source) foreignColumns(m *model) []foreign {
	ids := s.cfg.ForeignIDs
	if ids == nil {
		ids = map[string]string{"Uid1C": "onec"}
	}
	var found []foreign
	for _, path := range slices.Sorted(maps.Keys(ids)) {
		if set, col, ok := accountPath(path); ok && m.sets[set].has(col) {
			found = append(found, foreign{set, col, ids[path]})
		}
	}
	return found
}

// accountColumns are what a customer's record is made of, as far as the site has
// it.
func (s *source) accountColumns(st *site, foreigns []foreign) []column {
	list := append(recordColumns(), []column{
		{field: "name", up: "Name"},
		{field: "legalName", up: "AlternativeName"},
		{field: "code", up: "Code"},
		{field: "phone", up: "Phone"},
		{field: "web", up: "Web"},
		{field: "street", up: "Address"},
		{field: "zip", up: "Zip"},
		{field: "city", up: "CityId", kind: lookup, table: tableCity},
		{field: "country", up: "CountryId", kind: lookup, table: tableCountry},
		{field: "createdBy", up: "CreatedById", kind: link},
		{field: "modifiedBy", up: "ModifiedById", kind: link},
	}...)
	if st.taxSet == setAccount {
		list = append(list, column{field: "taxId", up: st.taxCol})
	}
	return sidedColumns(st.model.sets[setAccount], setAccount, list, foreigns)
}

func billingColumns(st *site, foreigns []foreign) []column {
	list := append(recordColumns(), []column{
		{field: "account", up: "AccountId", kind: link},
		{field: "legalName", up: "LegalUnit"},
		{field: "country", up: "CountryId", kind: lookup, table: tableCountry},
	}...)
	if st.taxSet == setBilling {
		list = append(list, column{field: "taxId", up: st.taxCol})
	}
	return sidedColumns(st.model.sets[setBilling], setBilling, list, foreigns)
}

// sidedColumns adds one table's foreign ids and drops what the site lacks.
func sidedColumns(t *table, set string, list []column, foreigns []foreign) []column {
	for _, f := range foreigns {
		if f.set == set {
			list = append(list, column{field: "foreign:" + f.target, up: f.col})
		}
	}
	kept := list[:0]
	for _, c := range list {
		if p, ok := t.columns[c.up]; ok {
			if c.kind == lookup {
				c.fit(p, t)
			}
			kept = append(kept, c)
		}
	}
	return kept
}

// billing is what the billing details of one account agree on.
type billing struct {
	legalName string
	country   string
	values    map[string]string // by field: taxId, foreign:…
	clash     map[string]bool   // fields on which two of them differ
}

// IndexCustomers lists the accounts. Their billing details and e-mails are read
// whole before, since they are asked for far more cheaply by page than by
// account. The order is that of the last change.
func (s *source) IndexCustomers(ctx context.Context, f func([]datasources.CustomerRecord) error) error {
	st, err := s.at(ctx)
	if err != nil {
		return err
	}
	if st.model.sets[setAccount] == nil {
		return s.missing("table " + setAccount)
	}
	foreigns := s.foreignColumns(st.model)
	bills, err := s.billings(ctx, st, foreigns)
	if err != nil {
		return err
	}
	mails, err := s.emails(ctx, st)
	if err != nil {
		return err
	}
	sel := &selection{columns: s.accountColumns(st, foreigns)}
	return s.sweep(ctx, st, setAccount, sel, "", func(records []record) error {
		n, err := s.texts(ctx, st, sel, records)
		if err != nil {
			return err
		}
		hands, err := s.hands(ctx, st, records)
		if err != nil {
			return err
		}
		page := make([]datasources.CustomerRecord, len(records))
		for i := range records {
			id := records[i].id
			page[i] = s.customer(&builder{s: s, names: n}, &records[i], bills[id], mails[id], hands, foreigns)
		}
		return f(page)
	})
}

// customer maps an account with what its side tables say.
func (s *source) customer(b *builder, r *record, side *billing, email string, hands hands, foreigns []foreign) datasources.CustomerRecord {
	if side == nil {
		side = &billing{}
	}
	first := func(texts ...string) string {
		for _, t := range texts {
			if t = strings.TrimSpace(t); t != "" {
				return t
			}
		}
		return ""
	}
	c := datasources.CustomerRecord{
		ID:         r.id,
		Code:       first(b.text(r, "code")),
		Name:       first(b.text(r, "name")),
		LegalName:  first(b.text(r, "legalName"), side.legalName),
		TaxID:      first(b.text(r, "taxId"), side.values["taxId"]),
		Country:    first(b.country(r), side.country),
		Email:      email,
		Phone:      first(b.text(r, "phone")),
		Website:    first(b.text(r, "web")),
		Street:     first(b.text(r, "street")),
		City:       first(b.text(r, "city")),
		PostalCode: first(b.text(r, "zip")),
		CreatedAt:  b.time(r, "createdAt"),
		ModifiedAt: b.time(r, "updatedAt"),
		CreatedBy:  hands.of(r, "createdBy"),
		ModifiedBy: hands.of(r, "modifiedBy"),
	}
	for _, f := range foreigns {
		id := first(b.text(r, "foreign:"+f.target), side.values["foreign:"+f.target])
		if g, ok := guids.Parse(id); ok {
			// 1C writes its references in lower case.
			id = g
		}
		if id == "" || id == guids.Zero {
			continue
		}
		if c.ForeignIDs == nil {
			c.ForeignIDs = map[string]string{}
		}
		c.ForeignIDs[f.target] = id
	}
	return c
}

func (b *builder) country(r *record) string {
	for i := range r.sel.columns {
		c := &r.sel.columns[i]
		if c.field != "country" {
			continue
		}
		if c.kind == lookup {
			return b.names.row(c.table, r.cells[i].str).country
		}
		return b.s.countryOf(r.cells[i].str, "")
	}
	return ""
}

// billings reads AccountBillingInfo, where the site has it. An account may have
// several: where they disagree on a number by which customers are linked, there
// is none, since a guess could join two companies.
func (s *source) billings(ctx context.Context, st *site, foreigns []foreign) (billings, error) {
	all := billings{}
	if !st.model.sets[setBilling].has("AccountId") {
		return all, nil
	}
	sel := &selection{columns: billingColumns(st, foreigns)}
	clashes := 0
	err := s.sweep(ctx, st, setBilling, sel, "", func(records []record) error {
		n, err := s.texts(ctx, st, sel, records)
		if err != nil {
			return err
		}
		clashes += all.add(&builder{s: s, names: n}, records)
		return nil
	})
	s.reportClashes(ctx, clashes)
	return all, err
}

func (s *source) reportClashes(ctx context.Context, clashes int) {
	if clashes > 0 {
		s.log.WarnContext(ctx, "billing details of one account disagree", "source", s.cfg.Name, "values", clashes)
	}
}

// billings are the billing details of accounts.
type billings map[string]*billing

// add joins records to those of their accounts, and returns how many values newly
// disagree.
func (all billings) add(b *builder, records []record) (clashes int) {
	for i := range records {
		r := &records[i]
		id := r.cell("account").str
		if id == "" {
			continue
		}
		side := all[id]
		if side == nil {
			side = &billing{values: map[string]string{}, clash: map[string]bool{}}
			all[id] = side
		}
		clashes += side.add(b, r)
	}
	return clashes
}

// add joins one record of billing details. It returns how many values newly
// disagree. The result does not depend on the order of the records.
func (x *billing) add(b *builder, r *record) (clashes int) {
	if name := strings.TrimSpace(b.text(r, "legalName")); name != "" && (x.legalName == "" || name < x.legalName) {
		x.legalName = name
	}
	if iso := b.country(r); iso != "" && (x.country == "" || iso < x.country) {
		x.country = iso
	}
	for i := range r.sel.columns {
		field := r.sel.columns[i].field
		value := strings.TrimSpace(r.cells[i].str)
		if value == "" || x.clash[field] || (field != "taxId" && !strings.HasPrefix(field, "foreign:")) {
			continue
		}
		if old := x.values[field]; old != "" && old != value {
			delete(x.values, field)
			x.clash[field] = true
			clashes++
			continue
		}
		x.values[field] = value
	}
	return clashes
}

// sweep reads a whole table page by page, in the order of changes so that a row
// which moves is met again rather than missed; by id where the table keeps no
// time.
func (s *source) sweep(ctx context.Context, st *site, set string, sel *selection, filter string, f func([]record) error) error {
	if !st.model.sets[set].has("ModifiedOn") {
		return s.sweepByID(ctx, st, set, sel, filter, f)
	}
	t := &changed{s: s, st: st, set: set, up: "ModifiedOn", field: "updatedAt", sel: sel, filter: filter, forget: true}
	for m := (mark{}); !m.Done; {
		records, next, err := t.part(ctx, m)
		if err != nil {
			return err
		}
		if len(records) > 0 {
			if err := f(records); err != nil {
				return err
			}
		}
		m = next
	}
	return nil
}

func (s *source) sweepByID(ctx context.Context, st *site, set string, sel *selection, filter string, f func([]record) error) error {
	c := chain{ask: ask{set: set, cols: sel.names(), filter: filter, order: "Id", top: s.cfg.PageSize}}
	address, asked := "", map[string]bool{}
	got := 0 // since $skip was last said
	for {
		reply, err := s.page(ctx, st, c, address, sel, nil)
		if err != nil {
			return err
		}
		if len(reply.records) > 0 {
			if err := f(reply.records); err != nil {
				return err
			}
		}
		got += len(reply.records)
		switch address = reply.next; {
		case address == "" && got < c.ask.top:
			return nil
		case asked[address]:
			return s.invalid(errNextLink)
		case address != "":
			asked[address] = true
		default:
			c.ask.skip += got
			got = 0
		}
	}
}
