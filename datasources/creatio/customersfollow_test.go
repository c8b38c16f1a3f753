package creatio_test

import (
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/creatio"
	crmfake "github.com/trama-graph/trama/datasources/sandbox/creatio"
	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
	"github.com/trama-graph/trama/schema"
)

func (b *bench) customers() map[string]datasources.CustomerRecord {
	b.t.Helper()
	all := map[string]datasources.CustomerRecord{}
	err := b.src.(datasources.CustomerIndexer).IndexCustomers(b.t.Context(), func(page []datasources.CustomerRecord) error {
		for _, c := range page {
			all[c.ID] = c
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

func (b *bench) drainCustomers(c datasources.Cursor, into map[string]datasources.CustomerRecord) datasources.Cursor {
	b.t.Helper()
	for range 1000 {
		ch, err := b.src.(datasources.CustomerFollower).CustomersSince(b.t.Context(), c)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, x := range ch.Items {
			into[x.ID] = x
		}
		if c = ch.Next; !ch.More {
			return c
		}
	}
	b.t.Fatal("there is no end")
	return ""
}

// TestCustomersFollow: a customer comes when his account was changed, and when his
// billing details or his e-mail were; as the whole listing has him.
func TestCustomersFollow(t *testing.T) {
	b := newBench(t, crmfake.Options{}, func(cfg *creatio.Config) { cfg.PageSize = 5 })
	want := b.customers()
	got := map[string]datasources.CustomerRecord{}
	cursor := b.drainCustomers("", got)
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("following from the beginning gives %d customers, the listing %d, or they differ", len(got), len(want))
	}
	ids := slices.Sorted(maps.Keys(want))
	head, err := b.src.(datasources.CustomerFollower).CustomersHead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"GET Account", "GET AccountBillingInfo", "GET AccountCommunication", "POST $batch"}
	b.calls()
	clear(got)
	cursor = b.drainCustomers(cursor, got)
	if calls := b.calls(names...); len(got) > 0 || !maps.Equal(calls, map[string]int{"GET Account": 1, "GET AccountBillingInfo": 1, "GET AccountCommunication": 1}) {
		t.Errorf("%d customers with nothing new, calls %v", len(got), calls)
	}

	mail := ""
	for _, id := range b.box.Creatio.Children("AccountCommunication", "AccountId", ids[2]) {
		b.edit("AccountCommunication", id, b.now, map[string]odatafake.Value{"Number": odatafake.Text("new@example.com")})
		mail = id
	}
	bills := b.box.Creatio.Children("AccountBillingInfo", "AccountId", ids[1])
	if len(bills) == 0 || mail == "" {
		t.Fatal("the sandbox has no side records")
	}
	b.edit("Account", ids[0], b.now, map[string]odatafake.Value{"Name": odatafake.Text("Renamed SRL")})
	b.edit("AccountBillingInfo", bills[0], b.now.Add(time.Second), map[string]odatafake.Value{"INN": odatafake.Text("1002600099999")})
	fresh := b.customers()
	if fresh[ids[0]].Name != "Renamed SRL" || fresh[ids[1]].TaxID != "1002600099999" || fresh[ids[2]].Email != "new@example.com" {
		t.Fatalf("the edits do not show: %+v", []datasources.CustomerRecord{fresh[ids[0]], fresh[ids[1]], fresh[ids[2]]})
	}
	for name, c := range map[string]datasources.Cursor{"cursor": cursor, "head": head} {
		clear(got)
		b.drainCustomers(c, got)
		for _, id := range ids[:3] {
			if !reflect.DeepEqual(got[id], fresh[id]) {
				t.Errorf("%s: got %+v, want %+v", name, got[id], fresh[id])
			}
		}
		if name == "cursor" && len(got) != 3 {
			t.Errorf("%d customers, want 3", len(got))
		}
	}
	b.box.Creatio.Delete("Account", ids[0])
	b.edit("AccountBillingInfo", bills[0], b.now.Add(time.Minute), nil)
	clear(got)
	if b.drainCustomers(cursor, got); got[ids[1]].ID == "" || got[ids[0]].ID != "" {
		t.Errorf("got %v", slices.Sorted(maps.Keys(got)))
	}
	_, err = b.src.(datasources.CustomerFollower).CustomersSince(t.Context(), `{"a":{"i":"' or 1 eq 1"}}`)
	wantCode(t, err, schema.BadRequest)
}
