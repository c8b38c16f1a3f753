package report_test

import (
	"bytes"
	"errors"
	"net/http"
	"reflect"
	"testing"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/report"
	"github.com/trama-graph/trama/schema"
)

// second is where the first page of a question ended.
func second(t *testing.T, r *report.Report, m *memory) *odata.Position {
	t.Helper()
	p, err := r.Read(t.Context(), m, &sheet{}, odata.Position{Count: 9})
	must(t, err)
	if p == nil || p.Count != 9 || p.Given != 2 {
		t.Fatalf("got %+v", p)
	}
	return p
}

// TestForeignPositions holds that a position of another question, of a table that was
// changed since, or one that was made up is refused.
func TestForeignPositions(t *testing.T) {
	tb, m := table(t, ordersText), manyOrders(9)
	r, q := ask(t, tb, "$orderby=date", pages(2))
	p := second(t, r, m)
	if _, err := r.Read(t.Context(), m, &sheet{}, *p); err != nil {
		t.Fatal(err)
	}
	if again := second(t, r, m); !reflect.DeepEqual(again, p) {
		t.Errorf("the first page ends at %v, and then at %v", p, again)
	}
	for name, mark := range map[string][]byte{
		"short": p.Mark[:5], "version": append([]byte{9}, p.Mark[1:]...), "no numbers": p.Mark[:9],
		"too great": append(bytes.Clone(p.Mark[:9]), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0),
	} {
		t.Run("case="+name, func(t *testing.T) {
			broken := *p
			broken.Mark = mark
			refused(t, r, m, broken)
		})
	}
	t.Run("case=changed", func(t *testing.T) {
		other, _ := ask(t, table(t, someText), "$orderby=at", pages(2))
		refused(t, other, m, *p)
	})
	t.Run("case=another question", func(t *testing.T) {
		token, err := q.Token(*p, plainSealer{})
		must(t, err)
		for _, query := range []string{"$orderby=date%20desc", "$orderby=date&$filter=number%20ne%20'x'", "$orderby=date&$select=number", "$orderby=date&$top=3"} {
			q := parse(t, tb, "d", query+"&$skiptoken="+token)
			if _, err := q.Position(plainSealer{}); err == nil {
				t.Errorf("%s takes it", query)
			}
		}
	})
}

func refused(t *testing.T, r *report.Report, m *memory, p odata.Position) {
	t.Helper()
	w := &sheet{}
	var e *odata.Error
	if _, err := r.Read(t.Context(), m, w, p); !errors.As(err, &e) || e.Status() != http.StatusBadRequest || w.columns != nil {
		t.Errorf("got %v", err)
	}
}

// FuzzPosition holds that no mark does harm, whatever it is.
func FuzzPosition(f *testing.F) {
	s, _ := theSchema()
	tb := table(f, ordersText)
	r, err := report.Of(tb, s, parse(f, tb, "d", "$orderby=date"), pages(2))
	must(f, err)
	m := manyOrders(5)
	p, err := r.Read(f.Context(), m, &sheet{}, odata.Position{Count: -1})
	must(f, err)
	f.Add(p.Mark)
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, mark []byte) {
		// A cursor is the list's to refuse; what is here is only what stands before it.
		r.Read(t.Context(), refusing{}, &sheet{}, odata.Position{Mark: mark, Values: make([]schema.Value, 2)})
	})
}
