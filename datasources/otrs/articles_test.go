package otrs_test

import (
	"slices"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/otrs"
	"github.com/trama-graph/trama/datasources/otrs/otrstest"
	"github.com/trama-graph/trama/schema"
)

func TestArticles(t *testing.T) {
	recorded := otrstest.Recorded(t, "testdata/recorded", "91-get-post-20-all.res.json")
	desk := otrstest.NewDesk(t, recorded)
	o := open(t, desk, func(cfg *otrs.Config, _ *otrs.Deps) { cfg.ArticleBatch = 8 }).warm(t, desk)
	parents := append(ids(11, 30), "999", "abc")

	rows := must[schema.Article](t)(o.articles.ByParent(t.Context(), "ticket", parents, datasources.Query{First: 50, Fields: datasources.NewFields("subject", "channel")}))
	all := desk.Take()
	gets := 0
	for _, a := range all {
		if a.Op == "TicketGet" {
			gets++
			if param(a, "AllArticles") == nil || param(a, "DynamicFields") != nil || param(a, "Extended") != nil || param(a, "Attachments") != nil {
				t.Errorf("sent %v", a.Params)
			}
		}
	}
	// Three batches; the one with the unknown ticket is asked again without it.
	if gets != 4 {
		t.Errorf("%d gets, want 4", gets)
	}
	n := 0
	for i, p := range parents {
		for k, a := range rows.Parent(i) {
			n++
			if a.TicketKey != p || *a.Position != k+1 || a.Subject == "" || a.Channel == "" || a.CreatedAt.IsZero() {
				t.Errorf("article %+v of %s", a, p)
			}
			if a.Body != "" || a.From != "" {
				t.Error("the body was not asked for")
			}
		}
	}
	if n < 20 || len(rows.Parent(20)) != 0 || len(rows.Parent(21)) != 0 {
		t.Errorf("%d articles, offsets %v", n, rows.Offsets)
	}

	first := must[schema.Article](t)(o.articles.ByParent(t.Context(), "ticket", []string{"11"}, datasources.Query{First: 1, Total: true}))
	a := first.Items[0]
	if a.Body == "" || a.From == "" || a.ContentType != "text/plain" || a.VisibleToCustomer == nil || a.SenderType == "" {
		t.Errorf("article %+v", a)
	}
	next := must[schema.Article](t)(o.articles.ByParent(t.Context(), "ticket", []string{"11"}, datasources.Query{
		First: 50, After: &datasources.After{Value: a.Column("position"), ID: a.Key},
	}))
	if 1+len(next.Items) != first.Totals[0] || first.More[0] != (len(next.Items) > 0) {
		t.Errorf("1 and %d of %d", len(next.Items), first.Totals[0])
	}
	if slices.ContainsFunc(next.Items, func(b schema.Article) bool { return b.Key == a.Key }) {
		t.Error("the first came again")
	}
}

func TestArticlesUnsupported(t *testing.T) {
	desk := otrstest.NewDesk(t, otrstest.Made(1, 1, "ACME"))
	o := open(t, desk, nil)
	_, err := o.articles.ByKeys(t.Context(), []string{"1"}, nil)
	wantCode(t, err, schema.UnsupportedFilter)
	_, err = o.articles.List(t.Context(), datasources.Query{First: 1})
	wantCode(t, err, schema.UnsupportedFilter)
	_, err = o.articles.ByParent(t.Context(), "customer", []string{"1"}, datasources.Query{First: 1})
	wantCode(t, err, schema.UnsupportedFilter)
	_, err = o.articles.ByParent(t.Context(), "ticket", []string{"1"}, datasources.Query{First: 1, Order: schema.Sort{Column: "subject"}})
	wantCode(t, err, schema.UnsupportedFilter)
}
