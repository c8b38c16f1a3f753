package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// lacking is a matcher of sources that do not have the column status.
func lacking(_ context.Context, _ string, p schema.Predicate) func(schema.Row) bool {
	decides := true
	p.Columns(func(name string) { decides = decides && name != "status" })
	return func(row schema.Row) bool { return decides && p.Match(row) }
}

// TestTheSourceDecides holds that a condition on a column which the source of a row
// does not have shows nothing: neither whole nor masked, by queries and by
// mutations.
func TestTheSourceDecides(t *testing.T) {
	r := newRig(t, plainWorld())
	o := options()
	o.Matcher = lacking
	var err error
	if r.engine, err = engine.New(r.es, r.root, o); err != nil {
		t.Fatal(err)
	}
	none := schema.Predicate{Op: schema.None}
	notSecret := schema.Negate(schema.Compare("status", schema.Eq, schema.String("SECRET")))
	known := schema.Compare("active", schema.Eq, schema.Bool(true))
	for name, c := range map[string]struct {
		as   policies.FieldAccess
		want string
	}{
		"denied where":  {policies.FieldAccess{Verdict: policies.Row, Full: notSecret, Masked: none}, "null"},
		"masked where":  {policies.FieldAccess{Verdict: policies.Row, Kind: policies.MaskLast4, Mask: last2, Full: none, Masked: notSecret}, "null"},
		"masked beside": {policies.FieldAccess{Verdict: policies.Row, Kind: policies.MaskLast4, Mask: last2, Full: notSecret, Masked: known}, "masked"},
		"decided":       {policies.FieldAccess{Verdict: policies.Row, Full: known, Masked: none}, "whole"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			v := verdicts{"Customer.name": c.as}
			query := `{ customer(id: "c1") { name } }`
			whole := police(t, r, query, verdicts{})
			got := police(t, r, query, v)
			oc, err := r.prepare(query, nil)
			if err != nil {
				t.Fatal(err)
			}
			oc.ResolverMiddleware = r.engine.Middleware(v).Field
			generated, err := r.runGenerated(t.Context(), oc)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(got, generated.data) {
				t.Errorf("the engine says %s, the middleware %s", got, generated.data)
			}
			switch isNull := strings.Contains(got, `"name":null`); c.want {
			case "null":
				if !isNull || !strings.Contains(got, "FORBIDDEN_FIELD") {
					t.Errorf("got %s", got)
				}
			case "masked":
				if isNull || got == whole || !strings.Contains(got, "…") {
					t.Errorf("got %s", got)
				}
			default:
				if got != whole {
					t.Errorf("got %s, want %s", got, whole)
				}
			}
		})
	}
}
