package data_test

import (
	"testing"

	"github.com/trama-graph/trama/e2e/bench/data"
)

// Ids and numbers lead back to the customer they were made of.
func TestKeys(t *testing.T) {
	for _, i := range []int{0, 1, 4711, data.N - 1} {
		if got := data.CustomerIndex(data.MakeCustomer(i).ID); got != i {
			t.Errorf("got customer %d, want %d", got, i)
		}
		for k, v := range data.MakeInvoices(i) {
			if c, o := data.OrderIndex(v.OrderID); c != i || o != k {
				t.Errorf("got order %d of %d by %s, want %d of %d", o, c, v.OrderID, k, i)
			}
			if c, o := data.OrderOfNumber(v.OrderNumber); c != i || o != k {
				t.Errorf("got order %d of %d by %s, want %d of %d", o, c, v.OrderNumber, k, i)
			}
		}
	}
}

func TestKeysOfNobody(t *testing.T) {
	for _, key := range []string{"", "C", "C00000x", "C100000", "O000000-3", "O000000-0", "O00000x-1", "SO-0000002", "SO-0800000", "SO-00000-1", "XX-0000000"} {
		t.Run("case="+key, func(t *testing.T) {
			c, _ := data.OrderOfNumber(key)
			o, _ := data.OrderIndex(key)
			if i := data.CustomerIndex(key); i >= 0 || c >= 0 || o >= 0 {
				t.Errorf("got %d, %d, %d", i, c, o)
			}
		})
	}
}
