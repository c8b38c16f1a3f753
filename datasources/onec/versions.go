package onec

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"

	"github.com/trama-graph/trama/datasources"
)

// dataVersion is the counter of a record's writes, as text. It can only be compared
// for equality (1C OData facts, §7).
const dataVersion = "DataVersion"

// hasVersions reports whether the base tells versions of an object's records.
func (o *object) hasVersions() bool {
	_, ok := o.props[dataVersion]
	return ok
}

// stamp is a record without its data.
type stamp struct {
	id, date string // date as the base writes it
	version  string
	isGone   bool // marked for deletion, and so no row of the graph
}

// stampColumns are what stamps are made of: never a tabular part.
func (b *builder) stampColumns() []string {
	o := b.o
	cols := []string{"Ref_Key", dataVersion, o.prop("deleted"), o.prop("folder"), o.prop("date")}
	if o.concept == conceptProduct {
		return present(append(cols, o.prop("parent"), o.prop("unit"))...)
	}
	cols = append(cols, o.prop("currency"))
	if o.props[o.prop("status")] == "Edm.Guid" {
		cols = append(cols, o.prop("status"))
	}
	return present(cols...)
}

// stamp reads one. Its version is the record's, the mark of deletion, and what the
// row shows of the small catalogues: their changes do not touch the record. The
// names of goods in lines are not among it, as lines are not read.
func (b *builder) stamp(r row) (stamp, bool, error) {
	d := &reads{r: r}
	s := stamp{id: d.ref("Ref_Key"), version: d.text(dataVersion), date: d.text(b.o.prop("date"))}
	deleted, folder := d.bool(b.o.prop("deleted")), d.bool(b.o.prop("folder"))
	var shown []byte
	add := func(text string) { shown = append(append(shown, text...), 0) }
	if b.o.concept == conceptProduct {
		add(b.lookup(tableFolder, d.ref(b.o.prop("parent"))).name)
		add(b.lookup(conceptUnit, d.ref(b.o.prop("unit"))).name)
	} else {
		add(b.currency(d.ref(b.o.prop("currency"))))
		if prop := b.o.prop("status"); b.o.props[prop] == "Edm.Guid" {
			add(b.lookup(conceptState, d.ref(prop)).name)
		}
	}
	switch {
	case d.err != nil:
		return s, false, d.err
	case s.id == "":
		return s, false, errNoKey
	case folder != nil && *folder:
		return s, false, nil
	}
	if s.version != "" {
		s.version += "~" + short(shown)
	}
	if deleted != nil && *deleted {
		s.version += "!"
		s.isGone = b.o.concept != conceptProduct && !b.s.cfg.Deleted
	}
	return s, true, nil
}

// short is a text that differs for different bytes, as far as chance allows.
func short(b []byte) string {
	h := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(h[:6])
}

// print is a number that differs for different texts. Prints of many are added up:
// their order does not matter.
func print(parts ...string) uint64 {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return binary.LittleEndian.Uint64(h.Sum(nil))
}

// stamps reads one page; n is the number of its records.
func (b *builder) stamps(ctx context.Context, q request) (list []stamp, n int, err error) {
	start := b.s.now()
	build := func(rows []row) error {
		n, list = len(rows), make([]stamp, 0, len(rows))
		for _, r := range rows {
			s, ok, err := b.stamp(r)
			if err != nil {
				return err
			}
			if ok {
				list = append(list, s)
			}
		}
		return nil
	}
	rows, err := b.s.client.rows(ctx, q, build)
	if err != nil {
		return nil, 0, asError(b.s.cfg.Name, err)
	}
	again, err := b.refresh(ctx, start)
	if err == nil && again {
		err = build(rows)
	}
	return list, n, asError(b.s.cfg.Name, err)
}

// errRepeats says that $skip leads nowhere.
var errRepeats = errors.New("onec: the same page came twice")

// walk is a list of stamps that is read page by page. Each page begins with the
// last record of the one before: where it does not, records were added or removed
// before it, and others may have moved past.
type walk struct {
	b       *builder
	q       request
	skip    int
	first   string // of the whole list
	last    string // of the page before, "" = there was none
	shifted bool
}

func (w *walk) next(ctx context.Context) (list []stamp, isEnd bool, err error) {
	q := w.q
	if w.last != "" {
		q.skip, q.top = w.skip-1, q.top+1
	}
	list, n, err := w.b.stamps(ctx, q)
	if err != nil {
		return nil, false, err
	}
	full := n == q.top
	switch {
	case w.last == "":
		if len(list) > 0 {
			w.first = list[0].id
		}
	case len(list) > 0 && list[0].id == w.last:
		list, n = list[1:], n-1
	case len(list) > 0 && list[0].id == w.first:
		return nil, false, asError(w.b.s.cfg.Name, errRepeats)
	default:
		w.shifted = true
		n = max(0, n-1)
	}
	w.skip += n
	if len(list) > 0 {
		w.last = list[len(list)-1].id
	}
	return list, !full, nil
}

// keyed is a stamp as a sweep gives it.
func (r *reader[T, P]) keyed(o *object, s stamp, paid map[string]uint64) datasources.Keyed {
	version := s.version
	if paid != nil && version != "" {
		version += "+" + digest(paid[s.id])
	}
	return datasources.Keyed{Key: r.key(o.concept, s.id), Version: version}
}

func digest(n uint64) string {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	return base64.RawURLEncoding.EncodeToString(b[:])
}
