package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/trama-graph/trama/graph/odata"
)

// feedToken is the token of a request for tables: a bearer's, the password of Basic
// whatever the user's name is, or the query parameter api_key. Tools for reports have one
// of the three, and not always the first. Addresses are not logged with their parameters,
// and no link has this one.
func feedToken(r *http.Request) string {
	header := r.Header.Get("Authorization")
	switch scheme, token, _ := strings.Cut(header, " "); {
	case strings.EqualFold(scheme, "Bearer"):
		return strings.TrimSpace(token)
	case strings.EqualFold(scheme, "Basic"):
		_, password, _ := r.BasicAuth()
		return strings.TrimSpace(password)
	case header != "":
		return ""
	}
	for item := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if value, ok := strings.CutPrefix(item, odata.APIKey+"="); ok {
			if token, err := url.QueryUnescape(value); err == nil {
				return token
			}
		}
	}
	return ""
}

// isFeedDoor reports whether a door takes tokens as feedToken does.
func isFeedDoor(door string) bool { return door == odataDoor || door == exportDoor }

// The names of the doors of tables, as policies know them (request.door).
const (
	odataDoor  = "odata"
	exportDoor = "export"
)
