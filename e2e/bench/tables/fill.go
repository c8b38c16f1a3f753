//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

const (
	ordersOfOne = 20 // orders of a customer, on average
	batchOrders = 2000
	batchPeople = 5000
)

// fill pushes the customers and their orders, and says how many rows the table has: of a
// summary one for each customer, and one more for each currency he has orders in.
func (s *service) fill(ctx context.Context, o *options) error {
	say("pushes %d orders with %d lines each", o.orders, o.lines)
	begun := time.Now()
	r := rand.New(rand.NewPCG(1, 2))
	customers := o.customers
	for from := 0; from < customers; from += batchPeople {
		if err := s.push(ctx, from, min(from+batchPeople, customers), customer); err != nil {
			return err
		}
	}
	sums := map[[2]any]bool{}
	made := func(i int) any {
		x := order(r, i, r.IntN(customers), o.lines)
		data := x["data"].(object)
		sums[[2]any{data["customer"], data["total"].(object)["currency"]}] = true
		return x
	}
	for from := 0; from < o.orders; from += batchOrders {
		if err := s.push(ctx, from, min(from+batchOrders, o.orders), made); err != nil {
			return err
		}
	}
	if s.dataset, s.rows = o.dataset, o.orders*o.lines; s.dataset == summary {
		s.rows = customers + len(sums)
	}
	say("pushed in %s", time.Since(begun).Round(time.Second))
	return nil
}

// push sends the records from one number to another in a batch.
func (s *service) push(ctx context.Context, from, to int, record func(i int) any) error {
	var body bytes.Buffer
	lines := json.NewEncoder(&body)
	for i := from; i < to; i++ {
		if err := lines.Encode(record(i)); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.Address+"/push/erp", &body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	req.Header.Set("Authorization", "Bearer "+s.pusher)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var told struct {
		Stored  int             `json:"stored"`
		Results json.RawMessage `json:"results"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&told); err != nil {
		return fmt.Errorf("push: status %d: %w", resp.StatusCode, err)
	}
	if told.Stored != to-from {
		return fmt.Errorf("push: status %d, %d of %d stored: %.500s", resp.StatusCode, told.Stored, to-from, told.Results)
	}
	return nil
}

type object = map[string]any

func customer(i int) any {
	return object{"entity": "Customer", "id": fmt.Sprintf("C%06d", i), "version": 1, "data": object{
		"name":    []string{"Exemplu Comerț SRL ", "ООО «Ромашка» ", "Acme Trading Ltd "}[i%3] + fmt.Sprint(i),
		"country": []string{"MD", "RO", "DE"}[i%3],
		"taxId":   fmt.Sprintf("10%011d", i),
	}}
}

func order(r *rand.Rand, i, customer, lines int) object {
	currency := []string{"MDL", "EUR", "USD"}[r.IntN(3)]
	money := func(cents int64) object {
		return object{"amount": fmt.Sprintf("%d.%02d", cents/100, cents%100), "currency": currency}
	}
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(80_000_000)) * time.Second)
	list, sum := make([]object, lines), int64(0)
	for n := range list {
		quantity, price, article := 1+r.Int64N(50), 1+r.Int64N(100_000), r.IntN(3000)
		sum += quantity * price
		list[n] = object{
			"position": n + 1, "sku": fmt.Sprintf("SKU-%05d", article), "name": fmt.Sprintf("Product number %d, blue", article),
			"quantity": fmt.Sprint(quantity), "unit": "pcs", "unitPrice": money(price), "total": money(quantity * price),
		}
	}
	return object{"entity": "Order", "id": fmt.Sprintf("O%07d", i), "version": 1, "data": object{
		"number": fmt.Sprintf("SO-%07d", i), "customer": fmt.Sprintf("C%06d", customer), "status": []string{"open", "shipped", "closed"}[r.IntN(3)],
		"date": at, "total": money(sum), "lines": list,
	}}
}
