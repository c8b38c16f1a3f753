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
	if header := r.Header.Get("Authorization"); header != "" {
		return tokenOf(header)
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

// tokenOf is the token of an Authorization header, "" where it has none.
func tokenOf(header string) string {
	switch scheme, token, _ := strings.Cut(header, " "); {
	case strings.EqualFold(scheme, "Bearer"):
		return strings.TrimSpace(token)
	case strings.EqualFold(scheme, "Basic"):
		_, password, _ := (&http.Request{Header: http.Header{"Authorization": {header}}}).BasicAuth()
		return strings.TrimSpace(password)
	}
	return ""
}

// offersOther reports whether a request has a token besides the one it is made with. One
// that is passed over would answer for another account than somebody meant.
func offersOther(header http.Header, rawQuery, token string) bool {
	if token = strings.TrimSpace(token); token == "" {
		return false // it is refused for that
	}
	for _, value := range header.Values("Authorization") {
		if tokenOf(value) != token {
			return true
		}
	}
	for _, key := range odata.APIKeys(rawQuery) {
		if strings.TrimSpace(key) != token {
			return true
		}
	}
	return false
}

func twoTokens(message string) error {
	return &odata.Error{Kind: odata.KindBadRequest, Message: message}
}

// isFeedDoor reports whether a door takes tokens as feedToken does.
func isFeedDoor(door string) bool { return door == odataDoor || door == exportDoor }

// The names of the doors of tables, as policies know them (request.door).
const (
	odataDoor  = "odata"
	exportDoor = "export"
)
