package otrs_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/otrs"
	"github.com/trama-graph/trama/datasources/otrs/otrstest"
	"github.com/trama-graph/trama/schema"
)

func follow(t *testing.T, o opened, c datasources.Cursor) (map[string]string, datasources.Cursor) {
	t.Helper()
	got := map[string]string{}
	for n := 0; ; n++ {
		step, err := o.tickets.(datasources.Follower[schema.Ticket]).Since(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range step.Items {
			got[x.Key] = x.Title
		}
		c = step.Next
		if !step.More {
			return got, c
		}
		if n > 200 {
			t.Fatal("there is no end")
		}
	}
}

func TestSince(t *testing.T) {
	// 40 in a second do not fit into a page of 25.
	for _, perSecond := range []int{1, 40, 90} {
		t.Run(fmt.Sprintf("per second=%d", perSecond), func(t *testing.T) {
			desk := otrstest.NewDesk(t, otrstest.Made(90, perSecond, "ACME"))
			o := open(t, desk, func(cfg *otrs.Config, _ *otrs.Deps) { cfg.SyncPage = 25 }).warm(t, desk)
			got, mark := follow(t, o, "")
			if len(got) != 90 {
				t.Fatalf("%d tickets of 90", len(got))
			}
			desk.Take()
			got, mark = follow(t, o, mark)
			if len(got) != 0 {
				t.Errorf("%d tickets, though nothing changed", len(got))
			}
			wantCalls(t, desk, 1, 1)

			touch(desk, 7, "changed", 0)
			got, mark = follow(t, o, mark)
			if len(got) != 1 || got["7"] != "changed" {
				t.Errorf("got %v", got)
			}
			// The same second again, and one committed late.
			touch(desk, 8, "in the same second", 0)
			touch(desk, 9, "late", -3*time.Second)
			touch(desk, 7, "changed again", time.Second)
			got, mark = follow(t, o, mark)
			if len(got) != 3 || got["8"] == "" || got["9"] != "late" || got["7"] != "changed again" {
				t.Errorf("got %v", got)
			}
			if got, _ = follow(t, o, mark); len(got) != 0 {
				t.Errorf("got %v again", got)
			}
			// The ticket at the mark is deleted: nothing is left behind it.
			desk.Do(func(tickets *[]otrstest.Ticket, denied map[string]bool) {
				denied["7"], denied["8"], denied["9"] = true, true, true
			})
			desk.Take()
			got, next := follow(t, o, mark)
			if len(got) != 0 {
				t.Errorf("got %v, mark %s", got, next)
			}
			// They are looked for once.
			desk.Take()
			if got, _ = follow(t, o, next); len(got) != 0 {
				t.Errorf("got %v", got)
			}
			wantCalls(t, desk, 1, 0)
			touch(desk, 6, "after the deletion", time.Minute)
			if got, _ = follow(t, o, next); len(got) != 1 || got["6"] == "" {
				t.Errorf("got %v", got)
			}
		})
	}
}

// touch changes a ticket at the desk's clock.
func touch(desk *otrstest.Desk, id int, title string, later time.Duration) {
	desk.Do(func(tickets *[]otrstest.Ticket, _ map[string]bool) {
		for i, x := range *tickets {
			if x["TicketID"] != id {
				continue
			}
			fresh := otrstest.Ticket{}
			for name, v := range x {
				fresh[name] = v
			}
			fresh["Title"] = title
			fresh["Changed"] = desk.Now().Add(later - time.Minute).Format(otrstest.Layout)
			(*tickets)[i] = fresh
		}
	})
}

func TestSinceMark(t *testing.T) {
	desk := otrstest.NewDesk(t, otrstest.Made(3, 1, "ACME"))
	o := open(t, desk, nil).warm(t, desk)
	for _, c := range []datasources.Cursor{"x", "[]", `{"from":"yesterday"}`, `{"from":1}`} {
		_, err := o.tickets.(datasources.Follower[schema.Ticket]).Since(t.Context(), c)
		wantCode(t, err, schema.BadRequest)
	}
	if n := len(desk.Take()); n != 0 {
		t.Errorf("%d calls", n)
	}
}
