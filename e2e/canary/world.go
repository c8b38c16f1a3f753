package canary

import (
	"fmt"
	"sync"
)

// Sources are the names of the two systems.
const (
	Alpha = "alpha" // asked live
	Beta  = "beta"  // copied
)

// Row is a record of one system.
type Row struct {
	Type, Name string // Name: order-a1, of customer 1 in alpha
	Source     string
	Key        string            // its key there; of no use to anybody outside
	Golden     int               // the customer it belongs to, 1 or 2; 0: none
	Texts      map[string]string // what its columns hold, as a filter of the graph compares it
	Links      map[string]*Row   // customer, order, quote, invoice

	record map[string]any // as the system sends it
	gone   bool
}

// World is the rows of both systems and every canary in them.
type World struct {
	*Registry
	Rows []*Row
	// The two customers as the directory must know them: the rows they are made of.
	Customers [2][]*Row
	Ghosts    []*Row // of alpha, one of each type but Customer, until Vanish takes them away

	// What scopes speak of: two of each, no two rows of a customer alike.
	Shops, Carriers, Suppliers [2]*Cell

	mu     sync.Mutex // guards gone of rows and broken
	broken bool
}

// New makes the world. It is the same every time.
func New() *World {
	w := &World{Registry: newRegistry()}
	for i := range 2 {
		w.Shops[i] = w.text(fmt.Sprintf("shop %d", i+1), "")
		w.Carriers[i] = w.text(fmt.Sprintf("carrier %d", i+1), "")
		w.Suppliers[i] = w.text(fmt.Sprintf("supplier %d", i+1), "")
	}
	w.customers()
	for _, source := range []string{Alpha, Beta} {
		for i := range 2 {
			w.documents(source, i+1)
		}
	}
	w.desk()
	for _, typ := range Types()[1:] {
		r := w.row(typ, Alpha, 1, "ghost")
		if len(links(typ)) > 0 {
			w.link(r, "customer", w.find("Customer", Alpha, 1))
		}
		w.Ghosts = append(w.Ghosts, r)
	}
	return w
}

// find returns the row of a customer in a system.
func (w *World) find(typ, source string, golden int) *Row {
	for _, r := range w.Rows {
		if r.Type == typ && r.Source == source && r.Golden == golden {
			return r
		}
	}
	return nil
}

// Of returns the rows of a type.
func (w *World) Of(typ string) []*Row {
	var out []*Row
	for _, r := range w.Rows {
		if r.Type == typ && !r.gone {
			out = append(out, r)
		}
	}
	return out
}

// Vanish takes the ghosts away: from now on nobody has them.
func (w *World) Vanish() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.Ghosts {
		r.gone = true
	}
}

// Break makes alpha fail, with canaries in what it says; or heals it.
func (w *World) Break(broken bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = broken
}

func (w *World) documents(source string, golden int) {
	row := func(typ string) *Row { return w.row(typ, source, golden, "") }
	customer := w.find("Customer", source, golden)
	quote, order, invoice := row("Quote"), row("Order"), row("Invoice")
	contact, payment, boleto, ticket, note := row("Contact"), row("Payment"), row("Boleto"), row("Ticket"), row("DeliveryNote")
	for _, r := range []*Row{quote, order, invoice, contact, payment, boleto, ticket, note} {
		w.link(r, "customer", customer)
	}
	w.link(order, "quote", quote)
	for _, r := range []*Row{invoice, payment, ticket, note} {
		w.link(r, "order", order)
	}
	w.link(payment, "invoice", invoice)
	w.link(boleto, "invoice", invoice)
	row("Product")
	row("Payable")
	row("PurchaseOrder")
}

func (w *World) link(r *Row, column string, to *Row) {
	if r.Type == "Ticket" && column == "customer" {
		// The help desk's own number of the customer is his key.
		w.texts[to.Key[:len("canary-0000")]].Paths = append(w.texts[to.Key[:len("canary-0000")]].Paths, Path{r, []Field{{"Ticket", "customerNumber"}}})
		r.Texts["customerNumber"] = to.Key
	}
	r.record[column] = to.Key
	r.Links[column] = to
}

// row makes a row with a canary in every cell.
func (w *World) row(typ, source string, golden int, name string) *Row {
	if name == "" {
		name = fmt.Sprintf("%s%d", source[:1], golden)
	}
	r := &Row{Type: typ, Name: lower(typ) + "-" + name, Source: source, Golden: golden, Texts: map[string]string{"source": source}, Links: map[string]*Row{}, record: map[string]any{}}
	w.Rows = append(w.Rows, r)
	// A key is nobody's business: ids are sealed.
	key := w.text("key of "+r.Name, "")
	r.Key, r.record["id"] = key.Canary, key.Canary
	// Neither shop nor carrier nor supplier is one customer's or one system's.
	scope := golden - 1
	if source == Beta {
		scope = 1 - scope
	}
	var shown []Field // fields that show the row's currency
	for _, c := range columns(typ) {
		f := Field{typ, c.name}
		var cell *Cell
		switch f {
		case Field{"Order", "shop"}, Field{"Quote", "shop"}:
			cell = w.Shops[scope]
		case Field{"DeliveryNote", "carrier"}:
			cell = w.Carriers[scope]
		case Field{"PurchaseOrder", "supplier"}, Field{"Payable", "supplier"}:
			cell = w.Suppliers[scope]
		default:
			cell = w.cell(c, f.String()+" of "+r.Name)
		}
		if c.kind == money || c.kind == currency {
			shown = append(shown, f)
		}
		if cell == nil {
			r.record[c.name] = constantOf(c.name)
			if text, ok := r.record[c.name].(string); ok {
				r.Texts[c.name] = text
			}
			continue
		}
		r.record[c.name] = wire(c, cell)
		r.Texts[c.name] = cell.Canary
		cell.Paths = append(cell.Paths, Path{r, []Field{f}})
	}
	var inLines [][]Field
	for list, of := range lists(typ) {
		item := map[string]any{}
		for _, c := range columns(of) {
			way := []Field{{typ, list}, {of, c.name}}
			cell := w.cell(c, way[1].String()+" of "+r.Name)
			cell.Paths = append(cell.Paths, Path{r, way})
			item[c.name] = wire(c, cell)
			if c.kind == money {
				inLines = append(inLines, way)
			}
		}
		r.record[list] = []any{item}
	}
	if code, ok := r.record["currency"].(string); ok {
		cell := w.codes[code]
		cell.Paths = nil
		for _, f := range shown {
			cell.Paths = append(cell.Paths, Path{r, []Field{f}})
		}
		for _, way := range inLines {
			cell.Paths = append(cell.Paths, Path{r, way})
		}
	}
	return r
}

func (w *World) cell(c column, label string) *Cell {
	switch c.kind {
	case email:
		return w.text(label, "@mail.example")
	case number, amount, money:
		return w.number(label)
	case moment:
		return w.moment(label)
	case currency:
		return w.currency(label)
	case constant:
		return nil
	}
	return w.text(label, "")
}

// wire is a cell as the system sends it.
func wire(c column, cell *Cell) any {
	if c.kind == amount || c.kind == money {
		return cell.Canary + ".25"
	}
	return cell.Canary
}
