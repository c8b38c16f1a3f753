package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/seal"
	"github.com/trama-graph/trama/graph/web"
	"github.com/trama-graph/trama/schema"
)

// maxPageRows is the longest page of /odata that can be configured.
const maxPageRows = 1_000_000

// datasets are the tables of this server: the shipped ones, and those of the operator's
// directory, which may take the place of a shipped one.
type datasets struct {
	catalogue *dataset.Catalogue
	problems  []dataset.Problem
}

// readDatasets reads all. One that is wrong is a problem and leaves the others; the error
// is that the directory cannot be read.
func readDatasets(dir string) (*datasets, error) {
	texts, err := dataset.Shipped()
	if err != nil {
		return nil, err
	}
	var unread []dataset.Problem
	if dir != "" {
		own, wrong, err := datasetTexts(dir)
		if err != nil {
			return nil, err
		}
		maps.Copy(texts, own)
		unread = wrong
	}
	c, problems := dataset.Load(texts, graph.Public())
	return &datasets{c, append(problems, unread...)}, nil
}

// datasetTexts are the texts of a directory's *.graphql, by name. What is no file, or too
// long for a dataset, is a problem.
func datasetTexts(dir string) (map[string]string, []dataset.Problem, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("datasets.dir: %w", err)
	}
	out := map[string]string{}
	var problems []dataset.Problem
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".graphql")
		if !ok || strings.HasPrefix(name, ".") {
			continue
		}
		text, err := readDataset(filepath.Join(dir, e.Name()))
		if err != nil {
			problems = append(problems, dataset.Problem{File: e.Name(), Reason: err.Error()})
			continue
		}
		out[name] = text
	}
	return out, problems, nil
}

func readDataset(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", errors.New("cannot be opened")
	}
	defer f.Close()
	// One byte more than there may be: dataset.Read says what is wrong then.
	text, err := io.ReadAll(io.LimitReader(f, dataset.MaxBytes+1))
	if err != nil {
		return "", errors.New("cannot be read")
	}
	return string(text), nil
}

// openDatasets reads the datasets, and logs what is wrong with them.
func (a *app) openDatasets() error {
	var err error
	if a.datasets, err = readDatasets(a.cfg.datasetDir()); err != nil {
		return err
	}
	for _, p := range a.datasets.problems {
		a.log.Warn("left out a dataset", "file", p.File, "line", p.Line, "why", p.Reason)
	}
	return nil
}

// feed is what the doors of tables are made of.
func (a *app) feed(sealer *seal.Sealer) web.FeedConfig {
	c := web.FeedConfig{
		Catalogue: func() *dataset.Catalogue { return a.datasets.catalogue },
		Problems:  func() []dataset.Problem { return a.datasets.problems },
		Kept:      a.keeps, AsOf: a.asOf, Seal: sealer, PageRows: a.cfg.Datasets.PageRows, Time: a.cfg.Datasets.Timeout,
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

// checkDatasets prints what is wrong with the operator's datasets, and which cannot be
// read since a system is asked live.
func (a *app) checkDatasets(out io.Writer) (bad bool) {
	names := a.datasets.catalogue.Names()
	fmt.Fprintf(out, "\ndatasets        %d\n", len(names))
	for _, p := range a.datasets.problems {
		fmt.Fprintf(out, "  FAIL  %s\n", p.Error())
		bad = true
	}
	live := map[string][]string{}
	for _, name := range names {
		d, _ := a.datasets.catalogue.Get(name)
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
