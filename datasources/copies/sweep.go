package copies

import (
	"context"
	"errors"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// sweepRows is how many keys are compared, and at most read, for one page of a
// sweep: a source that gives all of its keys at once does not fill the memory with
// their rows.
const sweepRows = 500

// sweeper reads an entity by its keys and versions: only rows that the copy has
// not, or has in another version, are read whole.
//
// A row is saved with the version its key was listed with. That may be older than
// the row, which was read later: then the next sweep reads it once more. It is
// never newer, so that no change is passed over.
type sweeper[T any, P datasources.EntityOf[T]] struct {
	c    *Copy
	s    *set
	keys datasources.KeyScanner
	r    datasources.Reader[T]
	p    *packer[T, P]
}

func (w *sweeper[T, P]) read(ctx context.Context, from string, take func(*Page, int) error) error {
	mark := from
	return w.keys.ScanKeys(ctx, datasources.Mark(from), func(listed datasources.Scanned[datasources.Keyed]) error {
		keys, unusable := distinct(listed.Items)
		for first := true; first || len(keys) > 0; first = false {
			part := keys[:min(len(keys), sweepRows)]
			keys = keys[len(part):]
			page, bad, err := w.page(ctx, part)
			if err != nil {
				return err
			}
			// Until the last part is saved, the mark is that before them all.
			page.Mark, page.Shifting = mark, listed.Shifting
			if len(keys) == 0 {
				page.Mark, page.Last, page.Doubtful = string(listed.Mark), listed.Last, listed.Doubtful
			}
			if err := take(page, bad+unusable); err != nil {
				return err
			}
			unusable = 0
		}
		mark = string(listed.Mark)
		return nil
	})
}

// page compares keys with the copy and reads the rows that differ. A row that is
// listed and not found has gone meanwhile: it is not met.
func (w *sweeper[T, P]) page(ctx context.Context, keys []datasources.Keyed) (p *Page, unusable int, err error) {
	if len(keys) == 0 {
		return &Page{}, 0, nil
	}
	stale, err := w.c.deps.store.StaleKeys(ctx, w.s.id, keys)
	if err != nil {
		return nil, 0, err
	}
	isStale := make(map[string]bool, len(stale))
	for _, key := range stale {
		isStale[key] = true
	}
	p = &Page{}
	versions := make(map[string]string, len(stale))
	for _, k := range keys {
		if isStale[k.Key] {
			versions[k.Key] = k.Version
		} else {
			p.Met = append(p.Met, k.Key)
		}
	}
	if len(stale) == 0 {
		return p, 0, nil
	}
	found, err := w.r.ByKeys(ctx, stale, nil)
	var some *datasources.BatchError
	if errors.As(err, &some) {
		var unread []string
		if unread, err = unreadable(some, isStale); err == nil {
			// They are listed, so they exist, and stay as the copy has them.
			p.Met, unusable = append(p.Met, unread...), len(unread)
		}
	}
	if err != nil {
		return nil, 0, err
	}
	// No heirs are completed: see openEntity.
	rows, bad := w.p.pack(found.Items)
	read := make(map[string]bool, len(rows))
	for i := range rows {
		version, wanted := versions[rows[i].Key]
		if !wanted {
			bad++ // nobody asked for it
			continue
		}
		rows[i].Version = version
		read[rows[i].Key] = true
		p.Rows = append(p.Rows, rows[i])
	}
	p.Met = besidesRead(p.Met, read)
	return p, unusable + bad, nil
}

// unreadable returns the keys that failed for good, and an error when one may
// succeed later.
func unreadable(e *datasources.BatchError, wanted map[string]bool) (keys []string, err error) {
	for key, err := range e.ByKey {
		var coded *schema.Error
		if !errors.As(err, &coded) || coded.Retryable {
			return nil, err
		}
		if wanted[key] {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

func besidesRead(keys []string, read map[string]bool) []string {
	out := keys[:0]
	for _, key := range keys {
		if !read[key] {
			out = append(out, key)
		}
	}
	return out
}

// distinct leaves out rows without a usable key. Of a key that comes twice in another
// version none is known.
func distinct(list []datasources.Keyed) (keys []datasources.Keyed, unusable int) {
	at := make(map[string]int, len(list))
	for _, k := range list {
		if k.Key == "" || len(k.Key) > longestKey {
			unusable++
			continue
		}
		if i, again := at[k.Key]; again {
			if keys[i].Version != k.Version {
				keys[i].Version = ""
			}
			continue
		}
		at[k.Key] = len(keys)
		keys = append(keys, k)
	}
	return keys, unusable
}
