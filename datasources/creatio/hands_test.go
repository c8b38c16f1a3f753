package creatio_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/creatio"
	crmfake "github.com/trama-graph/trama/datasources/sandbox/creatio"
	boxworld "github.com/trama-graph/trama/datasources/sandbox/world"
)

// signed are accounts of which the site tells who made and changed them.
func signed(t *testing.T) *fake {
	f := accounts(t)
	f.columns["Account"] = append(f.columns["Account"], "CreatedById", "ModifiedById")
	for i, name := range []string{"Ana Rusu", " Ion Ceban "} {
		f.add("Contact", row{"Id": id("9", i+1), "CreatedOn": stamp(0), "ModifiedOn": stamp(0), "Name": name, "AccountId": zero})
	}
	for i, r := range f.tables["Account"] {
		r["CreatedById"], r["ModifiedById"] = id("9", 1), id("9", 1+i%2)
	}
	f.tables["Account"][3]["ModifiedById"] = zero
	f.tables["Account"][4]["ModifiedById"] = id("9", 7) // who is gone, or not shown
	return f
}

func TestHands(t *testing.T) {
	now := time.Now()
	f := signed(t)
	o := f.open(func(c *creatio.Config, d *creatio.Deps) {
		c.PageSize, c.LookupRefresh = 3, time.Hour
		d.Now = func() time.Time { return now }
	})
	names := func() (calls int) {
		f.took()
		f.mu.Lock()
		f.urls = nil
		f.mu.Unlock()
		found := index(t, o)
		for i, want := range [][2]string{{"Ana Rusu", "Ana Rusu"}, {"Ana Rusu", "Ion Ceban"}, {"Ana Rusu", "Ana Rusu"}, {"Ana Rusu", ""}, {"Ana Rusu", ""}, {"Ana Rusu", "Ion Ceban"}, {"Ana Rusu", "Ana Rusu"}} {
			if c := found[id("b", i+1)]; c.CreatedBy != want[0] || c.ModifiedBy != want[1] {
				t.Errorf("account %d is by %q and %q, want %q", i+1, c.CreatedBy, c.ModifiedBy, want)
			}
		}
		for _, call := range f.took() {
			if call == "GET Contact" || strings.Contains(call, "$batch") {
				calls++
			}
		}
		return calls
	}
	// Three pages of accounts, and a new face on the first and on the second.
	if n := names(); n != 2 {
		t.Errorf("%d calls for the names", n)
	}
	if n := names(); n != 0 {
		t.Errorf("%d calls for names that are known", n)
	}
	if now = now.Add(2 * time.Hour); names() == 0 {
		t.Error("old names are never asked for again")
	}
}

// TestHandsAbsent: who may not be named is not, and customers come all the same.
func TestHandsAbsent(t *testing.T) {
	refuse := func(path string) bool { return strings.Contains(path, "Contact") && !strings.Contains(path, "Account") }
	for name, change := range map[string]func(f *fake){
		"no columns": func(f *fake) {
			f.columns["Account"] = slices.DeleteFunc(f.columns["Account"], func(c string) bool { return strings.HasSuffix(c, "ById") })
		},
		"no names": func(f *fake) {
			f.columns["Contact"] = slices.DeleteFunc(f.columns["Contact"], func(c string) bool { return c == "Name" })
		},
		"refused": func(f *fake) {
			f.hook = func(w http.ResponseWriter, r *http.Request) bool {
				if refuse(r.URL.Path) {
					w.WriteHeader(http.StatusForbidden)
					return true
				}
				return false
			}
			f.partHook = func(u string) (int, string, bool) { return http.StatusForbidden, `{"error":{}}`, refuse(u) }
		},
	} {
		t.Run("case="+name, func(t *testing.T) {
			f := signed(t)
			change(f)
			found := index(t, f.open(nil))
			if len(found) != 7 {
				t.Fatalf("%d customers", len(found))
			}
			for key, c := range found {
				if c.CreatedBy != "" || c.ModifiedBy != "" {
					t.Errorf("%s is by %q and %q", key, c.CreatedBy, c.ModifiedBy)
				}
			}
		})
	}
}

// TestHandsOfTheSandbox: the names are those of the company's own people, and the
// following of changes tells the same ones.
func TestHandsOfTheSandbox(t *testing.T) {
	b := newBench(t, crmfake.Options{}, nil)
	all := b.customers()
	isStaff := func(name string) bool {
		return slices.ContainsFunc(b.box.World.Staff, func(p boxworld.Person) bool {
			return strings.Contains(name, p.First) && strings.Contains(name, p.Last)
		})
	}
	other := 0
	for key, c := range all {
		if !isStaff(c.CreatedBy) || !isStaff(c.ModifiedBy) {
			t.Errorf("%s is by %q and %q, who are not of the company", key, c.CreatedBy, c.ModifiedBy)
		}
		if c.CreatedBy != c.ModifiedBy {
			other++
		}
	}
	if other == 0 {
		t.Error("nobody has changed what another made")
	}
	changed := map[string]datasources.CustomerRecord{}
	b.drainCustomers("", changed)
	if fmt.Sprint(changed) != fmt.Sprint(all) {
		t.Error("the following of changes tells otherwise")
	}
}
