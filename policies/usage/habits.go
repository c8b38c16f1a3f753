package usage

import (
	"hash/maphash"
	"time"
)

// When a way of asking becomes a habit.
const (
	manyByKey   = 20 // records asked by their key within keyWindow
	keyWindow   = time.Minute
	manySame    = 10 // answers in a row that did not change
	pollWindow  = time.Minute
	minDeclared = 20 // a smaller page costs little
	maxPages    = 16 // fields of one operation whose pages are looked at
	maxRecent   = 64 // questions of one token that are remembered
	maxRuns     = 16 // operations of one token that ask by key
)

// byKey, polling and pages are a Habit's numbers while they are counted.
type (
	byKey struct {
		root                Root
		calls, amount, most int64
	}
	polling struct {
		root                Root
		calls, same, millis int64
	}
	pages struct {
		path                               string
		calls, unread, excess, least, most int64
	}
)

// recent are the last questions of a token: operations with their variables. Sums
// and times (nanoseconds since 1970) stand apart from the rest because all of them
// are looked through.
type recent struct {
	sums []uint64
	at   []int64
	list []question
}

// question is one operation with its variables, asked again and again.
type question struct {
	answer uint64
	streak int  // answers in a row that did not change
	known  bool // it is polled
	// What is not counted yet, since it may still be no polling.
	calls, same, millis int64
}

// find returns the place of a question, the least recent one's where it is new.
func (q *recent) find(sum uint64) (i int, isNew bool) {
	for i, s := range q.sums {
		if s == sum {
			return i, false
		}
	}
	if len(q.sums) < maxRecent {
		q.sums, q.at, q.list = append(q.sums, sum), append(q.at, 0), append(q.list, question{})
		return len(q.sums) - 1, true
	}
	for j, at := range q.at {
		if at < q.at[i] {
			i = j
		}
	}
	q.sums[i], q.at[i], q.list[i] = sum, 0, question{}
	return i, true
}

// run are calls of one operation that ask for records by key.
type run struct {
	op      uint64
	at      [manyByKey]int64 // the last calls, a ring of nanoseconds
	n, done int64            // calls, and how many of them are counted
	minute  int64
	within  int64 // calls in this minute
}

// habits looks at how an operation is asked. The caller holds the token's lock.
func (t *tokenUse) habits(r *Recorder, op *opUse, o *Operation) {
	for i := range o.Pages {
		op.page(i, &o.Pages[i])
	}
	if o.Inputs == 0 || len(o.Roots) == 0 {
		return
	}
	name := maphash.String(r.seed, op.hash)
	i, isNew := t.asked.find(name ^ o.Inputs)
	at := o.At.UnixNano()
	since := time.Duration(at - t.asked.at[i])
	again := !isNew && since < pollWindow
	if o.Answer != 0 {
		op.polls(&t.asked.list[i], o, again, since)
	}
	if !again {
		t.asksByKey(name, op, o)
	}
	t.asked.at[i] = max(t.asked.at[i], at)
}

// polls looks at the answers to one question. since is the time from the one
// before, where it was asked before.
func (op *opUse) polls(q *question, o *Operation, again bool, since time.Duration) {
	switch {
	case !again:
		*q = question{}
	case q.answer == o.Answer:
		q.streak++
		q.same++
	default:
		q.streak = 0
	}
	q.answer = o.Answer
	if !again {
		return
	}
	q.calls++
	q.millis += max(0, since.Milliseconds())
	if q.known = q.known || q.streak >= manySame; q.known {
		p := &op.polling
		if p.calls == 0 {
			p.root = o.Roots[0]
		}
		p.calls += q.calls
		p.same += q.same
		p.millis += q.millis
		q.calls, q.same, q.millis = 0, 0, 0
	}
}

// asksByKey looks at questions that were not asked within the last minute.
func (t *tokenUse) asksByKey(name uint64, op *opUse, o *Operation) {
	var records int64
	first := -1
	for i := range o.Roots {
		if o.Roots[i].Key != "" {
			if first < 0 {
				first = i
			}
			records++
		}
	}
	if first < 0 {
		return
	}
	u := t.run(name)
	at := o.At.UnixNano()
	u.at[u.n%manyByKey] = at
	u.n++
	if m := o.At.Unix() / 60; m != u.minute {
		u.minute, u.within = m, 0
	}
	u.within++
	if u.n < manyByKey || at-u.at[u.n%manyByKey] > int64(keyWindow) {
		return
	}
	b := &op.byKey
	if b.calls == 0 {
		b.root = o.Roots[first]
	}
	// All calls of the window, but those that were counted with an earlier one.
	calls := u.n - max(u.done, u.n-manyByKey)
	u.done = u.n
	b.calls += calls
	b.amount += calls * records
	b.most = max(b.most, u.within, manyByKey)
}

// run returns the calls of an operation, in the place of the least recent one
// where it is new.
func (t *tokenUse) run(op uint64) *run {
	last := func(u *run) int64 { return u.at[(u.n+manyByKey-1)%manyByKey] }
	oldest := 0
	for i := range t.runs {
		if t.runs[i].op == op {
			return &t.runs[i]
		}
		if last(&t.runs[i]) < last(&t.runs[oldest]) {
			oldest = i
		}
	}
	if len(t.runs) < maxRuns {
		t.runs = append(t.runs, run{op: op})
		return &t.runs[len(t.runs)-1]
	}
	t.runs[oldest] = run{op: op}
	return &t.runs[oldest]
}

// page counts what came of the pages of one field. A plan names its fields in the
// same order each time: i is where this one most likely stands.
func (op *opUse) page(i int, u *PageUse) {
	if u.Declared < minDeclared || u.Parents <= 0 {
		return
	}
	if i >= len(op.pages) || op.pages[i].path != u.Path {
		for i = 0; i < len(op.pages) && op.pages[i].path != u.Path; i++ {
		}
		if i == len(op.pages) {
			if i == maxPages {
				return
			}
			op.pages = append(op.pages, pages{path: u.Path, least: int64(u.Declared)})
		}
	}
	p := &op.pages[i]
	if p.calls == 0 {
		p.least = int64(u.Declared)
	}
	p.calls++
	if u.Unread {
		p.unread++
	}
	p.excess += within(int64(u.Declared)*int64(u.Parents) - int64(u.Rows))
	p.least = min(p.least, int64(u.Declared))
	most := u.Most
	if most == 0 {
		most = u.Rows
	}
	p.most = max(p.most, int64(most))
}
