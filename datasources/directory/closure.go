package directory

import (
	"slices"
	"strings"

	"github.com/trama-graph/trama/datasources/directory/fiscal"
)

// The rules join records only along what leads from one to another: a number, a
// stored id, a mailbox, a decision, a link that was kept. So what a change can touch
// is what can be reached from the changed records that way, over what they said
// before and say now; and of that part the rules make what they would make of it in
// the whole. Numbers and mailboxes that too many have lead nowhere, as long as they
// are too many before and after.

// maxPart bounds a part: a larger one is not worth the trouble.
const maxPart = 2000

// part finds the records a change can touch.
type part struct {
	prev, next *snapshot
	src        int32
	edits      []edit
	gone       map[int32]bool // records that are no more
	in         map[int32]bool // records, numbered as in next
	queue      []int32
	known      map[string]bool // numbers and mailboxes that lead nowhere
	judged     map[string]bool // those that were looked at
	keys       []string        // the numbers of the changed records, before and now
	changed    map[string]bool // numbers and mailboxes of the changed records
	decided    map[RecordRef][]RecordRef
	keptBy     map[RecordRef][]RecordRef
	backs      map[RecordRef]ghost // the ids of records that come back
}

func newPart(prev, next *snapshot, src int32, edits []edit) *part {
	p := &part{
		prev: prev, next: next, src: src, edits: edits, gone: map[int32]bool{}, in: map[int32]bool{}, known: map[string]bool{}, judged: map[string]bool{}, changed: map[string]bool{},
		decided: map[RecordRef][]RecordRef{}, keptBy: map[RecordRef][]RecordRef{},
	}
	for _, e := range edits {
		if e.now < 0 {
			p.gone[prev.base[src]+e.old] = true
		}
	}
	for _, decisions := range [...]map[pair]Decision{prev.decisions, next.decisions} {
		for k := range decisions {
			p.decided[k[0]] = append(p.decided[k[0]], k[1])
			p.decided[k[1]] = append(p.decided[k[1]], k[0])
		}
	}
	for _, kept := range [...]map[RecordRef][]Kept{prev.kept, next.kept} {
		for ref, list := range kept {
			for _, k := range list {
				p.keptBy[ref] = append(p.keptBy[ref], k.Other)
				p.keptBy[k.Other] = append(p.keptBy[k.Other], ref)
			}
		}
	}
	return p
}

// find fills the part; false when it is too large.
func (p *part) find(seeds []RecordRef) bool {
	p.note()
	for _, e := range p.edits {
		if e.old >= 0 {
			was := p.prev.base[p.src] + e.old
			p.reach(p.prev.rec(was), p.src, p.prev.keyOf(was))
			p.mates(was)
		}
		if e.now >= 0 {
			p.add(p.next.base[p.src] + e.now)
		}
	}
	for _, g := range p.backs { // who has his id now may have to give it back
		if g.golden < 0 {
			continue
		}
		if c := p.prev.customerOf.at(p.prev.ids.root(g.golden)); c >= 0 {
			p.mates(p.prev.of(c)[0])
		}
	}
	for _, ref := range seeds {
		if rec := p.next.find(ref); rec >= 0 {
			p.add(rec)
		}
	}
	for len(p.queue) > 0 {
		if len(p.in) > maxPart {
			return false
		}
		rec := p.queue[len(p.queue)-1]
		p.queue = p.queue[:len(p.queue)-1]
		src := p.next.sourceOf(rec)
		p.reach(p.next.rec(rec), src, p.next.keyOf(rec))
		if was := p.wasOf(rec, src); was >= 0 {
			p.mates(was)
		}
	}
	return true
}

// note learns the numbers and mailboxes of the changed records.
func (p *part) note() {
	for _, e := range p.edits {
		if e.old >= 0 {
			was := p.prev.base[p.src] + e.old
			p.noteKey(p.prev.keyOf(was))
			p.changed[p.next.cfg.boxes.own(p.prev.rec(was).text(textEmail))] = true
		}
		if e.now >= 0 {
			p.noteKey(p.next.keyOf(p.next.base[p.src] + e.now))
			p.changed[p.next.cfg.boxes.own(e.rec.text(textEmail))] = true
		}
	}
}

func (p *part) noteKey(k string) {
	if k != "" && !slices.Contains(p.keys, k) {
		p.keys = append(p.keys, k)
		p.changed[k] = true
	}
}

func (p *part) add(rec int32) {
	if rec >= 0 && !p.in[rec] {
		p.in[rec] = true
		p.queue = append(p.queue, rec)
	}
}

// wasOf returns the number a record had before, which is the same, -1 when it is new.
func (p *part) wasOf(rec, src int32) int32 {
	if i := rec - p.prev.base[src]; i < p.prev.slabs[src].recs.n {
		return rec
	}
	return -1
}

// mates adds the records that were of one customer with it.
func (p *part) mates(was int32) {
	for _, rec := range p.prev.of(p.prev.cluster.at(was)) {
		if !p.gone[rec] {
			p.add(rec)
		}
	}
}

// reach adds what a record leads to.
func (p *part) reach(r record, src int32, key string) {
	ref := RecordRef{p.next.cfg.Sources[src].Name, r.id()}
	for _, other := range p.decided[ref] {
		p.add(p.next.find(other))
	}
	for _, other := range p.keptBy[ref] {
		p.add(p.next.find(other))
	}
	p.alongKey(key)
	p.alongForeign(r)
	if slices.Contains(p.next.cfg.Rules, RuleEmail) {
		p.alongMailbox(r)
	}
}

func (p *part) alongKey(key string) {
	if key == "" || p.judged[key] {
		return
	}
	p.judged[key] = true
	if strings.HasPrefix(key, invalid) && !p.isPlaceholder(key) {
		return // it says nothing to anybody
	}
	isShared := p.prev.shared[key]
	if p.changed[key] {
		isShared = isShared && p.next.isShared(key)
	}
	if isShared {
		p.known[key] = true
		return
	}
	for src, b := range p.next.slabs {
		if b != nil {
			for _, i := range b.withKey(key) {
				p.add(p.next.base[src] + i)
			}
		}
	}
}

// isPlaceholder reports whether anybody's invalid number is a placeholder.
func (p *part) isPlaceholder(key string) bool {
	for _, s := range [...]*snapshot{p.prev, p.next} {
		for _, b := range s.slabs {
			if b != nil && slices.ContainsFunc(b.withKey(key), func(i int32) bool { return b.reasons.at(i) == fiscal.Placeholder }) {
				return true
			}
		}
	}
	return false
}

// isShared reports whether too many living records of a source bear a number.
func (s *snapshot) isShared(key string) bool {
	isShared, means := false, !strings.HasPrefix(key, invalid)
	for _, b := range s.slabs {
		if b == nil {
			continue
		}
		live := 0
		for _, i := range b.withKey(key) {
			if b.recs.at(i).isDeleted() {
				continue
			}
			means = means || b.reasons.at(i) == fiscal.Placeholder
			live++
		}
		isShared = isShared || live > s.cfg.SharedLimit
	}
	return isShared && means
}

// alongForeign adds the records a record names, and those that name it.
func (p *part) alongForeign(r record) {
	r.foreign(func(target, id string) {
		for _, src := range p.next.targets(target) {
			b := p.next.slabs[src]
			if b == nil {
				continue
			}
			for _, text := range [...]string{id, bareGUID(id), strings.ToUpper(bareGUID(id))} {
				if i := b.find(text); i >= 0 {
					p.add(p.next.base[src] + i)
				}
			}
			for _, i := range b.withCode(id) {
				p.add(p.next.base[src] + i)
			}
		}
	})
	for _, text := range [...]string{bareGUID(r.id()), r.text(textCode)} {
		if text == "" {
			continue
		}
		h := hash64(text)
		for src, b := range p.next.slabs {
			if b == nil {
				continue
			}
			list := b.byForeign()
			for at := list.search(func(e entry) bool { return e.hash >= h }); at < list.len() && list.at(at).hash == h; at++ {
				p.add(p.next.base[src] + list.at(at).rec)
			}
		}
	}
}

func (p *part) alongMailbox(r record) {
	box := p.next.cfg.boxes.own(r.text(textEmail))
	if box == "" || p.judged[box] {
		return
	}
	p.judged[box] = true
	isCrowded := p.next.isCrowded(box)
	if p.changed[box] {
		isCrowded = isCrowded && p.prev.isCrowded(box)
	}
	if isCrowded {
		p.known[box] = true
		return
	}
	for src, b := range p.next.slabs {
		if b != nil {
			for _, i := range equal(b.byEmail(), b.email, box) {
				p.add(p.next.base[src] + i)
			}
		}
	}
}

// isCrowded reports whether several living records of one source have a mailbox.
func (s *snapshot) isCrowded(box string) bool {
	for _, b := range s.slabs {
		if b == nil {
			continue
		}
		live := 0
		for _, i := range equal(b.byEmail(), b.email, box) {
			if !b.recs.at(i).isDeleted() {
				live++
			}
		}
		if live > 1 {
			return true
		}
	}
	return false
}
