package creatio

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/trama-graph/trama/datasources"
)

// customersMark is how far the tables a customer's record is made of were read.
type customersMark struct {
	Accounts mark `json:"a"`
	Billing  mark `json:"b"`
	Contacts mark `json:"c"` // of AccountCommunication
}

// sides are the tables of one site that make up customers, by the place of their
// marks. A side table without a time of its changes is nil: the next reading of
// all customers finds what changed in it.
type sides struct {
	accounts, billing, contacts *changed
}

func (s *source) sides(st *site, foreigns []foreign) (sides, error) {
	var out sides
	table := func(set string, sel *selection) *changed {
		return &changed{s: s, st: st, set: set, up: "ModifiedOn", field: "updatedAt", sel: sel}
	}
	switch t := st.model.sets[setAccount]; {
	case t == nil:
		return out, s.missing("table " + setAccount)
	case !t.has("ModifiedOn"):
		return out, s.missing("time of the last change of " + setAccount)
	}
	out.accounts = table(setAccount, &selection{columns: s.accountColumns(st, foreigns)})
	if t := st.model.sets[setBilling]; t.has("AccountId") && t.has("ModifiedOn") {
		out.billing = table(setBilling, &selection{columns: billingColumns(st, foreigns)})
	}
	if t := st.model.sets[setCommunication]; t.has("AccountId") && t.has("Number") && t.has("ModifiedOn") {
		// Of all kinds: one that was an e-mail address and is no more matters too.
		out.contacts = table(setCommunication, communicationColumns(t))
	}
	return out, nil
}

// each calls f with every table that is there and its mark.
func (x *sides) each(m *customersMark, f func(t *changed, m *mark) error) error {
	for _, side := range []struct {
		t *changed
		m *mark
	}{{x.accounts, &m.Accounts}, {x.billing, &m.Billing}, {x.contacts, &m.Contacts}} {
		if side.t == nil {
			continue
		}
		if err := f(side.t, side.m); err != nil {
			return err
		}
	}
	return nil
}

// CustomersHead implements datasources.CustomerFollower. It makes one call for
// each of Account, AccountBillingInfo and AccountCommunication.
func (s *source) CustomersHead(ctx context.Context) (datasources.Cursor, error) {
	st, err := s.at(ctx)
	if err != nil {
		return "", err
	}
	tables, err := s.sides(st, s.foreignColumns(st.model))
	if err != nil {
		return "", err
	}
	var m customersMark
	err = tables.each(&m, func(t *changed, m *mark) (err error) {
		*m, err = t.beginning(ctx)
		return err
	})
	if err != nil {
		return "", err
	}
	return s.customersCursor(m)
}

// CustomersSince implements datasources.CustomerFollower: accounts that were
// changed, and those whose billing details or communications were. When nothing
// changed it makes one call for each of the three tables; the records of changed
// accounts cost a $batch of or-chains for each. A deleted side record, and one
// that was moved to another account, are found by the next reading of all
// customers only, as to the account it was taken from.
func (s *source) CustomersSince(ctx context.Context, c datasources.Cursor) (datasources.Changes[datasources.CustomerRecord], error) {
	var none datasources.Changes[datasources.CustomerRecord]
	m, err := s.parseCustomersMark(c)
	if err != nil {
		return none, err
	}
	st, err := s.at(ctx)
	if err != nil {
		return none, err
	}
	foreigns := s.foreignColumns(st.model)
	tables, err := s.sides(st, foreigns)
	if err != nil {
		return none, err
	}
	touched := map[string]bool{}
	out := datasources.Changes[datasources.CustomerRecord]{}
	err = tables.each(&m, func(t *changed, m *mark) error {
		records, next, err := t.since(ctx, *m)
		if err != nil {
			return err
		}
		for i := range records {
			id := records[i].id
			if t != tables.accounts {
				id = records[i].cell("account").str
			}
			if id != "" {
				touched[id] = true
			}
		}
		*m = next
		out.More = out.More || !next.Done
		return nil
	})
	if err != nil {
		return none, err
	}
	if out.Items, err = s.customersOf(ctx, st, slices.Sorted(maps.Keys(touched)), foreigns); err != nil {
		return none, err
	}
	out.Next, err = s.customersCursor(m)
	return out, err
}

func (s *source) parseCustomersMark(c datasources.Cursor) (customersMark, error) {
	var m customersMark
	if c == "" {
		return m, nil
	}
	err := parseStrictly(string(c), &m)
	if err == nil && (!m.Accounts.isValid() || !m.Billing.isValid() || !m.Contacts.isValid()) {
		err = errWrongType
	}
	if err != nil {
		return customersMark{}, badCursor(s.cfg.Name, err)
	}
	return m, nil
}

func (s *source) customersCursor(m customersMark) (datasources.Cursor, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return "", s.invalid(err)
	}
	return datasources.Cursor(b), nil
}

// customersOf reads the customers of these ids as IndexCustomers gives them,
// oldest change first. One that does not exist is left out.
func (s *source) customersOf(ctx context.Context, st *site, ids []string, foreigns []foreign) ([]datasources.CustomerRecord, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	sel := &selection{columns: s.accountColumns(st, foreigns)}
	accounts, err := s.ofAccounts(ctx, st, setAccount, sel, ids, "Id eq ", "", onlyIDs)
	if err != nil {
		return nil, err
	}
	bills, err := s.billingsOf(ctx, st, ids, foreigns)
	if err != nil {
		return nil, err
	}
	mails := emails{}
	if t := st.model.sets[setCommunication]; t.has("AccountId") && t.has("Number") {
		filter, err := s.emailTypes(ctx, st, t)
		if err != nil {
			return nil, err
		}
		records, err := s.sideRecords(ctx, st, setCommunication, communicationColumns(t), ids, filter)
		if err != nil {
			return nil, err
		}
		mails.add(records)
	}
	n, err := s.texts(ctx, st, sel, accounts)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(accounts, func(a, b record) int { return a.cell("updatedAt").at.Compare(b.cell("updatedAt").at) })
	hands, err := s.hands(ctx, st, accounts)
	if err != nil {
		return nil, err
	}
	b := &builder{s: s, names: n}
	out := make([]datasources.CustomerRecord, len(accounts))
	for i := range accounts {
		id := accounts[i].id
		out[i] = s.customer(b, &accounts[i], bills[id], mails[id], hands, foreigns)
	}
	return out, nil
}

func (s *source) billingsOf(ctx context.Context, st *site, ids []string, foreigns []foreign) (billings, error) {
	all := billings{}
	if !st.model.sets[setBilling].has("AccountId") {
		return all, nil
	}
	sel := &selection{columns: billingColumns(st, foreigns)}
	records, err := s.sideRecords(ctx, st, setBilling, sel, ids, "")
	if err != nil {
		return nil, err
	}
	n, err := s.texts(ctx, st, sel, records)
	if err != nil {
		return nil, err
	}
	s.reportClashes(ctx, all.add(&builder{s: s, names: n}, records))
	return all, nil
}

// sideRecords reads the records of a side table that belong to accounts.
func (s *source) sideRecords(ctx context.Context, st *site, set string, sel *selection, ids []string, filter string) ([]record, error) {
	return s.ofAccounts(ctx, st, set, sel, ids, "Account/Id eq ", filter, func(keys []string, r *record) error {
		if !slices.Contains(keys, r.cell("account").str) {
			return errForeignRow
		}
		return nil
	})
}

// ofAccounts reads all records that expr finds for one of the ids.
func (s *source) ofAccounts(ctx context.Context, st *site, set string, sel *selection, ids []string, expr, filter string, ok check) ([]record, error) {
	terms := make([]term, len(ids))
	for i, id := range ids {
		terms[i] = term{id, expr + id}
	}
	list := chains(ask{set: set, cols: sel.names(), filter: filter, order: "Id", top: parentRows}, terms)
	asked := 0
	for i := range list {
		asked += len(list[i].keys)
	}
	if asked < len(terms) {
		// The rest of the question left no room for a single id.
		return nil, s.invalid(errTooMany)
	}
	var records []record
	for _, r := range s.run(ctx, st, list, parentChains, sel, ok, maxRows) {
		switch {
		case r.err != nil:
			return nil, r.err
		case !r.whole:
			return nil, s.invalid(errTooMany)
		}
		records = append(records, r.records...)
	}
	return distinct(records), nil
}
