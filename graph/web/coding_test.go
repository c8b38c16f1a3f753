package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/trama-graph/trama/graph/web"
)

// TestContentCodings holds that a body in an encoding a door does not take is
// answered with what it takes, and not as if it were damaged.
func TestContentCodings(t *testing.T) {
	const query, records = `{"query":"{ books(first: 1) { nodes { id } } }"}`, "{}\n"
	graphql, _ := libraryServer(t, &library{}, nil)
	push := newDoor(t, web.PushConfig{Pusher: &shelf{}})
	for name, c := range map[string]struct {
		door   string
		body   string
		coding []string
		status int
		taken  string
	}{
		"none":                       {"/graphql", query, nil, 200, ""},
		"identity":                   {"/graphql", query, []string{"Identity"}, 200, ""},
		"an empty header":            {"/graphql", query, []string{""}, 200, ""},
		"gzip":                       {"/graphql", zipped(query), []string{"gzip"}, 415, "identity"},
		"x-gzip":                     {"/graphql", zipped(query), []string{"X-GZIP"}, 415, "identity"},
		"said to be gzip":            {"/graphql", query, []string{"gzip"}, 415, "identity"},
		"deflate":                    {"/graphql", query, []string{"deflate"}, 415, "identity"},
		"in a second line":           {"/graphql", zipped(query), []string{"identity", "gzip"}, 415, "identity"},
		"records, none":              {"/push/erp", records, nil, 200, ""},
		"records, gzip":              {"/push/erp", zipped(records), []string{"gzip"}, 200, ""},
		"records, in a second line":  {"/push/erp", zipped(records), []string{"identity", "gzip"}, 200, ""},
		"records, gzip twice":        {"/push/erp", zipped(zipped(records)), []string{"gzip, gzip"}, 415, "gzip"},
		"records, another in a list": {"/push/erp", zipped(records), []string{"gzip", "br"}, 415, "gzip"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			srv, token, media := graphql, "t", "application/json"
			if c.door != "/graphql" {
				srv, token, media = push, "erp", "application/x-ndjson"
			}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+c.door, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header = http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {media}, "Content-Encoding": c.coding}
			resp, err := srv.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != c.status || resp.Header.Get("Accept-Encoding") != c.taken {
				t.Errorf("got %d, takes %q; want %d, %q", resp.StatusCode, resp.Header.Get("Accept-Encoding"), c.status, c.taken)
			}
		})
	}
}
