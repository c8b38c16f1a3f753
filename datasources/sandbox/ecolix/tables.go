package ecolix

import "strconv"

// table is one list: rows by position, in an order that never changes; imported rows come last.
type table struct {
	what     string // one record, in French, for messages
	count    func(v *view) int
	modified func(v *view, i int) int64 // Unix seconds
	write    func(e *encoder, v *view, i int)
	// pos finds the row of an id in an address; nil where there is no single read.
	pos func(v *view, id string) (int, bool)
}

// tables are the lists by the name that routes give them.
func (s *Server) tables() map[string]*table {
	byID := func(id string, find func(serial int) (int, bool)) (int, bool) {
		n, err := strconv.Atoi(id)
		if err != nil || !s.d.DocumentIDs {
			return 0, false
		}
		return find(n)
	}
	orders := table{
		what:  "Commande",
		count: func(v *view) int { return len(v.erp.Orders) + len(v.memory.orders) },
		modified: func(v *view, i int) int64 {
			if k := i - len(v.erp.Orders); k >= 0 {
				return v.memory.orders[k].modified.Unix()
			}
			return v.erp.Orders[i].Modified
		},
		write: func(e *encoder, v *view, i int) { o := v.order(i); e.order(&o) },
		pos: func(v *view, id string) (int, bool) {
			if k, ok := v.erp.OrderPos(id); ok {
				return k, true
			}
			if k, ok := byID(id, v.erp.OrderPosBySerial); ok {
				return k, true
			}
			for k := range v.memory.orders {
				if o := &v.memory.orders[k]; o.number == id || s.d.DocumentIDs && strconv.Itoa(o.serial) == id {
					return len(v.erp.Orders) + k, true
				}
			}
			return 0, false
		},
	}
	states := orders
	states.what, states.pos = "État de commande", nil
	states.write = func(e *encoder, v *view, i int) { o := v.order(i); e.orderState(&o) }
	return map[string]*table{
		"clients": {
			what:  "Client",
			count: func(v *view) int { return len(v.erp.Clients) + len(v.memory.clients) },
			modified: func(v *view, i int) int64 {
				if k := i - len(v.erp.Clients); k >= 0 {
					return v.memory.clients[k].modified.Unix()
				}
				if c, ok := v.memory.updates[i]; ok {
					return c.modified.Unix()
				}
				return v.erp.Clients[i].Modified
			},
			write: func(e *encoder, v *view, i int) { c := v.client(i); e.client(&c) },
			pos: func(v *view, id string) (int, bool) {
				code := s.d.clientCode(id)
				if k, ok := v.erp.ClientPos(code); ok {
					return k, true
				}
				for k := range v.memory.clients {
					if v.memory.clients[k].code == code {
						return len(v.erp.Clients) + k, true
					}
				}
				return 0, false
			},
		},
		"commandes": &orders,
		"etats":     &states,
		"devis": {
			what:  "Devis",
			count: func(v *view) int { return len(v.erp.Quotes) },
			modified: func(v *view, i int) int64 {
				if at, ok := v.memory.accepted[i]; ok {
					return at.Unix()
				}
				return v.erp.Quotes[i].Modified
			},
			write: (*encoder).quote,
			pos: func(v *view, id string) (int, bool) {
				if k, ok := v.erp.QuotePos(id); ok {
					return k, true
				}
				return byID(id, v.erp.QuotePosBySerial)
			},
		},
		"articles": {
			what:     "Article",
			count:    func(v *view) int { return len(v.erp.World().Products) },
			modified: func(v *view, i int) int64 { return v.erp.World().Products[i].Modified.Unix() },
			write:    func(e *encoder, v *view, i int) { e.article(&v.erp.World().Products[i]) },
			pos:      (*view).articlePos,
		},
		"stocks": {
			what:     "Stock",
			count:    func(v *view) int { return len(v.erp.Stock) },
			modified: func(v *view, i int) int64 { return v.erp.Stock[i].AsOf.Unix() },
			write:    (*encoder).stock,
		},
		"bl": {
			what:  "Bon de livraison",
			count: func(v *view) int { return len(v.erp.Notes) + len(v.memory.notes) },
			modified: func(v *view, i int) int64 {
				if k := i - len(v.erp.Notes); k >= 0 {
					return v.memory.notes[k].modified.Unix()
				}
				return v.erp.Notes[i].Modified
			},
			write: func(e *encoder, v *view, i int) { n := v.note(i); e.note(&n) },
		},
		"fournisseurs/commandes": {
			what:  "Commande fournisseur",
			count: func(v *view) int { return v.erp.Purchases },
			modified: func(v *view, i int) int64 {
				if c, ok := v.memory.purchases[i]; ok {
					return c.modified.Unix()
				}
				return v.erp.Purchase(i).Modified.Unix()
			},
			write: (*encoder).purchase,
			pos: func(v *view, id string) (int, bool) {
				if k, ok := v.erp.PurchasePos(id); ok {
					return k, true
				}
				return byID(id, func(n int) (int, bool) { return n - 1, n >= 1 && n <= v.erp.Purchases })
			},
		},
	}
}
