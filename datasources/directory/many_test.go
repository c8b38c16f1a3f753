package directory_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
)

// TestLookUp holds what is told of many customers against what Keys and Canonical tell
// of each, while sources come to be read; and wants each key to lead back to its
// customer, which those who look for his documents rely on.
func TestLookUp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		cfg := genConfig(r)()
		for i, field := range []string{"id", "code", "taxId", "id"} {
			cfg.Sources = append(cfg.Sources, directory.SourceConfig{Name: fmt.Sprintf("desk%d", i), Kind: "otrs", AssumedFrom: "crm." + field})
		}
		d := open(t, cfg, newMemory())
		asked := []string{"nobody", ""}
		check := func() {
			for _, s := range []string{"crm", "books", "erp"} {
				for i := range 9 {
					if k, ok := d.Golden(s, fmt.Sprintf("r%d", i)); ok && rapid.IntRange(0, 2).Draw(r, "ask") > 0 {
						asked = append(asked, k)
					}
				}
			}
			sameAsKeys(r, d, asked, &cfg)
		}
		check()
		for _, s := range rapid.Permutation([]string{"crm", "books", "erp", "crm"}).Draw(r, "order") {
			replace(t, d, s, genSource(r, s)...)
			check()
		}
	})
}

func sameAsKeys(r *rapid.T, d *directory.Directory, asked []string, cfg *directory.Config) {
	many := d.LookUp(asked)
	for i := range cfg.Sources {
		source := cfg.Sources[i].Name
		in := many.In(source)
		for c, key := range asked {
			want, state := d.Keys(key, source)
			if got := in.Of(c); !slices.Equal(got, want) {
				r.Fatalf("%s has %q in %s, want %q", key, got, source, want)
			}
			isUnread := len(want) == 0 && in.Unread && many.Golden(c) != ""
			if isUnread != (len(want) == 0 && state == schema.CoverageUnavailable) {
				r.Fatalf("%s in %s is unread: %t, want %s", key, source, isUnread, state)
			}
			if now, _ := d.Canonical(key); many.Golden(c) != now {
				r.Fatalf("%s is %q now, want %q", key, many.Golden(c), now)
			}
			for _, id := range in.Of(c) {
				if back, _ := d.Golden(source, id); back != many.Golden(c) {
					r.Fatalf("%s of %s is %q's, want %q", id, source, back, many.Golden(c))
				}
			}
		}
	}
	if in := many.In("nowhere"); len(in.Keys) > 0 || len(in.Ends) != len(asked) || in.Unread {
		r.Fatalf("nowhere has %+v", in)
	}
}

// TestLookUpTellsOfOneMoment goes on to tell what was when it was asked.
func TestLookUpTellsOfOneMoment(t *testing.T) {
	d := open(t, config(), newMemory())
	replace(t, d, "crm", rec{ID: "c1", Code: "K1"})
	many := d.LookUp([]string{golden(t, d, "crm", "c1")})
	replace(t, d, "crm", rec{ID: "c1", Code: "K2"}, rec{ID: "c2"})
	if got := many.In("helpdesk").Of(0); !slices.Equal(got, []string{"K1"}) {
		t.Errorf("got %q", got)
	}
}

// TestReadsMakeNothing holds the objects of what each level of a question asks: none for
// a customer.
func TestReadsMakeNothing(t *testing.T) {
	cfg := config()
	cfg.Sources[3].AssumedFrom = "crm.id"
	cfg.Sources = append(cfg.Sources, directory.SourceConfig{Name: "desk", Kind: "otrs", AssumedFrom: "crm.code"})
	d := open(t, cfg, newMemory())
	var crm []rec
	var ids, codes, asked []string
	for i := range 50 {
		crm = append(crm, rec{ID: fmt.Sprintf("c%02d", i), Code: fmt.Sprintf("K%02d", i)})
		ids, codes = append(ids, crm[i].ID), append(codes, crm[i].Code)
	}
	replace(t, d, "crm", crm...)
	for _, id := range ids {
		asked = append(asked, golden(t, d, "crm", id))
	}
	d.Seen("helpdesk", ids)
	d.Seen("desk", codes)
	for _, c := range []struct {
		name    string
		ceiling float64
		read    func()
	}{
		{"looked up", 2, func() { d.LookUp(asked) }},
		{"keys in three sources, two of which are alike", 11, func() {
			many := d.LookUp(asked)
			for _, s := range []string{"crm", "helpdesk", "helpdesk"} {
				if in := many.In(s); len(in.Keys) != 50 {
					t.Fatal(len(in.Keys))
				}
			}
		}},
		{"seen before", 0, func() { d.Seen("helpdesk", ids); d.Seen("desk", codes) }},
		{"golden by id", 0, func() {
			for _, id := range ids {
				d.Golden("helpdesk", id)
			}
		}},
		{"golden by code", 0, func() {
			for _, code := range codes {
				d.Golden("desk", code)
			}
		}},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			if got := testing.AllocsPerRun(100, c.read); got > c.ceiling {
				t.Errorf("%.0f objects, want %.0f at most", got, c.ceiling)
			}
		})
	}
}

// TestSeenSideBySide tells the same keys from several sides: each is counted and stored
// once.
func TestSeenSideBySide(t *testing.T) {
	cfg, st := config(), newMemory()
	cfg.Sources[3].AssumedFrom = "crm.id"
	d := open(t, cfg, st)
	var crm []datasources.CustomerRecord
	var ids []string
	for i := range 500 {
		crm = append(crm, rec{ID: fmt.Sprintf("c%03d", i)})
		ids = append(ids, crm[i].ID)
	}
	replace(t, d, "crm", crm...)
	var wait sync.WaitGroup
	for w := range 8 {
		wait.Go(func() {
			for i := range ids {
				d.Seen("helpdesk", ids[(i+w*60)%len(ids):][:1])
			}
		})
	}
	wait.Wait()
	if cov := d.Coverage()[3]; *cov.Linked != len(ids) {
		t.Errorf("%d keys are seen, want %d", *cov.Linked, len(ids))
	}
	if err := d.Close(t.Context()); err != nil || len(st.seen) != len(ids) {
		t.Errorf("%d keys were stored, want %d: %v", len(st.seen), len(ids), err)
	}
}
