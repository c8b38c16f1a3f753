package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/seal"
	"github.com/trama-graph/trama/graph/web"
	"github.com/trama-graph/trama/schema"
)

// maxPageRows is the longest page of /odata that can be configured.
const maxPageRows = 1_000_000

// feed is what the doors of tables are made of.
func (a *app) feed(sealer *seal.Sealer) web.FeedConfig {
	c := web.FeedConfig{
		Catalogue: a.library.Catalogue,
		Problems:  func() []dataset.Problem { return a.library.Contents().Problems },
		Kept:      a.keeps, AsOf: a.asOf, Only: a.onlySource, Sorts: a.sorts, Prepare: datasources.ReadOnce, Seal: sealer, PageRows: a.cfg.Datasets.PageRows, Time: a.cfg.Datasets.Timeout,
		Origin: func(id string) (entity, source string, ok bool) {
			entity, source, _, err := sealer.OpenID(id)
			return entity, source, err == nil
		},
	}
	if a.cfg.PublicURL != "" {
		c.PublicURL, _ = url.Parse(a.cfg.PublicURL) // it was checked
	}
	return c
}

// keeps refuses records that a source is asked for live: tables are read of what is kept
// here. Customers are, by the directory.
func (a *app) keeps(entity string) error {
	for _, s := range a.catalog.Owners(entity) {
		if !isKept(s) {
			return schema.SourceErrorf(schema.NotEnabled, s.Name, "%s of %s are not kept here, and a table is read of records that are: supply it as copy or push", entity, s.Name)
		}
	}
	return nil
}

// asOf is how old the records of an entity and a source are. Customers are as old as the
// oldest list they are made of.
func (a *app) asOf(entity, source string) time.Time {
	type copied interface {
		EntityCopy(entity string) *schema.EntityCopy
	}
	if s := a.catalog.Source(source); s != nil {
		if c, ok := ability[copied](s.Source); ok {
			if e := c.EntityCopy(entity); e != nil {
				return e.AsOf
			}
		}
		return s.Status().AsOf
	}
	var oldest time.Time
	for _, s := range a.sources {
		if _, ok := indexer(s.Source); !ok {
			continue
		}
		if at, _, _ := a.directory.Status(s.Name); !at.IsZero() && (oldest.IsZero() || at.Before(oldest)) {
			oldest = at
		}
	}
	return oldest
}

// onlySource is the one source of an entity, where there is one. Customers are of the
// directory, which has no name.
func (a *app) onlySource(entity string) (string, bool) {
	if entity == "Customer" {
		return "", true
	}
	owners := a.catalog.Owners(entity)
	if len(owners) != 1 {
		return "", false
	}
	return owners[0].Name, true
}

// sorts reports whether all sources of an entity sort it by a field, and can be merged
// where they are several. The directory sorts customers by all that their list has.
func (a *app) sorts(entity, field string) bool {
	owners := a.catalog.Owners(entity)
	for _, s := range owners {
		if entity == "Customer" {
			break
		}
		if c := s.Entity(entity).Column(field); c == nil || !c.Sortable || len(owners) > 1 && !c.Comparable {
			return false
		}
	}
	return true
}

// checkDatasets prints what is wrong with the operator's datasets, and which cannot be
// read since a system is asked live.
func (a *app) checkDatasets(out io.Writer) (bad bool) {
	now := a.library.Contents()
	names := now.Catalogue.Names()
	fmt.Fprintf(out, "\ndatasets        %d\n", len(names))
	for _, p := range now.Problems {
		fmt.Fprintf(out, "  FAIL  %s\n", p.Error())
		bad = true
	}
	live := map[string][]string{}
	for _, name := range names {
		d, _ := now.Catalogue.Get(name)
		for _, entity := range d.Entities() {
			var e *schema.Error
			if errors.As(a.keeps(entity), &e) {
				live[e.Source] = append(live[e.Source], name)
				break
			}
		}
	}
	for _, source := range slices.Sorted(maps.Keys(live)) {
		fmt.Fprintf(out, "  note  %s is asked live, so these are not served: %s\n", source, strings.Join(live[source], ", "))
	}
	if a.cfg.PublicURL == "" && len(names) > 0 {
		fmt.Fprintln(out, "  note  public_url is not set: behind a proxy, links of /odata would have the wrong address")
	}
	return bad
}
