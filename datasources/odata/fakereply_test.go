package odata_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/govalues/decimal"
)

// page writes rows as the version does.
func (f *fake) page(w http.ResponseWriter, r *http.Request, set *fakeSet, rows []row, total int, next string) {
	q := r.URL.Query()
	list := []any{}
	for _, x := range rows {
		out, err := f.record(set, x, q.Get("$select"), q.Get("$expand"))
		if err != nil {
			f.fail(w, http.StatusBadRequest, err.Error())
			return
		}
		list = append(list, out)
	}
	counted := q.Get("$count") == "true" || q.Get("$inlinecount") == "allpages"
	var body map[string]any
	switch {
	case f.version >= 4:
		body = map[string]any{"@odata.context": f.root() + "$metadata#x", "value": list}
		if counted {
			body["@odata.count"] = total
		}
		if next != "" {
			body["@odata.nextLink"] = next
		}
	case f.version == 3:
		body = map[string]any{"odata.metadata": f.root() + "$metadata#x", "value": list}
		if counted {
			body["odata.count"] = strconv.Itoa(total)
		}
		if next != "" {
			body["odata.nextLink"] = strings.TrimPrefix(next, f.root())
		}
	default:
		d := map[string]any{"results": list}
		if counted {
			d["__count"] = strconv.Itoa(total)
		}
		if next != "" {
			d["__next"] = next
		}
		body = map[string]any{"d": d}
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(body)
}

// record writes a row with what is selected and expanded of it.
func (f *fake) record(set *fakeSet, x row, selects, expands string) (map[string]any, error) {
	out := map[string]any{}
	if f.version == 2 {
		out["__metadata"] = map[string]any{"uri": f.root() + "x", "type": "Shop." + set.typ}
	}
	inner := map[string][2]string{} // navigation → its own select and expand
	if f.version >= 4 {
		for _, part := range topLevel(expands, ',') {
			name, options, _ := strings.Cut(strings.TrimSuffix(part, ")"), "(")
			var own [2]string
			for _, o := range topLevel(options, ';') {
				if s, ok := strings.CutPrefix(o, "$select="); ok {
					own[0] = s
				}
				if e, ok := strings.CutPrefix(o, "$expand="); ok {
					own[1] = e
				}
			}
			inner[name] = own
		}
	} else {
		for _, part := range topLevel(expands, ',') {
			first, rest, _ := strings.Cut(part, "/")
			own := inner[first]
			own[1] = strings.Trim(own[1]+","+rest, ",")
			inner[first] = own
		}
	}
	for _, part := range topLevel(selects, ',') {
		first, rest, more := strings.Cut(part, "/")
		if own, ok := inner[first]; more && ok {
			own[0] = strings.Trim(own[0]+","+rest, ",")
			inner[first] = own
			continue
		}
		i := slices.IndexFunc(set.props, func(p fakeProp) bool { return p.name == first })
		if i < 0 {
			return nil, fmt.Errorf("select: no property %s", part)
		}
		out[first] = f.wire(x[first], set.props[i].typ)
	}
	for name, own := range inner {
		i := slices.IndexFunc(set.navs, func(n fakeNav) bool { return n.name == name })
		if i < 0 {
			return nil, fmt.Errorf("expand: no navigation %s", name)
		}
		to := f.sets[set.navs[i].to]
		switch v := x[name].(type) {
		case nil:
			out[name] = nil
		case row:
			r, err := f.record(to, v, own[0], own[1])
			if err != nil {
				return nil, err
			}
			out[name] = r
		case []row:
			list := []any{}
			for _, e := range v {
				r, err := f.record(to, e, own[0], own[1])
				if err != nil {
					return nil, err
				}
				list = append(list, r)
			}
			out[name] = any(list)
			if f.version == 2 {
				out[name] = map[string]any{"results": list}
			}
		}
	}
	if f.version == 2 {
		for _, n := range set.navs {
			if _, ok := out[n.name]; !ok {
				out[n.name] = map[string]any{"__deferred": map[string]any{"uri": f.root() + "x/" + n.name}}
			}
		}
	}
	return out, nil
}

// topLevel splits outside of brackets.
func topLevel(s string, by byte) []string {
	var parts []string
	depth, from := 0, 0
	for i := range len(s) {
		switch {
		case s[i] == '(':
			depth++
		case s[i] == ')':
			depth--
		case s[i] == by && depth == 0:
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	if from < len(s) {
		parts = append(parts, s[from:])
	}
	return parts
}

// wire is a value as the version writes it.
func (f *fake) wire(v any, typ string) any {
	switch x := v.(type) {
	case uid:
		return strings.ToUpper(string(x))
	case decimal.Decimal:
		if f.version < 4 {
			return x.String()
		}
		return json.Number(x.String())
	case int:
		if f.version < 4 && typ == "Edm.Int64" {
			return strconv.Itoa(x)
		}
		return x
	case time.Time:
		wall := x.In(f.zone)
		switch {
		case typ == "Edm.Date":
			return wall.Format("2006-01-02")
		case typ == "Edm.DateTimeOffset" && f.version == 2:
			return fmt.Sprintf("/Date(%d+0000)/", x.UnixMilli())
		case typ == "Edm.DateTimeOffset":
			return x.UTC().Format("2006-01-02T15:04:05.9999999Z")
		case f.version == 2:
			clock := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), time.UTC)
			return fmt.Sprintf("/Date(%d)/", clock.UnixMilli())
		}
		return wall.Format("2006-01-02T15:04:05.9999999")
	}
	return v
}

func (f *fake) serveMetadata(w http.ResponseWriter) {
	if f.noMetadata {
		f.fail(w, http.StatusNotFound, "none")
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	if f.metadata != "" {
		fmt.Fprint(w, f.metadata)
		return
	}
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?>`)
	if f.version >= 4 {
		b.WriteString(`<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>`)
	} else {
		fmt.Fprintf(&b, `<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"><edmx:DataServices m:DataServiceVersion="%d.0" xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">`, f.version)
	}
	b.WriteString(`<Schema Namespace="Shop" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">`)
	var assocs, sets string
	for name, set := range f.sets {
		fmt.Fprintf(&b, `<EntityType Name="%s"><Key>`, set.typ)
		for _, k := range set.key {
			fmt.Fprintf(&b, `<PropertyRef Name="%s"/>`, k)
		}
		b.WriteString(`</Key>`)
		for _, p := range set.props {
			null := ""
			if p.required || slices.Contains(set.key, p.name) {
				null = ` Nullable="false"`
			}
			fmt.Fprintf(&b, `<Property Name="%s" Type="%s"%s/>`, p.name, p.typ, null)
		}
		for _, n := range set.navs {
			to := "Shop." + f.sets[n.to].typ
			if f.version >= 4 {
				if n.many {
					to = "Collection(" + to + ")"
				}
				fmt.Fprintf(&b, `<NavigationProperty Name="%s" Type="%s"/>`, n.name, to)
				continue
			}
			id, many := set.typ+"_"+n.name, "0..1"
			if n.many {
				many = "*"
			}
			fmt.Fprintf(&b, `<NavigationProperty Name="%s" Relationship="Shop.%s" FromRole="from" ToRole="to"/>`, n.name, id)
			assocs += fmt.Sprintf(`<Association Name="%s"><End Role="from" Type="Shop.%s" Multiplicity="1"/><End Role="to" Type="%s" Multiplicity="%s"/></Association>`, id, set.typ, to, many)
		}
		b.WriteString(`</EntityType>`)
		sets += fmt.Sprintf(`<EntitySet Name="%s" EntityType="Shop.%s"/>`, name, set.typ)
	}
	b.WriteString(assocs + `<EntityContainer Name="C">` + sets + `</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>`)
	fmt.Fprint(w, b.String())
}
