package usage

import (
	"slices"
	"time"

	"github.com/trama-graph/trama/schema"
)

// gather moves what was counted into what waits for the store, and forgets hours
// that are over and tokens that ask nothing. With last the process ends. The
// caller has the turn.
func (r *Recorder) gather(last bool) {
	now := r.cfg.Now()
	r.mu.RLock()
	list := make([]*tokenUse, 0, len(r.tokens))
	for _, t := range r.tokens {
		list = append(list, t)
	}
	r.mu.RUnlock()
	idle := false
	for _, t := range list {
		t.mu.Lock()
		got, forgotten := t.drain(now, last)
		idle = idle || t.idle(now)
		t.mu.Unlock()
		r.ops.Add(-forgotten)
		for i := range got {
			r.wait.take(t, &got[i], now)
		}
	}
	if idle {
		r.forget(now)
	}
}

// forget drops the tokens that ask nothing.
func (r *Recorder) forget(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, t := range r.tokens {
		t.mu.Lock()
		if t.idle(now) {
			t.gone = true
			delete(r.tokens, name)
		}
		t.mu.Unlock()
	}
}

func (t *tokenUse) idle(now time.Time) bool { return len(t.hours) == 0 && now.Sub(t.at) >= maxIdle }

// drained are the counts of an hour since the last gathering, apart from the token's
// lock, under which nothing is worked out.
type drained struct {
	hour   time.Time
	ops    []opUse
	fields map[string]*Counts
	denied []denial // n is the number that came since the hour began
}

// drain takes the counts out of a token and drops hours that are over. It returns
// how many operations went with them.
func (t *tokenUse) drain(now time.Time, last bool) (out []drained, forgotten int64) {
	current := now.Unix() / 3600
	kept := t.hours[:0]
	for _, h := range t.hours {
		over := h.hour < current
		d := drained{hour: time.Unix(h.hour*3600, 0).UTC(), fields: h.fields}
		h.fields = nil
		for i, op := range h.called {
			d.ops = append(d.ops, op.drain())
			h.called[i] = nil
		}
		h.called = h.called[:0]
		for i := range h.denied {
			// At once, and again at the end of the hour where more came.
			if n := &h.denied[i]; n.told == 0 || (over || last) && n.n > n.told {
				d.denied = append(d.denied, *n)
				n.told = n.n
			}
		}
		if len(d.ops)+len(d.fields)+len(d.denied) > 0 {
			out = append(out, d)
		}
		if over {
			forgotten += int64(len(h.ops))
		} else {
			kept = append(kept, h)
		}
	}
	clear(t.hours[len(kept):])
	t.hours = kept
	return out, forgotten
}

// drain returns what was counted of an operation since the last time.
func (op *opUse) drain() opUse {
	out := opUse{hash: op.hash, name: op.name, rest: op.rest, owed: op.owed, byKey: op.byKey, polling: op.polling}
	for i := range op.ways {
		if w := &op.ways[i]; w.counts.Calls > 0 {
			out.ways = append(out.ways, *w)
			w.counts = Counts{}
		}
	}
	for i := range op.pages {
		if p := &op.pages[i]; p.calls > 0 {
			out.pages = append(out.pages, *p)
			*p = pages{path: p.path}
		}
	}
	op.isCalled, op.rest, op.owed, op.byKey, op.polling = false, Counts{}, nil, byKey{}, polling{}
	return out
}

// take adds what was drained from a token.
func (w *waiting) take(t *tokenUse, d *drained, now time.Time) {
	row := Row{Hour: d.hour, Token: t.token, Account: t.account}
	for i := range d.ops {
		op := &d.ops[i]
		all := op.rest
		for j := range op.ways {
			c := &op.ways[j].counts
			all.add(c)
			for _, f := range op.ways[j].fields {
				row.By, row.Subject, row.Counts = schema.UsageByField, f, *c
				w.addRow(&row)
			}
		}
		row.By, row.Subject, row.Counts = schema.UsageByToken, "", all
		w.addRow(&row)
		if op.hash != "" {
			row.By, row.Subject, row.Name = schema.UsageByOperation, op.hash, op.name
			w.addRow(&row)
			row.Name = ""
		}
		w.takeHabits(t, d.hour, op)
		if len(op.owed) > 0 {
			slices.Sort(op.owed)
			w.addEntry(sensitiveEntry(t, now, op))
		}
	}
	for f, c := range d.fields {
		row.By, row.Subject, row.Counts = schema.UsageByField, f, *c
		w.addRow(&row)
	}
	for _, n := range d.denied {
		w.addEntry(deniedEntry(t, now, d.hour, n))
	}
}

func (w *waiting) takeHabits(t *tokenUse, hour time.Time, op *opUse) {
	h := Habit{Hour: hour, Token: t.token, Account: t.account, Operation: op.hash, Name: op.name}
	if b := &op.byKey; b.calls > 0 {
		k := h
		k.Kind, k.Subject, k.Calls, k.Amount, k.Most = IDByID, b.root.subject(), b.calls, b.amount, b.most
		w.addHabit(&k)
	}
	if p := &op.polling; p.calls > 0 {
		k := h
		k.Kind, k.Subject, k.Calls, k.Hits, k.Amount = Polling, p.root.subject(), p.calls, p.same, p.millis
		w.addHabit(&k)
	}
	for i := range op.pages {
		p, k := &op.pages[i], h
		k.Kind, k.Subject, k.Calls, k.Hits, k.Amount, k.Least, k.Most = UnusedPage, p.path, p.calls, p.unread, p.excess, p.least, p.most
		w.addHabit(&k)
	}
}
