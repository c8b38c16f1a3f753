package creatio

import (
	"context"
	"slices"

	"github.com/trama-graph/trama/schema"
)

func orderShape() *shape {
	sh := newShape(
		"Order", "Order",
		column{field: "customer", up: "AccountId", kind: link},
		column{field: "quote", up: "OpportunityId", kind: link},
		column{field: "number", up: "Number"},
		column{field: "customerReference"},
		column{field: "status", up: "StatusId", kind: lookup, table: "OrderStatus"},
		column{field: "paymentStatus", up: "PaymentStatusId", kind: lookup, table: "OrderPaymentStatus"},
		column{field: "deliveryStatus", up: "DeliveryStatusId", kind: lookup, table: "OrderDeliveryStatus"},
		column{field: "date", up: "Date", kind: moment, sort: true},
		column{field: "dueDate", up: "DueDate", kind: moment},
		column{field: "total", up: "Amount", kind: number, sort: true},
		column{field: "tax", up: "TaxAmount", kind: number},
		column{field: "paid", up: "PaymentAmount", kind: number},
		column{field: "currency", up: "CurrencyId", kind: lookup, table: tableCurrency},
		column{field: "notes", up: "Notes"},
	)
	sh.number, sh.money, sh.order.Column = "number", true, "date"
	sh.notes = "Lines cost further calls. The states an order went through are not kept. A changed line does not change its order's updatedAt."
	return sh
}

func buildOrder(b *builder, r *record) schema.Order {
	return schema.Order{
		Record:            b.record(r),
		Links:             b.links(r),
		Number:            b.text(r, "number"),
		CustomerReference: b.text(r, "customerReference"),
		Status:            b.text(r, "status"),
		PaymentStatus:     b.text(r, "paymentStatus"),
		DeliveryStatus:    b.text(r, "deliveryStatus"),
		Date:              b.time(r, "date"),
		DueDate:           b.time(r, "dueDate"),
		Total:             b.money(r, "total"),
		Tax:               b.money(r, "tax"),
		Paid:              b.money(r, "paid"),
		Notes:             b.text(r, "notes"),
	}
}

// lineColumns are OrderProduct's ("Creatio facts", §6). The article's code is in
// the expanded product.
func lineColumns() []column {
	return []column{
		{field: "id", up: "Id", kind: ident},
		{field: "order", up: "OrderId", kind: link},
		{field: "createdAt", up: "CreatedOn", kind: moment},
		{field: "name", up: "Name"},
		{field: "custom", up: "CustomProduct"},
		{field: "quantity", up: "Quantity", kind: number},
		{field: "unit", up: "UnitId", kind: lookup, table: tableUnit},
		{field: "unitPrice", up: "Price", kind: number},
		{field: "discount", up: "DiscountPercent", kind: number},
		{field: "taxRate", up: "TaxId", kind: lookup, table: tableTax},
		{field: "tax", up: "TaxAmount", kind: number},
		{field: "total", up: "TotalAmount", kind: number},
	}
}

// orderLines reads the lines of orders: chains over the order's navigation, one
// $batch for several.
func (s *source) orderLines(ctx context.Context, st *site, orders []schema.Order) error {
	t := st.model.sets[setLine]
	if t == nil || !t.has("OrderId") {
		return s.missing("table " + setLine)
	}
	sel := &selection{}
	for _, c := range lineColumns() {
		if p, ok := t.columns[c.up]; ok {
			c.fit(p, t)
			sel.columns = append(sel.columns, c)
		}
	}
	a := ask{set: setLine, cols: sel.names(), order: "Id", top: parentRows}
	if t.has("CreatedOn") {
		a.order = "CreatedOn,Id"
	}
	if target := t.lookups[setProduct]; target == setProduct && st.model.sets[setProduct].has("Code") {
		a.expand = "Product($select=Code)"
		sel.columns = append(sel.columns, column{field: "sku", up: "Product/Code"})
	}
	terms := make([]term, len(orders))
	for i := range orders {
		terms[i] = term{orders[i].Key, "Order/Id eq " + orders[i].Key}
	}
	var records []record
	for _, r := range s.run(ctx, st, chains(a, terms), parentChains, sel, ofOrders, maxRows) {
		switch {
		case r.err != nil:
			return r.err
		case !r.whole:
			return s.invalid(errTooMany)
		}
		records = append(records, r.records...)
	}
	n, err := s.texts(ctx, st, sel, records)
	if err != nil {
		return err
	}
	buildLines(&builder{s: s, names: n}, orders, records)
	return nil
}

func ofOrders(keys []string, r *record) error {
	if !slices.Contains(keys, r.cell("order").str) {
		return errForeignRow
	}
	return nil
}

// buildLines gives each order its lines, in the order they were made. An order
// without lines has none, which is not the same as not asked.
func buildLines(b *builder, orders []schema.Order, records []record) {
	byOrder := map[string][]*record{}
	for i := range records {
		key := records[i].cell("order").str
		byOrder[key] = append(byOrder[key], &records[i])
	}
	for i := range orders {
		o := &orders[i]
		own := byOrder[o.Key]
		slices.SortStableFunc(own, func(a, b *record) int { return a.cell("createdAt").at.Compare(b.cell("createdAt").at) })
		currency := o.Currency()
		o.Lines = make([]*schema.OrderLine, len(own))
		for j, r := range own {
			o.Lines[j] = buildLine(b, r, j+1, currency)
		}
	}
}

func buildLine(b *builder, r *record, position int, currency string) *schema.OrderLine {
	line := &schema.OrderLine{
		Position:  &position,
		SKU:       b.text(r, "sku"),
		Name:      b.text(r, "name"),
		Quantity:  b.decimal(r, "quantity"),
		Unit:      b.text(r, "unit"),
		UnitPrice: money(r.cell("unitPrice").dec, currency),
		Discount:  b.decimal(r, "discount"),
		Tax:       money(r.cell("tax").dec, currency),
		Total:     money(r.cell("total").dec, currency),
		TaxRate:   b.percent(r, "taxRate"),
	}
	if line.Name == "" {
		line.Name = b.text(r, "custom")
	}
	return line
}
