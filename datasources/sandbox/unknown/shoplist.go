package unknown

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// listOptions are what a caller may say of the rows he gets.
type listOptions struct {
	linked     bool     // linkedObjectsIds is filled
	properties []string // nil: all
}

// shopParams reads a query as PHP does: of a parameter that stands twice the last one counts, a plus sign is a space.
func shopParams(raw string) (map[string]string, *shopError) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, badRequest("")
	}
	params := make(map[string]string, len(values))
	for name, list := range values {
		params[name] = list[len(list)-1]
	}
	return params, nil
}

// segments splits a path that is still percent-encoded, so that a slash within a number stays within it.
func segments(path string) ([]string, *shopError) {
	var out []string
	for s := range strings.SplitSeq(path, "/") {
		plain, err := url.PathUnescape(s)
		if err != nil {
			return nil, badRequest("")
		}
		out = append(out, plain)
	}
	return out, nil
}

func properties(params map[string]string) []string {
	var names []string
	for name := range strings.SplitSeq(params["properties"], ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// integer reads a parameter that Restler declares as int.
func integer(params map[string]string, name string, otherwise int) (int, *shopError) {
	text, ok := params[name]
	if !ok || text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n > math.MaxInt32 || n < math.MinInt32 {
		return 0, badRequest("Invalid value specified for `" + name + "`. Expecting integer value")
	}
	return n, nil
}

func flag(params map[string]string, name string) bool {
	return params[name] == "true" || params[name] == "1"
}

// list answers a read of a whole resource.
func (s *Shop) list(set *shopSet, params map[string]string) ([]byte, *shopError) {
	rows, fail := s.filtered(set, params)
	if fail != nil {
		return nil, fail
	}
	if fail := set.sort(rows, params); fail != nil {
		return nil, fail
	}
	limit, fail := integer(params, "limit", 100)
	if fail != nil {
		return nil, fail
	}
	asked := limit // what the shop reports, even where it gives less
	if s.opts.MaxLimit > 0 && (limit <= 0 || limit > s.opts.MaxLimit) {
		limit = s.opts.MaxLimit
	}
	from, tail, fail := s.window(set, params, len(rows), limit, asked)
	if fail != nil {
		return nil, fail
	}
	to := len(rows)
	if limit > 0 {
		to = min(to, from+limit)
	}
	if from >= to && !s.opts.EmptyArray && !s.opts.ErrorsInBody {
		return nil, notFound("No " + strings.ToLower(set.singular) + " found")
	}
	opts := listOptions{linked: flag(params, "loadlinkedobjects"), properties: properties(params)}
	b := []byte{'['}
	for i := from; i < to; i++ {
		if i > from {
			b = append(b, ',')
		}
		b = append(b, set.object(rows[i], opts)...)
	}
	return s.wrap(append(b, ']'), max(to-from, 0), tail), nil
}

// window returns where the page begins and what the answer says of the paging: nil where it is a bare array.
func (s *Shop) window(set *shopSet, params map[string]string, total, limit, asked int) (from int, tail []member, fail *shopError) {
	switch s.opts.Paging {
	case Offset:
		if from, fail = integer(params, "offset", 0); fail != nil {
			return 0, nil, fail
		}
		if from < 0 {
			return 0, nil, badRequest("Invalid value specified for `offset`. Minimum required value is 0")
		}
		from = min(from, total)
		return from, []member{num("count", total)}, nil
	case Cursor:
		if after, ok := params["starting_after"]; ok && after != "" {
			if from, ok = uncursor(after, mark(set, params)); !ok || from > total {
				return 0, nil, badRequest("Invalid cursor")
			}
		}
		next := member{"next_cursor", []byte("null")}
		more := limit > 0 && from+limit < total
		if more {
			next = text("next_cursor", cursor(from+limit, mark(set, params)))
		}
		return from, []member{boolean("has_more", more), next}, nil
	}
	page, fail := integer(params, "page", 0)
	if fail != nil {
		return 0, nil, fail
	}
	page = max(page, 0)
	if limit > 0 {
		from = int(min(int64(page)*int64(limit), int64(total)))
	}
	if !flag(params, "pagination_data") {
		return from, nil, nil
	}
	if asked == 0 {
		// PHP divides the total by the limit.
		return 0, nil, &shopError{500, "Division by zero"}
	}
	pages := (total + asked - 1) / asked
	inner := object(nil, []member{num("total", total), num("page", page), num("page_count", pages), num("limit", asked)})
	return from, []member{{"pagination", inner}}, nil
}

// wrap puts rows, which are JSON, into the shop's envelope. tail is nil for a bare answer.
func (s *Shop) wrap(rows []byte, n int, tail []member) []byte {
	if s.opts.ErrorsInBody {
		about := append([]member{num("rowcount", n), boolean("issuccess", true)}, tail...)
		return object(nil, []member{{"data", rows}, {"metadata", object(nil, about)}, {"error", []byte("null")}})
	}
	if tail == nil {
		return rows
	}
	name := "data"
	if s.opts.Paging == Offset {
		name = "items"
	}
	return object(nil, append([]member{{name, rows}}, tail...))
}

// mark names the query a cursor belongs to: everything that decides which rows come in which order.
func mark(set *shopSet, params map[string]string) uint32 {
	h := fnv.New32a()
	for _, part := range []string{set.name, params["sortfield"], params["sortorder"], params["thirdparty_ids"], params["sqlfilters"]} {
		_, _ = fmt.Fprintf(h, "%q", part)
	}
	return h.Sum32()
}

func cursor(from int, mark uint32) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%08x%d", mark, from))
}

func uncursor(text string, mark uint32) (from int, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) < 9 || string(raw[:8]) != fmt.Sprintf("%08x", mark) {
		return 0, false
	}
	from, err = strconv.Atoi(string(raw[8:]))
	return from, err == nil && from > 0
}

// filtered returns the rows that pass thirdparty_ids and sqlfilters, by ascending id.
func (s *Shop) filtered(set *shopSet, params map[string]string) ([]int, *shopError) {
	owners, ok := params["thirdparty_ids"]
	ok = ok && owners != "" && set.hasOwner() && !s.opts.IgnoreFilters
	var wanted map[string]bool
	if ok {
		wanted = map[string]bool{}
		for id := range strings.SplitSeq(owners, ",") {
			if id == "" {
				continue
			}
			if !digits(id) {
				// Restler checks the parameter against /^[0-9,]*$/i.
				return nil, badRequest("Invalid value specified for `thirdparty_ids`. Format is required")
			}
			wanted[strings.TrimLeft(id, "0")] = true
		}
	}
	var filter sqlFilter
	if text := params["sqlfilters"]; text != "" && !s.opts.IgnoreFilters {
		var fail *shopError
		if filter, fail = parseSQLFilter(text, set, s.opts.Zone); fail != nil {
			return nil, fail
		}
	}
	rows := make([]int, 0, len(set.rows))
	for i := range set.rows {
		row := &set.rows[i]
		if wanted != nil && !wanted[row.rec.Owner] || filter != nil && !filter(row) {
			continue
		}
		rows = append(rows, i)
	}
	return rows, nil
}

// sort orders rows by sortfield and sortorder: one or several columns, separated by commas.
func (t *shopSet) sort(rows []int, params map[string]string) *shopError {
	fields := strings.Split(params["sortfield"], ",")
	orders := strings.Split(params["sortorder"], ",")
	type key struct {
		col  int
		desc bool
	}
	var keys []key
	for i, f := range fields {
		if f = strings.TrimSpace(f); f == "" {
			f = "t.rowid"
		}
		col := t.column(f)
		if col < 0 {
			return database(t, "Unknown column '"+f+"' in 'order clause'")
		}
		order := orders[min(i, len(orders)-1)]
		keys = append(keys, key{col, strings.EqualFold(strings.TrimSpace(order), "desc")})
	}
	slices.SortStableFunc(rows, func(a, b int) int {
		for _, k := range keys {
			o := t.rows[a].cells[k.col].compare(t.rows[b].cells[k.col])
			if k.desc {
				o = -o
			}
			if o != 0 {
				return o
			}
		}
		return 0
	})
	return nil
}
