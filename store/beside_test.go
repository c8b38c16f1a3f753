package store_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/policies/usage"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
	"github.com/trama-graph/trama/store/servicetest"
)

// TestBesideEachOther: what two instances write at the same time adds up, and
// neither fails the other.
func TestBesideEachOther(t *testing.T) {
	address := servicetest.Postgres(t)
	stores := []*store.Store{openAt(t, address), openAt(t, address)}
	defer stores[0].Close()
	defer stores[1].Close()
	hour := time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)
	var ids []string
	if err := stores[0].Act(t.Context(), func(tx tokens.Tx) error {
		if err := tx.AddAccount(t.Context(), tokens.Account{Name: "shop", Role: tokens.Member, Agreement: tokens.DefaultAgreement, CreatedAt: hour, CreatedBy: "ana"}); err != nil {
			return err
		}
		for i := range 20 {
			id := fmt.Sprintf("T%02d", i)
			ids = append(ids, id)
			state := tokens.Overlapping
			if i == 0 {
				state = tokens.Active
			}
			if err := tx.AddToken(t.Context(), tokens.Token{ID: id, SecretHMAC: []byte(id), Account: "shop", State: state, CreatedBy: "ana", CreatedAt: hour}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	const rounds = 25
	var wait sync.WaitGroup
	do := func(f func(ctx context.Context, s *store.Store, round int) error) {
		for i, s := range stores {
			wait.Go(func() {
				for round := range rounds {
					if err := f(t.Context(), s, round*2+i); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	do(func(ctx context.Context, s *store.Store, round int) error {
		var rows []usage.Row
		var habits []usage.Habit
		for _, id := range ids {
			rows = append(rows, usage.Row{By: schema.UsageByToken, Hour: hour, Token: id, Subject: id, Account: "shop", Counts: usage.Counts{Calls: 1, Rows: 10, Cost: 2, Most: time.Duration(round) * time.Millisecond}})
			habits = append(habits, usage.Habit{Hour: hour, Token: id, Kind: "PAGE", Operation: "q", Subject: "s", Calls: 1, Hits: 1, Amount: 3, Least: int64(100 - round), Most: int64(round)})
		}
		return s.AddUsage(ctx, rows, habits)
	})
	do(func(ctx context.Context, s *store.Store, round int) error {
		list := slices.Clone(ids)
		if round%2 == 0 { // in whatever order they come
			slices.Reverse(list)
		}
		return s.Used(ctx, list, hour.Add(time.Duration(round)*time.Hour))
	})
	do(func(ctx context.Context, s *store.Store, round int) error {
		return s.Act(ctx, func(tx tokens.Tx) error {
			return tx.Audit(ctx, tokens.Entry{At: hour, Kind: tokens.TokenGenerated, Account: "ana", Detail: fmt.Sprint(round)})
		})
	})
	wait.Wait()
	n, err := stores[0].UsageRows(t.Context(), "shop", hour, hour.Add(time.Hour))
	if want := int64(2 * rounds * 10 * len(ids)); err != nil || n != want {
		t.Errorf("%d rows, %v, want %d", n, err, want)
	}
	habits, err := stores[1].UsageHabits(t.Context(), usage.Filter{From: hour, To: hour.Add(time.Hour)})
	if err != nil || len(habits) != len(ids) {
		t.Fatalf("%d habits, %v", len(habits), err)
	}
	for _, h := range habits {
		if h.Calls != 2*rounds || h.Amount != 3*2*rounds || h.Least != 100-(2*rounds-1) || h.Most != 2*rounds-1 {
			t.Errorf("habit %+v", h)
		}
	}
	list, err := stores[1].Tokens(t.Context(), "shop")
	if err != nil || len(list) != len(ids) {
		t.Fatalf("%d tokens, %v", len(list), err)
	}
	for _, token := range list {
		if want := hour.Add((2*rounds - 1) * time.Hour); !token.LastUsedAt.Equal(want) {
			t.Errorf("%s was used %v, want %v", token.ID, token.LastUsedAt, want)
		}
	}
	entries, err := stores[0].Audit(t.Context(), tokens.AuditFilter{First: 1000, Kind: tokens.TokenGenerated})
	if err != nil || len(entries) != 2*rounds {
		t.Errorf("%d entries, %v", len(entries), err)
	}
}

// TestTwoServers: two servers on one SQLite file refuse, on PostgreSQL they run.
func TestTwoServers(t *testing.T) {
	path := t.TempDir() + "/trama.db"
	for _, c := range []struct {
		name    string
		address func() string
		refuses bool
	}{
		{"sqlite", func() string { return "sqlite:" + path }, true},
		{"postgres", func() string { return servicetest.Postgres(t) }, false},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			address := c.address()
			first, second := openAt(t, address), openAt(t, address)
			defer second.Close()
			if err := first.Lock(); err != nil {
				t.Fatal(err)
			}
			if err := second.Lock(); (err != nil) != c.refuses {
				t.Errorf("the second: %v", err)
			}
			if err := first.Close(); err != nil {
				t.Error(err)
			}
			if err := second.Lock(); err != nil {
				t.Errorf("after the first has ended: %v", err)
			}
		})
	}
}
