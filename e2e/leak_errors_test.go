package e2e

import (
	"strings"
	"testing"

	"github.com/trama-graph/trama/e2e/canary"
)

// TestLeakOfErrors asks while systems fail with texts of rows and secrets in what
// they say: nothing of it reaches a client.
func TestLeakOfErrors(t *testing.T) {
	l := leakWorld(t, true, "cache: {ttl: 0s}\n")
	l.known(t)
	failures := map[string]int{}
	for _, broken := range []bool{false, true} {
		l.world.Break(broken)
		for _, p := range l.partners {
			x := l.probeAs(t, p)
			for _, typ := range canary.Types() {
				x.typ, x.fields = typ, nil
				for _, f := range l.sdl.fields(typ) {
					if x.has(typ, f) {
						x.fields = append(x.fields, f)
					}
				}
				for _, w := range waysOut {
					if !strings.Contains(" plain node by-id by-key edges ", " "+strings.ReplaceAll(w.name, " ", "-")+" ") || len(x.fields) == 0 {
						continue
					}
					x.way, x.bodies = w.name+" of failing systems", nil
					w.run(x)
					for _, b := range x.bodies {
						if strings.Contains(b, `"SOURCE_`) {
							failures[p.name]++
						}
						if strings.Contains(b, canary.Key) || strings.Contains(b, canary.Rage) {
							t.Errorf("%s: an answer holds what a system said: %.300s", p.name, b)
						}
					}
				}
			}
		}
	}
	for _, p := range l.partners {
		// Whoever sees rows of alpha sees that it fails.
		if failures[p.name] == 0 {
			t.Errorf("%s met no failure", p.name)
		}
	}
	l.keepsSecrets(t)
}
