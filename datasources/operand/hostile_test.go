package operand_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/datasources/operand"
	fake "github.com/trama-graph/trama/datasources/sandbox/operand"
	"github.com/trama-graph/trama/schema"
)

// TestIgnoredOffset reads whole lists first and then from a server that gives the
// first page whatever is asked: that is reported, and nothing is deleted for it.
func TestIgnoredOffset(t *testing.T) {
	f := fake.New(w300(), fake.Options{})
	a := copied(t, config(serve(t, f).URL, fake.DefaultToken))
	mustSync(t, a)
	want := a.rows()
	f.IgnoreOffset(true)
	mustSync(t, a)
	if got := a.rows(); !maps.Equal(got, want) {
		t.Errorf("before %v, after %v", want, got)
	}
	if st := a.Status(); st.State != "degraded" || !strings.Contains(st.Note, "may not have seen all rows") || !strings.Contains(st.Note, "Payment") {
		t.Errorf("status %+v", st)
	}
	if !slices.ContainsFunc(a.Problems(), func(p datasources.Problem) bool {
		return p.Entity == "Payment" && strings.Contains(p.Kind, "page that came twice")
	}) {
		t.Errorf("problems %+v", a.Problems())
	}
	f.IgnoreOffset(false)
	if err := a.Sync(t.Context(), copies.Options{Full: true}); err != nil {
		t.Fatal(err)
	}
	if st := a.Status(); st.State != "up" || st.Note != "" || !maps.Equal(a.rows(), want) {
		t.Errorf("mended: status %+v", st)
	}
}

// TestHTMLPages answers everything with a page for people: the copy is served on,
// and nothing of the page gets out.
func TestHTMLPages(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		code   schema.Code
	}{
		"200": {200, schema.SourceInvalid},
		"500": {500, schema.SourceUnavailable},
		"502": {502, schema.SourceUnavailable},
		"403": {403, schema.SourceUnavailable},
		"404": {404, schema.SourceInvalid},
	} {
		t.Run("case="+name, func(t *testing.T) {
			f := fake.New(w300(), fake.Options{})
			a := copied(t, config(serve(t, f).URL, fake.DefaultToken))
			mustSync(t, a)
			want := a.rows()
			f.HTMLError(tc.status)
			err := a.Sync(t.Context(), copies.Options{})
			if codeOf(err) != tc.code || strings.Contains(err.Error(), "<") || strings.Contains(err.Error(), "manutenção") {
				t.Errorf("got %v (%s), want %s", err, codeOf(err), tc.code)
			}
			if n, err := a.invoices(t); err != nil || n != want["Invoice"] {
				t.Errorf("the copy has %d invoices, %v", n, err)
			}
			if st := a.Status(); st.State == "up" || !strings.Contains(st.Note, "the last reading failed: ") {
				t.Errorf("status %+v", st)
			}
			f.HTMLError(0)
			again := copiedTo(t, config(serve(t, f).URL, fake.DefaultToken), a.store) // its breaker is closed
			mustSync(t, again)
			if st := again.Status(); st.State != "up" || !maps.Equal(again.rows(), want) {
				t.Errorf("mended: status %+v, rows %v", st, again.rows())
			}
		})
	}
}

// TestOneModuleForbidden takes one module from the token: its records are not
// enabled, the others are read, and nobody is told of a replaced token.
func TestOneModuleForbidden(t *testing.T) {
	f := fake.New(w300(), fake.Options{})
	f.Forbid(fake.Receivables)
	a := copied(t, config(serve(t, f).URL, fake.DefaultToken))
	mustSync(t, a)
	want := truth(t)
	got := a.rows()
	if got["Payment"] != 0 || got["Invoice"] != want["Invoice"] || got["Boleto"] != want["Boleto"] {
		t.Errorf("got %v of %v", got, want)
	}
	_, err := datasources.ReaderOf[schema.Payment](a.Source(), "Payment").List(t.Context(), datasources.Query{First: 1})
	if codeOf(err) != schema.NotEnabled {
		t.Errorf("got %v", err)
	}
	if st := a.Status(); st.State != "up" || st.Note != "" || a.EntityCopy("Payment").State != schema.CopyNotEnabled {
		t.Errorf("status %+v, %+v", st, a.EntityCopy("Payment"))
	}
	findings, err := a.Probe(t.Context())
	if err != nil || !slices.ContainsFunc(findings, func(f datasources.Finding) bool {
		return f.Level == datasources.Warn && strings.Contains(f.Subject, "Payment") && strings.Contains(f.Result, "not enabled")
	}) {
		t.Errorf("findings %+v, %v", findings, err)
	}
	if n := logins(f); n > 3 {
		t.Errorf("%d logins for a module that is forbidden", n)
	}
	f.Forbid()
	again := copiedTo(t, config(serve(t, f).URL, fake.DefaultToken), a.store)
	mustSync(t, again)
	if !maps.Equal(again.rows(), want) {
		t.Errorf("given back: %v, want %v", again.rows(), want)
	}
}

// TestPlaceholders reads nothing from a path nobody has confirmed, and says what to
// write.
func TestPlaceholders(t *testing.T) {
	f := fake.New(w300(), fake.Options{Paths: map[fake.Resource]string{
		fake.Invoices: "/beta/financial/invoices", fake.Receivables: "/beta/financial/receivables",
		fake.Payables: "/beta/financial/payables", fake.Boletos: "/beta/financial/boletos",
	}})
	url := serve(t, f).URL
	preset := func() operand.Config {
		c := operand.DefaultConfig()
		c.Name, c.URL, c.Token = "agency", url, fake.DefaultToken
		return c
	}
	names := []string{"Invoice", "Payment", "Payable", "Boleto"}

	t.Run("case=refused", func(t *testing.T) {
		a := copied(t, preset())
		f.ResetCalls()
		mustSync(t, a)
		for _, entity := range names {
			if s := a.EntityCopy(entity); s.State != schema.CopyNotEnabled {
				t.Errorf("the copy of %s is %s", entity, s.State)
			}
		}
		if _, err := a.invoices(t); codeOf(err) != schema.NotEnabled {
			t.Errorf("got %v", err)
		}
		if a.rows()["Customer"] == 0 {
			t.Error("the clients, whose path is known, were not read")
		}
		findings, err := a.Probe(t.Context())
		if err != nil {
			t.Error(err)
		}
		for _, entity := range names {
			if !slices.ContainsFunc(findings, func(f datasources.Finding) bool {
				return f.Level == datasources.Fail && strings.HasPrefix(f.Subject, entity+" ") && strings.Contains(f.Result, "entities."+entity+".path")
			}) {
				t.Errorf("no failure of %s in %+v", entity, findings)
			}
		}
		for route, n := range f.Calls() {
			if strings.Contains(route, "/financial/") {
				t.Errorf("%s was called %d times", route, n)
			}
		}
	})
	t.Run("case=confirmed", func(t *testing.T) {
		c := preset()
		c.ConfirmPaths = true
		a := copied(t, c)
		mustSync(t, a)
		if got, want := a.rows(), truth(t); !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
	t.Run("case=one path set", func(t *testing.T) {
		c := preset()
		e := c.Entities["Payable"]
		e.Path = "/beta/financial/payables/" // another text than the placeholder's
		c.Entities["Payable"] = e
		a := copied(t, c)
		if err := a.Sync(t.Context(), copies.Options{}); err == nil {
			t.Error("a wrong path answers")
		}
		if s := a.EntityCopy("Invoice"); s.State != schema.CopyNotEnabled {
			t.Errorf("the copy of Invoice is %s", s.State)
		}
		if s := a.EntityCopy("Payable"); s.State != schema.CopyFilling || s.LastErrorCode == "" {
			t.Errorf("the copy of Payable is %+v", s)
		}
	})
}
