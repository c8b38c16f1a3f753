package directory_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/datasources/directory/fiscal"
)

// numbers are what records of the property tests bear: few, so that they meet.
var numbers = []string{
	"", "", "", idno(1), idno(2), idno(3), idno(4), idno(5), idno(6), "MD" + idno(1), "7707083893", "RO18547290", "RO1590082",
	"732 829 320 00074", "FR44732829320", "33.000.167/0001-01", "33000167000292", "1008600038412", "0000000000000",
}

// genRecord makes a record of a source; ids, codes and foreign ids are few.
func genRecord(t *rapid.T, id string) rec {
	r := rec{
		ID: id, Code: rapid.SampledFrom([]string{"", "1", "2", "3", id + "c"}).Draw(t, "code"), TaxID: rapid.SampledFrom(numbers).Draw(t, "taxId"),
		Country: rapid.SampledFrom([]string{"", "", "MD", "FR", "BR"}).Draw(t, "country"), Name: "N" + id,
		Deleted: rapid.IntRange(0, 9).Draw(t, "deleted") == 0,
		Email:   rapid.SampledFrom([]string{"", "", "a@b.md", "A@B.md ", "c@d.md", "ion@gmail.com", "office@b.md"}).Draw(t, "email"),
	}
	for _, target := range []string{"creatio", "onec", "erp"} {
		if rapid.IntRange(0, 3).Draw(t, "has "+target) == 0 {
			if r.ForeignIDs == nil {
				r.ForeignIDs = map[string]string{}
			}
			r.ForeignIDs[target] = rapid.SampledFrom([]string{"r1", "r2", "r3", "r4", "r5", "r6", "1", "2", "nobody"}).Draw(t, target)
		}
	}
	return r
}

func genSource(t *rapid.T, name string) []rec {
	var list []rec
	for i := range rapid.IntRange(0, 8).Draw(t, name) {
		list = append(list, genRecord(t, fmt.Sprintf("r%d", i+1)))
	}
	return list
}

// genEarlier makes a reading of a source from before: some of its records, some
// with other data, some that are gone since. A deleted one was never alive: what
// it was linked to then would have to be kept, and is history by intent.
func genEarlier(t *rapid.T, list []rec) []rec {
	var earlier []rec
	for _, r := range list {
		switch rapid.IntRange(0, 3).Draw(t, "earlier") {
		case 0:
		case 1:
			other := genRecord(t, r.ID)
			other.Deleted = r.Deleted
			earlier = append(earlier, other)
		default:
			earlier = append(earlier, r)
		}
	}
	if rapid.Bool().Draw(t, "gone since") {
		gone := genRecord(t, "r99")
		gone.Deleted = false
		earlier = append(earlier, gone)
	}
	return earlier
}

func genDecisions(t *rapid.T) []directory.Decision {
	var list []directory.Decision
	for range rapid.SampledFrom([]int{0, 0, 0, 1, 2, 3}).Draw(t, "decisions") {
		ref := func(label string) directory.RecordRef {
			return directory.RecordRef{
				Source:   rapid.SampledFrom([]string{"books", "crm", "erp"}).Draw(t, label+" source"),
				RecordID: fmt.Sprintf("r%d", rapid.IntRange(1, 8).Draw(t, label)),
			}
		}
		a, b := ref("a"), ref("b")
		if a == b {
			continue
		}
		verdict := rapid.SampledFrom([]directory.Verdict{directory.SameCustomer, directory.NotTheSame}).Draw(t, "verdict")
		list = append(list, directory.Decision{A: a, B: b, Verdict: verdict, Author: "ana", At: at(1)})
	}
	return list
}

func remember(st *memory, decisions []directory.Decision) {
	for _, d := range decisions {
		if d.A.Source > d.B.Source || d.A.Source == d.B.Source && d.A.RecordID > d.B.RecordID {
			d.A, d.B = d.B, d.A
		}
		st.decisions[[2]directory.RecordRef{d.A, d.B}] = d
	}
}

// TestOrderOfArrival: whatever was read in whatever order before, the last state
// of the sources alone decides who is who; and a restart changes nothing.
func TestOrderOfArrival(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		world := of{}
		for _, s := range []string{"crm", "books", "erp"} {
			world[s] = genSource(r, s)
		}
		decisions := genDecisions(r)
		config := genConfig(r)

		one := newMemory()
		remember(one, decisions)
		d := open(t, config(), one)
		fill(t, d, world)
		want, wantConflicts := clusters(t, d), conflicts(t, d)
		sound(t, d, world, one)

		other := newMemory()
		remember(other, decisions)
		e := open(t, config(), other)
		for range rapid.IntRange(0, 6).Draw(r, "steps") {
			s := rapid.SampledFrom([]string{"crm", "books", "erp"}).Draw(r, "step")
			replace(t, e, s, shuffled(r, genEarlier(r, world[s]))...)
			if err := e.Verify(); err != nil {
				r.Fatal(err)
			}
			if rapid.IntRange(0, 4).Draw(r, "restart") == 0 {
				e = open(t, config(), other)
			}
		}
		for _, s := range rapid.Permutation([]string{"crm", "books", "erp"}).Draw(r, "order") {
			replace(t, e, s, shuffled(r, world[s])...)
			if err := e.Verify(); err != nil {
				r.Fatal(err)
			}
		}
		if got := clusters(t, e); !slices.Equal(got, want) {
			r.Fatalf("customers\n got %q\nwant %q", got, want)
		}
		if got := conflicts(t, e); !slices.Equal(got, wantConflicts) {
			r.Fatalf("conflicts\n got %q\nwant %q", got, wantConflicts)
		}

		before, saves := keys(t, e), other.saves
		for s := range world {
			replace(t, e, s, shuffled(r, world[s])...)
			if err := e.Verify(); err != nil {
				r.Fatal(err)
			}
		}
		again := open(t, config(), other)
		if other.saves != saves {
			r.Fatalf("%d writes for readings without a change and a restart", other.saves-saves)
		}
		if got := keys(t, again); !maps.Equal(got, before) {
			r.Fatalf("ids after the restart\n got %v\nwant %v", got, before)
		}
		if got := clusters(t, again); !slices.Equal(got, want) {
			r.Fatalf("customers after the restart\n got %q\nwant %q", got, want)
		}
	})
}

// genConfig returns the ordinary set-up, with the rules as they are by default or
// with the one that must be asked for.
func genConfig(t *rapid.T) func() directory.Config {
	withEmail := rapid.Bool().Draw(t, "with email")
	return func() directory.Config {
		c := config()
		if withEmail {
			c.Rules = []string{directory.RuleManual, directory.RuleForeignID, directory.RuleTaxID, directory.RuleEmail}
		}
		return c
	}
}

func shuffled(r *rapid.T, list []rec) []rec {
	if len(list) < 2 {
		return list
	}
	return rapid.Permutation(list).Draw(r, "shuffled")
}

// keys returns the golden id of every record.
func keys(t testing.TB, d *directory.Directory) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, c := range customers(t, d) {
		for _, m := range c.Members {
			all[m.Source+":"+m.RecordID] = c.Key
			if k, ok := d.Golden(m.Source, m.RecordID); !ok || k != c.Key {
				t.Errorf("%s %s is of %q, Golden says %q", m.Source, m.RecordID, c.Key, k)
			}
		}
	}
	return all
}

// sound checks the guards on every customer: no source twice, no two numbers of
// one kind, nobody who was denied; links made by hand excepted.
func sound(t testing.TB, d *directory.Directory, world of, st *memory) {
	t.Helper()
	byHand := false
	for _, v := range st.decisions {
		byHand = byHand || v.Verdict == directory.SameCustomer
	}
	data := map[string]rec{}
	total := 0
	for s, list := range world {
		for _, r := range list {
			data[s+":"+r.ID] = r
			total++
		}
	}
	for _, c := range customers(t, d) {
		sources, types := map[string]bool{}, map[string]string{}
		for i, m := range c.Members {
			total--
			if (i == 0) != (m.Rule == "FIRST") || m.Rule == "" {
				t.Errorf("member %d of %s has rule %q", i, c.Key, m.Rule)
			}
			r := data[m.Source+":"+m.RecordID]
			if r.Deleted && len(c.Members) > 1 && !byHand {
				t.Errorf("a deleted record made a link: %v", m)
			}
			if sources[m.Source] && !byHand {
				t.Errorf("%s is twice in %s", m.Source, c.Key)
			}
			sources[m.Source] = true
			id := fiscal.Parse(cmpOr(r.Country, "MD"), r.TaxID)
			if kind := id.Country + id.Type; id.Valid && !byHand && id.Type == "IDNO" {
				if other, ok := types[kind]; ok && other != id.CompanyKey && !isShared(world, id.CompanyKey) && !isShared(world, other) {
					t.Errorf("%s has %s and %s", c.Key, other, id.CompanyKey)
				}
				types[kind] = id.CompanyKey
			}
		}
	}
	if total != 0 {
		t.Errorf("%d records are nobody's or twice", total)
	}
	for p, v := range st.decisions {
		a, okA := d.Golden(p[0].Source, p[0].RecordID)
		b, okB := d.Golden(p[1].Source, p[1].RecordID)
		if v.Verdict == directory.NotTheSame && okA && okB && a == b {
			t.Errorf("%v were denied and are together", p)
		}
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func isShared(world of, key string) bool {
	for _, list := range world {
		n := 0
		for _, r := range list {
			if fiscal.Parse(cmpOr(r.Country, "MD"), r.TaxID).CompanyKey == key && !r.Deleted {
				n++
			}
		}
		if n > directory.DefaultSharedLimit {
			return true
		}
	}
	return false
}

// TestLabelled measures the links on a set whose truth is known: customers as
// three careless offices type them. One false merge shows one customer's invoices
// to another, so none is allowed.
func TestLabelled(t *testing.T) {
	const n = 5000
	world := of{}
	truth := map[string]int{} // "crm:c7" → 7
	should := 0               // pairs of records that share a valid number or a stored key
	add := func(source string, i int, r rec) {
		truth[source+":"+r.ID] = i
		world[source] = append(world[source], r)
	}
	for i := range n {
		crm := rec{ID: fmt.Sprintf("c%d", i), Name: fmt.Sprintf("Exemplu %d", i), TaxID: idno(i), Code: fmt.Sprintf("%06d", i)}
		books := rec{ID: fmt.Sprintf("b%d", i), Name: fmt.Sprintf("EXEMPLU %d SRL", i), TaxID: idno(i), Code: fmt.Sprintf("%06d", i)}
		erp := rec{ID: fmt.Sprintf("e%d", i), TaxID: "MD " + idno(i)}
		linked := 3
		switch i % 20 {
		case 1: // a typing error in the CRM: the check digit finds it
			crm.TaxID = spoil(crm.TaxID)
			linked = 1
		case 2: // nobody knows his number in the books
			books.TaxID = ""
			linked = 1
		case 3: // … but the CRM stores his key
			books.TaxID, crm.ForeignIDs = "", map[string]string{"onec": books.ID}
		case 4: // the bookkeeper's placeholder
			books.TaxID = "1111111111111"
			linked = 1
		case 5: // the CRM has the number of the neighbour, the key of himself
			crm.TaxID, crm.ForeignIDs = idno(i+1), map[string]string{"onec": books.ID}
			linked = 1
		case 6: // and the neighbour is there as well, or only in the books
			linked = 1
			if i%40 == 6 {
				add("books", i, books)
				add("erp", i, erp)
				should++
				continue
			}
		case 7: // twice in the books
			add("books", i, rec{ID: fmt.Sprintf("b%d.2", i), TaxID: idno(i)})
			linked = 1
		case 8: // deleted in the books and entered anew
			add("books", i, rec{ID: fmt.Sprintf("b%d.2", i), TaxID: idno(i), Deleted: true})
		case 9: // the key of a stranger's deleted record
			crm.ForeignIDs = map[string]string{"onec": "b8.2"}
		}
		add("crm", i, crm)
		add("books", i, books)
		add("erp", i, erp)
		should += linked
	}
	d := open(t, config(), newMemory())
	fill(t, d, world)
	right, wrong := 0, 0
	for _, c := range clusters(t, d) {
		members := strings.Split(c, "+")
		for i, a := range members {
			for _, b := range members[i+1:] {
				if truth[a] == truth[b] {
					right++
				} else {
					wrong++
				}
			}
		}
	}
	t.Logf("pairs linked rightly %d of %d that can be known, wrongly %d", right, should, wrong)
	if wrong != 0 {
		t.Errorf("%d false merges", wrong)
	}
	if right < should {
		t.Errorf("%d pairs linked, %d share a valid number or a stored key", right, should)
	}
}

// spoil changes the last digit of a number.
func spoil(s string) string {
	return s[:len(s)-1] + string(rune('0'+(s[len(s)-1]-'0'+5)%10))
}

var _ datasources.CustomerIndexer = records(nil)
