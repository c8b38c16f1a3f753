package web

import (
	"context"
	"sync"
	"time"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// tellEvery is how often the same of one token is told.
const tellEvery = time.Minute

// maxTellings bounds what is remembered of it.
const maxTellings = 1000

// tellings tells of refused pushes, so that somebody who is refused all day long
// does not fill the audit.
type tellings struct {
	f   func(ctx context.Context, p *policies.Principal, r PushRefused)
	now func() time.Time

	mu   sync.Mutex // guards last
	last map[telling]time.Time
}

type telling struct {
	token string
	code  schema.Code
	whole bool
}

func newTellings(f func(ctx context.Context, p *policies.Principal, r PushRefused)) *tellings {
	return &tellings{f: f, now: time.Now, last: map[telling]time.Time{}}
}

// tell passes a refusal on, unless the same was told a short while ago.
func (t *tellings) tell(ctx context.Context, p *policies.Principal, r PushRefused) {
	if t.f == nil {
		return
	}
	if t.isNew(telling{p.TokenID, r.Code, r.Records == 0}) {
		t.f(ctx, p, r)
	}
}

func (t *tellings) isNew(k telling) bool {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if last, ok := t.last[k]; ok && now.Sub(last) < tellEvery {
		return false
	}
	if len(t.last) >= maxTellings {
		for k, last := range t.last {
			if now.Sub(last) >= tellEvery {
				delete(t.last, k)
			}
		}
		if len(t.last) >= maxTellings {
			return false
		}
	}
	t.last[k] = now
	return true
}
