package report_test

import (
	"testing"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/report"
)

// FuzzOf holds that whatever address is read can be folded and answered, and counted alike.
func FuzzOf(f *testing.F) {
	for _, query := range []string{
		"$filter=shop%20eq%20'a'%20and%20not%20(total_amount%20gt%205%20or%20contains(tolower(number),'x'))&$orderby=date%20desc&$top=3",
		"$filter=year(date)%20eq%202026&$select=number&$count=true", "$filter=shop%20in%20('web',null)&$skip=1", "$orderby=key", "$filter=true",
	} {
		f.Add(query)
	}
	s, _ := theSchema()
	tb := table(f, ordersText)
	set := report.Set(tb)
	m := shop()
	all := baseRows(f, tb, m)
	f.Fuzz(func(t *testing.T, query string) {
		q, err := odata.Parse("d", query, func(string) (*odata.Set, bool) { return set, true }, odata.Limits{})
		if err != nil || q.IsContinued() {
			return
		}
		r, err := report.Of(tb, s, q, report.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		matching := naive(q, all)
		if n, err := r.Count(t.Context(), m); err != nil || n != int64(len(matching)) {
			t.Errorf("counted %d, want %d: %v", n, len(matching), err)
		}
		if got, want := read(t, r, m), cut(q, matching); len(got) != len(want) {
			t.Errorf("got %d rows, want %d", len(got), len(want))
		}
	})
}
