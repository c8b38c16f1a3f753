package mapping_test

import (
	"encoding/json"
	"slices"

	"github.com/trama-graph/trama/e2e/bench/data"
)

// rig makes the four bodies of the benchmark's systems that hold what belongs to so many
// customers.
func rig(customers int) (tickets, quotes, orders, invoices []byte) {
	return bodyOf(customers, data.MakeTickets), bodyOf(customers, data.MakeQuotes), bodyOf(customers, data.MakeOrders), bodyOf(customers, data.MakeInvoices)
}

func bodyOf[T any](customers int, of func(i int) []T) []byte {
	var all []T
	for i := range customers {
		all = slices.Concat(all, of(i))
	}
	b, err := json.Marshal(all)
	if err != nil {
		panic(err) // plain structs
	}
	return b
}
