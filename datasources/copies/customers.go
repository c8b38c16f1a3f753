package copies

import (
	"context"

	"github.com/trama-graph/trama/datasources"
)

// customerPage is how many records IndexCustomers hands over at once.
const customerPage = 500

// openCustomers makes the set of the records for the directory; nil when the
// source has none.
func openCustomers(c *Copy) (*set, error) {
	take := &customerPacker{}
	s := &set{entity: customers, before: -1, settled: -1}
	switch src := c.inner.(type) {
	case datasources.CustomerScanner:
		s.feed = take.scanned(src)
	case datasources.CustomerIndexer:
		s.feed, s.ahead = take.indexed(src), true
	default:
		return nil, nil //nolint:nilnil // the caller goes on without
	}
	rows, err := newCodec[datasources.CustomerRecord]()
	if err != nil {
		return nil, err
	}
	take.codec, c.records, s.layout = rows, rows, rows.name
	if f, ok := c.inner.(datasources.CustomerFollower); ok {
		s.changes = take.followed(f)
	}
	return s, nil
}

// customerPacker makes records ready for the store.
type customerPacker struct {
	codec *codec[datasources.CustomerRecord]
}

func (p *customerPacker) pack(records []datasources.CustomerRecord) (rows []Row, unusable int) {
	rows = make([]Row, 0, len(records))
	at := make(map[string]int, len(records))
	for i := range records {
		key := records[i].ID
		if key == "" || len(key) > longestKey {
			unusable++
			continue
		}
		row := Row{Key: key, Data: p.codec.encode(nil, &records[i])}
		row.Hash = hash(row.Data)
		if j, again := at[key]; again {
			rows[j] = row
			continue
		}
		at[key] = len(rows)
		rows = append(rows, row)
	}
	return rows, unusable
}

func (p *customerPacker) scanned(src datasources.CustomerScanner) feed {
	return func(ctx context.Context, from string, take func(*Page, int) error) error {
		return src.ScanCustomers(ctx, datasources.Mark(from), func(s datasources.Scanned[datasources.CustomerRecord]) error {
			rows, unusable := p.pack(s.Items)
			return take(&Page{Rows: rows, Mark: string(s.Mark), Last: s.Last, Doubtful: s.Doubtful, Shifting: s.Shifting}, unusable)
		})
	}
}

// indexed reads an index that has no marks: it begins anew each time. Each page
// is held back until the next one comes, so that the last is known as such.
func (p *customerPacker) indexed(src datasources.CustomerIndexer) feed {
	return func(ctx context.Context, _ string, take func(*Page, int) error) error {
		var held *Page
		unusable := 0
		err := src.IndexCustomers(ctx, func(records []datasources.CustomerRecord) error {
			rows, bad := p.pack(records)
			if held != nil {
				if err := take(held, unusable); err != nil {
					return err
				}
			}
			held, unusable = &Page{Rows: rows, Shifting: true}, bad
			return nil
		})
		if err != nil {
			return err
		}
		if held == nil {
			held = &Page{}
		}
		held.Last = true
		return take(held, unusable)
	}
}

// indexCustomers hands over the records of the copy page by page.
func (c *Copy) indexCustomers(ctx context.Context, f func([]datasources.CustomerRecord) error) error {
	s := c.byEntity[customers]
	ask := Ask{Source: c.cfg.Name, Query: datasources.Query{First: customerPage}}
	for {
		page := make([]datasources.CustomerRecord, 0, customerPage)
		answer, err := c.deps.store.CopyList(ctx, s.id, ask, func(data []byte, _ int64) error {
			page = append(page, datasources.CustomerRecord{})
			return c.records.decode(data, &page[len(page)-1], nil)
		})
		if err == nil {
			err = c.serves(s, answer.Set)
		}
		if err != nil {
			return c.readError(ctx, err)
		}
		if len(page) > 0 {
			if err := f(page); err != nil {
				return err
			}
			ask.After = &datasources.After{ID: page[len(page)-1].ID}
		}
		if len(page) == 0 || len(answer.More) != 1 || !answer.More[0] {
			return nil
		}
	}
}
