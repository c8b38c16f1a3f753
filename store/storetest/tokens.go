package storetest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/schema"
)

func token(id, account string, state tokens.State) tokens.Token {
	return tokens.Token{
		ID: id, SecretHMAC: []byte{1}, Account: account, State: state, CreatedBy: "root", CreatedAt: when, StateBy: "root", StateAt: when,
		Packages: []string{}, Networks: []string{}, Claims: map[string]string{},
	}
}

func tokenRoundTrip(t *testing.T, open func() Store) {
	ctx, s := t.Context(), open()
	full := tokens.Token{
		ID: "A1", SecretHMAC: []byte{0, 1, 255}, Account: "shop", Packages: []string{"ecommerce", "own-orders"}, Claims: map[string]string{"customer": "c_1 ţ\"'"},
		Networks: []string{"10.0.0.0/8"}, State: tokens.Active, CreatedBy: "root", CreatedAt: when, ExpiresAt: when.Add(time.Hour), LastUsedAt: when, StateBy: "root", StateAt: when,
	}
	bare := token("A2", "bi", tokens.Disabled)
	terms := tokens.Agreement{Name: "partners", Packages: []string{"ecommerce"}}
	act(t, s, func(ctx context.Context, tx tokens.Tx) error {
		shop, bi := accountOf("shop", tokens.Admin), accountOf("bi", tokens.Member)
		shop.Agreement, shop.Disabled, bi.Agreement = "partners", true, "gone"
		return errors.Join(tx.AddAccount(ctx, shop), tx.AddAccount(ctx, bi), tx.PutAgreement(ctx, terms, "ana", when),
			tx.AddToken(ctx, full), tx.AddToken(ctx, bare), tx.AddToken(ctx, token("A3", "nobody", tokens.Active)))
	})
	must(t, s.Close())
	s = opened(t, open)
	for _, want := range []tokens.Token{full, bare} {
		act(t, s, func(ctx context.Context, tx tokens.Tx) error {
			got, err := tx.Token(ctx, want.ID)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			return err
		})
		k, err := s.Known(ctx, want.ID)
		must(t, err)
		if !slices.Equal(k.SecretHMAC, want.SecretHMAC) || k.State != want.State || !k.ExpiresAt.Equal(want.ExpiresAt) || k.AccountDisabled != (want.ID == "A1") {
			t.Errorf("known %+v", k)
		}
		got, account, agreement, err := k.Load()
		must(t, err)
		if !reflect.DeepEqual(got, want) || account.Name != want.Account {
			t.Errorf("loaded %+v of %+v", got, account)
		}
		// An agreement that is gone gives nothing.
		if want.ID == "A1" && (!reflect.DeepEqual(agreement, terms) || account.Role != tokens.Admin) || want.ID == "A2" && !reflect.DeepEqual(agreement, tokens.Agreement{Name: "gone"}) {
			t.Errorf("role %s, agreement %+v", account.Role, agreement)
		}
	}
	for _, id := range []string{"A4", "A3", "", "A\x001\xff"} { // A3's account does not exist
		if _, err := s.Known(ctx, id); schema.CodeOf(err) != schema.NotFound {
			t.Errorf("token %q: %v", id, err)
		}
	}
	full.State, full.StateBy, full.StateAt, full.ExpiresAt = tokens.Disabled, "ana", when.Add(time.Minute), time.Time{}
	act(t, s, func(ctx context.Context, tx tokens.Tx) error {
		must(t, tx.SetState(ctx, full))
		got, err := tx.Token(ctx, "A1")
		if !reflect.DeepEqual(got, full) {
			t.Errorf("changed\n got %+v\nwant %+v", got, full)
		}
		if _, err := tx.Token(ctx, "A4"); schema.CodeOf(err) != schema.NotFound {
			t.Errorf("a token that does not exist: %v", err)
		}
		return err
	})
}

func tokensListed(t *testing.T, open func() Store) {
	s := opened(t, open)
	act(t, s, func(ctx context.Context, tx tokens.Tx) error {
		must(t, tx.AddAccount(ctx, accountOf("shop", tokens.Member)))
		for i, c := range []struct {
			id, account string
			state       tokens.State
			ends        time.Duration // after when
		}{
			{"R1", "shop", tokens.Replaced, 0},
			{"R2", "shop", tokens.Overlapping, time.Second},
			{"D1", "shop", tokens.Disabled, time.Second},
			{"O1", "shop", tokens.Overlapping, 2 * time.Hour},
			{"A1", "shop", tokens.Active, 2 * time.Hour},
			{"E1", "bi", tokens.Active, time.Hour},
			{"A2", "crm", tokens.Active, 0},
		} {
			tok := token(c.id, c.account, c.state)
			tok.CreatedAt = when.Add(time.Duration(i) * time.Microsecond)
			if c.ends > 0 {
				tok.ExpiresAt = when.Add(c.ends)
			}
			must(t, tx.AddToken(ctx, tok))
		}
		in, err := tx.LetIn(ctx, "shop")
		if got := ids(in); !slices.Equal(got, []string{"A1", "O1", "R2"}) {
			t.Errorf("let in: %v", got)
		}
		return err
	})
	for _, c := range []struct {
		name   string
		filter tokens.TokenFilter
		want   []string
	}{
		{"all", tokens.TokenFilter{}, []string{"A2", "E1", "A1", "O1", "D1", "R2", "R1"}},
		{"first", tokens.TokenFilter{First: 2}, []string{"A2", "E1"}},
		{"account", tokens.TokenFilter{Account: "bi"}, []string{"E1"}},
		{"nobody", tokens.TokenFilter{Account: "b\x00i"}, nil},
		{"active", tokens.TokenFilter{State: tokens.Active}, []string{"A2", "A1"}},
		{"expired", tokens.TokenFilter{State: tokens.Expired}, []string{"E1"}},
		{"overlapping", tokens.TokenFilter{State: tokens.Overlapping}, []string{"O1"}},
		{"replaced", tokens.TokenFilter{State: tokens.Replaced}, []string{"R2", "R1"}},
		{"disabled", tokens.TokenFilter{State: tokens.Disabled}, []string{"D1"}},
		{"active of one", tokens.TokenFilter{State: tokens.Active, Account: "shop"}, []string{"A1"}},
	} {
		c.filter.Now = when.Add(time.Hour)
		list, err := s.ListTokens(t.Context(), c.filter)
		if err != nil || !slices.Equal(ids(list), c.want) {
			t.Errorf("%s: %v, %v, want %v", c.name, ids(list), err, c.want)
		}
		for i := range list {
			if c.filter.State != "" && list[i].StateNow(c.filter.Now) != c.filter.State {
				t.Errorf("%s: %s is %s", c.name, list[i].ID, list[i].StateNow(c.filter.Now))
			}
		}
	}
	if list, err := s.Tokens(t.Context(), "shop"); err != nil || !slices.Equal(ids(list), []string{"R1", "R2", "D1", "O1", "A1"}) {
		t.Errorf("the oldest first: %v, %v", ids(list), err)
	}
}

func ids(list []tokens.Token) []string {
	var out []string
	for _, t := range list {
		out = append(out, t.ID)
	}
	return out
}

func oneActive(t *testing.T, open func() Store) {
	s := opened(t, open)
	act(t, s, func(ctx context.Context, tx tokens.Tx) error {
		return errors.Join(tx.AddAccount(ctx, accountOf("shop", tokens.Member)), tx.AddToken(ctx, token("A1", "shop", tokens.Active)))
	})
	err := s.Act(t.Context(), func(tx tokens.Tx) error {
		must(t, tx.AddToken(t.Context(), token("A2", "shop", tokens.Overlapping)))
		return tx.AddToken(t.Context(), token("A3", "shop", tokens.Active))
	})
	if schema.CodeOf(err) != schema.Conflict {
		t.Errorf("a second active token: %v", err)
	}
	if list, _ := s.Tokens(t.Context(), "shop"); len(list) != 1 {
		t.Errorf("half of a refused change was saved: %+v", list)
	}
	act(t, s, func(ctx context.Context, tx tokens.Tx) error {
		return errors.Join(tx.SetState(ctx, token("A1", "shop", tokens.Replaced)), tx.AddToken(ctx, token("A2", "shop", tokens.Active)))
	})
	err = s.Act(t.Context(), func(tx tokens.Tx) error { return tx.SetState(t.Context(), token("A1", "shop", tokens.Active)) })
	if schema.CodeOf(err) != schema.Conflict {
		t.Errorf("an old token made active again: %v", err)
	}
	err = s.Act(t.Context(), func(tx tokens.Tx) error { return tx.AddToken(t.Context(), token("A4", "shop", "unknown")) })
	if err == nil || schema.CodeOf(err) == schema.Conflict {
		t.Errorf("an unknown state: %v", err)
	}
}

// services returns two token services on two openings of one database, as two
// processes have.
func services(t *testing.T, open func() Store, options ...tokens.Option) ([]*tokens.Service, []Store) {
	t.Helper()
	stores := []Store{opened(t, open), opened(t, open)}
	var list []*tokens.Service
	for _, s := range stores {
		key, err := s.ServerKey(t.Context())
		must(t, err)
		list = append(list, tokens.New(s, key, "test", nil, options...))
	}
	return list, stores
}

var somewhere = netip.MustParseAddr("192.0.2.1")

// generatedAtOnce: of many tokens made at once by two processes one is active, and
// lets in; the account itself is made once.
func generatedAtOnce(t *testing.T, open func() Store) {
	list, stores := services(t, open, tokens.WithCache(0))
	const n = 100
	texts := make([]string, n)
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			text, _, err := list[i%2].Issue(t.Context(), tokens.Operator(), tokens.Grant{Account: "shop", Packages: []string{"ecommerce"}, Role: tokens.Member})
			if err != nil {
				t.Error(err)
			}
			texts[i] = text
		})
	}
	wait.Wait()
	all, err := stores[0].Tokens(t.Context(), "shop")
	must(t, err)
	count := map[tokens.State]int{}
	for _, tok := range all {
		count[tok.State]++
	}
	if len(all) != n || count[tokens.Active] != 1 || count[tokens.Replaced] != n-1 {
		t.Errorf("%d tokens: %v", len(all), count)
	}
	in := 0
	for i, text := range texts {
		switch p, err := list[i%2].Verify(t.Context(), text, somewhere); {
		case err == nil:
			in++
			if p.Account != "shop" || !p.Has("ecommerce") {
				t.Errorf("let in as %+v", p)
			}
		case schema.CodeOf(err) != schema.Unauthenticated:
			t.Error(err)
		}
	}
	if in != 1 {
		t.Errorf("%d of the tokens let in", in)
	}
	entries := 0
	for before := int64(0); ; {
		page, err := stores[0].Audit(t.Context(), tokens.AuditFilter{Before: before, First: 30})
		must(t, err)
		if len(page) == 0 {
			break
		}
		entries += len(page)
		before = page[len(page)-1].ID
	}
	if want := 1 + n + n - 1; entries != want { // the account, the tokens, those replaced
		t.Errorf("%d entries in the audit, want %d", entries, want)
	}
}

// stoppedElsewhere: what one process stops, another refuses as soon as it looks
// again, and what it does itself counts at once.
func stoppedElsewhere(t *testing.T, open func() Store) {
	now := when
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	stores := []Store{opened(t, open), opened(t, open)}
	var list []*tokens.Service
	for _, s := range stores {
		key, err := s.ServerKey(t.Context())
		must(t, err)
		list = append(list, tokens.New(s, key, "test", clock))
	}
	for _, c := range []struct {
		name string
		stop func(text string, tok tokens.Token) error
	}{
		{"disabled", func(_ string, tok tokens.Token) error {
			_, err := list[0].Disable(t.Context(), tokens.Operator(), tok.ID)
			return err
		}},
		{"replaced", func(_ string, tok tokens.Token) error {
			_, _, err := list[0].Issue(t.Context(), tokens.Operator(), tokens.Grant{Account: tok.Account, Packages: []string{"bi"}})
			return err
		}},
		{"account disabled", func(_ string, tok tokens.Token) error {
			_, err := list[0].SaveAccount(t.Context(), tokens.Operator(), tok.Account, func(a *tokens.Account) { a.Disabled = true })
			return err
		}},
	} {
		text, tok, err := list[0].Issue(t.Context(), tokens.Operator(), tokens.Grant{Account: fmt.Sprintf("a%d", len(c.name)), Packages: []string{"bi"}, Role: tokens.Member})
		must(t, err)
		for i, s := range list {
			if _, err := s.Verify(t.Context(), text, somewhere); err != nil {
				t.Errorf("%s: process %d: %v", c.name, i, err)
			}
		}
		must(t, c.stop(text, tok))
		if _, err := list[0].Verify(t.Context(), text, somewhere); schema.CodeOf(err) != schema.Unauthenticated {
			t.Errorf("%s: lives on where it was stopped: %v", c.name, err)
		}
		mu.Lock()
		now = now.Add(time.Second)
		mu.Unlock()
		if _, err := list[1].Verify(t.Context(), text, somewhere); schema.CodeOf(err) != schema.Unauthenticated {
			t.Errorf("%s: lives on for a second in another process: %v", c.name, err)
		}
	}
}

func tokensUsed(t *testing.T, open func() Store) {
	s := opened(t, open)
	act(t, s, func(ctx context.Context, tx tokens.Tx) error {
		return errors.Join(tx.AddAccount(ctx, accountOf("shop", tokens.Member)), tx.AddToken(ctx, token("A1", "shop", tokens.Active)))
	})
	hour := when.Truncate(time.Hour)
	for _, at := range []time.Time{hour.Add(time.Hour), hour, hour.Add(time.Hour)} {
		must(t, s.Used(t.Context(), []string{"A1", "A2"}, at)) // A2 does not exist
	}
	list, err := s.Tokens(t.Context(), "shop")
	if err != nil || !list[0].LastUsedAt.Equal(hour.Add(time.Hour)) {
		t.Errorf("used %s, %v", list[0].LastUsedAt, err)
	}
}
