package dataset

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"github.com/trama-graph/trama/graph/dataset/spill"
	"github.com/trama-graph/trama/schema"
)

// mergedAtOnce is how many runs are read at the same time: each has a block in memory.
const mergedAtOnce = 64

// asideWait is what is told to wait for room on disk.
const asideWait = time.Minute

// aside are the groups that were put aside: runs of them, each in the order of the keys,
// in the order they were put aside in.
type aside struct {
	file *spill.File
	runs []spill.Run
}

func (s *aside) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file, s.runs = nil, nil
	return err
}

// putAside makes a run of the groups that are held.
func (a *Aggregator) putAside() (err error) {
	if a.aside.file == nil {
		if a.aside.file, err = a.disk.Create(); err != nil {
			return a.unwritten(err)
		}
	}
	w := a.aside.file.Write()
	var b []byte
	for _, i := range a.groups.sorted() {
		b = a.layout.appendPartial(b[:0], a.groups.keys.text(int(i)), a.groups.saysOf(int(i)), a.groups.rec(int(i)), a.groups.wides)
		if err := w.Add(b); err != nil {
			return a.unwritten(err)
		}
	}
	run, err := w.End()
	if err != nil {
		return a.unwritten(err)
	}
	a.aside.runs = append(a.aside.runs, run)
	a.groups.clear()
	return nil
}

// unite makes one run of all, whose groups are whole: their number and their sums are
// looked at, so that what is wrong with them is told before a row is given.
func (a *Aggregator) unite(ctx context.Context) error {
	if a.groups.len() > 0 {
		if err := a.putAside(); err != nil {
			return err
		}
	}
	a.groups = groups{layout: a.layout, keys: newNumbered()} // the memory is for whoever needs it
	for isLast := false; !isLast; {
		isLast = len(a.aside.runs) <= mergedAtOnce
		next, err := a.mergeAll(ctx, isLast)
		if err != nil {
			return errors.Join(err, next.close())
		}
		had := a.aside
		a.aside = next
		if err := had.close(); err != nil {
			return a.unread(err)
		}
	}
	return nil
}

// mergeAll makes fewer runs of those there are, in another file.
func (a *Aggregator) mergeAll(ctx context.Context, isLast bool) (next aside, err error) {
	if next.file, err = a.aside.file.Beside(); err != nil {
		return next, a.unwritten(err)
	}
	for runs := a.aside.runs; len(runs) > 0; {
		n := min(len(runs), mergedAtOnce)
		w := next.file.Write()
		groups := 0
		var b []byte
		err := a.merge(ctx, runs[:n], func(p parts, rec []byte, wides []wide) error {
			if groups++; isLast {
				if groups > a.most {
					return a.tooMany()
				}
				if err := a.check(rec, wides); err != nil {
					return err
				}
			}
			b = a.layout.appendPartial(b[:0], p.key, p.says, rec, wides)
			if err := w.Add(b); err != nil {
				return a.unwritten(err)
			}
			return nil
		})
		if err != nil {
			return next, err
		}
		run, err := w.End()
		if err != nil {
			return next, a.unwritten(err)
		}
		next.runs, runs = append(next.runs, run), runs[n:]
	}
	return next, nil
}

// check refuses a group with a sum that no number can hold.
func (a *Aggregator) check(rec []byte, wides []wide) error {
	for i := range a.plan.Measures {
		if m := &a.plan.Measures[i]; m.op == sum {
			if _, ok := sumOf(a.layout.slot(rec, i), wides, a.columns[m.Column].Type); !ok {
				return a.overflow(m)
			}
		}
	}
	return nil
}

// asked is how many groups are worked on between two looks at whether they are still
// wanted.
const asked = 1024

// merge calls f with each group of some runs once, in the order of the keys, with all
// that was put aside of it. What f is given is good for the call.
func (a *Aggregator) merge(ctx context.Context, runs []spill.Run, f func(p parts, rec []byte, wides []wide) error) error {
	h := heads{}
	for _, r := range runs {
		in := &head{in: a.aside.file.Read(r), number: len(h.list)}
		if ok, err := in.next(); err != nil {
			return a.unread(err)
		} else if ok {
			h.list = append(h.list, in)
		}
	}
	for i := len(h.list)/2 - 1; i >= 0; i-- {
		h.sink(i)
	}
	rec := make([]byte, a.layout.size)
	var wides []wide
	var whole parts
	for n := 0; len(h.list) > 0; n++ {
		if n%asked == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		clear(rec)
		wides = wides[:0]
		whole.key = append(whole.key[:0], h.list[0].key...)
		whole.says = whole.says[:0]
		for len(h.list) > 0 && bytes.Equal(h.list[0].key, whole.key) {
			first := h.list[0]
			whole.says = append(whole.says, first.says...) // one of them says something
			if err := a.layout.absorb(rec, &wides, a.ops, first.rec); err != nil {
				return a.unread(err)
			}
			ok, err := first.next()
			if err != nil {
				return a.unread(err)
			}
			h.sinkFirst(ok)
		}
		if err := f(whole, rec, wides); err != nil {
			return err
		}
	}
	return nil
}

// head is the group a run has next.
type head struct {
	parts
	in     *spill.Reader
	number int // of the run: of equal groups the one put aside first comes first
}

func (h *head) next() (bool, error) {
	b, err := h.in.Next()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var ok bool
	if h.parts, ok = partsOf(b); !ok {
		return false, errPartial
	}
	return true, nil
}

// heads are those of several runs, as a heap: the least is the first.
type heads struct{ list []*head }

func (h *heads) isLess(i, j int) bool {
	x, y := h.list[i], h.list[j]
	if c := bytes.Compare(x.key, y.key); c != 0 {
		return c < 0
	}
	return x.number < y.number
}

func (h *heads) sink(i int) {
	for {
		least := i
		for _, below := range [2]int{2*i + 1, 2*i + 2} {
			if below < len(h.list) && h.isLess(below, least) {
				least = below
			}
		}
		if least == i {
			return
		}
		h.list[i], h.list[least] = h.list[least], h.list[i]
		i = least
	}
}

// sinkFirst puts the first run where it belongs now, or takes it out at its end.
func (h *heads) sinkFirst(hasMore bool) {
	if !hasMore {
		last := len(h.list) - 1
		h.list[0] = h.list[last]
		h.list = h.list[:last]
	}
	if len(h.list) > 0 {
		h.sink(0)
	}
}

// unwritten tells that groups could not be put aside. What the system says of it is for
// the log.
func (a *Aggregator) unwritten(err error) error {
	if errors.Is(err, spill.ErrTooMuch) {
		return schema.Errorf(schema.Limited, "the groups of the dataset %s take more memory and disk than is given, which is the limit: group by less", a.table.Name)
	}
	e := schema.Errorf(schema.Limited, "there is no room now for the groups of the dataset %s: ask again later", a.table.Name).Because(err)
	e.Retryable, e.Wait = true, asideWait
	return e
}

// unread tells that what was put aside did not come back.
func (a *Aggregator) unread(err error) error {
	return schema.Errorf(schema.Internal, "groups of the dataset %s that were put aside could not be read", a.table.Name).Because(err)
}

// Held is what the groups take in memory, about, and on disk.
func (a *Aggregator) Held() (memory, disk int64) {
	for _, r := range a.aside.runs {
		disk += r.Size()
	}
	return a.groups.bytes() + a.firsts.bytes() + 4*int64(len(a.order)), disk
}
