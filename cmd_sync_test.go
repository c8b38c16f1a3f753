package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/store"
)

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
	st, err := store.Open(t.Context(), address, store.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
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
