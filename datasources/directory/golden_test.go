package directory_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
)

func one(t testing.TB, d *directory.Directory, key string, fields ...string) schema.Customer {
	t.Helper()
	f := datasources.NewFields(fields...)
	if fields == nil {
		f = nil
	}
	rows, err := d.ByKeys(t.Context(), []string{key}, f)
	if err != nil || len(rows.Items) != 1 {
		t.Fatalf("%d rows, %v", len(rows.Items), err)
	}
	return rows.Items[0]
}

func TestGoldenRecord(t *testing.T) {
	cfg := config()
	cfg.Owner = map[string]string{"legalName": "books", "taxId": "books", "address": "books", "email": "erp"}
	d := open(t, cfg, newMemory())
	fill(t, d, of{
		"crm": {{
			ID: "c1", Code: "C-7", Name: "Exemplu", TaxID: idno(1), Email: "ana@exemplu.md", Phone: "+373 22 123456", Website: "exemplu.md",
			Street: "Old street 1", City: "Bălți", CreatedAt: at(5), ModifiedAt: at(9),
		}},
		"books": {{
			ID: "b1", Name: "EXEMPLU S.R.L.", LegalName: "Exemplu SRL", TaxID: "MD " + idno(1)[:4] + " " + idno(1)[4:], Street: "str. Nouă 2", City: "Chișinău",
			PostalCode: "MD-2001", Email: "contabilitate@exemplu.md", Phone: "022/12-34-56",
		}},
		"erp": {{ID: "e1", TaxID: idno(1), CreatedAt: at(2), ModifiedAt: at(20)}},
	})
	key := golden(t, d, "crm", "c1")
	x := one(t, d, key)
	want := schema.Customer{
		Record: schema.Record{Key: key, CreatedAt: at(2), UpdatedAt: at(20)},
		Name:   "Exemplu", LegalName: "Exemplu SRL", TaxID: idno(1), Country: "MD", Email: "ana@exemplu.md", Phone: "+373 22 123456", Website: "exemplu.md",
		Address: &schema.Address{Street: "str. Nouă 2", City: "Chișinău", PostalCode: "MD-2001"},
	}
	got := x
	got.Members, got.Coverage, got.Conflicts, got.Provenance = nil, nil, nil, nil
	if got.ChangedAt.IsZero() {
		t.Error("nobody saw him change")
	}
	got.ChangedAt = want.ChangedAt
	if !reflect.DeepEqual(got, want) {
		t.Errorf("golden record\n got %+v\nwant %+v", got, want)
	}

	if len(x.Members) != 3 || *x.Members[0] != (schema.CustomerMember{Source: "crm", RecordID: "c1", Code: "C-7", Rule: "FIRST"}) {
		t.Errorf("members %+v", x.Members)
	}
	states := map[string]schema.CoverageState{}
	for _, c := range x.Coverage {
		states[c.Source] = c.State
	}
	if !reflect.DeepEqual(states, map[string]schema.CoverageState{"crm": "LINKED", "books": "LINKED", "erp": "LINKED", "helpdesk": "ASSUMED"}) {
		t.Errorf("coverage %v", states)
	}
	// Name, phone and number differ in writing only; the mailboxes are two.
	if len(x.Conflicts) != 1 || x.Conflicts[0].Kind != schema.ConflictValue || x.Conflicts[0].Field != "email" || len(x.Conflicts[0].Records) != 2 || x.Conflicts[0].Key == "" {
		t.Errorf("conflicts %+v", x.Conflicts)
	}
	var email *schema.FieldProvenance
	for _, p := range x.Provenance {
		if p.Field == "email" {
			email = p
		}
	}
	if email == nil || email.Source != "crm" || len(email.Alternatives) != 1 || *email.Alternatives[0] != (schema.FieldAlternative{Source: "books", Value: "contabilitate@exemplu.md"}) {
		t.Errorf("provenance %+v", email)
	}

	few := one(t, d, key, "name")
	if few.LegalName != "" || few.Members != nil || few.Coverage != nil || few.Conflicts != nil || few.Provenance != nil || few.Name == "" {
		t.Errorf("asked for the name, got %+v", few)
	}
	if _, err := d.ByParent(t.Context(), "customer", []string{key}, datasources.Query{}); schema.CodeOf(err) != schema.UnsupportedFilter {
		t.Errorf("by parent: %v", err)
	}
}

// TestWithinOneSource: of two records of one source the living goes before the
// deleted, and the newer before the older.
func TestWithinOneSource(t *testing.T) {
	d := open(t, config(), newMemory())
	fill(t, d, of{"crm": {{ID: "c1", Name: "old", ModifiedAt: at(1)}, {ID: "c2", Name: "new", ModifiedAt: at(2)}, {ID: "c3", Name: "gone", ModifiedAt: at(3), Deleted: true}}})
	for _, id := range []string{"c2", "c3"} {
		if err := d.Link(t.Context(), ref("crm", "c1"), ref("crm", id), "ana", ""); err != nil {
			t.Fatal(err)
		}
	}
	if x := one(t, d, golden(t, d, "crm", "c1"), "name"); x.Name != "new" {
		t.Errorf("name %q", x.Name)
	}
}

func TestCoverage(t *testing.T) {
	cfg := config()
	cfg.Sources = append(cfg.Sources, directory.SourceConfig{Name: "agency", Kind: "operand"})
	d := open(t, cfg, newMemory())
	replace(t, d, "crm", rec{ID: "c1", TaxID: idno(1), Code: "K1"}, rec{ID: "c2", Code: "K2"}, rec{ID: "c3", Code: "K2"})
	state := func(id, source string) schema.CoverageState {
		t.Helper()
		_, state := d.Keys(golden(t, d, "crm", id), source)
		for _, c := range one(t, d, golden(t, d, "crm", id), "coverage").Coverage {
			if c.Source == source && c.State != state {
				t.Errorf("coverage says %s, Keys %s", c.State, state)
			}
		}
		return state
	}
	check := func(id, source string, want schema.CoverageState) {
		t.Helper()
		if got := state(id, source); got != want {
			t.Errorf("%s in %s: %s, want %s", id, source, got, want)
		}
	}
	check("c1", "books", schema.CoverageUnavailable)
	check("c1", "agency", schema.CoverageNotConfigured)
	check("c1", "helpdesk", schema.CoverageAssumed)
	check("c2", "helpdesk", schema.CoverageAmbiguous)
	if _, ok := d.Golden("helpdesk", "K2"); ok {
		t.Error("a code of two customers is somebody's")
	}
	replace(t, d, "books", rec{ID: "b1", TaxID: idno(1)}, rec{ID: "b2", TaxID: idno(1)}, rec{ID: "b3"})
	check("c1", "books", schema.CoverageAmbiguous)
	check("c2", "books", schema.CoverageNoMatch)
	if _, state := d.Keys("c_unknown", "crm"); state != schema.CoverageNoMatch {
		t.Errorf("keys of nobody: %s", state)
	}
	if _, state := d.Keys(golden(t, d, "crm", "c1"), "nowhere"); state != schema.CoverageNotConfigured {
		t.Errorf("keys in no source: %s", state)
	}
	all := d.Coverage()
	if c := all[1]; c.Source != "books" || c.Entity != "Customer" || *c.Records != 3 || *c.Linked != 0 || *c.Ambiguous != 2 || *c.Unmatched != 1 || !c.AsOf.Equal(at(1000)) {
		t.Errorf("coverage of books %d %d %d %d", *c.Records, *c.Linked, *c.Ambiguous, *c.Unmatched)
	}
	if c := all[2]; c.Records != nil || !c.AsOf.IsZero() {
		t.Errorf("coverage of a source that was not read %+v", c)
	}
}

func TestAssumed(t *testing.T) {
	for _, c := range []struct {
		from, key string
		keys      []string
	}{
		{"crm.code", "C-7", []string{"C-7"}},
		{"crm.id", "c1", []string{"c1"}},
		{"crm.taxId", "MD " + idno(1), []string{idno(1), "MD " + idno(1)}},
	} {
		t.Run("case="+c.from, func(t *testing.T) {
			cfg, st := config(), newMemory()
			cfg.Sources[3].AssumedFrom = c.from
			d := open(t, cfg, st)
			if _, ok := d.Golden("helpdesk", c.key); ok {
				t.Error("somebody before the CRM was read")
			}
			replace(t, d, "crm", rec{ID: "c1", Code: "C-7", TaxID: "MD " + idno(1)}, rec{ID: "c2"})
			key := golden(t, d, "crm", "c1")
			if got := golden(t, d, "helpdesk", c.key); got != key {
				t.Errorf("the ticket's customer is %s, want %s", got, key)
			}
			ids, state := d.Keys(key, "helpdesk")
			if !slices.Equal(ids, c.keys) || state != schema.CoverageAssumed {
				t.Errorf("keys %q %s, want %q", ids, state, c.keys)
			}
			d.Seen("helpdesk", []string{"nobody's", "", c.key, c.key})
			d.Seen("crm", []string{"c1"})
			d.Seen("nowhere", []string{"c1"})
			if _, state = d.Keys(key, "helpdesk"); state != schema.CoverageLinked {
				t.Errorf("after a ticket showed it: %s", state)
			}
			saves := st.saves
			if err := d.Close(t.Context()); err != nil || len(st.seen) != 1 || st.saves != saves+1 {
				t.Errorf("close: %v, %d keys seen, %d writes", err, len(st.seen), st.saves-saves)
			}
			if err := d.Close(t.Context()); err != nil || st.saves != saves+1 {
				t.Errorf("close again: %v, %d writes", err, st.saves-saves)
			}
			d = open(t, cfg, st)
			if _, state = d.Keys(key, "helpdesk"); state != schema.CoverageLinked {
				t.Errorf("after a restart: %s", state)
			}
			if cov := d.Coverage()[3]; cov.Records != nil || *cov.Linked != 1 {
				t.Errorf("coverage %+v", cov)
			}
		})
	}
}

func TestFind(t *testing.T) {
	d := open(t, config(), newMemory())
	if _, err := d.Find(t.Context(), directory.By{TaxID: idno(1)}); schema.CodeOf(err) != schema.SourceUnavailable {
		t.Errorf("before anything was read: %v", err)
	}
	fill(t, d, of{
		"crm": {
			{ID: "c1", TaxID: "732 829 320 00074", Country: "FR", Email: "Ana@Exemplu.md "},
			{ID: "c2", TaxID: "1008600038412"},
			{ID: "c3", TaxID: "DE136695976", Email: "x@exemplu.md"},
			{ID: "c4", Email: "x@exemplu.md"},
		},
		"books": {{ID: "b1", TaxID: "FR44732829320", Email: "office@exemplu.md"}},
	})
	for _, c := range []struct {
		name string
		by   directory.By
		want []string // CRM records
		code schema.Code
	}{
		{"number of the company", directory.By{TaxID: "732829320"}, []string{"c1"}, ""},
		{"number of the site", directory.By{TaxID: "73282932000074"}, []string{"c1"}, ""},
		{"VAT with prefix", directory.By{TaxID: "fr 44 732 829 320"}, []string{"c1"}, ""},
		{"wrong check digit as typed there", directory.By{TaxID: "1008600038412"}, []string{"c2"}, ""},
		{"country not known here", directory.By{TaxID: "DE 136695976"}, []string{"c3"}, ""},
		{"nobody's", directory.By{TaxID: idno(5)}, nil, ""},
		{"mail", directory.By{Email: " ANA@exemplu.md"}, []string{"c1"}, ""},
		{"mail of another record", directory.By{Email: "office@exemplu.md"}, []string{"c1"}, ""},
		{"mail of two", directory.By{Email: "x@exemplu.md"}, []string{"c3", "c4"}, ""},
		{"record", directory.By{Source: "books", RecordID: "b1"}, []string{"c1"}, ""},
		{"no record", directory.By{Source: "books", RecordID: "b2"}, nil, ""},
		{"no source", directory.By{Source: "nowhere", RecordID: "b2"}, nil, schema.NotFound},
		{"nothing", directory.By{}, nil, schema.BadRequest},
		{"two things", directory.By{TaxID: "1", Email: "1"}, nil, schema.BadRequest},
		{"source alone", directory.By{Source: "books"}, nil, schema.BadRequest},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			got, err := d.Find(t.Context(), c.by)
			if schema.CodeOf(err) != c.code {
				t.Fatalf("error %v", err)
			}
			var want []string
			for _, id := range c.want {
				want = append(want, golden(t, d, "crm", id))
			}
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("found %q, want %q", got, want)
			}
		})
	}
}

// TestTimesSurvive: a record's times come back as they were, however odd.
func TestTimesSurvive(t *testing.T) {
	for _, when := range []time.Time{
		at(1), time.Date(1601, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), time.Unix(0, 0).UTC(),
		time.Date(2024, 5, 6, 7, 8, 9, 10, time.FixedZone("", 7200)),
	} {
		d := open(t, config(), newMemory())
		replace(t, d, "crm", rec{ID: "c1", CreatedAt: when})
		if got := one(t, d, golden(t, d, "crm", "c1")).CreatedAt; !got.Equal(when) || got.Location() != time.UTC {
			t.Errorf("%v came back as %v", when, got)
		}
	}
}

func TestConfig(t *testing.T) {
	if err := config().Validate(); err != nil {
		t.Errorf("good config: %v", err)
	}
	bad := directory.Config{
		Rules: []string{"guess"}, Owner: map[string]string{"colour": "crm", "name": "nobody"}, Every: -1, SharedLimit: -1,
		Sources: []directory.SourceConfig{
			{Name: "crm", Indexed: true, AssumedFrom: "crm.code"},
			{Name: "crm", Country: "Moldova"},
			{},
			{Name: "d1", AssumedFrom: "code"},
			{Name: "d2", AssumedFrom: "x.code"},
			{Name: "d3", AssumedFrom: "d1.id"},
		},
	}
	want := `directory.rules[0]: unknown rule "guess", want manual, foreign_id, tax_id or email
directory.sources[1].name: "crm" is used twice
directory.sources[1].country: "Moldova" is not an ISO 3166 alpha-2 code
directory.sources[2].name: missing
directory.sources[0].assumed_from: crm lists its customers, nothing is assumed of it
directory.sources[3].assumed_from: "code", want SOURCE.code, SOURCE.id or SOURCE.taxId
directory.sources[4].assumed_from: no source "x"
directory.sources[5].assumed_from: d1 does not list its ids
directory.owner.colour: no such field, want one of name, legalName, taxId, country, email, phone, website, address
directory.owner.name: no source "nobody"
directory.every: must not be negative
directory.shared_limit: must not be negative`
	if err := bad.Validate(); err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if _, err := directory.Open(t.Context(), bad, newMemory(), directory.Deps{}); err == nil {
		t.Error("a bad config was opened")
	}
	own := config()
	own.Sources[0].OwnTaxIDs = []string{"1008600038412"}
	if _, err := directory.Open(t.Context(), own, newMemory(), directory.Deps{}); err == nil {
		t.Error("an own number with a wrong check digit was taken")
	}
}
