package unknown

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// printer writes the rows of one answer.
type printer struct {
	format
	zone *time.Location
	root string
}

func (l *Ledger) printList(set *entitySet, rows []int, total int, q *query, next string, f format, root string) reply {
	p := printer{f, l.opts.Zone, root}
	if !f.json {
		return p.feed(set, rows, total, q, next)
	}
	list := []byte{'['}
	for i, row := range rows {
		if i > 0 {
			list = append(list, ',')
		}
		list = object(list, p.members(set, row, q.shape))
	}
	list = append(list, ']')
	var out []member
	if f.level == "verbose" {
		out = append(out, member{"results", list})
		if q.isCount {
			out = append(out, text("__count", strconv.Itoa(total)))
		}
		if next != "" {
			out = append(out, text("__next", next))
		}
		return reply{http.StatusOK, f.contentType(), object(nil, []member{{"d", object(nil, out)}})}
	}
	if f.level != "none" {
		out = append(out, text(f.control("metadata"), root+"$metadata#"+set.name))
	}
	if q.isCount {
		if f.version == 4 {
			out = append(out, num(f.control("count"), total))
		} else {
			out = append(out, text(f.control("count"), strconv.Itoa(total)))
		}
	}
	out = append(out, member{"value", list})
	if next != "" {
		out = append(out, text(f.control("nextLink"), next))
	}
	return reply{http.StatusOK, f.contentType(), object(nil, out)}
}

func (l *Ledger) printEntity(set *entitySet, row int, s *shape, f format, root string) reply {
	p := printer{f, l.opts.Zone, root}
	if !f.json {
		return p.entry(set, row, s)
	}
	members := p.members(set, row, s)
	if f.level == "verbose" {
		return reply{http.StatusOK, f.contentType(), object(nil, []member{{"d", object(nil, members)}})}
	}
	if f.level != "none" {
		suffix := "/@Element"
		if f.version == 4 {
			suffix = "/$entity"
		}
		members = append([]member{text(f.control("metadata"), root+"$metadata#"+set.name+suffix)}, members...)
	}
	return reply{http.StatusOK, f.contentType(), object(nil, members)}
}

// members are what is printed of a row.
func (p printer) members(set *entitySet, row int, s *shape) []member {
	var out []member
	if p.level == "verbose" {
		uri := p.uri(set, row)
		out = append(out, member{"__metadata", object(nil, []member{text("id", uri), text("uri", uri), text("type", namespace+"."+set.typeName)})})
	}
	for _, i := range s.props {
		out = append(out, member{set.props[i].name, p.value(set.rows[row][i], set.props[i])})
	}
	if p.level == "verbose" {
		for _, n := range s.links {
			link := object(nil, []member{text("uri", p.uri(set, row)+"/"+n.name)})
			out = append(out, member{n.name, object(nil, []member{{"__deferred", link}})})
		}
	}
	for _, e := range s.expand {
		out = append(out, member{e.nav.name, p.expanded(e, e.nav.rows[row])})
	}
	return out
}

// expanded prints the rows behind a navigation: within {"results":[…]} if verbose.
func (p printer) expanded(e expansion, rows []int32) []byte {
	if !e.nav.isMany {
		if len(rows) == 0 {
			return []byte("null")
		}
		return object(nil, p.members(e.nav.target, int(rows[0]), e.shape))
	}
	list := []byte{'['}
	for i, row := range rows {
		if i > 0 {
			list = append(list, ',')
		}
		list = object(list, p.members(e.nav.target, int(row), e.shape))
	}
	list = append(list, ']')
	if p.level == "verbose" {
		return object(nil, []member{{"results", list}})
	}
	return list
}

// value prints a value in the form of the version (V2: "JSON Format", Primitive Types; 4.01: "JSON Format", §7.1).
func (p printer) value(v value, prop property) []byte {
	switch v.kind {
	case kindNull:
		return []byte("null")
	case kindBool:
		return strconv.AppendBool(nil, v.is)
	case kindInt, kindDecimal:
		number := v.num.String()
		if prop.typ == edmDecimal {
			number = v.num.Pad(prop.size).String()
		}
		if prop.typ != edmInt32 && (p.version < 4 || p.ieee754) {
			return appendText(nil, number)
		}
		return []byte(number)
	case kindTime:
		switch {
		case p.level == "verbose":
			return appendText(nil, "/Date("+strconv.FormatInt(v.at.UnixMilli(), 10)+")/")
		case p.version == 3:
			return appendText(nil, v.at.Format("2006-01-02T15:04:05.999"))
		}
		return appendText(nil, v.at.In(p.zone).Format("2006-01-02T15:04:05.999Z07:00"))
	case kindDate:
		return appendText(nil, v.at.Format(time.DateOnly))
	}
	return appendText(nil, v.text)
}

// uri is the address of a row.
func (p printer) uri(set *entitySet, row int) string {
	var parts []string
	for _, k := range set.keys {
		i := set.prop(k)
		part := keyLiteral(set.rows[row][i], set.props[i].typ, p.version)
		if len(set.keys) > 1 {
			part = k + "=" + part
		}
		parts = append(parts, part)
	}
	return p.root + set.name + "(" + strings.Join(parts, ",") + ")"
}

// keyLiteral is a key as it stands in an address, encoded.
func keyLiteral(v value, t edmType, version int) string {
	switch {
	case v.kind == kindString:
		return "'" + url.PathEscape(strings.ReplaceAll(v.text, "'", "''")) + "'"
	case v.kind == kindGUID && version < 4:
		return "guid'" + v.text + "'"
	case v.kind == kindGUID:
		return v.text
	case t == edmInt64 && version < 4:
		return v.num.String() + "L"
	}
	return v.num.String()
}
