package world

import "time"

// ERPNote is a delivery note (BL, bon de livraison).
type ERPNote struct {
	Number      string // BL2603-00042: the serial is its order's
	Order       *Order
	Carrier     string
	Appointment time.Time // of the carrier at the customer's; zero if none was made
	Shipped     time.Time // midnight UTC
	Parcels     int
	Weight      Qty    // kilograms; a multiple of 0.1
	Lines       []Line // the order's goods: services are not delivered by a carrier
}

// carriers are invented.
func carriers() []string {
	return []string{"Rhône Messagerie", "Transports Girard & Fils", "Alpes Logistique", "Nord Fret Express", "MESSAGERIES DE L'OUEST"}
}

// isShipped says whether an order has a delivery note: it was delivered, and there is something a carrier could carry.
func (w *World) isShipped(o *Order) bool {
	return o.Status == OrderDelivered && len(w.goods(o.Lines)) > 0
}

func (w *World) goods(lines []Line) []Line {
	var list []Line
	for _, l := range lines {
		if !w.Products[l.Product].IsService {
			list = append(list, l)
		}
	}
	return list
}

// Note returns the delivery note at a position of Notes.
func (e *ERP) Note(k int) *ERPNote {
	at := e.Notes[k]
	o := e.w.Order(int(at.Customer), int(at.Index))
	r := e.w.rng(topicERPNote, int(at.Customer), int(at.Index))
	n := &ERPNote{
		Number: erpNumber("BL", o.Delivered, e.OrderSerial(at)), Order: o, Carrier: pick(&r, carriers()), Lines: e.w.goods(o.Lines),
		Shipped: later(day(o.Delivered.AddDate(0, 0, -1)), day(o.Date)),
	}
	if r.chance(85) {
		n.Appointment = o.Delivered.Truncate(30 * time.Minute)
	}
	for _, l := range n.Lines {
		product := e.w.rng(topicERPWeight, l.Product, 0)
		per := Qty(100 * (1 + product.n(80))) // 0.1 to 8 kg a unit
		n.Weight += per * l.Quantity / 1000
	}
	n.Weight = max(n.Weight/100*100, 100)
	n.Parcels = 1 + int(n.Weight/20_000)
	return n
}

// NotePos returns the position of the delivery note with a number, BL2603-00042.
func (e *ERP) NotePos(number string) (int, bool) {
	ref, ok := at(e.w.orders, numberSerial(number, "BL")-1)
	if !ok {
		return 0, false
	}
	k, ok := find(e.Notes, ref)
	return k, ok && e.Note(k).Number == number
}
