package ecolix_test

import (
	"bytes"
	"net/http"
	"slices"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/ecolix"
	fake "github.com/trama-graph/trama/datasources/sandbox/ecolix"
	"github.com/trama-graph/trama/datasources/sandbox/world"
	"github.com/trama-graph/trama/schema"
)

// TestFollowing: where the agreed filter by dateModification exists (E7), a client
// who is made in the ERP comes without a reading of all.
func TestFollowing(t *testing.T) {
	f := fake.New(world.New(1, 60), fake.Options{Dialect: fake.Dialect{SinceParam: "modifieDepuis"}})
	s := serve(t, f)
	cfg := config(s.URL, ecolix.CRM)
	e := cfg.Entities["Customer"]
	e.SinceParam = "modifieDepuis"
	cfg.Entities["Customer"] = e
	src, err := ecolix.Open(t.Context(), cfg, ecolix.Deps{Links: cfg.Links()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	all := 0
	if err := src.(datasources.CustomerScanner).ScanCustomers(t.Context(), "", func(p datasources.Scanned[datasources.CustomerRecord]) error {
		all += len(p.Items)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	follower := src.(datasources.CustomerFollower)
	cursor, err := follower.CustomersHead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := follower.CustomersSince(t.Context(), cursor)
	if err != nil || len(got.Items) >= all {
		t.Fatalf("%d clients of %d, %v: want what changed lately", len(got.Items), all, err)
	}
	before := f.Calls()[fake.CRM]
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+fake.Base+"/crm/clients", bytes.NewReader([]byte(`{"raisonSociale":"Exemple Nouveau SARL","codePostal":"69001","ville":"Lyon"}`)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-API-KEY", fake.DefaultKey)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		t.Fatalf("the import answers %d", res.StatusCode)
	}
	got, err = follower.CustomersSince(t.Context(), got.Next)
	if err != nil || !slices.ContainsFunc(got.Items, func(c datasources.CustomerRecord) bool { return c.Name == "Exemple Nouveau SARL" }) {
		t.Fatalf("%d clients, %v: the new one is not among them", len(got.Items), err)
	}
	if calls := f.Calls()[fake.CRM] - before; calls > 4 {
		t.Errorf("%d calls for one client, the import among them", calls)
	}
}

// TestNotFollowed: without that filter, and of several packages, all is read.
func TestNotFollowed(t *testing.T) {
	s := serve(t, fake.New(world.New(1, 20), fake.Options{}))
	cfg := config(s.URL, everything()...)
	src, err := ecolix.Open(t.Context(), cfg, ecolix.Deps{Links: cfg.Links()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	_, err = src.Reader("Order").(datasources.Follower[schema.Order]).Head(t.Context())
	if schema.CodeOf(err) != schema.NotEnabled {
		t.Errorf("%v, want NOT_ENABLED", err)
	}
}
