package directory

import (
	"maps"
	"slices"
)

// number gives the part's customers their numbers: their own where they had one, else
// one that became free, else a new one.
func (m *patcher) number() {
	m.added, m.was = filled(int(m.mini.customers()), -1), map[int32]bool{}
	for c := range m.added {
		g := m.mini.key.at(int32(c))
		if g >= m.prev.customerOf.n {
			continue
		}
		if k := m.prev.customerOf.at(g); m.touched[k] {
			m.added[c], m.was[k] = k, true
		}
	}
	for _, k := range slices.Sorted(maps.Keys(m.touched)) {
		if !m.was[k] {
			m.freed = append(m.freed, k)
		}
	}
	n := m.prev.customers()
	for c, k := range m.added {
		switch {
		case k >= 0:
		case len(m.freed) > 0:
			m.added[c], m.freed = m.freed[0], m.freed[1:]
		default:
			m.added[c] = n
			n++
		}
	}
}

// place puts the part's customers among those of before.
func (m *patcher) place(p *part) {
	prev, next, mini := m.prev, m.next, m.mini
	next.cluster, next.golden, next.origin = prev.cluster.edit(), prev.golden.edit(), prev.origin.edit()
	next.members, next.key, next.customerOf = prev.members.edit(), prev.key.edit(), prev.customerOf.edit()
	for rec := range p.gone {
		next.cluster.set(rec, -1)
		next.golden.set(rec, -1)
		next.origin.set(rec, -1)
	}
	for next.customerOf.n < next.ids.rows.n {
		next.customerOf.push(-1)
	}
	for k := range m.touched {
		if !m.was[k] {
			next.customerOf.set(prev.key.at(k), -1)
		}
	}
	for i, rec := range m.recs {
		put(&next.golden, rec, mini.golden.at(int32(i)))
		put(&next.origin, rec, mini.origin.at(int32(i)))
		put(&next.cluster, rec, m.added[mini.cluster.at(int32(i))])
	}
	for next.members.n < slices.Max(append(m.added, -1))+1 {
		next.members.push(nil)
		next.key.push(-1)
	}
	for c, k := range m.added {
		if recs := m.recsOf(int32(c)); !slices.Equal(next.members.at(k), recs) {
			next.members.set(k, recs)
		}
		put(&next.key, k, mini.key.at(int32(c)))
		put(&next.customerOf, mini.key.at(int32(c)), k)
	}
}

// relist brings the orders up to date.
func (m *patcher) relist() {
	prev, next := m.prev, m.next
	for i := range next.orders {
		next.orders[i] = prev.orders[i].edit()
	}
	next.name, next.created, next.updated = prev.name.edit(), prev.created.edit(), prev.updated.edit()
	var moves [orderCount]map[int32]bool // by order: customers who had and have numbers, and change places
	for i := range moves {
		moves[i] = map[int32]bool{}
	}
	for c, k := range m.added {
		// Of the part, whose records are in order.
		x := m.mini.listedAs(m.mini.of(int32(c)))
		if k >= next.name.n {
			for next.name.n <= k {
				next.name.push("")
				next.created.push(0)
				next.updated.push(0)
			}
		} else if m.was[k] {
			moves[byName][k] = prev.name.at(k) != x.name
			moves[byCreated][k] = prev.created.at(k) != x.created
			moves[byUpdated][k] = prev.updated.at(k) != x.updated
		}
		put(&next.name, k, x.name)
		put(&next.created, k, x.created)
		put(&next.updated, k, x.updated)
	}
	for i := range next.orders {
		var gone, fresh []int32
		for k := range m.touched {
			if !m.was[k] || moves[i][k] {
				gone = append(gone, k)
			}
		}
		for _, k := range m.added {
			if !m.was[k] || moves[i][k] {
				fresh = append(fresh, k)
			}
		}
		takenOut(&next.orders[i], gone, func(a, b int32) int { return prev.compareIn(i, a, b) })
		sortedInto(&next.orders[i], fresh, func(a, b int32) int { return next.compareIn(i, a, b) })
	}
}

// close gives the numbers that became free to the last customers: there are no gaps
// among them. From then on added does not tell the numbers any more.
func (m *patcher) close() {
	next := m.next
	for len(m.freed) > 0 {
		to := m.freed[len(m.freed)-1]
		m.freed = m.freed[:len(m.freed)-1]
		last := next.customers() - 1
		if to != last {
			m.move(last, to)
		}
		next.members.pop()
		next.key.pop()
		next.name.pop()
		next.created.pop()
		next.updated.pop()
	}
}

// move gives a customer another number, which is nobody's.
func (m *patcher) move(from, to int32) {
	next := m.next
	for i := range next.orders {
		list := &next.orders[i]
		list.set(list.search(func(c int32) bool { return next.compareIn(i, c, from) >= 0 }), to)
	}
	for _, rec := range next.of(from) {
		next.cluster.set(rec, to)
	}
	next.customerOf.set(next.key.at(from), to)
	next.members.set(to, next.of(from))
	next.key.set(to, next.key.at(from))
	next.name.set(to, next.name.at(from))
	next.created.set(to, next.created.at(from))
	next.updated.set(to, next.updated.at(from))
}
