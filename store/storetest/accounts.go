package storetest

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/schema"
)

// act runs f in one transaction, which must succeed.
func act(t *testing.T, s Store, f func(ctx context.Context, tx tokens.Tx) error) {
	t.Helper()
	must(t, s.Act(t.Context(), func(tx tokens.Tx) error { return f(t.Context(), tx) }))
}

func accountOf(name string, role tokens.Role) tokens.Account {
	return tokens.Account{Name: name, Role: role, Agreement: tokens.DefaultAgreement, CreatedAt: when, CreatedBy: "ana"}
}

func accountRoundTrip(t *testing.T, open func() Store) {
	s := open()
	shop := accountOf("shop", tokens.Member)
	act(t, s, func(ctx context.Context, tx tokens.Tx) error {
		if _, err := tx.Account(ctx, "shop"); schema.CodeOf(err) != schema.NotFound {
			t.Errorf("an account that does not exist: %v", err)
		}
		if _, err := tx.Hold(ctx, "sh\x00p\xff"); schema.CodeOf(err) != schema.NotFound {
			t.Errorf("a name that no account can have: %v", err)
		}
		return errors.Join(tx.AddAccount(ctx, shop), tx.AddAccount(ctx, accountOf("ana", tokens.Root)), tx.AddToken(ctx, token("A1", "shop", tokens.Active)))
	})
	must(t, s.Close())
	s = opened(t, open)
	shop.Role, shop.Agreement, shop.Disabled = tokens.Admin, "partners", true
	act(t, s, func(ctx context.Context, tx tokens.Tx) error {
		must(t, tx.SetAccount(ctx, shop))
		for _, get := range []func(context.Context, string) (tokens.Account, error){tx.Account, tx.Hold} {
			got, err := get(ctx, "shop")
			if err != nil || !reflect.DeepEqual(got, shop) {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, shop)
			}
		}
		roles, err := tx.Roles(ctx, "partners")
		if err != nil || len(roles) != 1 || roles[0] != tokens.Admin {
			t.Errorf("roles %v, %v", roles, err)
		}
		return nil
	})
	list, err := s.Accounts(t.Context())
	must(t, err)
	if len(list) != 2 || list[0].Name != "ana" || list[0].Token != nil || list[1].Token == nil || list[1].Token.ID != "A1" || !list[1].Disabled {
		t.Errorf("accounts %+v", list)
	}
	err = s.Act(t.Context(), func(tx tokens.Tx) error { return tx.AddAccount(t.Context(), shop) })
	if schema.CodeOf(err) != schema.Conflict {
		t.Errorf("an account made twice: %v", err)
	}
	err = s.Act(t.Context(), func(tx tokens.Tx) error { return tx.AddAccount(t.Context(), accountOf("x", "king")) })
	if code := schema.CodeOf(err); code != schema.Internal {
		t.Errorf("an unknown role: %v", err)
	}
}

func accountsAtomic(t *testing.T, open func() Store) {
	s := opened(t, open)
	refusal := schema.Errorf(schema.Forbidden, "no")
	err := s.Act(t.Context(), func(tx tokens.Tx) error {
		must(t, tx.AddAccount(t.Context(), accountOf("shop", tokens.Member)))
		must(t, tx.AddToken(t.Context(), token("A1", "shop", tokens.Active)))
		must(t, tx.Audit(t.Context(), tokens.Entry{At: when, Kind: tokens.TokenGenerated}))
		return refusal
	})
	if !errors.Is(err, refusal) || err.Error() != "no" {
		t.Errorf("error %v, want the act's own", err)
	}
	accounts, err := s.Accounts(t.Context())
	must(t, err)
	entries, err := s.Audit(t.Context(), tokens.AuditFilter{First: 10})
	must(t, err)
	list, err := s.Tokens(t.Context(), "")
	must(t, err)
	if len(accounts)+len(entries)+len(list) != 0 {
		t.Errorf("half of it was done: %+v %+v %+v", accounts, entries, list)
	}
}

// accountsHeld: what holds an account lets another that does so wait.
func accountsHeld(t *testing.T, open func() Store) {
	stores := []Store{opened(t, open), opened(t, open)}
	act(t, stores[0], func(ctx context.Context, tx tokens.Tx) error {
		return tx.AddAccount(ctx, accountOf("shop", tokens.Member))
	})
	const each = 10
	var wait sync.WaitGroup
	for i := range each * 2 {
		wait.Go(func() {
			err := stores[i%2].Act(t.Context(), func(tx tokens.Tx) error {
				a, err := tx.Hold(t.Context(), "shop")
				a.Agreement += "x"
				return errors.Join(err, tx.SetAccount(t.Context(), a))
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	list, err := stores[0].Accounts(t.Context())
	must(t, err)
	if n := len(list[0].Agreement) - len(tokens.DefaultAgreement); n != each*2 {
		t.Errorf("%d of %d changes are there", n, each*2)
	}
}

func agreementRoundTrip(t *testing.T, open func() Store) {
	s := open()
	full := tokens.Agreement{
		Name: "partners", Packages: []string{"ecommerce", "own-orders"}, CallsPerMinute: 1, Burst: 2, CostPerMinute: 1 << 40, RowsPerDay: 4,
		Overlap: 90 * time.Second, NoIntrospection: true, NoSuggestions: true, MaxCost: 5, MaxDepth: 6, MaxAliases: 7, MaxRootFields: 8,
		MaxTokens: 9, MaxPage: 10, MaxRows: 11, MaxTime: 1500 * time.Millisecond, AnswerCache: time.Minute,
	}
	// Every limit that is agreed on one day is kept, also one that is new.
	for i := range reflect.TypeFor[tokens.Agreement]().NumField() {
		if reflect.ValueOf(full).Field(i).IsZero() {
			t.Errorf("%s is not tested", reflect.TypeFor[tokens.Agreement]().Field(i).Name)
		}
	}
	bare := tokens.Agreement{Name: "all"}
	act(t, s, func(ctx context.Context, tx tokens.Tx) error {
		if _, err := tx.Agreement(ctx, "partners"); schema.CodeOf(err) != schema.NotFound {
			t.Errorf("an agreement that does not exist: %v", err)
		}
		return errors.Join(tx.PutAgreement(ctx, tokens.Agreement{Name: "partners"}, "ana", when),
			tx.PutAgreement(ctx, full, "ana", when), tx.PutAgreement(ctx, bare, "ana", when))
	})
	must(t, s.Close())
	s = opened(t, open)
	act(t, s, func(ctx context.Context, tx tokens.Tx) error {
		got, err := tx.Agreement(ctx, "partners")
		if !reflect.DeepEqual(got, full) {
			t.Errorf("got  %+v\nwant %+v", got, full)
		}
		return err
	})
	list, err := s.Agreements(t.Context())
	if err != nil || !reflect.DeepEqual(list, []tokens.Agreement{bare, full}) {
		t.Errorf("agreements %+v, %v", list, err)
	}
}

func auditList(t *testing.T, open func() Store) {
	s := opened(t, open)
	entry := func(i int) tokens.Entry {
		e := tokens.Entry{At: when.Add(time.Duration(i) * time.Second), Kind: tokens.TokenGenerated, Account: "ana", Token: "A1", About: "shop", Subject: "A2", Detail: "ţ"}
		if i%2 == 1 {
			e.Kind, e.About = tokens.Refused, ""
		}
		return e
	}
	for i := range 6 {
		act(t, s, func(ctx context.Context, tx tokens.Tx) error { return tx.Audit(ctx, entry(i)) })
	}
	all, err := s.Audit(t.Context(), tokens.AuditFilter{First: 10})
	must(t, err)
	if len(all) != 6 {
		t.Fatalf("%d entries", len(all))
	}
	for i, e := range all {
		if i > 0 && e.ID >= all[i-1].ID {
			t.Errorf("entry %d is not older than the one before it", e.ID)
		}
		e.ID = 0
		if want := entry(5 - i); !reflect.DeepEqual(e, want) {
			t.Errorf("got  %+v\nwant %+v", e, want)
		}
	}
	for _, c := range []struct {
		name   string
		filter tokens.AuditFilter
		want   int
	}{
		{"first", tokens.AuditFilter{First: 4}, 4},
		{"kind", tokens.AuditFilter{First: 10, Kind: tokens.Refused}, 3},
		{"by", tokens.AuditFilter{First: 10, Account: "ana"}, 6},
		{"about", tokens.AuditFilter{First: 10, Account: "shop"}, 3},
		{"before", tokens.AuditFilter{First: 10, Before: all[3].ID}, 2},
		{"all of it", tokens.AuditFilter{First: 10, Account: "shop", Kind: tokens.TokenGenerated, Before: all[3].ID}, 1},
		{"nobody", tokens.AuditFilter{First: 10, Account: "no\x00body"}, 0},
	} {
		if got, err := s.Audit(t.Context(), c.filter); err != nil || len(got) != c.want {
			t.Errorf("%s: %d entries, %v", c.name, len(got), err)
		}
	}
}
