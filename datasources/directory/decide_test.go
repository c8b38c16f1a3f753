package directory_test

import (
	"slices"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
)

func ref(source, id string) directory.RecordRef {
	return directory.RecordRef{Source: source, RecordID: id}
}

func TestDecisions(t *testing.T) {
	ctx := t.Context()
	st := newMemory()
	d := open(t, config(), st)
	fill(t, d, of{"crm": {{ID: "c1", TaxID: idno(1)}, {ID: "c2", TaxID: idno(2)}}, "books": {{ID: "b1", TaxID: idno(1)}}})
	one, two := golden(t, d, "crm", "c1"), golden(t, d, "crm", "c2")
	want := func(step string, groups ...string) {
		t.Helper()
		if got := together(t, d); !slices.Equal(got, groups) && len(got)+len(groups) > 0 {
			t.Errorf("%s: together %q, want %q", step, got, groups)
		}
		e := open(t, config(), st)
		if got := together(t, e); !slices.Equal(got, groups) && len(got)+len(groups) > 0 {
			t.Errorf("%s: after a restart %q, want %q", step, got, groups)
		}
	}
	code := func(err error, want schema.Code) {
		t.Helper()
		if schema.CodeOf(err) != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}

	// By hand even one source twice and two numbers: a person knows.
	code(d.Link(ctx, ref("crm", "c2"), ref("crm", "c1"), "ana", "took over the other"), "")
	want("linked", "books:b1+crm:c1+crm:c2")
	if ids, _ := d.Keys(one, "crm"); !slices.Equal(ids, []string{"c1", "c2"}) {
		t.Errorf("keys %v", ids)
	}
	if got := conflicts(t, d); !slices.Equal(got, []string{"FISCAL_ID_MISMATCH crm:c1 crm:c2"}) {
		t.Errorf("conflicts %q", got)
	}
	rows, _ := d.ByKeys(ctx, []string{one}, datasources.NewFields("members"))
	m := rows.Items[0].Members
	if len(m) != 3 || m[0].Rule != "FIRST" || m[1].Rule != "R0" || m[1].Evidence != "ana: took over the other" || m[2].Rule != "R2" || m[2].Evidence != "MD:IDNO:"+idno(1) {
		t.Errorf("members %+v %+v %+v", m[0], m[1], m[2])
	}

	// A denial takes its place, and wins over the number as well.
	code(d.Deny(ctx, ref("crm", "c1"), ref("crm", "c2"), "ana", "after all not"), "")
	want("denied", "books:b1+crm:c1")
	if a, b := golden(t, d, "crm", "c1"), golden(t, d, "crm", "c2"); a != one || b != two {
		t.Errorf("ids %s and %s, want %s and %s as before", a, b, one, two)
	}
	code(d.Deny(ctx, ref("crm", "c1"), ref("books", "b1"), "ion", ""), "")
	want("denied against the number")
	code(d.Link(ctx, ref("books", "b1"), ref("crm", "c1"), "ion", ""), schema.Conflict)
	// A denial of a pair also stands against a way around it.
	code(d.Link(ctx, ref("crm", "c2"), ref("books", "b1"), "ion", ""), "")
	want("linked", "books:b1+crm:c2")
	code(d.Link(ctx, ref("crm", "c1"), ref("crm", "c2"), "ion", ""), schema.Conflict)
	want("refused", "books:b1+crm:c2")

	code(d.Withdraw(ctx, ref("books", "b1"), ref("crm", "c2"), "ion", "mistake"), "")
	code(d.Withdraw(ctx, ref("books", "b1"), ref("crm", "c1"), "ion", "mistake"), "")
	want("withdrawn", "books:b1+crm:c1")
	if list := d.Decisions(); len(list) != 1 || list[0].Verdict != directory.NotTheSame || list[0].Author != "ana" || !list[0].At.Equal(at(1000)) {
		t.Errorf("decisions %+v", list)
	}

	code(d.Withdraw(ctx, ref("books", "b1"), ref("crm", "c1"), "ion", ""), schema.NotFound)
	code(d.Link(ctx, ref("crm", "c1"), ref("crm", "c9"), "ana", ""), schema.NotFound)
	code(d.Link(ctx, ref("crm", "c1"), ref("crm", "c1"), "ana", ""), schema.BadRequest)
	code(d.Link(ctx, ref("crm", "c1"), ref("books", "b1"), "", ""), schema.BadRequest)
}

// TestLinkSwitchedOff: without the manual rule no link is made by hand, but a
// denial still parts.
func TestLinkSwitchedOff(t *testing.T) {
	cfg := config()
	cfg.Rules = []string{directory.RuleTaxID}
	d := open(t, cfg, newMemory())
	fill(t, d, of{"crm": {{ID: "c1", TaxID: idno(1)}, {ID: "c2"}}, "books": {{ID: "b1", TaxID: idno(1)}}})
	if err := d.Link(t.Context(), ref("crm", "c2"), ref("books", "b1"), "ana", ""); schema.CodeOf(err) != schema.NotEnabled {
		t.Errorf("link: %v", err)
	}
	if err := d.Deny(t.Context(), ref("crm", "c1"), ref("books", "b1"), "ana", ""); err != nil {
		t.Error(err)
	}
	if got := together(t, d); len(got) != 0 {
		t.Errorf("together %q", got)
	}
}
