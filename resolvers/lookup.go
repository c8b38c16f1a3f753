package resolvers

import (
	"context"

	"github.com/trama-graph/trama/graph/model"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// node finds a record by its id, whatever its type.
func node(ctx context.Context, id string) (model.Node, error) {
	l := loaders.From(ctx)
	entity, _, _, err := l.Seal.OpenID(id)
	if err != nil {
		return nil, schema.Errorf(schema.BadRequest, "id is not an id of this server")
	}
	switch entity {
	case "Customer":
		return found(l.Customers.ByID(ctx, id))
	case "Contact":
		return found(l.Contacts.ByID(ctx, id))
	case "Ticket":
		return found(l.Tickets.ByID(ctx, id))
	case "Quote":
		return found(l.Quotes.ByID(ctx, id))
	case "Order":
		return found(l.Orders.ByID(ctx, id))
	case "Invoice":
		return found(l.Invoices.ByID(ctx, id))
	case "Payment":
		return found(l.Payments.ByID(ctx, id))
	case "Payable":
		return found(l.Payables.ByID(ctx, id))
	case "Boleto":
		return found(l.Boletos.ByID(ctx, id))
	case "Product":
		return found(l.Products.ByID(ctx, id))
	case "DeliveryNote":
		return found(l.DeliveryNotes.ByID(ctx, id))
	case "PurchaseOrder":
		return found(l.PurchaseOrders.ByID(ctx, id))
	}
	return nil, schema.Errorf(schema.BadRequest, "id is not an id of this server")
}

// found keeps a missing row from becoming a non-nil interface.
func found[T any, P interface {
	*T
	model.Node
}](row P, err error) (model.Node, error) {
	if row == nil || err != nil {
		return nil, err
	}
	return row, nil
}

// customer finds a customer by exactly one of his keys.
func customer(ctx context.Context, id, taxID, email, sourceID, source *string) (*schema.Customer, error) {
	given := 0
	for _, k := range []*string{id, taxID, email, sourceID} {
		if k != nil {
			given++
		}
	}
	if given != 1 || (sourceID == nil) != (source == nil) {
		return nil, schema.Errorf(schema.BadRequest, "give exactly one of id, taxId, email, or sourceId together with source")
	}
	l := loaders.From(ctx)
	switch {
	case id != nil:
		return l.Customers.ByID(ctx, *id)
	case taxID != nil:
		return l.Customers.ByTaxID(ctx, *taxID)
	case email != nil:
		return l.Customers.ByEmail(ctx, *email)
	}
	return l.Customers.BySource(ctx, *source, *sourceID)
}
