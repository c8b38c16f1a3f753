package main

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/policies"
)

// everythingView is the view of somebody whom one policy allows everything: what
// policies cost is measured against it.
func everythingView(t testing.TB, a *app) *policies.Access {
	t.Helper()
	dir := t.TempDir()
	text := `{"package": "everything", "policies": [{"id": "everything", "subjects": ["package:everything"], "effect": "allow", "resources": ["graph:<.+>"], "actions": ["read"]}]}`
	if err := os.WriteFile(dir+"/all.json", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := policies.Open(t.Context(), policies.Options{Graph: a.graph, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	p := &policies.Principal{TokenID: "t", Account: "t", Role: "member", Packages: []string{"everything"}, Door: "graphql"}
	v, err := e.View(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return &policies.Access{Principal: p, View: v, Masker: a.masker}
}

// BenchmarkViews asks the joined question of 50 customers, rows from the cache, with
// the view of somebody allowed everything, with packages, and with a masking one, in
// turns: the ratio to the first is what policies cost.
func BenchmarkViews(b *testing.B) {
	a, _ := demoApp(b, demoOptions{cache: time.Hour})
	all := everythingView(b, a)
	decide := a.access
	asked := func(name string) *policies.Principal {
		return &policies.Principal{TokenID: name, Account: name, Role: "member", Packages: []string{name}, Door: "graphql"}
	}
	access := func(ctx context.Context, p *policies.Principal) (*policies.Access, error) {
		if p.Packages[0] == "everything" {
			return all, nil
		}
		return decide(ctx, p)
	}
	names := []string{"everything", "admin", "dashboard", "bi"}
	took := make([][]float64, len(names))
	query := strings.Replace(joined(50), "title ", "", 1) // the package bi has no free text
	ask := func(p *policies.Principal) time.Duration {
		start := time.Now()
		x, err := access(b.Context(), p)
		if err != nil {
			b.Fatal(err)
		}
		r, err := a.web.ExecuteAs(b.Context(), x, query, nil)
		if err != nil {
			b.Fatal(p.Packages, err)
		}
		if len(r.Errors()) > 0 {
			b.Fatal(p.Packages, r.Errors())
		}
		r.AppendJSON(nil)
		return time.Since(start)
	}
	for _, n := range names {
		ask(asked(n)) // the views are made once
	}
	turn := 0
	for b.Loop() {
		for k := range names {
			i := (k + turn) % len(names) // nobody always comes first
			took[i] = append(took[i], float64(ask(asked(names[i]))))
		}
		turn++
	}
	for i, n := range names[1:] {
		b.ReportMetric(middle(took[i+1])/middle(took[0]), n+"/everything")
	}
	b.ReportMetric(middle(took[0])/1e6, "ms-everything")
}

func middle(list []float64) float64 {
	list = slices.Clone(list)
	slices.Sort(list)
	return list[len(list)/2]
}
