package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
)

// openStore opens a store for the time of a test.
func openStore(t *testing.T, address string) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), address, store.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

// Beside a server the command says what the server was not let delete, and ends with 1;
// consent to it is there until the server's next sweep, however far that is.
func TestSyncBesideServer(t *testing.T) {
	address := "sqlite:" + filepath.Join(t.TempDir(), "t.db")
	cfg, err := parseConfig([]byte("store: {url: '"+address+"'}\nsources:\n"+
		"  - {name: erp, kind: ecolix, supply: copy, every: 10m, sweep: 72h, url: 'https://erp.example.com/api', key: k, packages: [crm], rate: {per_minute: 30}}\n"),
		func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	st := openStore(t, address)
	set, err := st.OpenCopy(t.Context(), "erp", "Order", "L1")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	read := func(n int) {
		t.Helper()
		now = now.Add(time.Second)
		set, err = st.BeginRun(t.Context(), set.ID, set.Run, set.Pages, copies.Begin{Settings: "s", At: now})
		if err != nil {
			t.Fatal(err)
		}
		page := &copies.Page{Last: true, At: now}
		for i := range n {
			row := copies.Row{Key: fmt.Sprint(i), Hash: []byte{byte(i)}, Data: []byte{byte(i)}}
			page.Rows = append(page.Rows, row)
		}
		if set, err = st.SavePage(t.Context(), set.ID, set.Run, set.Pages, page); err != nil {
			t.Fatal(err)
		}
		ended, err := st.EndRun(t.Context(), set.ID, set.Run, set.Pages, copies.End{Before: set.Run, Most: 10, At: now})
		if err != nil {
			t.Fatal(err)
		}
		set = ended.Set
	}
	beside := func(o syncOptions) (string, error) {
		var out strings.Builder
		err := besideServer(t.Context(), &out, &cfg, o)
		return out.String(), err
	}
	read(100)
	if said, err := beside(syncOptions{}); err != nil || strings.Contains(said, "NOT deleted") {
		t.Errorf("%v: %s", err, said)
	}
	read(40)
	for _, c := range []struct {
		name string
		only []string
		bad  bool
	}{{"all", nil, true}, {"this source", []string{"erp"}, true}, {"another", []string{"shop"}, false}} {
		t.Run("case="+c.name, func(t *testing.T) {
			said, err := beside(syncOptions{only: c.only})
			if errors.Is(err, errFailed) != c.bad || strings.Contains(said, "60 NOT deleted, too many at once: see --accept-deletions") != c.bad {
				t.Errorf("%v: %s", err, said)
			}
		})
	}
	said, err := beside(syncOptions{accept: true})
	if err != nil || !strings.Contains(said, "erp: the server compares everything at its next round") {
		t.Errorf("%v: %s", err, said)
	}
	sets, err := st.Copies(t.Context(), "erp")
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(sets[0].Accept); left < 144*time.Hour || left > 145*time.Hour {
		t.Errorf("the consent ends in %s, with a sweep of 72h", left)
	}
	if read(40); set.Rows != 40 || !set.Accept.IsZero() {
		t.Errorf("%+v", set)
	}
	if said, err := beside(syncOptions{}); err != nil {
		t.Errorf("%v: %s", err, said)
	}
}

// What the server refused as garbled, and what it keeps as it was, is said beside it, and
// consent to it is there for the source that was named.
func TestSyncGarbledBesideServer(t *testing.T) {
	address := "sqlite:" + filepath.Join(t.TempDir(), "t.db")
	source := "  - {name: %s, kind: ecolix, supply: copy, every: 10m, sweep: 72h, url: 'https://erp.example.com/api', key: k, packages: [crm], rate: {per_minute: 30}}\n"
	cfg, err := parseConfig([]byte("store: {url: '"+address+"'}\nsources:\n"+fmt.Sprintf(source, "erp")+fmt.Sprintf(source, "shop")), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	st := openStore(t, address)
	ids := map[string]copies.Set{}
	for _, name := range []string{"erp", "shop"} {
		set, err := st.OpenCopy(t.Context(), name, "Order", "L1")
		if err != nil {
			t.Fatal(err)
		}
		ids[name] = set
	}
	erp := ids["erp"]
	page := &copies.Page{Rows: []copies.Row{{Key: "a", Hash: []byte{1}, Data: []byte{1}}, {Key: "b", Hash: []byte{1}, Data: []byte{1}}}, Last: true, At: time.Now()}
	read := func(p *copies.Page) {
		t.Helper()
		set, err := st.BeginRun(t.Context(), erp.ID, erp.Run, erp.Pages, copies.Begin{Settings: "s", At: time.Now()})
		if err == nil {
			set, err = st.SavePage(t.Context(), set.ID, set.Run, set.Pages, p)
		}
		if err != nil {
			t.Fatal(err)
		}
		ended, err := st.EndRun(t.Context(), set.ID, set.Run, set.Pages, copies.End{Before: set.Run, Most: 10, At: time.Now(), Full: true})
		if err != nil {
			t.Fatal(err)
		}
		erp = ended.Set
	}
	read(page)
	beside := func(o syncOptions) (string, error) {
		t.Helper()
		if err := checkCopied(&cfg, &o); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		err := besideServer(t.Context(), &out, &cfg, o)
		return out.String(), err
	}
	says := func(text string, isBad bool) {
		t.Helper()
		for name, isSaid := range map[string]bool{"erp": isBad, "shop": false} {
			said, err := beside(syncOptions{only: []string{name}})
			if errors.Is(err, errFailed) != isSaid || strings.Contains(said, text) != isSaid {
				t.Errorf("%s: %v: %s", name, err, said)
			}
		}
	}
	const kept, refused = "1 kept as they were, garbled now: see --accept-garbled", "REFUSED, total is garbled in most rows: see --accept-garbled"
	says(kept, false)
	read(&copies.Page{Rows: page.Rows[:1], Held: []string{"b"}, Last: true, At: time.Now()})
	says(kept, true)
	if err := st.NoteFailure(t.Context(), erp.ID, schema.SourceInvalid, "total"); err != nil {
		t.Fatal(err)
	}
	says(refused, true)
	said, err := beside(syncOptions{garbled: []string{"erp"}})
	if err != nil || !strings.Contains(said, "erp: the server reads everything at its next round and takes what is garbled") {
		t.Errorf("%v: %s", err, said)
	}
	sets, err := st.Copies(t.Context(), "")
	if err != nil || len(sets) != 2 {
		t.Fatalf("%+v, %v", sets, err)
	}
	for _, s := range sets {
		if left := time.Until(s.AcceptGarbled); s.Source == "erp" && (left < 144*time.Hour || left > 145*time.Hour) || s.Source == "shop" && !s.AcceptGarbled.IsZero() || !s.Accept.IsZero() {
			t.Errorf("%+v", s)
		}
	}
	for name, o := range map[string]syncOptions{
		"--accept-garbled crm: there is no such source": {garbled: []string{"crm"}},
		"--accept-garbled erp: --source leaves it out":  {garbled: []string{"erp"}, only: []string{"shop"}},
		"--source crm: there is no such source":         {only: []string{"crm"}},
	} {
		if err := checkCopied(&cfg, &o); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want %s, got %v", name, err)
		}
	}
}
