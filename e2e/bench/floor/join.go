package main

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"sync"

	"github.com/trama-graph/trama/e2e/bench/scan"
)

// The fields that are read of each kind of record, in the order in which they are
// numbered below.
var (
	customerKeys = []string{"id", "name", "taxId"}
	lineKeys     = []string{"articleCode", "qty", "unitPrice"}

	tickets  = relation{"/helpdesk/tickets?customerIds=", []string{"number", "title", "state", "priority", "customerId", "createdAt"}, 4, 5}
	quotes   = relation{"/erp/quotes?customerIds=", []string{"number", "status", "total", "customerId", "createdAt"}, 3, 4}
	invoices = relation{"/acc/invoices?customerIds=", []string{"number", "status", "total", "paid", "customerId", "orderNumber"}, 4, -1}
	orders   = relation{"/erp/orders?customerIds=", []string{"number", "status", "total", "customerId", "createdAt", "lines"}, 3, 4}
)

func customersPath(limit, offset int) []byte {
	p := append(make([]byte, 0, 64), "/crm/customers?limit="...)
	p = strconv.AppendInt(p, int64(limit), 10)
	p = append(p, "&offset="...)
	return strconv.AppendInt(p, int64(offset), 10)
}

// keyed is the address of a relation with the ids of customers.
func keyed(path string, customers *table) []byte {
	p := make([]byte, 0, len(path)+8*len(customers.rows))
	p = append(p, path...)
	for i := range customers.rows {
		if i > 0 {
			p = append(p, ',')
		}
		id := customers.rows[i][0]
		p = append(p, id[1:len(id)-1]...)
	}
	return p
}

// join appends the customers of one page with everything of theirs, commas
// between them. It is one call for the customers and then four at once.
func (f *floor) join(ctx context.Context, out []byte, limit, offset int) ([]byte, error) {
	customers, err := f.table(ctx, customersPath(limit, offset), customerKeys, nil, nil)
	defer f.free(customers)
	if err != nil {
		return out, err
	}
	places := make(map[string]int32, len(customers.rows))
	for i := range customers.rows {
		places[string(customers.rows[i][0])] = int32(i)
	}
	relations := [...]*relation{&tickets, &quotes, &invoices, &orders}
	var of [len(relations)]*table
	var errs [len(relations)]error
	fetch := func(i int) {
		r := relations[i]
		of[i], errs[i] = f.table(ctx, keyed(r.path, customers), r.keys, r, places)
	}
	var wg sync.WaitGroup
	for i := range len(relations) - 1 {
		wg.Go(func() { fetch(i) })
	}
	fetch(len(relations) - 1)
	wg.Wait()
	for _, t := range of {
		defer f.free(t)
	}
	if err := errors.Join(errs[:]...); err != nil {
		return out, err
	}
	for i := range customers.rows {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendCustomer(out, &customers.rows[i])
		out = appendTickets(out, of[0], i)
		out = appendQuotes(out, of[1], i)
		if out, err = appendOrders(out, of[3], of[2], i); err != nil {
			return out, err
		}
		out = append(out, '}')
	}
	return out, nil
}

// small appends customers alone.
func (f *floor) small(ctx context.Context, out []byte, limit int) ([]byte, error) {
	customers, err := f.table(ctx, customersPath(limit, 0), customerKeys, nil, nil)
	defer f.free(customers)
	if err != nil {
		return out, err
	}
	for i := range customers.rows {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendCustomer(out, &customers.rows[i]), '}')
	}
	return out, nil
}

// appendCustomer leaves the object open. A fiscal number stands without its
// country.
func appendCustomer(out []byte, r *scan.Record) []byte {
	out = append(append(out, `{"name":`...), r[1]...)
	out = append(append(out, `,"taxId":"`...), r[2][len(`"DE`):]...)
	return out
}

func appendTickets(out []byte, t *table, customer int) []byte {
	out = append(out, `,"tickets":{"nodes":[`...)
	for k := t.head[customer]; k >= 0; k = t.next[k] {
		r := &t.rows[k]
		out = append(append(out, `{"number":`...), r[0]...)
		out = append(append(out, `,"title":`...), r[1]...)
		out = append(append(out, `,"state":`...), r[2]...)
		out = append(append(out, `,"priority":`...), r[3]...)
		out = append(out, '}', ',')
	}
	return append(closeList(out), '}')
}

func appendQuotes(out []byte, t *table, customer int) []byte {
	out = append(out, `,"quotes":{"nodes":[`...)
	for k := t.head[customer]; k >= 0; k = t.next[k] {
		out = append(appendDocument(out, &t.rows[k]), '}', ',')
	}
	return append(closeList(out), '}')
}

// appendDocument leaves the object open: number, status and total stand first in
// every document.
func appendDocument(out []byte, r *scan.Record) []byte {
	out = append(append(out, `{"number":`...), r[0]...)
	out = append(append(out, `,"status":`...), r[1]...)
	return appendMoney(append(out, `,"total":`...), r[2])
}

func appendOrders(out []byte, t, invoices *table, customer int) ([]byte, error) {
	out = append(out, `,"orders":{"nodes":[`...)
	for k := t.head[customer]; k >= 0; k = t.next[k] {
		r := &t.rows[k]
		out = append(appendDocument(out, r), `,"lines":[`...)
		if !scan.Rows(r[5], lineKeys, func(l *scan.Record) {
			out = append(append(out, `{"sku":`...), l[0]...)
			out = append(append(out, `,"quantity":"`...), l[1]...)
			out = append(appendMoney(append(out, `","unitPrice":`...), l[2]), '}', ',')
		}) {
			return out, errMalformed
		}
		out = append(closeList(out), `,"invoices":{"nodes":[`...)
		for j := invoices.head[customer]; j >= 0; j = invoices.next[j] {
			if v := &invoices.rows[j]; bytes.Equal(v[5], r[0]) {
				out = append(appendDocument(out, v), `,"paid":`...)
				out = append(appendMoney(out, v[3]), '}', ',')
			}
		}
		out = append(closeList(out), '}', '}', ',')
	}
	return append(closeList(out), '}'), nil
}

// appendMoney writes an amount as the graph has it: a text with two decimals.
func appendMoney(out, amount []byte) []byte {
	out = append(append(out, `{"amount":"`...), amount...)
	switch point := bytes.IndexByte(amount, '.'); {
	case point < 0:
		out = append(out, ".00"...)
	case point == len(amount)-2:
		out = append(out, '0')
	}
	return append(out, '"', '}')
}

func closeList(b []byte) []byte {
	if b[len(b)-1] == ',' {
		b[len(b)-1] = ']'
		return b
	}
	return append(b, ']')
}
