package creatio

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources"
)

// Probe logs in, reads $metadata anew and reports what was found: the path, each
// table with its number of rows, the columns that are missing, where the fiscal
// number is, and whether the site cuts replies off.
func (s *source) Probe(ctx context.Context) ([]datasources.Finding, error) {
	var found []datasources.Finding
	add := func(level datasources.Level, subject, format string, args ...any) {
		found = append(found, datasources.Finding{Subject: subject, Result: fmt.Sprintf(format, args...), Level: level})
	}
	if err := s.fresh(ctx); err != nil {
		err = s.named(err)
		add(datasources.Fail, "login", "%s", err.Error())
		return found, err
	}
	if _, _, err := s.session.Get(ctx); err != nil {
		err = s.named(err)
		add(datasources.Fail, "login", "%s", err.Error())
		return found, err
	}
	add(datasources.OK, "login", "%s", map[bool]string{true: "ok, by client credentials", false: "ok, by forms"}[s.cfg.ClientID != ""])
	st, err := s.sites.get(ctx)
	if err != nil {
		err = s.named(err)
		add(datasources.Fail, "$metadata", "%s", err.Error())
		return found, err
	}
	add(datasources.OK, "$metadata", "found at /%s, %d tables", st.path, st.model.total)
	for _, name := range entities {
		if v := st.views[name]; v != nil {
			if e := s.probeTable(ctx, st, v, add); e != nil {
				err = e
			}
		}
	}
	s.probeCustomers(ctx, st, add)
	if e := s.probeBatch(ctx, st, add); e != nil && err == nil {
		err = e
	}
	return found, err
}

// report adds a finding.
type report func(level datasources.Level, subject, format string, args ...any)

func (s *source) probeTable(ctx context.Context, st *site, v *view, add report) error {
	if v.table == nil {
		add(datasources.Warn, v.entity, "the site has no table %s", v.set)
		return nil
	}
	n, err := s.rows(ctx, st, v.set)
	if err != nil {
		add(datasources.Fail, v.entity, "%s", err.Error())
		return err
	}
	switch {
	case n == 0:
		add(datasources.Warn, v.entity, "%s shows no rows: compare with what a trusted user sees", v.set)
	case n < 0:
		add(datasources.OK, v.entity, "%s answers, without a count", v.set)
	default:
		add(datasources.OK, v.entity, "%s shows %d rows to the service user", v.set, n)
	}
	if err := s.probeFollowing(ctx, st, v, add); err != nil {
		return err
	}
	if len(v.absent) > 0 {
		add(datasources.Warn, v.entity, "columns the site does not have, left out: %s", strings.Join(v.absent, ", "))
	}
	if v.money && v.currency == nil {
		if s.cfg.BaseCurrency == "" {
			add(datasources.Warn, v.entity, "no currency column and no base_currency: amounts stay empty")
		} else {
			add(datasources.OK, v.entity, "no currency column, amounts are in %s", s.cfg.BaseCurrency)
		}
	}
	return nil
}

// maxAhead is how far a table's newest change may be ahead of the site's clock.
const maxAhead = 2 * time.Minute

// probeFollowing reports a table whose changes cannot be followed, or whose newest
// change is one to come.
func (s *source) probeFollowing(ctx context.Context, st *site, v *view, add report) error {
	c := v.column("updatedAt")
	if c == nil {
		add(datasources.Warn, v.entity, "%s has no time of the last change: changes cannot be followed, a copy reads all rows each time", v.set)
		return nil
	}
	t := &changed{s: s, st: st, set: v.set, up: c.up, field: "updatedAt"}
	newest, ahead, err := t.newest(ctx)
	switch {
	case err != nil:
		add(datasources.Fail, v.entity, "%s", err.Error())
		return err
	case !newest.Time.IsZero() && ahead > maxAhead:
		add(datasources.Warn, v.entity, "the newest change in %s is %s ahead of the site's clock: the rows with such times are read again each time", v.set, ahead.Round(time.Second))
	}
	return nil
}

// rows counts a table, -1 when the site does not tell.
func (s *source) rows(ctx context.Context, st *site, set string) (int, error) {
	sel := selection{columns: []column{{field: "id", up: "Id", kind: ident}}}
	reply, err := s.page(ctx, st, chain{ask: ask{set: set, cols: sel.names(), order: "Id", top: 1, count: true}}, "", &sel, nil)
	return reply.count, err
}

func (s *source) probeCustomers(ctx context.Context, st *site, add report) {
	if st.model.sets[setAccount] == nil {
		add(datasources.Fail, "customers", "the site has no table %s", setAccount)
		return
	}
	switch {
	case st.taxSet != "":
		add(datasources.OK, "tax id", "read from %s.%s", st.taxSet, st.taxCol)
	case s.cfg.TaxID != "":
		add(datasources.Warn, "tax id", "the site has no %s", s.cfg.TaxID)
	default:
		add(datasources.Warn, "tax id", "none of the usual columns is there: set tax_id")
	}
	have := s.foreignColumns(st.model)
	for _, f := range have {
		add(datasources.OK, "foreign id", "%s.%s holds the id in %s", f.set, f.col, f.target)
	}
	if len(have) < len(s.cfg.ForeignIDs) {
		add(datasources.Warn, "foreign id", "%d of the configured columns are not there", len(s.cfg.ForeignIDs)-len(have))
	}
	for _, set := range []string{setAccount, setBilling, setCommunication} {
		if t := st.model.sets[set]; t != nil && !t.has("ModifiedOn") {
			add(datasources.Warn, "customers", "%s has no time of the last change: what changes in it cannot be followed", set)
		}
	}
	n, err := s.rows(ctx, st, setAccount)
	if err != nil {
		add(datasources.Fail, "customers", "%s", err.Error())
		return
	}
	s.probeLimit(ctx, st, n, add)
}

// probeLimit asks for one whole page: a site whose own limit is lower cuts it
// off without a word, and lists would end early.
func (s *source) probeLimit(ctx context.Context, st *site, total int, add report) {
	if total < 0 {
		return
	}
	want := min(total, s.cfg.PageSize)
	sel := selection{columns: []column{{field: "id", up: "Id", kind: ident}}}
	reply, err := s.page(ctx, st, chain{ask: ask{set: setAccount, cols: sel.names(), order: "Id", top: s.cfg.PageSize}}, "", &sel, nil)
	switch {
	case err != nil:
		add(datasources.Fail, "customers", "%s", err.Error())
	case len(reply.records) < want && reply.next == "":
		add(datasources.Fail, "page_size", "the site gives %d rows at once of the %d asked for: lower page_size", len(reply.records), want)
	default:
		add(datasources.OK, "customers", "%s shows %d rows to the service user", setAccount, total)
	}
}

func (s *source) probeBatch(ctx context.Context, st *site, add report) error {
	if st.model.sets[setAccount] == nil {
		return nil
	}
	a := ask{set: setAccount, cols: []string{"Id"}, order: "Id", top: 1}
	parts, err := s.batch(ctx, st, []ask{a, a})
	switch {
	case errors.Is(err, errNoBatch):
		s.noBatch.Store(true)
		add(datasources.Warn, "$batch", "absent, asking one by one")
		return nil
	case err != nil:
		add(datasources.Fail, "$batch", "%s", err.Error())
		return err
	}
	for _, p := range parts {
		if e := s.judgePart(p); e != nil {
			add(datasources.Warn, "$batch", "answers, but a part of it was refused")
			return nil
		}
	}
	s.noBatch.Store(false)
	add(datasources.OK, "$batch", "ok, up to %d requests in one", maxParts)
	return nil
}
