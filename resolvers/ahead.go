package resolvers

import (
	"context"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/model"
	"github.com/trama-graph/trama/resolvers/loaders"
	"github.com/trama-graph/trama/schema"
)

// Ahead returns the relations below documents that can be read beside the documents of
// customers, where the configuration implies it.
func Ahead() map[engine.Ahead]engine.AheadFunc {
	return map[engine.Ahead]engine.AheadFunc{
		{Above: "Customer.orders", Below: "Order.invoices"}: func(ctx context.Context, parents any, args []any) {
			loaders.From(ctx).Invoices.Ahead(ctx, "Invoice.order", loaders.ToOrder, customersIn(parents), listIn[*model.InvoiceFilter, *model.InvoiceOrderBy](args))
		},
		{Above: "Customer.orders", Below: "Order.payments"}: func(ctx context.Context, parents any, args []any) {
			loaders.From(ctx).Payments.Ahead(ctx, "Payment.order", loaders.ToOrder, customersIn(parents), listIn[*model.PaymentFilter, *model.PaymentOrderBy](args))
		},
		{Above: "Customer.orders", Below: "Order.tickets"}: func(ctx context.Context, parents any, args []any) {
			loaders.From(ctx).Tickets.Ahead(ctx, "Ticket.order", loaders.ToOrder, customersIn(parents), listIn[*model.TicketFilter, *model.TicketOrderBy](args))
		},
		{Above: "Customer.orders", Below: "Order.deliveryNotes"}: func(ctx context.Context, parents any, args []any) {
			loaders.From(ctx).DeliveryNotes.Ahead(ctx, "DeliveryNote.order", loaders.ToOrder, customersIn(parents), listIn[*model.DeliveryNoteFilter, *model.DeliveryNoteOrderBy](args))
		},
		{Above: "Customer.quotes", Below: "Quote.orders"}: func(ctx context.Context, parents any, args []any) {
			loaders.From(ctx).Orders.Ahead(ctx, "Order.quote", loaders.ToQuote, customersIn(parents), listIn[*model.OrderFilter, *model.OrderOrderBy](args))
		},
		{Above: "Customer.invoices", Below: "Invoice.payments"}: func(ctx context.Context, parents any, args []any) {
			loaders.From(ctx).Payments.Ahead(ctx, "Payment.invoice", loaders.ToInvoice, customersIn(parents), listIn[*model.PaymentFilter, *model.PaymentOrderBy](args))
		},
	}
}

func customersIn(parents any) []*schema.Customer {
	list, _ := parents.([]*schema.Customer)
	return list
}

// listIn puts the arguments of a list together as its resolver does: filter, orderBy,
// first, after.
func listIn[F, O any](args []any) loaders.Args {
	filter, _ := args[0].(F)
	orderBy, _ := args[1].(O)
	first, _ := args[2].(*int)
	after, _ := args[3].(*string)
	return list(filter, orderBy, first, after)
}
