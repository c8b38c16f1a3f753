package onec_test

import (
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/onec"
	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
	fake "github.com/trama-graph/trama/datasources/sandbox/onec"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// TestFollowingTheSandbox edits the demo's books, which are another 1C than the one
// of this package's tests, and follows and sweeps them.
func TestFollowingTheSandbox(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Chisinau")
	if err != nil {
		t.Fatal(err)
	}
	books := fake.New(world.New(5, 60), fake.Options{Configuration: fake.UNF})
	server := httptest.NewServer(books)
	defer server.Close()
	cfg := onec.DefaultConfig()
	cfg.Name, cfg.URL, cfg.User, cfg.Password = "books", server.URL+fake.Base, fake.DefaultUser, fake.DefaultPassword
	cfg.Zone, cfg.Currency, cfg.Page = "Europe/Chisinau", "MDL", 20
	s, err := onec.Open(t.Context(), cfg, onec.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := newReplica(t, invoices(s), invoiceKey)
	c.sweep()
	if rows, parts := c.follow(); rows != 0 || parts != 1 {
		t.Errorf("nothing new: %d rows in %d parts", rows, parts)
	}
	var refs []string
	newest := time.Time{}
	rows, err := c.r.List(t.Context(), datasources.Query{First: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows.Items {
		if x := &rows.Items[i]; x.Date.After(newest) {
			newest = x.Date
		}
	}
	near := []string{}
	for i := range rows.Items {
		x := &rows.Items[i]
		ref := strings.TrimPrefix(x.Key, "bill:")
		refs = append(refs, ref)
		if x.Date.After(newest.AddDate(0, 0, -38)) {
			near = append(near, ref)
		}
	}
	slices.Sort(refs)
	slices.Sort(near)
	if len(near) < 3 || len(near) > len(refs)/2 {
		t.Fatalf("%d of %d bills are near", len(near), len(refs))
	}
	const set = "Document_СчетНаОплату"
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 12 {
		for range 1 + r.IntN(3) {
			ref := near[r.IntN(len(near))]
			switch r.IntN(3) {
			case 0:
				books.Edit(set, ref, map[string]odatafake.Value{"Комментарий": odatafake.Text(fmt.Sprint("round ", round))})
			case 1:
				books.MarkDeleted(set, ref, r.IntN(2) == 0)
			case 2: // all of one moment
				books.Edit(set, ref, map[string]odatafake.Value{"Date": odatafake.Wall(newest.AddDate(0, 0, -r.IntN(3)), zone)})
			}
		}
		c.follow()
		c.wantSame(fmt.Sprintf("after round %d", round))
	}
	books.Edit(set, refs[0], map[string]odatafake.Value{"Комментарий": odatafake.Text("long ago")})
	books.Edit(set, near[0], map[string]odatafake.Value{"Date": odatafake.Wall(newest.AddDate(-1, 0, 0), zone)})
	books.Delete(set, near[1])
	books.Delete(set, refs[1])
	c.follow()
	c.sweep()
	c.wantSame("after the sweep")
}
