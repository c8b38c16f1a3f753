package e2e

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/trama-graph/trama/e2e/canary"
)

// TestTwoTokensOverOneCache lets tokens with different rows ask the same questions in
// random turns, side by side, over a cache that forgets while they do: nothing of one
// comes out for the other.
func TestTwoTokensOverOneCache(t *testing.T) {
	const requests, asking = 3000, 6
	l := leakWorld(t, false, "cache: {ttl: 1s, absent: 1s}\n")
	l.known(t)
	type asker struct {
		*probe
		questions []string
	}
	var askers []*asker
	for _, p := range l.partners {
		switch p.name {
		case "own-orders", "second-customer", "inspector", "carrier", "admin":
			askers = append(askers, &asker{probe: l.probeAs(t, p)})
		}
	}
	var ids []string
	for _, id := range l.ids {
		ids = append(ids, id)
	}
	for _, a := range askers {
		for _, typ := range canary.Types() {
			a.typ, a.fields = typ, nil
			for _, f := range l.sdl.fields(typ) {
				if a.has(typ, f) {
					a.fields = append(a.fields, f)
				}
			}
			if len(a.fields) == 0 {
				continue
			}
			for _, c := range a.sdl.chains(typ, a.has) {
				a.questions = append(a.questions, c.write(l.sdl, a.selection()))
			}
			a.questions = append(a.questions, "query($v: ID!) { node(id: $v) { ... on "+typ+" {\n"+a.selection()+"} } }")
		}
	}
	var mu sync.Mutex
	came, leaks := map[string]int{}, 0
	var running sync.WaitGroup
	for worker := range asking {
		running.Go(func() {
			r := rand.New(rand.NewPCG(20261122, uint64(worker)))
			for range requests / asking {
				a := askers[r.IntN(len(askers))]
				q := a.questions[r.IntN(len(a.questions))]
				variables := map[string]any{}
				if q[0] == 'q' {
					variables["v"] = ids[r.IntN(len(ids))]
				}
				got := l.query(t, a.token, q, variables)
				for _, f := range l.scanner.Find(got.raw()) {
					mu.Lock()
					came[a.name]++
					if !a.whole[f.Cell] {
						if leaks++; leaks < 10 {
							t.Errorf("%s sees %s: %s\n\tasked %.200s", a.name, f.Label, f.At, q)
						}
					}
					mu.Unlock()
				}
			}
		})
	}
	running.Wait()
	for _, a := range askers {
		if came[a.name] < 100 {
			t.Errorf("%s saw %d canaries: the questions are no good", a.name, came[a.name])
		}
	}
	t.Logf("canaries seen: %v", came)
	l.silence(t)
}
