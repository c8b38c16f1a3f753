package world

import "time"

// ERPStock is what one depot has of one product. Over the depots, Physical adds up to Product.Stock and Reserved to Product.Reserved.
type ERPStock struct {
	Product  int // index into World.Products
	Depot    string
	Physical Qty
	Reserved Qty       // ≤ Physical; available is what is left
	Expected Qty       // on order with a supplier
	AsOf     time.Time // when the depot was counted; a depot's rows share it
}

// ERPDepots returns the codes of the depots; a product lies in the first two or in all three.
func ERPDepots() []string { return []string{"LYON", "NANTES", "LILLE"} }

func (w *World) erpStock() []ERPStock {
	depots := ERPDepots()
	var list []ERPStock
	for k := range w.Products {
		p := &w.Products[k]
		if p.IsService {
			continue
		}
		r := w.rng(topicERPStock, k, 0)
		in := 2 + r.n(2)
		stock, reserved := p.Stock, p.Reserved
		from := len(list)
		for d := range in {
			row := ERPStock{Product: k, Depot: depots[d], AsOf: End.Add(-time.Duration(d+1) * 15 * time.Minute)}
			row.Physical = stock
			if d < in-1 {
				row.Physical = Qty(r.n(int(stock/1000)+1)) * 1000
			}
			stock -= row.Physical
			if r.chance(30) {
				row.Expected = Qty(5*(1+r.n(40))) * 1000
			}
			list = append(list, row)
		}
		for d := from; d < len(list); d++ {
			list[d].Reserved = min(reserved, list[d].Physical)
			reserved -= list[d].Reserved
		}
	}
	// The one quantity above a thousand, which [FlawAmbiguousNumber] writes with a dot.
	list[w.thousands(len(list))].Expected = 1_234_000
	return list
}

// thousands is the position of the stock row that expects 1,234 pieces.
func (w *World) thousands(rows int) int {
	r := w.rng(topicERPStock, -1, 0)
	return r.n(rows)
}
