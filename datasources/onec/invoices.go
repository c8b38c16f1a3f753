package onec

import (
	"context"
	"errors"
	"math"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// invoiceOf makes an invoice of a bill, a sale or a tax invoice.
func invoiceOf(d *document) schema.Invoice {
	kind, _ := invoiceKind(d.concept)
	return schema.Invoice{
		Record: d.Record, Links: d.Links, Kind: kind,
		Number: d.number, Status: d.status, Date: d.date, DueDate: d.due,
		Total: d.total, Tax: d.tax, Paid: d.paid, Posted: d.posted,
		Notes: d.notes, Lines: d.lines,
	}
}

func (s *source) finishInvoices(ctx context.Context, m *model, items []schema.Invoice, f datasources.Fields) error {
	if f.Has("lines") {
		if err := s.finishLines(ctx, linesOf(items, func(x *schema.Invoice) []*schema.OrderLine { return x.Lines })); err != nil {
			return err
		}
	}
	if f.Has("paid") {
		return s.finishPaid(ctx, m, items)
	}
	return nil
}

// finishPaid sums up the posted payments that refer to the bills, where the bill
// itself does not tell. It stays absent where payments cannot be found by bill,
// and where they are of another currency: amounts are never added across them.
func (s *source) finishPaid(ctx context.Context, m *model, items []schema.Invoice) error {
	if !sumsPayments(m) {
		return nil
	}
	var keys []string
	for i := range items {
		if items[i].Kind == schema.InvoiceBill && items[i].Total != nil {
			keys = append(keys, items[i].Key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	rows, err := s.payments.ByParent(ctx, "invoice", keys, datasources.Query{
		Fields: datasources.NewFields("amount", "posted"), First: math.MaxInt32,
	})
	if err := whole(err); err != nil {
		return err
	}
	paid := make(map[string][]schema.Payment, len(keys))
	for i, key := range keys {
		paid[key] = rows.Parent(i)
	}
	for i := range items {
		if of, ok := paid[items[i].Key]; ok {
			if items[i].Paid, err = sumOf(of, items[i].Total.Currency); err != nil {
				return err
			}
		}
	}
	return nil
}

// sumsPayments reports whether what is paid of a bill is summed up from payments.
func sumsPayments(m *model) bool {
	bill, payment := m.object(conceptBill), m.object(conceptPayment)
	return bill != nil && bill.prop("paid") == "" && payment.prop("invoice") != "" && payment.prop("total") != ""
}

func sumOf(payments []schema.Payment, currency string) (*schema.Money, error) {
	sum := &schema.Money{Amount: decimal.MustNew(0, 2), Currency: currency}
	for i := range payments {
		p := &payments[i]
		if p.Posted == nil || !*p.Posted || p.Amount == nil {
			continue
		}
		if p.Amount.Currency != currency {
			return nil, nil
		}
		if err := addMoney(&sum, p.Amount); err != nil {
			return nil, err
		}
	}
	return sum, nil
}

// whole turns the errors of single keys into the error of all: an amount or a
// line that is only partly known is not shown as if it were known.
func whole(err error) error {
	var some *datasources.BatchError
	if !errors.As(err, &some) {
		return err
	}
	for _, e := range some.ByKey {
		return e
	}
	return nil
}
