package engine_test

import (
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/trama-graph/trama/graph/engine"
	"github.com/trama-graph/trama/graph/guard"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

func may(names ...string) func(string) bool {
	return func(field string) bool { return strings.Contains(strings.Join(names, " "), field) }
}

// mutate plans, judges and runs a mutation.
func mutate(t *testing.T, r *rig, query string, v verdicts) *engine.Result {
	t.Helper()
	oc, p := r.ready(t, query, nil)
	if err := guard.Police(p, v, may("rename")); err != nil {
		t.Fatal(err)
	}
	return r.engine.Mutate(t.Context(), oc, v)
}

func TestMutate(t *testing.T) {
	r := newRig(t, plainWorld())
	only := func(id string) schema.Predicate { return schema.Compare("id", schema.Eq, schema.String(id)) }
	none := schema.Predicate{Op: schema.None}
	tests := []struct {
		name, query string
		v           verdicts
		want        string
	}{
		{"whole", `mutation { a: rename(id: 1, name: "x") { id name } __typename }`, nil, `{"data":{"a":{"id":"c0","name":"Ana"},"__typename":"Mutation"}}`},
		{"masked", `mutation { rename(id: 1, name: "x") { name money { amount } } }`, verdicts{
			"Customer.name":  {Verdict: policies.Mask, Kind: policies.MaskLast4, Mask: last2},
			"Customer.money": {Verdict: policies.Mask, Kind: policies.MaskNull},
		}, `{"data":{"rename":{"name":"…na","money":null}}}`},
		{"on its row", `mutation { rename(id: 1, name: "x") { name rank } }`, verdicts{
			"Customer.name": {Verdict: policies.Row, Full: only("c0"), Masked: none},
			"Customer.rank": {Verdict: policies.Row, Full: schema.Compare(policies.CustomerColumn, schema.Eq, schema.String("golden0")), Masked: none},
		}, `{"data":{"rename":{"name":"Ana","rank":4}}}`},
		{"on another row", `mutation { rename(id: 1, name: "x") { name } }`, verdicts{
			"Customer.name": {Verdict: policies.Row, Full: only("c9"), Masked: none},
		}, `{"data":{"rename":{"name":null}},"errors":[{"message":"the field may not be read on this row","path":["rename","name"],"locations":[{"line":1,"column":39}],"extensions":{"code":"FORBIDDEN_FIELD"}}]}`},
		{"reached from nowhere", `mutation { rename(id: 1, name: "x") { name } }`, verdicts{
			"Customer.name": {Verdict: policies.Row, Full: schema.Compare(policies.ViaColumn, schema.Eq, schema.String("Mutation")), Masked: schema.Predicate{}, Kind: policies.MaskHash, Mask: last2},
		}, `{"data":{"rename":{"name":"…na"}}}`},
	}
	for _, tt := range tests {
		t.Run("case="+tt.name, func(t *testing.T) {
			res := mutate(t, r, tt.query, tt.v)
			if got := string(res.AppendJSON(nil)); got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
			if !res.HasData() || res.Refused() {
				t.Error("it has no data")
			}
		})
	}
}

func TestMutateRefuses(t *testing.T) {
	r := newRig(t, plainWorld())
	oc, p := r.ready(t, `mutation { rename(id: 1, name: "x") { name } }`, nil)
	// The guard is the first lock, the middleware the second.
	if err := guard.Police(p, verdicts{}, may("nothing")); schema.CodeOf(err) != schema.BadRequest || err.Error() != `Cannot query field "rename" on type "Mutation".` {
		t.Errorf("an act that may not be made: %v", err)
	}
	denied := verdicts{"Customer.name": {Verdict: policies.Deny}}
	if err := guard.Police(p, denied, may("rename")); schema.CodeOf(err) != schema.BadRequest {
		t.Errorf("a field that is denied: %v", err)
	}
	got := string(r.engine.Mutate(t.Context(), oc, denied).AppendJSON(nil))
	if !strings.HasPrefix(got, `{"data":{"rename":{"name":null}},"errors":[`) || !strings.Contains(got, "FORBIDDEN_FIELD") {
		t.Errorf("a field that is denied: %s", got)
	}
	got = string(r.engine.Mutate(t.Context(), oc, (*policies.Access)(nil)).AppendJSON(nil))
	if strings.Contains(got, "Ana") || !strings.Contains(got, "FORBIDDEN_FIELD") {
		t.Errorf("nobody's access: %s", got)
	}
	q, err := r.prepare(`{ version }`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res := r.engine.Mutate(t.Context(), q, verdicts{}); !res.Refused() {
		t.Errorf("a query: %s", res.AppendJSON(nil))
	}
}

// TestMutateLeavesTheContextAlone: the caller's operation context may be used
// again.
func TestMutateLeavesTheContextAlone(t *testing.T) {
	r := newRig(t, plainWorld())
	oc := &graphql.OperationContext{}
	made, err := r.prepare(`mutation { rename(id: 1, name: "x") { name } }`, nil)
	if err != nil {
		t.Fatal(err)
	}
	oc.Doc, oc.Operation, oc.Variables = made.Doc, made.Operation, made.Variables
	if got := string(r.engine.Mutate(t.Context(), oc, verdicts{}).AppendJSON(nil)); got != `{"data":{"rename":{"name":"Ana"}}}` {
		t.Errorf("got %s", got)
	}
	if oc.ResolverMiddleware != nil || oc.RecoverFunc != nil {
		t.Error("the caller's context was changed")
	}
}
