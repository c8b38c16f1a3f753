package usage

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/trama-graph/trama/schema"
)

// tokenUse is what one token did since the last gathering, and what it asked
// lately.
type tokenUse struct {
	token, account string

	mu    sync.Mutex // guards what follows
	gone  bool       // not in Recorder.tokens any more
	at    time.Time  // of the last call
	hours []*hourUse // the newest last; rarely more than one
	asked recent
	runs  []run
}

// hourUse is what a token did within one hour. It lives as long as the hour, so
// that the number of its operations stays bounded; its counts begin anew with
// each gathering.
type hourUse struct {
	hour   int64 // since 1970
	ops    map[string]*opUse
	called []*opUse           // since the last gathering
	fields map[string]*Counts // of calls whose way is not kept
	denied []denial
}

// opUse are the calls of one operation. All calls are counted in one place: what
// they say of the token and of the fields is worked out when they are gathered.
type opUse struct {
	hash, name string
	isCalled   bool // since the last gathering
	ways       []way
	rest       Counts   // of calls whose way is not kept
	told       []string // sensitive fields that were read in this hour, sorted
	owed       []string // those of them the audit does not have yet
	byKey      byKey
	polling    polling
	pages      []pages
}

// way is one set of fields an operation read: @include and @skip make several.
type way struct {
	fields []string
	counts Counts
}

// denial counts what a token was refused within an hour.
type denial struct {
	code    schema.Code
	n, told int64
}

const (
	// maxWays bounds the sets of fields of an operation that are kept between
	// gatherings.
	maxWays    = 4
	maxDenials = 32
	// maxHours is how many hours back may be counted into: what is answered as an hour
	// ends may be told of late, and clocks are set back. New hours come no quicker than
	// time goes by, and leave with the next gathering.
	maxHours = 3
)

// record counts an operation. The caller holds the lock.
func (t *tokenUse) record(r *Recorder, o *Operation) {
	if o.At.After(t.at) {
		t.at = o.At
	}
	h := t.hour(o.At)
	if o.Denied != "" {
		h.deny(o.Denied)
	}
	one := Counts{Calls: 1, Rows: o.Rows, Cost: o.Cost, Took: o.Took, Most: o.Took}
	if o.Errors > 0 {
		one.Errors = 1
	}
	one.Spread[bucket(o.Took)] = 1
	op := h.op(r, o)
	h.count(op, o, &one)
	// What failed is asked again for a reason, and says nothing about pages.
	if op.hash != Other && op.hash != "" && o.Errors == 0 && o.Denied == "" {
		t.habits(r, op, o)
	}
}

// hour returns the counts of a moment's hour.
func (t *tokenUse) hour(at time.Time) *hourUse {
	n := at.Unix() / 3600
	for i := len(t.hours) - 1; i >= 0; i-- {
		if t.hours[i].hour == n {
			return t.hours[i]
		}
	}
	if last := len(t.hours) - 1; last >= 0 && t.hours[last].hour-n > maxHours {
		return t.hours[last]
	}
	h := &hourUse{hour: n, ops: map[string]*opUse{}}
	t.hours = append(t.hours, h)
	slices.SortFunc(t.hours, func(a, b *hourUse) int { return int(a.hour - b.hour) })
	return h
}

func (h *hourUse) deny(code schema.Code) {
	for i := range h.denied {
		if h.denied[i].code == code {
			h.denied[i].n++
			return
		}
	}
	if len(h.denied) < maxDenials {
		h.denied = append(h.denied, denial{code: code, n: 1})
	}
}

// op returns the counts of an operation, or of those that are not counted apart.
func (h *hourUse) op(r *Recorder, o *Operation) *opUse {
	if op := h.ops[o.Hash]; op != nil {
		return op
	}
	hash, name := o.Hash, o.Name
	if hash != "" && (len(h.ops) >= r.cfg.Max || r.ops.Load() >= int64(r.cfg.Max)*maxShares) {
		hash, name = Other, ""
		if op := h.ops[hash]; op != nil {
			return op
		}
	}
	op := &opUse{hash: strings.Clone(hash), name: title(name)}
	h.ops[op.hash] = op
	r.ops.Add(1)
	return op
}

// title returns an operation's name as any database takes it: a row that is
// refused would come again for ever. It keeps nothing of the document it is a part
// of.
func title(name string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(strings.Clone(name[:min(len(name), maxName)]), ""), "\x00", "")
}

// count adds one call to an operation.
func (h *hourUse) count(op *opUse, o *Operation, one *Counts) {
	if !op.isCalled {
		op.isCalled = true
		h.called = append(h.called, op)
	}
	for i := range op.ways {
		if slices.Equal(op.ways[i].fields, o.Fields) {
			op.ways[i].counts.add(one)
			return
		}
	}
	for _, f := range o.Sensitive {
		if i, found := slices.BinarySearch(op.told, f); !found {
			op.told = slices.Insert(op.told, i, f)
			op.owed = append(op.owed, f)
		}
	}
	if len(op.ways) < maxWays {
		op.ways = append(op.ways, way{slices.Clone(o.Fields), *one})
		return
	}
	op.rest.add(one)
	for _, f := range o.Fields {
		c := h.fields[f]
		if c == nil {
			if h.fields == nil {
				h.fields = map[string]*Counts{}
			}
			c = &Counts{}
			h.fields[f] = c
		}
		c.add(one)
	}
}
