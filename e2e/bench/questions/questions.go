// Package questions has what the benchmark asks.
package questions

import (
	_ "embed"
	"strconv"
	"strings"
)

// Dashboard is J: 50 customers joined with everything of theirs, 70 KB.
//
//go:embed dashboard.graphql
var Dashboard string

// Small is S: two fields of five customers.
//
//go:embed small.graphql
var Small string

// Kept is J of which a whole answer may be kept for so many seconds.
func Kept(seconds int) string {
	return strings.Replace(Dashboard, "query Dashboard {", "query Dashboard @cacheControl(maxAge: "+strconv.Itoa(seconds)+") {", 1)
}

// Bulk is B: the dashboard's question for so many customers, 1.4 KB each.
func Bulk(customers int) string {
	return strings.Replace(Dashboard, "first: 50)", "first: "+strconv.Itoa(customers)+")", 1)
}
