package creatio_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/creatio"
	"github.com/trama-graph/trama/schema"
)

func follower(t *testing.T, o *opened) datasources.Follower[schema.Order] {
	t.Helper()
	f, ok := o.Reader("Order").(datasources.Follower[schema.Order])
	if !ok {
		t.Fatal("orders cannot be followed")
	}
	return f
}

// drain reads until nothing more is there right now. between is called before
// each part but the first.
func drain(t *testing.T, f datasources.Follower[schema.Order], c datasources.Cursor, between func(part int)) ([]string, datasources.Cursor) {
	t.Helper()
	var got []string
	for part := range 1000 {
		if part > 0 && between != nil {
			between(part)
		}
		ch, err := f.Since(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, keysIn[schema.Order](ch.Items)...)
		if c = ch.Next; !ch.More {
			return got, c
		}
	}
	t.Fatal("never drained")
	return nil, ""
}

func distinctKeys(keys []string) []string { return slices.Compact(sortedCopy(keys)) }

func TestSince(t *testing.T) {
	f := newFake(t).lookups()
	var all []string
	for i := 1; i <= 95; i++ {
		r := order(i, id("b", 1))
		r["ModifiedOn"] = stamp(i / 40) // long ties, as bulk jobs write them
		f.add("Order", r)
		all = append(all, id("a", i))
	}
	for _, size := range []int{1, 2, 7, 95, 1000} {
		for _, links := range []int{0, 3} {
			f.pageSize = links
			now := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
			o := f.open(func(c *creatio.Config, d *creatio.Deps) {
				c.PageSize, c.Overlap = size, time.Second
				d.Now = func() time.Time { return now }
			})
			got, next := drain(t, follower(t, o), "", nil)
			wantKeys(t, sortedCopy(got), all) // each once, though the site has limits of its own
			// Afterwards nothing comes, though the last rows are read again.
			again, next := drain(t, follower(t, o), next, nil)
			wantKeys(t, again, []string{})
			f.mu.Lock()
			f.tables["Order"][2]["ModifiedOn"] = stamp(50)
			f.mu.Unlock()
			changed, _ := drain(t, follower(t, o), next, nil)
			if !slices.Contains(changed, id("a", 3)) {
				t.Errorf("the changed row did not come: %v", changed)
			}
			f.mu.Lock()
			f.tables["Order"][2]["ModifiedOn"] = stamp(0)
			f.mu.Unlock()
		}
	}
}

func TestSinceWhileRowsMove(t *testing.T) {
	f := newFake(t).lookups()
	var all []string
	for i := 1; i <= 60; i++ {
		r := order(i, id("b", 1))
		r["ModifiedOn"] = stamp(0)
		f.add("Order", r)
		all = append(all, id("a", i))
	}
	o := f.open(func(c *creatio.Config, d *creatio.Deps) {
		c.PageSize = 7
		d.Now = func() time.Time { return time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC) }
	})
	// Between two parts a row leaves the run of equal times, some of them the very
	// row the cursor remembers: nothing may be lost.
	got, _ := drain(t, follower(t, o), "", func(part int) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if part < 40 && part%2 == 0 {
			f.tables["Order"][part]["ModifiedOn"] = stamp(part)
		}
	})
	wantKeys(t, distinctKeys(got), sortedCopy(all))
}

// A reading of more than a page is followed by one that begins where the newest
// change was when it began: what was committed late since then is found.
func TestSinceGoesBackToWhenTheReadingBegan(t *testing.T) {
	f := newFake(t).lookups()
	for i := 1; i <= 9; i++ {
		f.add("Order", order(i, id("b", 1)))
	}
	o := f.open(func(c *creatio.Config, _ *creatio.Deps) { c.PageSize, c.Overlap = 4, 0 })
	_, next := drain(t, follower(t, o), "", func(part int) {
		if part == 1 {
			late := order(20, id("b", 1))
			late["ModifiedOn"] = stamp(20)
			f.add("Order", late)
		}
	})
	// While the last pages were read, a transaction of minute 10 was under way.
	late := order(10, id("b", 1))
	f.add("Order", late)
	got, _ := drain(t, follower(t, o), next, nil)
	wantKeys(t, got, []string{id("a", 10)})
}

// A site whose own limit is lower than page_size cuts replies off without a word:
// nothing is lost.
func TestSinceWithALowerLimit(t *testing.T) {
	f := newFake(t).lookups()
	f.maxRows = 10
	o := f.open(func(c *creatio.Config, _ *creatio.Deps) { c.PageSize = 1000 })
	head, err := follower(t, o).Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for i := 1; i <= 45; i++ {
		f.add("Order", order(i, id("b", 1)))
		all = append(all, id("a", i))
	}
	for _, c := range []datasources.Cursor{head, ""} {
		got, _ := drain(t, follower(t, o), c, nil)
		wantKeys(t, sortedCopy(got), all)
	}
	keys := map[string]bool{}
	err = o.Reader("Order").(datasources.KeyScanner).ScanKeys(t.Context(), "", func(s datasources.Scanned[datasources.Keyed]) error {
		for _, k := range s.Items {
			keys[k.Key] = true
		}
		return nil
	})
	if err != nil || len(keys) != 45 {
		t.Errorf("%d keys, %v", len(keys), err)
	}
}

// A table without the time of the last change cannot be followed; it can be read.
func TestFollowWithoutModifiedOn(t *testing.T) {
	f := newFake(t).lookups()
	f.columns["Order"] = slices.DeleteFunc(slices.Clone(f.columns["Order"]), func(c string) bool { return c == "ModifiedOn" })
	o := f.open(nil)
	_, err := follower(t, o).Head(t.Context())
	wantCode(t, err, schema.NotEnabled)
	_, err = follower(t, o).Since(t.Context(), "")
	wantCode(t, err, schema.NotEnabled)
	err = o.Reader("Order").(datasources.KeyScanner).ScanKeys(t.Context(), "", nil)
	wantCode(t, err, schema.NotEnabled)
	found, err := o.Probe(t.Context())
	if err != nil || !slices.ContainsFunc(found, func(x datasources.Finding) bool {
		return x.Subject == "Order" && x.Level == datasources.Warn && strings.Contains(x.Result, "followed")
	}) {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestSinceRejectsForeignCursors(t *testing.T) {
	f := world(t, 1)
	o := f.open(nil)
	for _, c := range []datasources.Cursor{"x", "{}}", `{"i":"' or 1 eq 1"}`, `{"n":-4}`, `{"unknown":1}`, `{"s":{"' or 1 eq 1":"x"}}`} {
		_, err := follower(t, o).Since(t.Context(), c)
		wantCode(t, err, schema.BadRequest)
	}
	if n := f.loginCount(); n != 0 {
		t.Errorf("got %d logins for nothing", n)
	}
}
