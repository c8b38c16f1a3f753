package copies

import (
	"context"

	"github.com/trama-graph/trama/datasources"
)

// changes is what a source tells of its changes, with the rows made ready.
type changes struct {
	// head is the cursor of now.
	head func(ctx context.Context) (string, error)
	// since gives a part of what changed since a cursor.
	since func(ctx context.Context, cursor string) (*delta, error)
}

// delta is a part of the changes of an entity. Keys are distinct, over rows and
// deleted together.
type delta struct {
	rows     []Row
	deleted  []string
	unusable int
	next     string
	more     bool
}

// changesOf follows an entity by its reader, nil when that cannot.
func changesOf[T any, P datasources.EntityOf[T]](r datasources.Reader[T], p *packer[T, P]) *changes {
	f, ok := r.(datasources.Follower[T])
	if !ok {
		return nil
	}
	return changesBy(f.Head, f.Since, func(ctx context.Context, items []T) ([]Row, int, error) {
		if err := p.heir.complete(ctx, items); err != nil {
			return nil, 0, err
		}
		rows, unusable := p.pack(items)
		return rows, unusable, nil
	})
}

// followed follows the records for the directory.
func (p *customerPacker) followed(f datasources.CustomerFollower) *changes {
	return changesBy(f.CustomersHead, f.CustomersSince, func(_ context.Context, records []datasources.CustomerRecord) ([]Row, int, error) {
		rows, unusable := p.pack(records)
		return rows, unusable, nil
	})
}

func changesBy[T any](
	head func(context.Context) (datasources.Cursor, error),
	since func(context.Context, datasources.Cursor) (datasources.Changes[T], error),
	pack func(context.Context, []T) ([]Row, int, error),
) *changes {
	return &changes{
		head: func(ctx context.Context) (string, error) {
			cursor, err := head(ctx)
			return string(cursor), err
		},
		since: func(ctx context.Context, cursor string) (*delta, error) {
			part, err := since(ctx, datasources.Cursor(cursor))
			if err != nil {
				return nil, err
			}
			d := &delta{next: string(part.Next), more: part.More}
			if d.rows, d.unusable, err = pack(ctx, part.Items); err != nil {
				return nil, err
			}
			d.deleted = besides(d.rows, part.Deleted)
			return d, nil
		},
	}
}

// besides returns the distinct keys that are not those of rows: a record that the
// source gives is there, whatever it says of its deletion; should it be gone all
// the same, the next sweep finds it.
func besides(rows []Row, keys []string) []string {
	if len(keys) == 0 {
		return nil
	}
	known := make(map[string]struct{}, len(rows)+len(keys))
	for i := range rows {
		known[rows[i].Key] = struct{}{}
	}
	var out []string
	for _, key := range keys {
		if _, again := known[key]; key != "" && !again {
			known[key] = struct{}{}
			out = append(out, key)
		}
	}
	return out
}
