package odata

import (
	"strconv"
	"strings"

	"github.com/trama-graph/trama/datasources/internal/wire"
)

// request is one read of a set.
type request struct {
	name string // for logs and errors: the entity, a constant
	set  string
	wish
	where cond
	order string
	top   int // 0 = as many as the server gives
	skip  int
	count bool // the number of all matching rows is wanted too
	// stamped: what is known of each row beside its columns is wanted too.
	stamped bool
	// isTrial: a refusal is an answer, the call is not repeated.
	isTrial bool
}

// address is the encoded path and query of a read. The options stand in one
// order, so that a proxy may cache them.
func (q request) address(v version) string {
	var b strings.Builder
	b.WriteString(escapeSet(q.set))
	separator := byte('?')
	add := func(name, value string) {
		if value == "" {
			return
		}
		b.WriteByte(separator)
		separator = '&'
		b.WriteString(name + "=" + wire.QueryEscape20(value))
	}
	if q.want != nil {
		selects, expands := q.want.options(v)
		add("$select", selects)
		add("$expand", expands)
	}
	add("$filter", q.where.text)
	add("$orderby", q.order)
	if q.top > 0 {
		add("$top", strconv.Itoa(q.top))
	}
	if q.skip > 0 {
		add("$skip", strconv.Itoa(q.skip))
	}
	switch {
	case !q.count:
	case v >= v4:
		add("$count", "true")
	default:
		add("$inlinecount", "allpages")
	}
	return b.String()
}

// counting is the address that answers with the bare number of matching rows.
func (q request) counting() string {
	address := escapeSet(q.set) + "/$count"
	if q.where.text != "" {
		address += "?$filter=" + wire.QueryEscape20(q.where.text)
	}
	return address
}

// escapeSet encodes a set, which may be a path: "Company('CRONUS')/salesOrders".
func escapeSet(set string) string { return wire.QueryEscape20(set) }

// length is how many bytes a text takes in an address.
func length(text string) int { return len(wire.QueryEscape20(text)) }
