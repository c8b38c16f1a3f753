package notes

import (
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/schema"
)

// paging explains lists and their filters.
func (n *note) paging() {
	if !slices.ContainsFunc(n.Schema.Query.Fields, func(f *ast.FieldDefinition) bool { return n.isPage(f.Type) }) && len(n.reach.entities) == 0 {
		return
	}
	n.section(n.t.lists)
	of := strings.NewReplacer("{default}", n.grouped(int64(n.Limits.DefaultPage)), "{max}", n.grouped(int64(n.Limits.PageSize)))
	for _, s := range n.t.listItems {
		n.item(of.Replace(s))
	}
	n.b.WriteString("\n")
	var kinds []*ast.Definition
	for _, name := range []string{"StringFilter", "DecimalFilter", "DateTimeFilter", "BooleanFilter"} {
		if d := n.Schema.Types[name]; d != nil {
			kinds = append(kinds, d)
		}
	}
	if len(kinds) == 0 {
		n.linef("%s", n.t.noFilters)
		n.fences()
		return
	}
	n.linef("%s", n.t.filters)
	n.table(n.t.kind, n.t.conditions)
	for _, d := range kinds {
		names := make([]string, len(d.Fields))
		for i, f := range d.Fields {
			names[i] = "`" + f.Name + "`"
		}
		n.row(n.t.kinds[d.Name], strings.Join(names, ", "))
	}
	n.b.WriteString("\n")
	n.fences()
}

// values explains how values are written, the value types and the enums.
func (n *note) values() {
	n.section(n.t.dates)
	for _, s := range n.t.dateItems {
		n.item(s)
	}
	n.b.WriteString("\n")
	if len(n.reach.values) > 0 {
		n.section(n.t.valueTypes)
		n.types(n.reach.values)
	}
	if len(n.reach.enums) == 0 {
		return
	}
	n.section(n.t.enums)
	for _, d := range n.reach.enums {
		n.linef("### %s", d.Name)
		n.linef("%s", d.Description)
		n.table(n.t.value, n.t.meaning)
		for _, v := range d.EnumValues {
			n.row("`"+v.Name+"`", v.Description)
		}
		n.b.WriteString("\n")
	}
}

// masks explains the masks that were met.
func (n *note) masks() {
	if len(n.masked) == 0 {
		return
	}
	n.section(n.t.masks)
	n.linef("%s", n.t.masksAre)
	slices.Sort(n.masked)
	for _, k := range n.masked {
		n.item("`" + string(k) + "`" + n.t.colon + n.t.maskKinds[string(k)])
	}
	n.b.WriteString("\n")
}

// limits lists what an agreement can limit, in the schema's order, with what holds
// where it says nothing.
func (n *note) limits() {
	n.section(n.t.limits)
	n.linef("%s", n.t.limitsAre)
	for _, s := range n.t.limitItems {
		n.item(s)
	}
	n.b.WriteString("\n")
	n.table(n.t.limit, n.t.standard, "`me { agreement }`")
	standard := map[string]int64{
		"maxCost": n.Limits.Cost, "maxDepth": int64(n.Limits.Depth), "maxAliases": int64(n.Limits.Aliases), "maxRootFields": int64(n.Limits.RootFields),
		"maxTokens": int64(n.Limits.Tokens), "maxPageSize": int64(n.Limits.PageSize), "maxRows": int64(n.Limits.Rows), "maxMilliseconds": n.Limits.Time.Milliseconds(),
	}
	for _, f := range n.Full.Types["Agreement"].Fields {
		name := n.t.limitNames[f.Name]
		if name == "" {
			continue
		}
		value := n.t.unlimited
		switch v := standard[f.Name]; {
		case f.Name == "answerCacheSeconds":
			value = "0" // no answer is kept without an agreement
		case v > 0:
			value = n.grouped(v)
		}
		n.row(name, value, "`"+f.Name+"`")
	}
	n.b.WriteString("\n")
}

// errors lists the codes, what the client did first.
func (n *note) errors() {
	n.section(n.t.errors)
	n.linef("%s", n.t.errorsAre)
	n.table(n.t.code, n.t.meaning, n.t.doing)
	for _, c := range codes() {
		text := n.t.codes[c]
		n.row("`"+string(c)+"`", text[0], text[1])
	}
	n.b.WriteString("\n")
	n.linef("%s", n.t.statuses)
	n.table(n.t.status, n.t.meaning)
	for _, s := range statuses() {
		n.row(s, n.t.statusTexts[s])
	}
	n.b.WriteString("\n")
}

// codes are those of schema/errors.go; a test holds that none is missing.
func codes() []schema.Code {
	return []schema.Code{
		schema.BadRequest, schema.Unauthenticated, schema.Forbidden, schema.ForbiddenField, schema.NotFound, schema.Limited, schema.TooCostly,
		schema.UnsupportedFilter, schema.Ambiguous, schema.NotEnabled, schema.SourceUnavailable, schema.SourceTimeout, schema.SourceLimited,
		schema.SourceInvalid, schema.Conflict, schema.Internal,
	}
}

func statuses() []string {
	return []string{"200", "400", "401", "403", "405", "406", "413", "415", "429", "500"}
}

// systems describes what me, sources and their like give.
func (n *note) systems() {
	if len(n.reach.systems) == 0 {
		return
	}
	n.section(n.t.systems)
	n.linef("%s", n.t.systemsAre)
	n.types(n.reach.systems)
}

// grouped writes a number with its thousands apart, as the language does.
func (n *note) grouped(v int64) string {
	s := strconv.FormatInt(v, 10)
	var b strings.Builder
	for i, r := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteString(n.Language.group())
		}
		b.WriteRune(r)
	}
	return b.String()
}
