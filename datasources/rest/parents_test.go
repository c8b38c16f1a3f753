package rest_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/rest"
	"github.com/trama-graph/trama/schema"
)

// TestLooseNumbers asks a system that overlooks letter case, as most databases do:
// a document with nearly that number is not found, and is no error, which would
// tell that it exists. Any other is.
func TestLooseNumbers(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		list := []map[string]any{}
		for _, n := range strings.Split(r.URL.Query().Get("refs"), ",") {
			switch strings.ToLower(n) {
			case "so-001", "só-001":
				list = append(list, map[string]any{"id": "1", "ref": "SO-001", "client": "c1"})
			case "so-003":
				list = append(list, map[string]any{"id": "4", "ref": "SO-004", "client": "c1"})
			}
		}
		write(w, list)
	})
	cfg := liveConfig(s)
	order(&cfg, func(e *rest.Entity) { e.Relations["number"] = rest.Keys{Param: "refs", Batch: 5} })
	src := open(t, s, cfg)
	for name, c := range map[string]struct {
		numbers []string
		want    []string
		code    schema.Code
	}{
		"its number":       {[]string{"SO-001"}, []string{"1"}, ""},
		"in other letters": {[]string{"so-001"}, nil, ""},
		"with an accent":   {[]string{"SÓ-001"}, nil, ""},
		"both":             {[]string{"so-001", "SO-001"}, []string{"1"}, ""},
		"nobody's":         {[]string{"SO-002"}, nil, ""},
		"another's":        {[]string{"SO-003"}, nil, schema.SourceInvalid},
	} {
		t.Run("case="+name, func(t *testing.T) {
			q := datasources.Query{First: 5}
			rows, err := orders(src).ByParent(t.Context(), "number", c.numbers, q)
			var some *datasources.BatchError
			if errors.As(err, &some) {
				err = some.ByKey[c.numbers[0]]
			}
			if schema.CodeOf(err) != c.code || !slices.Equal(keysOf(rows.Items), c.want) {
				t.Errorf("by number: got %v, %v", keysOf(rows.Items), err)
			}
			q.Where = schema.Compare("number", schema.Eq, schema.String(c.numbers[0]))
			if len(c.numbers) > 1 {
				q.Where = schema.Compare("number", schema.In, schema.String(c.numbers[0]), schema.String(c.numbers[1]))
			}
			rows, err = orders(src).List(t.Context(), q)
			if schema.CodeOf(err) != c.code || !slices.Equal(keysOf(rows.Items), c.want) {
				t.Errorf("listed: got %v, %v", keysOf(rows.Items), err)
			}
		})
	}
}
