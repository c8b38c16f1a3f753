package copies

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// pageRows is how many rows are asked for at once where the source does not say
// how many it gives, and the most that are asked for.
const (
	pageRows = 200
	pageMost = 1000
)

// feedOf reads an entity by its scanner, and page by page as a list where the
// reader has none.
func feedOf[T any, P datasources.EntityOf[T]](r datasources.Reader[T], e *datasources.Entity, p *packer[T, P]) feed {
	if sc, ok := r.(datasources.Scanner[T]); ok {
		return func(ctx context.Context, from string, take func(*Page, int) error) error {
			return sc.Scan(ctx, datasources.Mark(from), func(s datasources.Scanned[T]) error {
				if err := p.heir.complete(ctx, s.Items); err != nil {
					return err
				}
				rows, unusable := p.pack(s.Items)
				return take(&Page{Rows: rows, Mark: string(s.Mark), Last: s.Last, Doubtful: s.Doubtful, Shifting: s.Shifting}, unusable)
			})
		}
	}
	l := &lister[T, P]{r: r, p: p, order: e.Default, size: e.PageLimit}
	if l.size <= 0 {
		l.size = pageRows
	}
	l.size = min(l.size, pageMost)
	return l.read
}

// lister reads a list to its end. Its mark is the last row's place in the order.
type lister[T any, P datasources.EntityOf[T]] struct {
	r     datasources.Reader[T]
	p     *packer[T, P]
	order schema.Sort
	size  int
}

// place is a mark in a list.
type place struct {
	Kind schema.Kind `json:"k,omitempty"`
	Text string      `json:"v,omitempty"`
	ID   string      `json:"id"`
}

func (l *lister[T, P]) read(ctx context.Context, from string, take func(*Page, int) error) error {
	q := datasources.Query{Order: l.order, First: l.size}
	if from != "" {
		after, err := parsePlace(from)
		if err != nil {
			return err
		}
		q.After = after
	}
	for mark := from; ; {
		rows, err := l.r.List(ctx, q)
		if err != nil {
			return err
		}
		page := &Page{Mark: mark, Last: len(rows.More) != 1 || !rows.More[0]}
		// A row that moves to another place of the order during the reading may be
		// passed by; keys do not change.
		page.Shifting = l.order.Column != "" && l.order.Column != "id"
		if n := len(rows.Items); n > 0 {
			last := P(&rows.Items[n-1])
			_, id := last.Identity()
			q.After = &datasources.After{ID: id}
			if l.order.Column != "" {
				q.After.Value = last.Column(l.order.Column)
			}
			page.Mark = formatPlace(q.After)
		}
		if !page.Last && page.Mark == mark {
			page.Last, page.Doubtful = true, true // it says that there is more, and gives nothing new
		}
		mark = page.Mark
		if err := l.p.heir.complete(ctx, rows.Items); err != nil {
			return err
		}
		var unusable int
		page.Rows, unusable = l.p.pack(rows.Items)
		if err := take(page, unusable); err != nil || page.Last {
			return err
		}
	}
}

func formatPlace(a *datasources.After) string {
	b, err := json.Marshal(place{Kind: a.Value.Kind, Text: a.Value.Text(), ID: a.ID})
	if err != nil { // texts and a number
		return ""
	}
	return string(b)
}

// errMark says that a mark cannot be used: the reading begins anew.
var errMark = fmt.Errorf("copies: the mark of a reading is not one of ours")

func parsePlace(mark string) (*datasources.After, error) {
	var p place
	if err := json.Unmarshal([]byte(mark), &p); err != nil || p.ID == "" {
		return nil, errMark
	}
	v, err := schema.ParseValue(p.Kind, p.Text)
	if err != nil {
		return nil, errMark
	}
	return &datasources.After{Value: v, ID: p.ID}, nil
}
