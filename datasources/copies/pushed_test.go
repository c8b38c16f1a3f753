package copies_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
)

func TestPushKindsOfVersions(t *testing.T) {
	bothStores(t, func(t *testing.T, st *store.Store) {
		x := openPushed(t, copies.PushedConfig{}, st, copies.Deps{})
		number := `{"entity":"Order","id":"1","version":%s,"data":{"number":"1"}}`
		with := func(version string) string { return fmt.Sprintf(number, version) }
		push(t, x, with("5"))
		for _, c := range []struct {
			version string
			want    copies.PushReport
		}{
			{"5", copies.PushReport{Same: 1}},
			{`"5"`, copies.PushReport{Same: 1}},
			{`"0005"`, copies.PushReport{Same: 1}},
			{"4", copies.PushReport{Older: 1}},
			{"10", copies.PushReport{Stored: 1}},
			{"9", copies.PushReport{Older: 1}},
			{"999999999999999999", copies.PushReport{Stored: 1}},
			{`"2026-11-22T10:00:00Z"`, copies.PushReport{Refused: 1}},
		} {
			r := push(t, x, with(c.version))
			if c.want.Refused > 0 && (r.Results[0].Code != "CONFLICT" || r.Results[0].Path != "version" || r.Results[0].ID != "1") {
				t.Errorf("%s: got %+v", c.version, r.Results)
			}
			r.Results = nil
			if fmt.Sprint(r) != fmt.Sprint(c.want) {
				t.Errorf("%s: got %+v, want %+v", c.version, r, c.want)
			}
		}
		// All or nothing looks at what the store says, too.
		mixed := with(`"2026-11-22T10:00:00Z"`) + "\n" + `{"entity":"Invoice","id":"new","version":1,"data":{}}`
		r, err := x.Push(t.Context(), lines(mixed), copies.PushOptions{All: true})
		if schema.CodeOf(err) != schema.BadRequest || r.Stored != 0 || r.Refused != 1 || x.EntityCopy("Invoice").State != schema.CopyFilling {
			t.Errorf("got %+v, %v", r, err)
		}
		// Times compare as moments, whatever their zone and digits.
		at := func(v string) copies.PushReport {
			r := push(t, x, `{"entity":"Invoice","id":"t","version":"`+v+`","data":{}}`)
			r.Results = nil
			return r
		}
		for _, c := range []struct {
			version string
			want    copies.PushReport
		}{
			{"2026-11-22T10:00:00Z", copies.PushReport{Stored: 1}},
			{"2026-11-22T12:00:00.000+02:00", copies.PushReport{Same: 1}},
			{"2026-11-22T11:00:00+02:00", copies.PushReport{Older: 1}},
			{"2026-11-22T10:00:00.000000001Z", copies.PushReport{Stored: 1}},
		} {
			if r := at(c.version); fmt.Sprint(r) != fmt.Sprint(c.want) {
				t.Errorf("%s: got %+v, want %+v", c.version, r, c.want)
			}
		}
		// In one batch the greater holds, the first of two that are the same; two that
		// differ in one version are a mistake.
		r = push(t, x, strings.Join([]string{
			`{"entity":"Quote","id":"q","version":2,"data":{"number":"two"}}`, `{"entity":"Quote","id":"q","version":3,"data":{"number":"three"}}`,
			`{"entity":"Quote","id":"q","version":3,"data":{"number":"another"}}`, `{"entity":"Quote","id":"q","version":1,"deleted":true}`,
			`{"entity":"Quote","id":"q","version":"2026-11-22T10:00:00Z","data":{}}`, `{"entity":"Quote","id":"q","version":3,"data":{"number":"three"}}`,
			`{"entity":"Quote","id":"q","version":3,"deleted":true}`,
		}, "\n"))
		var outcomes []string
		for _, o := range r.Results {
			outcomes = append(outcomes, fmt.Sprint(o.Index, o.Result, o.Code))
		}
		if got := strings.Join(outcomes, ", "); r.Stored != 1 || r.Same != 1 || got != "0older, 2refusedCONFLICT, 3older, 4refusedCONFLICT, 6older" {
			t.Errorf("got %+v", r)
		}
		if q := list[schema.Quote](t, x, "Quote"); len(q) != 1 || q[0].Number != "three" {
			t.Errorf("got %+v", q)
		}
	})
}

// A full push finds what was deleted without a word, but not most of the rows.
func TestPushFull(t *testing.T) {
	bothStores(t, func(t *testing.T, st *store.Store) {
		clock := newClock()
		x := openPushed(t, copies.PushedConfig{MaxStaleness: time.Hour}, st, copies.Deps{Now: clock.now})
		order := func(id, version int) string {
			return fmt.Sprintf(`{"entity":"Order","id":"%03d","version":%d,"data":{"number":"%d"}}`, id, version, version)
		}
		all := func(from, to, version int) string {
			var b strings.Builder
			for i := from; i < to; i++ {
				b.WriteString(order(i, version) + "\n")
			}
			return b.String()
		}
		push(t, x, all(0, 100, 1))
		clock.add(time.Minute)
		push(t, x, `{"entity":"Order","full":true}`+"\n"+all(0, 50, 1))
		push(t, x, order(95, 2)) // a change that comes between
		push(t, x, all(50, 90, 1)+order(95, 1))
		if n := *x.EntityCopy("Order").Rows; n != 100 {
			t.Errorf("%d rows during the full push", n)
		}
		clock.add(time.Minute)
		if r := push(t, x, `{"entity":"Order","current":true}`); r.Deleted != 9 || r.Refused != 0 {
			t.Errorf("got %+v", r)
		}
		if got := list[schema.Order](t, x, "Order"); len(got) != 91 || got[90].Number != "2" || !x.Status().AsOf.Equal(clock.now()) {
			t.Errorf("got %d rows, %v", len(got), x.Status())
		}
		// An empty full push deletes nothing, unless it is meant.
		r := push(t, x, `{"entity":"Order","full":true}`+"\n"+`{"entity":"Order","current":true}`)
		if r.Deleted != 0 || r.Refused != 1 || r.Results[0].Code != "CONFLICT" || r.Results[0].Index != 1 || len(list[schema.Order](t, x, "Order")) != 91 {
			t.Errorf("got %+v", r)
		}
		if _, err := x.Push(t.Context(), lines(`{"entity":"Order","current":true}`), copies.PushOptions{All: true}); schema.CodeOf(err) != schema.BadRequest {
			t.Errorf("got %v", err)
		}
		if r := push(t, x, `{"entity":"Order","current":true,"acceptDeletions":true}`); r.Deleted != 91 || len(list[schema.Order](t, x, "Order")) != 0 {
			t.Errorf("got %+v", r)
		}
		// What a full push has deleted comes back by a newer version, and in another full
		// push by the same.
		if r := push(t, x, order(1, 1)); r.Older != 1 || len(list[schema.Order](t, x, "Order")) != 0 {
			t.Errorf("got %+v", r)
		}
		if r := push(t, x, order(2, 2)); r.Stored != 1 {
			t.Errorf("got %+v", r)
		}
		if r := push(t, x, `{"entity":"Order","full":true}`+"\n"+order(1, 1)+"\n"+order(2, 2)+"\n"+`{"entity":"Order","current":true}`); r.Stored != 1 || r.Same != 1 || r.Deleted != 0 {
			t.Errorf("got %+v", r)
		}
		if n := len(list[schema.Order](t, x, "Order")); n != 2 {
			t.Errorf("%d rows", n)
		}
		// A quiet source says that it is.
		if st := x.Status(); st.State != "up" || !strings.Contains(st.Note, "nothing was pushed yet of Customer, Invoice") {
			t.Errorf("got %+v", st)
		}
		clock.add(2 * time.Hour)
		if st := x.Status(); st.State != "degraded" || !strings.Contains(st.Note, "not pushed for longer than 1h0m0s: Order") {
			t.Errorf("got %+v", st)
		}
		push(t, x, `{"entity":"Order","current":true}`)
		if st := x.Status(); st.State != "up" || !st.AsOf.Equal(clock.now()) {
			t.Errorf("got %+v", st)
		}
	})
}

// Rows of another layout cannot be read: they are pushed once more, whatever their
// versions, and what does not come is gone.
func TestPushAfterAnotherLayout(t *testing.T) {
	bothStores(t, func(t *testing.T, st *store.Store) {
		cfg := copies.PushedConfig{Entities: []string{"Order"}}
		x := openPushed(t, cfg, st, copies.Deps{})
		records := `{"entity":"Order","id":"1","version":1,"data":{"number":"1"}}` + "\n" + `{"entity":"Order","id":"2","version":1,"data":{"number":"2"}}`
		push(t, x, records)
		if _, err := st.OpenCopy(t.Context(), "erp", "Order", "EARLIER1"); err != nil {
			t.Fatal(err)
		}
		x = openPushed(t, cfg, st, copies.Deps{})
		if s := x.Status(); s.State != "unknown" || !strings.Contains(s.Note, "pushed once more") {
			t.Errorf("got %+v", s)
		}
		first, _, _ := strings.Cut(records, "\n")
		if r := push(t, x, first); r.Stored+r.Same != 1 {
			t.Errorf("got %+v", r)
		}
		_, err := x.Reader("Order").(datasources.Reader[schema.Order]).List(t.Context(), datasources.Query{First: 10})
		if schema.CodeOf(err) != schema.SourceUnavailable {
			t.Errorf("got %v", err)
		}
		if r := push(t, x, `{"entity":"Order","current":true}`); r.Deleted != 1 {
			t.Errorf("got %+v", r)
		}
		if got := list[schema.Order](t, x, "Order"); len(got) != 1 || got[0].Number != "1" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestPushIsBounded(t *testing.T) {
	st := newStore(t)
	memory := copies.NewPushMemory(100_000)
	x := openPushed(t, copies.PushedConfig{Name: "a", MaxRecords: 3, Queue: 1, Memory: memory}, st, copies.Deps{})
	y := openPushed(t, copies.PushedConfig{Name: "b", MaxRecords: 10_000, Memory: memory}, st, copies.Deps{})
	many := strings.Repeat(good2+"\n", 4)
	_, err := x.Push(t.Context(), lines(many), copies.PushOptions{})
	if e := asError(t, err); e.Code != schema.Limited || e.Wait != 0 || !strings.Contains(e.Message, "send smaller batches") {
		t.Errorf("got %+v", e)
	}
	// Two are read, the third is sent away, whose turn comes again.
	inside, release := make(chan struct{}), make(chan struct{})
	slow := func(yield func([]byte, error) bool) {
		inside <- struct{}{}
		<-release
		yield([]byte(good2), nil)
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if _, err := x.Push(t.Context(), slow, copies.PushOptions{}); err != nil {
				t.Error(err)
			}
		})
		<-inside
	}
	_, err = x.Push(t.Context(), lines(good2), copies.PushOptions{})
	if e := asError(t, err); e.Code != schema.Limited || e.Wait == 0 || !e.Retryable {
		t.Errorf("got %+v", e)
	}
	close(release)
	wg.Wait()
	push(t, x, good2)
	// All sources together hold so much and no more, and give it back.
	big := `{"entity":"Order","id":"%d","version":1,"data":{"notes":"` + strings.Repeat("x", 20_000) + `"}}`
	var b strings.Builder
	for i := range 10 {
		fmt.Fprintf(&b, big+"\n", i)
	}
	_, err = y.Push(t.Context(), lines(b.String()), copies.PushOptions{})
	if e := asError(t, err); e.Code != schema.Limited || e.Wait == 0 {
		t.Errorf("got %+v", e)
	}
	if memory.Held() != 0 {
		t.Errorf("%d bytes are held", memory.Held())
	}
	push(t, y, fmt.Sprintf(big, 1))
}

func asError(t testing.TB, err error) *schema.Error {
	t.Helper()
	e, ok := err.(*schema.Error) //nolint:errorlint // it is the outermost
	if !ok {
		t.Fatalf("got %v", err)
	}
	return e
}

// Nobody can be asked: a refresh changes nothing.
func TestPushedIsNeverAsked(t *testing.T) {
	x := openPushed(t, copies.PushedConfig{Entities: []string{"Order", "Customer"}}, newStore(t), copies.Deps{})
	push(t, x, `{"entity":"Order","id":"1","version":1,"data":{"customer":"K"}}`+"\n"+`{"entity":"Customer","id":"K","version":1,"data":{"name":"K"}}`)
	r, err := x.Refresh(t.Context(), []string{"K"})
	if err != nil && schema.CodeOf(err) != schema.NotEnabled {
		t.Error(err)
	}
	for _, e := range r.Entities {
		if e.Code != schema.NotEnabled {
			t.Errorf("got %+v", e)
		}
	}
	if rows := list[schema.Order](t, x, "Order"); len(rows) != 1 {
		t.Errorf("%d rows are left", len(rows))
	}
}
