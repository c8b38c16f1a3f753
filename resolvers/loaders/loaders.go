package loaders

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/graph/seal"
	"github.com/trama-graph/trama/schema"
)

// Directory is what the loaders need of the customer directory.
type Directory interface {
	datasources.Reader[schema.Customer]
	// Golden returns the customer a source's record belongs to.
	Golden(source, recordID string) (customerKey string, ok bool)
	// Keys returns the customer's records in a source, and whether it knows him.
	Keys(customerKey, source string) ([]string, schema.CoverageState)
	// ByTaxID and ByEmail return the keys of all customers that have it.
	ByTaxID(ctx context.Context, taxID string) ([]string, error)
	ByEmail(ctx context.Context, email string) ([]string, error)
	// Seen says that records with these customer keys were read.
	Seen(source string, recordIDs []string)
}

// Config is what all requests share.
type Config struct {
	Catalog     *datasources.Catalog
	Directory   Directory
	Seal        *seal.Sealer
	DefaultPage int
	MaxPage     int
	// LinkBound is how many documents of one customer are looked through for a
	// link that the source cannot be asked by.
	LinkBound int
	// Implied are the relations of children, "Invoice.order", of which the
	// configuration declares that the child has its document's customer.
	Implied map[string]bool
	Batches func(source, entity, relation string, keys int) // counts, nil = nobody does
	Links   *LinkStats
	// Total tells whether the resolver under way is asked for totalCount.
	Total func(ctx context.Context) bool
	// Columns tells which columns of the rows the resolver under way is asked
	// for, nil = all.
	Columns func(ctx context.Context) []string
	// Window tells for which part of a long answer the resolver under way is asked, 0
	// for the whole; nil = always the whole. What is read for a window is kept until
	// Forget.
	Window func(ctx context.Context) int
	// Part tells how many rows the first part of a list has that the resolver under way
	// may give in parts, 0 where it is wanted whole; nil = always.
	Part func(ctx context.Context) int
	// Whole tells whether a list without a page size is wanted to its end; nil = never.
	Whole func(ctx context.Context) bool
	// Narrow tells which rows of the root list are wanted at most, see plan.WithNarrow;
	// nil = always all.
	Narrow func(ctx context.Context) schema.Predicate
	// Access tells what the request may see; nil = policies.AccessFrom. Where it
	// returns nil, nothing may be seen.
	Access func(ctx context.Context) Access
	Spare  *Spare       // what one request leaves for the next, nil = nothing
	Log    *slog.Logger // nil = silent
}

// Loaders are the loaders of one request.
type Loaders struct {
	*Config
	Customers      *customers
	Contacts       *Documents[schema.Contact, *schema.Contact]
	Tickets        *Documents[schema.Ticket, *schema.Ticket]
	Articles       *Documents[schema.Article, *schema.Article]
	Quotes         *Documents[schema.Quote, *schema.Quote]
	Orders         *Documents[schema.Order, *schema.Order]
	Invoices       *Documents[schema.Invoice, *schema.Invoice]
	Payments       *Documents[schema.Payment, *schema.Payment]
	Payables       *Documents[schema.Payable, *schema.Payable]
	Boletos        *Documents[schema.Boleto, *schema.Boleto]
	Products       *Documents[schema.Product, *schema.Product]
	DeliveryNotes  *Documents[schema.DeliveryNote, *schema.DeliveryNote]
	PurchaseOrders *Documents[schema.PurchaseOrder, *schema.PurchaseOrder]

	Report Report

	mu      sync.Mutex // guards the rest
	batches map[batchKey]any
	read    map[string]time.Time // when the customers of each source were read
	levels  []*lookedUp          // the customers that were looked up last
}

// allDocuments are the loaders of all kinds of documents.
type allDocuments struct {
	contacts       Documents[schema.Contact, *schema.Contact]
	tickets        Documents[schema.Ticket, *schema.Ticket]
	articles       Documents[schema.Article, *schema.Article]
	quotes         Documents[schema.Quote, *schema.Quote]
	orders         Documents[schema.Order, *schema.Order]
	invoices       Documents[schema.Invoice, *schema.Invoice]
	payments       Documents[schema.Payment, *schema.Payment]
	payables       Documents[schema.Payable, *schema.Payable]
	boletos        Documents[schema.Boleto, *schema.Boleto]
	products       Documents[schema.Product, *schema.Product]
	deliveryNotes  Documents[schema.DeliveryNote, *schema.DeliveryNote]
	purchaseOrders Documents[schema.PurchaseOrder, *schema.PurchaseOrder]
}

// documentKinds is how many there are.
const documentKinds = 12

// New makes the loaders of one request.
func New(c *Config) *Loaders {
	l := &Loaders{Config: c, batches: make(map[batchKey]any, 8)}
	l.Customers = &customers{l}
	all := new(allDocuments) // in one piece
	l.Contacts = all.contacts.of(l, 0, "Contact")
	l.Tickets = all.tickets.of(l, 1, "Ticket")
	l.Articles = all.articles.of(l, 2, "Article")
	l.Quotes = all.quotes.of(l, 3, "Quote")
	l.Orders = all.orders.of(l, 4, "Order")
	l.Invoices = all.invoices.of(l, 5, "Invoice")
	l.Payments = all.payments.of(l, 6, "Payment")
	l.Payables = all.payables.of(l, 7, "Payable")
	l.Boletos = all.boletos.of(l, 8, "Boleto")
	l.Products = all.products.of(l, 9, "Product")
	l.DeliveryNotes = all.deliveryNotes.of(l, 10, "DeliveryNote")
	l.PurchaseOrders = all.purchaseOrders.of(l, 11, "PurchaseOrder")
	return l
}

type contextKey struct{}

// With puts the request's loaders into its context.
func With(ctx context.Context, l *Loaders) context.Context {
	return context.WithValue(ctx, contextKey{}, l)
}

// From returns the request's loaders; it panics when there are none, which is a
// mistake in the program.
func From(ctx context.Context) *Loaders { return ctx.Value(contextKey{}).(*Loaders) }

// fields returns the columns a reader is asked for: those of the operation, and
// those that filter, order and links need.
func (l *Loaders) fields(ctx context.Context, a Args, more ...string) datasources.Fields {
	asked := l.Columns(ctx)
	if asked == nil {
		return nil
	}
	names := append([]string{}, asked...)
	names = append(names, more...)
	a.Where.Columns(func(c string) { names = append(names, c) })
	if a.Order.Column != "" {
		names = append(names, a.Order.Column)
	}
	// A row's currency is that of its amount, which must be read to know it.
	if slices.Contains(names, "currency") {
		names = append(names, "total", "amount", "price")
	}
	return datasources.NewFields(names...)
}
