package unknown

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// param is one query option as it was sent.
type param struct{ name, value string }

// systemOptions are the options of a version that this service takes; every other name that begins with $ is refused.
func systemOptions(version int) []string {
	names := []string{"$filter", "$select", "$orderby", "$top", "$skip", "$expand", "$format", "$skiptoken"}
	if version == 4 {
		return append(names, "$count")
	}
	return append(names, "$inlinecount")
}

// params splits a query. Versions 2 and 4 stand for servers that read a plus sign as a space (SAP, ASP.NET), version 3 for one
// that does not (WCF). Names without $ are the caller's own and are ignored.
func (l *Ledger) params(raw string) ([]param, *odataError) {
	unescape := url.QueryUnescape
	if l.opts.Version == 3 {
		unescape = url.PathUnescape
	}
	allowed := systemOptions(l.opts.Version)
	var out []param
	for one := range strings.SplitSeq(raw, "&") {
		if one == "" {
			continue
		}
		k, v, _ := strings.Cut(one, "=")
		name, err := unescape(k)
		text, err2 := unescape(v)
		if err != nil || err2 != nil {
			return nil, badSyntax("The query is not encoded correctly.")
		}
		if !strings.HasPrefix(name, "$") {
			continue
		}
		if !slices.Contains(allowed, name) {
			return nil, badOption("The query parameter '" + name + "' is not supported.")
		}
		if slices.ContainsFunc(out, func(p param) bool { return p.name == name }) {
			return nil, badOption("Query option '" + name + "' was specified more than once, but it must be specified at most once.")
		}
		out = append(out, param{name, text})
	}
	return out, nil
}

func option(params []param, name string) (string, bool) {
	for _, p := range params {
		if p.name == name {
			return p.value, true
		}
	}
	return "", false
}

// query is a read of a list, ready to run.
type query struct {
	filter  func(row []value) bool
	order   []orderKey
	top     int // −1: no bound
	skip    int
	isCount bool // the total is asked for
	shape   *shape
	token   string
}

type orderKey struct {
	prop   int
	isDesc bool
}

// shape is what is printed of a row.
type shape struct {
	props  []int
	links  []*navigation // of versions 2 and 3, where an unexpanded navigation is printed as a link
	expand []expansion
}

type expansion struct {
	nav   *navigation
	shape *shape
}

// query reads the options of a list.
func (l *Ledger) query(set *entitySet, params []param) (*query, *odataError) {
	q := &query{top: -1}
	var fail *odataError
	for _, p := range params {
		switch p.name {
		case "$filter":
			q.filter, fail = l.parseFilter(p.value, set)
		case "$orderby":
			q.order, fail = orderBy(set, p.value)
		case "$top":
			q.top, fail = count(p)
		case "$skip":
			q.skip, fail = count(p)
		case "$skiptoken":
			q.token = p.value
		case "$inlinecount":
			q.isCount = p.value == "allpages"
			if !q.isCount && p.value != "none" {
				fail = badOption("Unknown $inlinecount option, only 'allpages' and 'none' are supported.")
			}
		case "$count":
			q.isCount = p.value == "true"
			if !q.isCount && p.value != "false" {
				fail = badOption("'" + clip(p.value) + "' is not a valid value for $count.")
			}
		}
		if fail != nil {
			return nil, fail
		}
	}
	q.shape, fail = l.shape(set, params)
	return q, fail
}

func count(p param) (int, *odataError) {
	n, err := strconv.Atoi(p.value)
	if err != nil || n < 0 || n > math.MaxInt32 {
		return 0, badOption("Incorrect format for " + p.name + " argument " + clip(p.value) + ".")
	}
	return n, nil
}

// maxOrder bounds the columns of an order.
const maxOrder = 8

func orderBy(set *entitySet, text string) ([]orderKey, *odataError) {
	var keys []orderKey
	for term := range strings.SplitSeq(text, ",") {
		words := strings.Fields(term)
		if len(words) == 0 || len(words) > 2 || len(keys) == maxOrder {
			return nil, badSyntax("Syntax error in $orderby at " + clip(term) + ".")
		}
		k := orderKey{prop: set.prop(words[0])}
		if k.prop < 0 {
			return nil, noProperty(words[0], set)
		}
		if len(words) == 2 {
			if k.isDesc = words[1] == "desc"; !k.isDesc && words[1] != "asc" {
				return nil, badSyntax("Syntax error in $orderby at " + clip(words[1]) + ".")
			}
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// run returns the rows of a list, all of them.
func (q *query) run(set *entitySet) []int {
	rows := make([]int, 0, len(set.rows))
	for i, row := range set.rows {
		if q.filter == nil || q.filter(row) {
			rows = append(rows, i)
		}
	}
	if len(q.order) == 0 {
		return rows
	}
	slices.SortStableFunc(rows, func(a, b int) int { // equal rows stay in the order of their keys
		for _, k := range q.order {
			x, y := set.rows[a][k.prop], set.rows[b][k.prop]
			o, ok := compare(x, y)
			if !ok { // null comes first
				o = int(truth(y.kind == kindNull) - truth(x.kind == kindNull))
			}
			if k.isDesc {
				o = -o
			}
			if o != 0 {
				return o
			}
		}
		return 0
	})
	return rows
}
