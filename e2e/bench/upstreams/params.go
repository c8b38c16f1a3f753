package main

import (
	"net/url"
	"strconv"
	"strings"
)

// params are the parameters of a call.
type params struct {
	keys          []string // nil = none were given
	by            keyKind
	limit, offset int // limit is -1 where none was given
}

// keyKind is what the keys of a call are.
type keyKind int

const (
	byOwn keyKind = iota
	byCustomer
	byOrder
	byOrderNumber
)

// parse reads a query without net/url's map, which would cost more than the
// answer. "," and "%2C" both part keys, and a repeated parameter adds to the list.
// What it does not know it ignores.
func parse(raw string) params {
	p := params{limit: -1}
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, value, _ := strings.Cut(pair, "=")
		switch unescape(name) {
		case "limit":
			p.limit = natural(value, p.limit)
		case "offset", "cursor":
			p.offset = natural(value, p.offset)
		case "ids", "id":
			p.add(byOwn, value)
		case "customerIds", "customerId", "customerIds[]":
			p.add(byCustomer, value)
		case "orderIds", "orderId", "orderIds[]":
			p.add(byOrder, value)
		case "orderNumbers", "orderNumber", "orderNumbers[]":
			p.add(byOrderNumber, value)
		}
	}
	return p
}

func (p *params) add(by keyKind, value string) {
	value = unescape(value)
	p.by = by
	if p.keys == nil {
		p.keys = make([]string, 0, 1+strings.Count(value, ","))
	}
	for value != "" {
		var key string
		key, value, _ = strings.Cut(value, ",")
		p.keys = append(p.keys, key)
	}
}

func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}

func natural(s string, otherwise int) int {
	if n, err := strconv.Atoi(s); err == nil && n >= 0 {
		return n
	}
	return otherwise
}
