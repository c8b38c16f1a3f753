package directory_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/directory"
)

// idno makes a valid Moldovan number of an ordinal.
func idno(n int) string {
	body := fmt.Sprintf("1%03d%08d", n%23+3, n)
	sum := 0
	for i := range body {
		sum += int(body[i]-'0') * []int{7, 3, 1}[i%3]
	}
	return body + strconv.Itoa(sum%10)
}

func guid(kind, n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", kind, n) }

func at(day int) time.Time { return time.Date(2024, 1, 1+day, 8, 0, 0, 0, time.UTC) }

// config is the ordinary set-up: a CRM, the books, an ERP and a help desk that
// has no index.
func config() directory.Config {
	return directory.Config{Sources: []directory.SourceConfig{
		{Name: "crm", Kind: "creatio", Country: "MD", Indexed: true},
		{Name: "books", Kind: "onec", Country: "MD", Indexed: true},
		{Name: "erp", Kind: "ecolix", Country: "MD", Indexed: true},
		{Name: "helpdesk", Kind: "otrs", AssumedFrom: "crm.code"},
	}}
}

// memory is a Store without a database.
type memory struct {
	mu        sync.Mutex
	golden    map[int64]directory.Golden
	members   map[directory.RecordRef]directory.Member
	kept      map[directory.RecordRef][]directory.Kept
	decisions map[[2]directory.RecordRef]directory.Decision
	seen      map[directory.RecordRef]bool
	readAt    map[string]time.Time
	events    []directory.Event
	conflicts map[string]directory.ConflictState
	losses    map[string]directory.Loss
	saves     int
	fail      error
}

func newMemory() *memory {
	return &memory{
		golden: map[int64]directory.Golden{}, members: map[directory.RecordRef]directory.Member{}, kept: map[directory.RecordRef][]directory.Kept{},
		decisions: map[[2]directory.RecordRef]directory.Decision{}, seen: map[directory.RecordRef]bool{}, readAt: map[string]time.Time{},
		conflicts: map[string]directory.ConflictState{}, losses: map[string]directory.Loss{},
	}
}

func (m *memory) LoadDirectory(_ context.Context, in directory.Intake) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for seq := range int64(len(m.golden)) {
		if err := in.Golden(m.golden[seq+1]); err != nil {
			return err
		}
	}
	for _, r := range m.members {
		if err := in.Member(r); err != nil {
			return err
		}
	}
	for _, list := range m.kept {
		for _, k := range list {
			if err := in.Kept(k); err != nil {
				return err
			}
		}
	}
	for _, d := range m.decisions {
		if err := in.Decision(d); err != nil {
			return err
		}
	}
	for k := range m.seen {
		if err := in.Seen(k.Source, k.RecordID); err != nil {
			return err
		}
	}
	for s, t := range m.readAt {
		if err := in.ReadAt(s, t); err != nil {
			return err
		}
	}
	for _, c := range m.conflicts {
		if in.Conflict != nil {
			if err := in.Conflict(c); err != nil {
				return err
			}
		}
	}
	for _, l := range m.losses {
		if in.Loss != nil {
			if err := in.Loss(l); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *memory) SaveDirectory(_ context.Context, c *directory.Changes) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	if !c.IsOnlyNotes() || len(c.ReadAt) == 0 { // when a source was read is written in any case
		m.saves++
	}
	for _, g := range c.Golden {
		m.golden[g.Seq] = g
	}
	for _, r := range c.Members {
		ref := directory.RecordRef{Source: r.Source, RecordID: r.RecordID}
		if r.KeepData {
			r.Data = m.members[ref].Data
		}
		m.members[ref] = r.Member
	}
	for _, r := range c.Unkept {
		delete(m.kept, r)
	}
	for _, k := range c.Kept {
		m.kept[k.Deleted] = append(m.kept[k.Deleted], k)
	}
	for _, p := range c.Withdrawn {
		delete(m.decisions, p)
	}
	for _, d := range c.Decisions {
		m.decisions[[2]directory.RecordRef{d.A, d.B}] = d
	}
	for _, k := range c.Seen {
		m.seen[k] = true
	}
	maps.Copy(m.readAt, c.ReadAt)
	for _, x := range c.Conflicts {
		if was, ok := m.conflicts[x.Key]; ok {
			x.FirstSeen = was.FirstSeen
		}
		m.conflicts[x.Key] = x
	}
	for _, key := range c.Forgotten {
		delete(m.conflicts, key)
	}
	for _, l := range c.Losses {
		m.losses[l.Source] = l
	}
	for _, s := range c.NoLoss {
		delete(m.losses, s)
	}
	m.events = append(m.events, c.Events...)
	return nil
}

// DirectoryEvents implements directory.Historian.
func (m *memory) DirectoryEvents(_ context.Context, customer string, limit int) ([]directory.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []directory.Event
	for _, e := range slices.Backward(m.events) {
		if (customer == "" || e.Customer == customer) && len(list) < limit {
			list = append(list, e)
		}
	}
	return list, nil
}

// records is an index that gives what it holds, in pages.
type records []datasources.CustomerRecord

func (r records) IndexCustomers(ctx context.Context, f func([]datasources.CustomerRecord) error) error {
	for len(r) > 0 {
		n := min(len(r), 200)
		if err := f(r[:n]); err != nil {
			return err
		}
		r = r[n:]
	}
	return ctx.Err()
}

// synthetic makes n customers as two or three systems have them, cleanly.
func synthetic(n int) (crm, books records) {
	for i := range n {
		crm = append(crm, datasources.CustomerRecord{
			ID: guid(1, i*7919%n), Code: fmt.Sprintf("C%06d", i), Name: "Exemplu " + strconv.Itoa(i*7919%n) + " Comerț", TaxID: idno(i), Country: "MD",
			Email: fmt.Sprintf("office%d@exemplu%d.md", i, i), Phone: fmt.Sprintf("+373 22 %06d", i), Website: fmt.Sprintf("https://www.exemplu%d.md", i),
			Street: fmt.Sprintf("str. Ștefan cel Mare %d", i%200), City: "Chișinău", PostalCode: "MD-2001", CreatedAt: at(i % 700), ModifiedAt: at(i%700 + 30),
		})
		b := datasources.CustomerRecord{
			ID: guid(2, i*7907%n), Code: fmt.Sprintf("%09d", i), Name: "EXEMPLU " + strconv.Itoa(i*7919%n) + " COMERT SRL", LegalName: "Exemplu " + strconv.Itoa(i*7919%n) + " Comerț SRL",
			TaxID: idno(i), Email: fmt.Sprintf("office%d@exemplu%d.md", i, i), Phone: fmt.Sprintf("022 %06d", i), Street: fmt.Sprintf("str. Ștefan cel Mare %d", i%200), City: "mun. Chișinău",
		}
		if i%3 == 0 {
			crm[i].ForeignIDs = map[string]string{"onec": b.ID}
		}
		books = append(books, b)
	}
	return crm, books
}

func open(t testing.TB, cfg directory.Config, st directory.Store) *directory.Directory {
	t.Helper()
	n := 0
	d, err := directory.Open(t.Context(), cfg, st, directory.Deps{
		Now:   func() time.Time { return at(1000) },
		NewID: func() string { n++; return fmt.Sprintf("c_%p_%p_%06d", t, &n, n) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func replace(t testing.TB, d *directory.Directory, source string, r ...datasources.CustomerRecord) {
	t.Helper()
	if err := d.Replace(t.Context(), source, records(r)); err != nil {
		t.Fatal(err)
	}
}
