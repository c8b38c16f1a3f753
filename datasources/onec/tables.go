package onec

import (
	"context"
	"slices"
	"time"
)

// The small catalogues (currencies, states, units) are read whole and kept.
const (
	tableLife  = 10 * time.Minute
	tablePause = time.Minute // before a reference not found in it makes it read again
	tableBound = 5000        // rows; a larger catalogue is not a small one
)

// table is a small catalogue by GUID.
type table map[string]named

type named struct{ code, name string }

// tableFolder are the folders of the catalogue of products.
const tableFolder = "folder"

// readTable reads a small catalogue; it is empty when the base lacks it. Rows
// beyond the bound have no name.
func (s *source) readTable(ctx context.Context, concept string) (table, error) {
	m, err := s.model(ctx)
	if err != nil {
		return nil, err
	}
	o := m.object(tableObject(concept))
	if o == nil {
		return table{}, nil
	}
	t := table{}
	q := request{name: concept, set: o.set, cols: present("Ref_Key", o.prop("code"), o.prop("name")), order: "Ref_Key", top: s.cfg.Page}
	if folder := o.prop("folder"); folder != "" {
		q.filter = folder + map[bool]string{true: " eq true", false: " eq false"}[concept == tableFolder]
	}
	for q.skip < tableBound {
		n := 0
		_, err := s.client.rows(ctx, q, func(rows []row) error {
			n = len(rows)
			for _, r := range rows {
				if err := t.add(r, o); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if n < q.top {
			return t, nil
		}
		q.skip += n
	}
	s.log.WarnContext(ctx, "catalogue is too long to be kept", "source", s.cfg.Name, "object", concept, "rows", len(t))
	return t, nil
}

// tableObject returns the object a table is read from.
func tableObject(name string) string {
	if name == tableFolder {
		return conceptProduct
	}
	return name
}

func (t table) add(r row, o *object) error {
	key, err := r.ref("Ref_Key")
	if err != nil {
		return err
	}
	var n named
	if n.code, err = r.text(o.prop("code")); err != nil {
		return err
	}
	if n.name, err = r.text(o.prop("name")); err != nil {
		return err
	}
	t[key] = n
	return nil
}

// present drops empty names and repetitions.
func present(names ...string) []string {
	kept := make([]string, 0, len(names))
	for _, n := range names {
		if n != "" && !slices.Contains(kept, n) {
			kept = append(kept, n)
		}
	}
	return kept
}
