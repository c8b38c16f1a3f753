package loaders

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// position is the last row of a page: its order value, source and key. It is the
// content of a cursor.
type position struct {
	Kind   schema.Kind `json:"k,omitempty"`
	Value  string      `json:"v,omitempty"`
	Source string      `json:"s,omitempty"`
	Key    string      `json:"i"`
}

func valueText(v schema.Value) string {
	switch v.Kind {
	case schema.KindString:
		return v.Str
	case schema.KindInt:
		return strconv.FormatInt(v.Int, 10)
	case schema.KindDecimal:
		return v.Dec.String()
	case schema.KindTime:
		return v.Time.UTC().Format(time.RFC3339Nano)
	case schema.KindBool:
		return strconv.FormatBool(v.Bool)
	}
	return ""
}

func textValue(kind schema.Kind, text string) (schema.Value, error) {
	switch kind {
	case schema.KindString:
		return schema.String(text), nil
	case schema.KindInt:
		n, err := strconv.ParseInt(text, 10, 64)
		return schema.Int(n), err
	case schema.KindDecimal:
		d, err := decimal.Parse(text)
		return schema.Dec(d), err
	case schema.KindTime:
		t, err := time.Parse(time.RFC3339Nano, text)
		return schema.Time(t), err
	case schema.KindBool:
		b, err := strconv.ParseBool(text)
		return schema.Bool(b), err
	}
	return schema.Null, nil
}

func (l *Loaders) cursorOf(entity string, row schema.Entity, order schema.Sort, shape []byte) string {
	source, key := row.Identity()
	p := position{Source: source, Key: key}
	if column := l.ownColumn(entity, source, order); column != "" {
		v := row.Column(column)
		p.Kind, p.Value = v.Kind, valueText(v)
	}
	b, _ := json.Marshal(p) //nolint:errchkjson // a struct of texts
	return l.Seal.Cursor(b, shape)
}

func (l *Loaders) openCursor(cursor *string, shape []byte) (*position, schema.Value, error) {
	if cursor == nil {
		return nil, schema.Null, nil
	}
	bad := schema.Errorf(schema.BadRequest, "after is not a cursor of this list: it belongs to another query, filter, order or set of sources")
	b, err := l.Seal.OpenCursor(*cursor, shape)
	if err != nil {
		return nil, schema.Null, bad
	}
	var p position
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, schema.Null, bad
	}
	v, err := textValue(p.Kind, p.Value)
	if err != nil {
		return nil, schema.Null, bad
	}
	return &p, v, nil
}

// ownColumn is the column a row's source sorts by: that of the common order, or
// its own default where there is none.
func (l *Loaders) ownColumn(entity, source string, order schema.Sort) string {
	if order.Column != "" {
		return order.Column
	}
	if s := l.Catalog.Source(source); s != nil && s.Has(entity) {
		return s.Entity(entity).Default.Column
	}
	return ""
}

// afterIn turns a position into the place where one source goes on. Rows with
// equal order values stand in the order of their sources' names.
func afterIn(p *position, v schema.Value, source string) *datasources.After {
	switch {
	case p == nil:
		return nil
	case source == p.Source:
		return &datasources.After{Value: v, ID: p.Key}
	default:
		return &datasources.After{Value: v, Inclusive: source > p.Source}
	}
}
