package engine_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/trama-graph/trama/graph/engine/internal/testgraph/world"
)

const echoQuery = `query(
	$num: Int, $must: Int! = 4, $float: Float, $string: String, $id: ID, $bool: Boolean, $time: Time, $decimal: Decimal,
	$upper: Upper, $status: Status, $color: Color, $list: [Int!], $matrix: [[Int]], $statuses: [Status!], $mustList: [String!]! = ["d"],
	$filter: Filter, $filters: [Filter!], $range: Range, $inner: Int = 3, $text: String
) {
	echo(int: $num, must: $must, float: $float, string: $string, id: $id, bool: $bool, time: $time, decimal: $decimal,
		upper: $upper, status: $status, color: $color, list: $list, matrix: $matrix, statuses: $statuses, mustList: $mustList,
		filter: $filter, filters: $filters, range: $range)
	b: echo(must: $inner, list: [$inner, 1], filter: {text: $text, limit: $inner, nested: {range: $range}, statuses: $statuses})
	c: echo
}`

// FuzzArguments reads any variables into Go in both ways; the resolver prints
// what it got.
func FuzzArguments(f *testing.F) {
	for _, seed := range []string{
		`{}`,
		`{"num":1,"must":2,"float":1.5,"string":"s","id":"i","bool":true,"time":"2026-03-04T08:15:00Z","decimal":"1.50"}`,
		`{"num":null,"float":null,"string":null,"id":null,"bool":null,"time":null,"decimal":null,"upper":null,"status":null}`,
		`{"num":9223372036854775807,"float":1e300,"id":12,"decimal":12}`,
		`{"num":"7","float":"8","id":1.0}`, `{"num":1.0}`, `{"inner":null}`, `{"must":null}`,
		`{"upper":"OK","status":"OPEN","color":"RED"}`, `{"upper":"low"}`, `{"status":"open"}`, `{"status":"NONE"}`, `{"color":"red"}`,
		`{"time":"yesterday"}`, `{"time":""}`, `{"decimal":"x"}`, `{"decimal":1.5}`, `{"upper":3}`,
		`{"list":[1,2]}`, `{"list":3}`, `{"list":[null]}`, `{"list":[]}`, `{"matrix":[[1,null],null,[]]}`, `{"matrix":5}`, `{"matrix":[5]}`,
		`{"statuses":["OPEN","CLOSED"]}`, `{"statuses":"OPEN"}`, `{"statuses":[]}`, `{"mustList":"x"}`, `{"mustList":[]}`,
		`{"filter":{}}`, `{"filter":null}`, `{"filter":{"text":null,"limit":1,"status":null,"color":"RED","colors":[],"colors":null}}`,
		`{"filter":{"note":null}}`, `{"filter":{"note":"n","ranges":[{"from":1},{"to":2}]}}`, `{"filter":{"ranges":null}}`,
		`{"filter":{"nested":{"nested":{"range":{"to":1},"when":"2026-01-01T00:00:00Z","amount":"2"}}}}`,
		`{"filter":{"nested":{"upper":"low"}}}`, `{"filters":[{"limit":1},{"upper":"low"}]}`, `{"filters":{"flag":false}}`,
		`{"filter":{"unknown":1}}`, `{"filter":{"__typename":"Filter","mode":"SLOW"}}`, `{"range":{"to":null}}`, `{"range":{"from":null}}`,
	} {
		f.Add(seed)
	}
	r := newRig(f, world.New(1, 1, 0))
	f.Fuzz(func(t *testing.T, text string) {
		decode := func() (vars map[string]any) {
			d := json.NewDecoder(strings.NewReader(text))
			d.UseNumber() // as gqlgen's transports do
			if d.Decode(&vars) != nil {
				return // not variables
			}
			return vars
		}
		oc, err := r.prepare(echoQuery, decode())
		if err != nil {
			return // refused before execution
		}
		want, err := r.runGenerated(context.Background(), oc)
		if err != nil {
			t.Fatal(err)
		}
		if oc, err = r.prepare(echoQuery, decode()); err != nil {
			t.Fatal(err)
		}
		got, err := r.runEngine(context.Background(), oc)
		if err != nil {
			t.Fatal(err)
		}
		if got.data != want.data || strings.Join(got.errors, "\n") != strings.Join(want.errors, "\n") {
			t.Errorf("%s\n got %+v\nwant %+v", text, got, want)
		}
	})
}
