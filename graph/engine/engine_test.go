package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/trama-graph/trama/graph/engine/internal/testgraph/world"
)

func ptr[T any](v T) *T { return &v }

// plainWorld has one faultless customer of known looks, c0, and one of each
// other kind.
func plainWorld() *world.World {
	w := world.New(3, 1, 0)
	c := w.Customers[0]
	c.Name, c.Label = ptr("Ana"), ptr("A")
	c.Rank, c.Active = ptr(4), true
	c.Tags, c.Notes = nil, []*string{ptr("n"), nil}
	c.Matrix = [][]*int{{ptr(1), ptr(2)}, {}, nil}
	c.Parts = []*world.Part{{SKU: "p", Boss: 0}, nil}
	c.PartValues = []world.Part{{SKU: "v1", Boss: 0}, {SKU: "v2", Boss: 0}}
	w.Tickets[0].Title, w.Tickets[0].Open = ptr("T"), ptr(true)
	return w
}

func TestRun(t *testing.T) {
	type set func(w *world.World)
	force := func(field string, how int) set {
		return func(w *world.World) { w.Force = map[string]int{field: how} }
	}
	tests := []struct {
		name   string
		query  string
		vars   map[string]any
		world  set
		data   string
		errors []string // path [code] message
	}{
		{
			name:  "aliases and merging keep the order of first occurrence",
			query: `{ b: version customer(id: 1) { name } a: version customer(id: 1) { rank name } }`,
			data:  `{"b":"1","customer":{"name":"Ana","rank":4},"a":"1"}`,
		},
		{
			name: "fragments on interfaces and unions",
			query: `{ list(first: 9) { ...on Node { id } ...N ...on Thing { ...on Customer { rank } } } }
				fragment N on Named { __typename name }`,
			data: `{"list":[{"id":"c0","__typename":"Customer","name":"Ana","rank":4}]}`,
		},
		{
			name:  "skip and include",
			query: `query($y: Boolean!, $n: Boolean! = false) { version @skip(if: $y) a: version @include(if: $y) b: version @include(if: $n) c: version @skip(if: $n) }`,
			vars:  map[string]any{"y": true},
			data:  `{"a":"1","c":"1"}`,
		},
		{
			name:  "arguments given, defaulted and null",
			query: `query($w: String = "ho", $x: Int) { customer(id: 1) { a: greet b: greet(word: $w, times: 2) c: greet(word: null, times: $x) } }`,
			data:  `{"customer":{"a":"hi Ana","b":"ho ho Ana","c":" Ana"}}`,
		},
		{
			name:  "nil lists, nil elements, lists of lists, embedded fields, lists of structs",
			query: `{ customer(id: 1) { id tags notes matrix parts { sku } partValues { sku owner { name } } } }`,
			world: func(w *world.World) { w.Customers[0].Matrix[2] = []*int{} },
			data:  `{"customer":{"id":"c0","tags":[],"notes":["n",null],"matrix":[[1,2],[],[]],"parts":[{"sku":"p"},null],"partValues":[{"sku":"v1","owner":{"name":"Ana"}},{"sku":"v2","owner":{"name":"Ana"}}]}}`,
		},
		{
			name:   "a null where none may be takes its parent",
			query:  `{ version customer(id: 1) { name label } }`,
			world:  func(w *world.World) { w.Customers[0].Label = nil },
			data:   `{"version":"1","customer":null}`,
			errors: []string{"customer.label [INTERNAL] must not be null"},
		},
		{
			name:   "it rises to the root",
			query:  `{ version mustCustomer(id: 1) { boss { label } } }`,
			world:  func(w *world.World) { w.Customers[0].Label = nil },
			data:   `null`,
			errors: []string{"mustCustomer.boss.label [INTERNAL] must not be null"},
		},
		{
			name:   "it rises through lists",
			query:  `{ customer(id: 1) { name mustGrid { value } } }`,
			world:  func(w *world.World) { w.Customers[0].MustGrid = [][]*world.Cell{nil, {{Value: ptr(1)}, {}}} },
			data:   `{"customer":null}`,
			errors: []string{"customer.mustGrid[1][1].value [INTERNAL] must not be null"},
		},
		{
			name:  "it stops at a list that may be null inside",
			query: `{ customer(id: 1) { grid { value } mustNotes } }`,
			world: func(w *world.World) {
				w.Customers[0].Grid = [][]*world.Cell{{{}, {Value: ptr(2)}}, nil}
				w.Customers[0].MustNotes = []*string{ptr("a"), nil, nil}
			},
			data: `{"customer":{"grid":[[null,{"value":2}],null],"mustNotes":null}}`,
			errors: []string{
				"customer.grid[0][0].value [INTERNAL] must not be null",
				"customer.mustNotes[1] [INTERNAL] must not be null",
				"customer.mustNotes[2] [INTERNAL] must not be null",
			},
		},
		{
			name:   "an error of one object of a batch",
			query:  `{ list(first: 9) { name manager { name } } }`,
			world:  func(w *world.World) { w.Force = map[string]int{"Customer.manager/c0": int(world.Fails)} },
			data:   `{"list":[{"name":"Ana","manager":null}]}`,
			errors: []string{"list[0].manager [SOURCE_TIMEOUT] Customer.manager failed"},
		},
		{
			name:   "an error of a whole batch",
			query:  `{ customer(id: 1) { name manager { name } } }`,
			world:  force("Customer.manager", world.WholeFails),
			data:   `{"customer":{"name":"Ana","manager":null}}`,
			errors: []string{"customer.manager [SOURCE_TIMEOUT] Customer.manager failed"},
		},
		{
			name:   "too few results",
			query:  `{ customer(id: 1) { name boss { name } } }`,
			world:  force("Customer.boss", world.TooFew),
			data:   `{"customer":null}`,
			errors: []string{"customer.boss [] batch resolver Customer.boss returned 0 results for 1 parents"},
		},
		{
			name:   "too many errors",
			query:  `{ customer(id: 1) { name level } }`,
			world:  force("Customer.level", world.TooManyErrors),
			data:   `{"customer":null}`,
			errors: []string{"customer.level [] batch resolver Customer.level returned 2 errors for 1 parents"},
		},
		{
			name:  "panics of a batch, a resolver and a method",
			query: `{ version node(id: 1) { id } customer(id: 1) { manager { name } comment present } }`,
			world: func(w *world.World) {
				w.Force = map[string]int{
					"Customer.manager": world.WholePanics, "Query.node/1": int(world.Panics), "Customer.comment/c0": int(world.Panics),
				}
			},
			data: `{"version":"1","node":null,"customer":{"manager":null,"comment":null,"present":7}}`,
			errors: []string{
				"customer.comment [] Customer.comment panicked",
				"customer.manager [] Customer.manager panicked",
				"node [] Query.node panicked",
			},
		},
		{
			name:   "a panic while a scalar is written",
			query:  `{ customer(id: 1) { name code } }`,
			world:  func(w *world.World) { w.Customers[0].Code = ptr(world.Upper("PANIC")) },
			data:   `{"customer":{"name":"Ana","code":null}}`,
			errors: []string{"customer.code [] upper panicked"},
		},
		{
			name:  "an argument that cannot be read",
			query: `query($u: Upper) { customer(id: 1) { a: comment(upper: "bad") b: comment(upper: $u) c: comment(upper: "OK") } }`,
			vars:  map[string]any{"u": "worse"},
			data:  `{"customer":{"a":null,"b":null,"c":"[&nil &&\"OK\" ]"}}`,
			errors: []string{
				"customer.a.upper [BAD_REQUEST] upper must be upper case",
				"customer.b.upper [BAD_REQUEST] upper must be upper case",
			},
		},
		{
			name:   "a path into a list and an input object",
			query:  `{ echo(filters: [{limit: 1}, {nested: {upper: "x"}}]) }`,
			data:   `{"echo":null}`,
			errors: []string{"echo.filters[1].nested.upper [BAD_REQUEST] upper must be upper case"},
		},
		{
			name:  "introspection in the middle of a query",
			query: `{ version __schema { queryType { ...T } } a: __type(name: "Cell") { fields { name } } no: __type(name: "Nope") { name } maybe __typename } fragment T on __Type { name }`,
			data:  `{"version":"1","__schema":{"queryType":{"name":"Query"}},"a":{"fields":[{"name":"value"},{"name":"label"}]},"no":null,"maybe":null,"__typename":"Query"}`,
		},
		{
			name:  "pages with edges and cursors",
			query: `{ customers(first: 50) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node { name tickets(first: 0) { nodes { id } pageInfo { endCursor } } } } } }`,
			data:  `{"customers":{"totalCount":1,"pageInfo":{"hasNextPage":false,"endCursor":"cursor 0"},"edges":[{"cursor":"cursor 0","node":{"name":"Ana","tickets":{"nodes":[],"pageInfo":{"endCursor":null}}}}]}}`,
		},
		{
			name:  "texts are escaped",
			query: `{ customer(id: 1) { name } }`,
			world: func(w *world.World) { w.Customers[0].Name = ptr("a\"b\\c\n\x02\xffД") },
			data:  `{"customer":{"name":"a\"b\\c\n\u0002` + "\uFFFD" + `Д"}}`,
		},
	}
	for _, tt := range tests {
		t.Run("case="+tt.name, func(t *testing.T) {
			w := plainWorld()
			if tt.world != nil {
				tt.world(w)
			}
			r := newRig(t, w)
			oc, p := r.ready(t, tt.query, tt.vars)
			res := r.engine.Run(t.Context(), oc, p)
			if got := string(res.AppendData(nil)); got != tt.data {
				t.Errorf("data\n got %s\nwant %s", got, tt.data)
			}
			var errs []string
			for _, e := range res.Errors() {
				code := e.Extensions["code"]
				if code == nil {
					code = ""
				}
				errs = append(errs, fmt.Sprintf("%s [%s] %s", e.Path, code, e.Message))
				if len(e.Locations) == 0 {
					t.Errorf("%s has no location", e.Path)
				}
			}
			if got, want := strings.Join(sorted(errs), "\n"), strings.Join(tt.errors, "\n"); got != want {
				t.Errorf("errors\n got\n%s\nwant\n%s", got, want)
			}
			if res.HasData() != (tt.data != "null") {
				t.Error("HasData does not say what the data is")
			}
		})
	}
}

func TestRunCancelled(t *testing.T) {
	r := newRig(t, plainWorld())
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("client went away"))
	oc, err := r.prepare(`{ version maybe count }`, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.runEngine(ctx, oc)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"count [] client went away", "maybe [] client went away", "version [] client went away"}
	if got.data != "null" || strings.Join(got.errors, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %+v", got)
	}
	if calls := r.root.World.Calls(); len(calls) != 0 {
		t.Errorf("resolvers were called: %v", calls)
	}
}
