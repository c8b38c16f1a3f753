package copies_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
)

// TestGarbledRefresh: a customer who is read anew keeps what his rows could show.
func TestGarbledRefresh(t *testing.T) {
	b, l := newLedgerBench(t, 50, true)
	l.put(orders(0, 30)...)
	b.mustSync()
	b.mustSync()
	whole := b.asOf()
	refresh := func() copies.RefreshedEntity {
		t.Helper()
		out, err := b.c.Refresh(t.Context(), []string{"c1"}) // 1, 8, 15, 22, 29
		if err != nil || len(out.Entities) != 1 {
			t.Fatalf("%+v, %v", out, err)
		}
		return out.Entities[0]
	}
	l.put(append(spoil(orders(1, 2), "total", each), order(8, "paid"))...)
	want := orders(0, 30)
	want[8] = order(8, "paid")
	for i := range 2 {
		if e := refresh(); e.Code != schema.SourceInvalid || e.Rows != 5 || e.Changed != 1-i {
			t.Errorf("refreshed %+v", e)
		}
		b.equal(want)
		b.tells("", 1)
		if got := b.asOf(); !got.Equal(whole) {
			t.Errorf("as of %s, want %s", got, whole)
		}
	}
	l.put(order(1, "open"))
	if e := refresh(); e.Code != "" || e.Changed != 0 {
		t.Errorf("refreshed %+v", e)
	}
	b.equal(want)
	b.tells("", 0)
}

// TestGarbledConsentBesideServer: who consents in another process is heard at the next
// look, however far the next reading is, and a reading that began without consent begins
// anew where it has kept rows.
func TestGarbledConsentBesideServer(t *testing.T) {
	b, l := newLedgerBench(t, 10, true)
	b.cfg.Every, b.cfg.Poll = 24*time.Hour, 10*time.Millisecond
	b.cfg.Sweep = 240 * time.Hour
	var said strings.Builder
	log := slog.New(slog.NewTextHandler(&said, nil))
	reopen := func() { b.c = openCopy(t, b.cfg, b.src, b.st, copies.Deps{Now: b.clock.now, Log: log}) }
	reopen()
	l.put(orders(0, 30)...)
	b.mustSync()
	l.tick()
	l.put(spoil(orders(0, 3), "total", each)...)
	b.mustSync()
	b.tells("", 3)
	if !strings.Contains(said.String(), "kept rows as they were") || !strings.Contains(said.String(), "columns=[total]") {
		t.Errorf("logged %s", said.String())
	}
	// A reading that keeps rows and does not come to its end.
	b.nextDay()
	b.clock.add(240 * time.Hour)
	l.failing(func(what string, call int) error {
		if what == "keys" && call == 2 {
			return away()
		}
		return nil
	})
	if err := b.sync(); schema.CodeOf(err) != schema.SourceUnavailable {
		t.Fatal(err)
	}
	l.failing(nil)
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	wait.Go(func() { _ = b.c.Run(ctx) })
	defer func() { cancel(); wait.Wait() }()
	if err := b.st.AcceptGarbled(ctx, "erp", b.clock.now().Add(b.cfg.Grant())); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); b.c.EntityCopy("Order").LastErrorCode != ""; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still %+v", b.c.Status())
		}
	}
	b.equal(l.all())
	cancel()
	wait.Wait()
	sets, err := b.st.Copies(t.Context(), "erp")
	if err != nil || !sets[0].AcceptGarbled.IsZero() {
		t.Errorf("%+v, %v", sets, err)
	}
	// That it was found is only told where the reading that was left did not use it up itself.
	if text := "took garbled values by consent"; !strings.Contains(said.String(), text) {
		t.Errorf("%q was not logged: %s", text, said.String())
	}
}
