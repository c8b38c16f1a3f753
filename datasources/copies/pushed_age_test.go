package copies_test

import (
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
)

// TestPushAge: rows are as of the last push that brought something new, or said that
// all is here. An old batch that comes once more, whole or in part, says nothing of how
// the records are now.
func TestPushAge(t *testing.T) {
	bothStores(t, func(t *testing.T, st *store.Store) {
		clock := newClock()
		x := openPushed(t, copies.PushedConfig{Entities: []string{"Order"}, MaxStaleness: time.Hour}, st, copies.Deps{Now: clock.now})
		const a1, a2, a1other = `{"entity":"Order","id":"a","version":1,"data":{"number":"1"}}`, `{"entity":"Order","id":"a","version":2,"data":{"number":"2"}}`,
			`{"entity":"Order","id":"a","version":2,"data":{"number":"lost?"}}`
		const current, full = `{"entity":"Order","current":true}`, `{"entity":"Order","full":true}`
		age := func() (time.Duration, bool) {
			t.Helper()
			rows, err := x.Reader("Order").(datasources.Reader[schema.Order]).List(t.Context(), datasources.Query{First: 10})
			if err != nil {
				t.Fatal(err)
			}
			return clock.now().Sub(rows.AsOf), rows.Stale
		}
		for _, c := range []struct {
			name, batch string
			want        string // of the report
			isNew       bool
		}{
			{"the first", a1, "stored", true},
			{"it again", a1, "same", false},
			{"newer", a2, "stored", true},
			{"the older one", a1, "older", false},
			{"older and the same", a1 + "\n" + a2, "same", false},
			{"this version, and another record", a1other, "another record with this version", false},
			{"the same, and all is here", a2 + "\n" + current, "same", true},
			{"all is here", current, "", true},
			{"a full push begins", full + "\n" + a2, "same", false},
			{"and ends", current, "", true},
		} {
			t.Run("case="+c.name, func(t *testing.T) {
				clock.add(3 * time.Hour)
				r := push(t, x, c.batch)
				got := map[bool]string{true: "stored"}[r.Stored > 0] + map[bool]string{true: "same"}[r.Same > 0] + map[bool]string{true: "older"}[r.Older > 0 && r.Same == 0]
				if r.Refused > 0 {
					got = r.Results[0].Message
				}
				if c.want == "" && got != "" || !strings.HasPrefix(got, c.want) {
					t.Errorf("%q: %+v", got, r)
				}
				old, stale := age()
				if c.isNew != (old == 0) || stale == c.isNew {
					t.Errorf("%s old, stale %t", old, stale)
				}
				if st := x.Status(); (st.State == "up") != c.isNew {
					t.Errorf("%+v", st)
				}
			})
		}
		clock.add(3 * time.Hour)
		_, err := x.Push(t.Context(), lines(a1other+"\n"+`{"entity":"Order","id":"b","version":1,"data":{}}`), copies.PushOptions{All: true})
		if n := len(list[schema.Order](t, x, "Order")); schema.CodeOf(err) != schema.BadRequest || n != 1 {
			t.Errorf("all or nothing: %d rows, %v", n, err)
		}
	})
}
