package loaders

import (
	"encoding/json"

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

// cursorOf is the cursor of a row in a list that is ordered by a column, "" = by
// key.
func (l *Loaders) cursorOf(row schema.Entity, column string, shape []byte) string {
	source, key := row.Identity()
	p := position{Source: source, Key: key}
	if column != "" {
		v := row.Column(column)
		p.Kind, p.Value = v.Kind, v.Text()
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
	v, err := schema.ParseValue(p.Kind, p.Value)
	if err != nil {
		return nil, schema.Null, bad
	}
	return &p, v, nil
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
