package world

import "slices"

// ShopNames returns the shops and channels quotes and orders of the ERP come through.
func ShopNames() []string { return []string{"web", "boutique-lyon", "boutique-paris"} }

// quoteBit keeps the draws of quotes apart from those of orders.
const quoteBit = 1 << 20

func (w *World) orderShop(customer, index int) string { return w.shop(customer, index) }

func (w *World) quoteShop(customer, index int) string { return w.shop(customer, index|quoteBit) }

// shop is a draw of its own stream: nothing else of the world moves with it.
func (w *World) shop(customer, index int) string {
	r := w.rng(topicERPShop, customer, index)
	if k := r.weighted(40, 25, 20, 15); k < len(ShopNames()) {
		return ShopNames()[k]
	}
	return ""
}

// OrderShop returns the shop or channel of the order at a position of Orders, "" if nobody entered one.
func (e *ERP) OrderShop(k int) string {
	return e.w.orderShop(int(e.Orders[k].Customer), int(e.Orders[k].Index))
}

// sample bounds how many records are looked at for names that occur.
const sample = 1000

// Shops returns the shops that orders came through, in order of their first order.
func (e *ERP) Shops() []string {
	return occurring(len(e.Orders), e.OrderShop)
}

// Carriers returns the carriers that have delivery notes, in order of their first.
func (e *ERP) Carriers() []string {
	return occurring(len(e.Notes), func(k int) string { return e.Note(k).Carrier })
}

// SupplierNames returns the names of the suppliers that were ordered from, in order of their first order.
func (e *ERP) SupplierNames() []string {
	return occurring(e.Purchases, func(k int) string { return e.Suppliers[e.Purchase(k).Supplier].Name })
}

func occurring(n int, name func(k int) string) []string {
	var list []string
	for k := range min(n, sample) {
		if s := name(k); s != "" && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}
