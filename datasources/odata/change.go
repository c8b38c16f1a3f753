package odata

import (
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// change is the property that tells when a record was last changed.
type change struct {
	*column
	found found
	at    mapping.Path // in a record as it is rewritten
	// isDeclared: the config names it, so that it may be relied on as a version.
	isDeclared bool
}

// of reads it from a record, zero where it has none.
func (c *change) of(rec mapping.Value) time.Time {
	if c == nil {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339Nano, c.at.Find(rec).String())
	if err != nil {
		return time.Time{}
	}
	return at
}

// change finds the property: the config's, else the one of updatedAt.
func (x *layouter) change(typ string, cfg *Entity) {
	path := cfg.Changed
	if path == "" && len(x.l.places["updatedAt"]) == 1 {
		path = x.l.places["updatedAt"][0].path()
	}
	if path == "" || path == wordNone {
		return
	}
	names := splitPath(path)
	f, ok := x.m.find(typ, names)
	ok = ok && f.name != "" && f.typ.isTime() && f.canFilter && f.canSort
	at, err := mapping.ParsePath(mappingPath(names))
	if !ok || err != nil {
		if cfg.Changed != "" {
			x.report("changed", path+" is not there, or is no time by which can be filtered and sorted", datasources.Fail)
		}
		return
	}
	x.l.change = &change{
		found: f, at: at, isDeclared: cfg.Changed != "",
		column: &column{name: "changed", path: f.path(), typ: f.typ, want: schema.KindTime, isRequired: f.isRequired, canFilter: true, canSort: true},
	}
}

// keeping tells how a copy keeps up with the entity.
func (l *layout) keeping(cfg *Entity) datasources.Finding {
	f := datasources.Finding{Subject: l.entity + " copy", Level: datasources.OK, Result: "not followed, as nothing tells when a record was changed"}
	if l.change != nil {
		f.Result = "followed by " + l.change.path
		if !l.change.isRequired {
			f.Result += " (records without it are found by the sweep)"
		}
	}
	switch {
	case cfg.ETag:
		f.Result += "; swept by keys and ETags"
	case l.change != nil && l.change.isDeclared:
		f.Result += "; swept by keys and " + l.change.path
	default:
		f.Result += "; swept by reading all rows"
	}
	return f
}

// stamps is what is selected to sweep: keys, the time of the last change, and the
// mark of deletion.
func (l *layout) stamps() *tree {
	t := newTree()
	for _, k := range l.keys {
		t.props[k.name] = k.typ
	}
	if l.change != nil {
		t.add(l.change.found.steps, l.change.found.name, l.change.typ)
	}
	for _, p := range l.places["deleted"] {
		t.add(p.steps, p.name, p.typ)
	}
	return t
}

// versionNames are what records may be asked for beside their properties.
func versionNames() []string {
	return []string{"@odata.etag", "@etag", "odata.etag", "__metadata", "etag"}
}

// etagOf is a record's ETag in any version, "" = it has none.
func etagOf(row mapping.Value) string {
	for _, name := range []string{"@odata.etag", "@etag", "odata.etag"} {
		if v := row.Member(name); v.Kind() == mapping.Text {
			return v.String()
		}
	}
	return row.Member("__metadata").Member("etag").String()
}
