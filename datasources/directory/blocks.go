package directory

import (
	"cmp"
	"context"
	"slices"

	"github.com/trama-graph/trama/datasources/directory/fiscal"
)

// The bounds of what is suggested.
const (
	maxBlock       = 40      // records of one name; more say nothing
	maxSuggestions = 100_000 // of all
)

// candidate is two records that may be one customer.
type candidate struct {
	a, b int32
	why  uint8
}

// What two records have in common.
const (
	sameDomainMail = 1 << iota
	sameDomainSite
	sameName
	sameCity
	samePostalCode
	samePhone
)

func (x *candidate) rule() string {
	if x.why&(sameDomainMail|sameDomainSite) != 0 {
		return "R4"
	}
	return "R5"
}

func (x *candidate) fields() []string {
	var list []string
	for i, f := range [...]string{"email", "website", "name", "city", "postalCode", "phone"} {
		if x.why&(1<<i) != 0 {
			list = append(list, f)
		}
	}
	return list
}

// entry is a record in a block: those with one hash. Of half a million values two
// have one hash once in a hundred million directories; then a person is shown two
// names that are not alike.
type entry struct {
	hash uint64
	rec  int32
	why  uint8
}

// blocks are a source's living records by what suggests. They are made once for a
// slab when they are first asked for: 16 bytes an entry, three a record at most.
type blocks struct{ names, domains series[entry] }

// blocks returns a source's blocks. A slab is only ever asked with one configuration's
// mailboxes.
func (b *slab) blocks(boxes *mailboxes) *blocks {
	return *b.inBlocks.get(func() *blocks { return b.makeBlocks(boxes) })
}

func (b *slab) makeBlocks(boxes *mailboxes) *blocks {
	x := entries{names: make([]entry, 0, b.size())}
	for i, r := range b.all() {
		x.put(r, i, boxes)
	}
	slices.SortFunc(x.names, b.compareEntries)
	slices.SortFunc(x.domains, b.compareEntries)
	return &blocks{seriesOf(x.names), seriesOf(x.domains)}
}

// entries are those of blocks on their way into them.
type entries struct{ names, domains []entry }

// put adds a record's entries.
func (x *entries) put(r record, rec int32, boxes *mailboxes) {
	if r.isDeleted() {
		return
	}
	if k := nameKey(r.text(textName)); len(k) > 2 {
		x.names = append(x.names, entry{hash64(k), rec, sameName})
	}
	if r.isPerson() { // a person at a company's address is not the company
		return
	}
	mail, site := boxes.business(r.text(textEmail)), boxes.site(r.text(textWebsite))
	if mail != "" {
		x.domains = append(x.domains, entry{hash64(mail), rec, sameDomainMail})
	}
	if site != "" && site != mail {
		x.domains = append(x.domains, entry{hash64(site), rec, sameDomainSite})
	}
}

// hash64 is FNV-1a: the order of blocks must be the same in every process.
func hash64(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// suggested returns all pairs in the order of their records, computed once.
func (s *snapshot) suggested(ctx context.Context) ([]candidate, SuggestStats, error) {
	s.suggestions.Do(func() {
		p := pairer{snapshot: s, met: map[[2]int32]bool{}}
		if slices.Contains(s.cfg.Suggest, SuggestDomain) {
			p.merge(func(b *blocks) *series[entry] { return &b.domains }, p.domain)
		}
		if slices.Contains(s.cfg.Suggest, SuggestName) {
			p.merge(func(b *blocks) *series[entry] { return &b.names }, p.name)
		}
		slices.SortFunc(p.found, func(x, y candidate) int { return cmp.Or(s.compare(x.a, y.a), s.compare(x.b, y.b)) })
		p.stats.Suggestions = len(p.found)
		s.suggestions.list, s.suggestions.stats = slices.Clip(p.found), p.stats
	})
	return s.suggestions.list, s.suggestions.stats, ctx.Err()
}

// pairer finds the pairs.
type pairer struct {
	*snapshot
	met   map[[2]int32]bool // pairs of customers
	found []candidate
	stats SuggestStats
}

// merge walks the sources' blocks side by side and calls f with every block of two
// records or more.
func (p *pairer) merge(of func(*blocks) *series[entry], f func([]entry)) {
	lists := make([][]entry, len(p.slabs))
	for i, b := range p.slabs {
		if b != nil {
			lists[i] = of(b.blocks(&p.cfg.boxes)).flat()
		}
	}
	var block []entry
	for {
		least, found := uint64(0), false
		for _, list := range lists {
			if len(list) > 0 && (!found || list[0].hash < least) {
				least, found = list[0].hash, true
			}
		}
		if !found {
			return
		}
		block = block[:0]
		for i, list := range lists {
			n := 0
			for n < len(list) && list[n].hash == least {
				block = append(block, entry{least, p.base[i] + list[n].rec, list[n].why})
				n++
			}
			lists[i] = list[n:]
		}
		if len(block) > 1 {
			f(block)
		}
	}
}

// domain suggests the records of one business domain, unless more than one company
// has it: two customers in one source, or two fiscal numbers.
func (p *pairer) domain(block []entry) {
	firstOf := map[int32]int32{} // source → its customer
	for i, e := range block {
		src, c := p.sourceOf(e.rec), p.cluster.at(e.rec)
		if was, ok := firstOf[src]; ok && was != c {
			p.stats.SharedDomain++
			return
		}
		firstOf[src] = c
		for _, o := range block[:i] {
			if oc := p.cluster.at(o.rec); oc != c && p.haveOtherNumbers(oc, c) {
				p.stats.SharedDomain++
				return
			}
		}
	}
	for i, e := range block {
		for _, o := range block[:i] {
			p.add(o.rec, e.rec, o.why|e.why)
		}
	}
}

// name suggests the records of one name that have a town, a postcode or a telephone
// in common.
func (p *pairer) name(block []entry) {
	if len(block) > maxBlock {
		p.stats.CrowdedName++
		return
	}
	for i, e := range block {
		for _, o := range block[:i] {
			a, b := p.cluster.at(o.rec), p.cluster.at(e.rec)
			if a == b || p.met[[2]int32{min(a, b), max(a, b)}] {
				continue
			}
			if why := sharedPlace(p.rec(o.rec), p.rec(e.rec)); why != 0 {
				p.add(o.rec, e.rec, why|sameName)
			}
		}
	}
}

// sharedPlace tells what two records have in common beside a name.
func sharedPlace(x, y record) (why uint8) {
	for _, c := range [...]struct {
		text int
		why  uint8
		key  func(string) string
	}{
		{textPhone, samePhone, phoneKey},
		{textPostalCode, samePostalCode, postKey},
		{textCity, sameCity, townKey},
	} {
		a, b := x.text(c.text), y.text(c.text)
		if a == "" || b == "" {
			continue
		}
		if k := c.key(a); k != "" && (a == b || k == c.key(b)) {
			why |= c.why
		}
	}
	return why
}

// phoneKey is the end of a telephone number, "" when it is too short to be one's own.
func phoneKey(number string) string {
	if k := lastDigits(number); len(k) == 8 {
		return k
	}
	return ""
}

// add takes a pair unless its customers are one, contradict each other, were denied
// or have been suggested.
func (p *pairer) add(a, b int32, why uint8) {
	x, y := p.cluster.at(a), p.cluster.at(b)
	k := [2]int32{min(x, y), max(x, y)}
	if x == y || p.met[k] || p.haveOtherNumbers(x, y) || p.areDenied(x, y) {
		return
	}
	if len(p.found) >= maxSuggestions {
		p.stats.Beyond++
		return
	}
	p.met[k] = true
	if p.compare(a, b) > 0 {
		a, b = b, a
	}
	p.found = append(p.found, candidate{a, b, why})
}

// haveOtherNumbers reports whether two customers have different valid fiscal
// numbers of one country and type.
func (s *snapshot) haveOtherNumbers(x, y int32) bool {
	for _, a := range s.of(x) {
		ka := s.ownNumber(a)
		if ka == "" {
			continue
		}
		for _, b := range s.of(y) {
			if kb := s.ownNumber(b); kb != "" && kb != ka && keyType(kb) == keyType(ka) {
				return true
			}
		}
	}
	return false
}

// ownNumber is a record's valid fiscal number, "" when too many have it.
func (s *snapshot) ownNumber(rec int32) string {
	if s.reasonOf(rec) != fiscal.None {
		return ""
	}
	k := s.keyOf(rec)
	if s.shared[k] {
		return ""
	}
	return k
}

// areDenied reports whether a person said that two customers are not one.
func (s *snapshot) areDenied(x, y int32) bool {
	if len(s.decisions) == 0 {
		return false
	}
	for _, a := range s.of(x) {
		for _, b := range s.of(y) {
			if d, ok := s.decisions[pairOf(s.refOf(a), s.refOf(b))]; ok && d.Verdict == NotTheSame {
				return true
			}
		}
	}
	return false
}
