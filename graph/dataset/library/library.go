package library

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/dataset"
)

// Options are what a Library is made of.
type Options struct {
	// Full is the whole schema, with the directives that steer: graph.Full.
	Full *ast.Schema
	// Shipped are the texts that come with Trama, by name: dataset.Shipped.
	Shipped map[string]string
	// Dir is the operator's directory of NAME.graphql files, "" for none.
	Dir string
	// Saved reads what administrators saved: Name, Text, SavedBy and SavedAt of each.
	// nil: nobody saves any.
	Saved func(ctx context.Context) ([]Entry, error)
	// Log is told of datasets that are refused; nil: nobody.
	Log *slog.Logger
}

// Library keeps the datasets of a server. Its methods may be called by many
// goroutines.
type Library struct {
	o       Options
	current atomic.Pointer[Contents]

	reading sync.Mutex // one reading at a time, so that an older one never comes after a newer
}

// Open reads the datasets. What is wrong with single ones is in the Contents and in
// the log; the error says that the saved ones, or the directory, could not be read.
func Open(ctx context.Context, o Options) (*Library, error) {
	if o.Full == nil {
		return nil, errors.New("a library needs a schema")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	l := &Library{o: o}
	if err := l.Refresh(ctx); err != nil {
		return nil, err
	}
	return l, nil
}

// Contents are the datasets as they are now.
func (l *Library) Contents() *Contents { return l.current.Load() }

// Catalogue is the datasets that can be asked now: what the doors take, once for each
// request.
func (l *Library) Catalogue() *dataset.Catalogue { return l.current.Load().Catalogue }

// Refresh reads the directory and the saved datasets again. Where they cannot be
// read, what was there stays, and the error says why.
func (l *Library) Refresh(ctx context.Context) error {
	l.reading.Lock()
	defer l.reading.Unlock()
	found := map[string]Entry{}
	for name, text := range l.o.Shipped {
		found[name] = Entry{Name: name, Origin: Shipped, Text: text}
	}
	files, problems, err := readDir(l.o.Dir)
	if err != nil {
		return fmt.Errorf("datasets.dir: %w", err)
	}
	for name, text := range files {
		found[name] = Entry{Name: name, Origin: Directory, Text: text}
	}
	if l.o.Saved != nil {
		saved, err := l.o.Saved(ctx)
		if err != nil {
			return fmt.Errorf("read the saved datasets: %w", err)
		}
		for _, e := range saved {
			e.Origin = Saved
			found[e.Name] = e
		}
	}
	l.take(ctx, found, problems)
	return nil
}

// take makes the contents of what was found, unless they are what is there already.
func (l *Library) take(ctx context.Context, found map[string]Entry, problems []dataset.Problem) {
	before := l.current.Load()
	if before != nil && len(before.Entries) == len(found) && slices.Equal(before.Problems, withEntries(problems, before.Entries)) &&
		!slices.ContainsFunc(before.Entries, func(e Entry) bool { return !same(found[e.Name], e) }) {
		return
	}
	texts := make(map[string]string, len(found))
	for name, e := range found {
		texts[name] = e.Text
	}
	catalogue, wrong := dataset.Load(texts, l.o.Full)
	c := &Contents{Catalogue: catalogue, Version: 1, Entries: make([]Entry, 0, len(found))}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		e := found[name]
		if d, ok := catalogue.Get(name); ok {
			e.Definition = d
		} else {
			e.Problems = of(name, wrong)
		}
		c.Entries = append(c.Entries, e)
	}
	c.Problems = withEntries(problems, c.Entries)
	if before != nil {
		c.Version = before.Version + 1
	}
	l.current.Store(c)
	for _, p := range c.Problems {
		if before == nil || !slices.Contains(before.Problems, p) { // not again at every change
			l.o.Log.WarnContext(ctx, "refused dataset", "file", p.File, "line", p.Line, "reason", p.Reason)
		}
	}
}

// same reports whether an entry that was found is one that is there.
func same(found, e Entry) bool {
	return found.Name == e.Name && found.Origin == e.Origin && found.Text == e.Text && found.SavedBy == e.SavedBy && found.SavedAt.Equal(e.SavedAt)
}

// withEntries adds the problems of entries to those of files, by file and line.
func withEntries(problems []dataset.Problem, entries []Entry) []dataset.Problem {
	all := slices.Clone(problems)
	for i := range entries {
		all = append(all, entries[i].Problems...)
	}
	slices.SortStableFunc(all, func(a, b dataset.Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return all
}

// of are the problems of one dataset. Names of files that are too long are cut in
// them.
func of(name string, list []dataset.Problem) []dataset.Problem {
	var out []dataset.Problem
	for _, p := range list {
		file := strings.TrimSuffix(p.File, ".graphql")
		if cut, isCut := strings.CutSuffix(file, "…"); file == name || isCut && strings.HasPrefix(name, cut) {
			out = append(out, p)
		}
	}
	return out
}
