package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/dataset/library"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
)

// The kinds of entries of the audit about datasets.
const (
	datasetSaved   = "dataset.saved"
	datasetRemoved = "dataset.removed"
)

// openLibrary reads the datasets: the shipped ones, those of the operator's directory and
// those in the store, each taking the place of the one before it.
func (a *app) openLibrary(ctx context.Context) error {
	shipped, err := dataset.Shipped()
	if err != nil {
		return err
	}
	a.listings = newListings()
	a.library, err = library.Open(ctx, library.Options{Full: graph.Full(), Shipped: shipped, Dir: a.cfg.datasetDir(), Saved: a.savedDatasets, Log: a.log})
	return err
}

// savedDatasets are those of the store, as the library takes them.
func (a *app) savedDatasets(ctx context.Context) ([]library.Entry, error) {
	list, err := a.store.Datasets(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]library.Entry, len(list))
	for i, d := range list {
		out[i] = library.Entry{Name: d.Name, Text: d.Text, SavedBy: d.SavedBy, SavedAt: d.SavedAt}
	}
	return out, nil
}

// librarian shows the datasets and does what administrators ask of them.
type librarian struct{ *app }

// Datasets is Query.datasets.
func (l librarian) Datasets(ctx context.Context) ([]*schema.Dataset, error) {
	now := l.library.Contents()
	columns, err := l.columns(ctx, now)
	if err != nil {
		return nil, err
	}
	all := asksAsAdministrator(ctx) == nil
	entries := now.Entries
	out := make([]*schema.Dataset, 0, len(entries))
	for i := range entries {
		if e := &entries[i]; all || columns[e.Name] != nil {
			out = append(out, shown(e, columns[e.Name], all))
		}
	}
	return out, nil
}

// shown is a dataset as the graph shows it: whole to administrators, whatever an
// operator's policy grants a member.
func shown(e *library.Entry, columns []*schema.DatasetColumn, whole bool) *schema.Dataset {
	out := &schema.Dataset{Name: e.Name, Columns: columns}
	if d := e.Definition; d != nil {
		out.Label, out.Description = d.Label, d.Description
	}
	if !whole {
		return out
	}
	out.Origin, out.Text = schema.DatasetOrigin(strings.ToUpper(e.Origin.String())), e.Text
	out.SavedBy, out.SavedAt = e.SavedBy, e.SavedAt
	for _, p := range e.Problems {
		out.Problems = append(out.Problems, problemOf(p))
	}
	return out
}

func problemOf(p dataset.Problem) *schema.DatasetProblem {
	out := &schema.DatasetProblem{Reason: p.Reason}
	if p.Line > 0 {
		out.Line = &p.Line
	}
	return out
}

// SaveDataset is Mutation.saveDataset.
func (l librarian) SaveDataset(ctx context.Context, name, text string) (*schema.Dataset, error) {
	by := tokens.ActorOf(policies.From(ctx))
	if err := l.tokens.Authorize(ctx, by, "save a dataset"); err != nil {
		return nil, err
	}
	if problems := l.library.Check(name, text); len(problems) > 0 {
		return nil, refusedDataset(problems)
	}
	e := l.tokens.EntryBy(by, tokens.Entry{Kind: datasetSaved, Subject: name, Detail: fmt.Sprintf("%d bytes", len(text))})
	d := &store.Dataset{Name: name, Text: text, SavedBy: e.Account, SavedAt: time.Now()}
	if err := l.store.SaveDataset(ctx, d, dataset.MaxDatasets, e); err != nil {
		return nil, err
	}
	// From here on it is kept, whatever happens: an error would say that it is not.
	if err := l.library.Refresh(ctx); err != nil {
		l.log.ErrorContext(ctx, "saved a dataset, and could not read the datasets again", "dataset", name, "err", err)
		return l.asSaved(ctx, d), nil
	}
	list, err := l.Datasets(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range list {
		if d.Name == name {
			return d, nil
		}
	}
	return nil, schema.Errorf(schema.Conflict, "somebody else removed the dataset at the same time")
}

// asSaved is a dataset as it was saved, where the library could not be read again. It
// has no columns when nobody can tell them.
func (l librarian) asSaved(ctx context.Context, d *store.Dataset) *schema.Dataset {
	e := library.Entry{Name: d.Name, Origin: library.Saved, Text: d.Text, SavedBy: d.SavedBy, SavedAt: d.SavedAt}
	e.Definition, e.Problems = dataset.Read(d.Name, d.Text, graph.Full())
	v, err := l.reportsView(ctx)
	if err != nil {
		return shown(&e, nil, true)
	}
	list, err := makeListing(v, &library.Contents{Entries: []library.Entry{e}})
	if err != nil {
		return shown(&e, nil, true)
	}
	return shown(&e, list.columns[d.Name], true)
}

// refusedDataset is what is wrong with a text, told to who wrote it: all lines and
// reasons.
func refusedDataset(problems []dataset.Problem) error {
	told := make([]string, len(problems))
	for i, p := range problems {
		told[i] = p.Error()
	}
	return schema.Errorf(schema.BadRequest, "the dataset is refused: %s", strings.Join(told, "; "))
}

// RemoveDataset is Mutation.removeDataset.
func (l librarian) RemoveDataset(ctx context.Context, name string) (*bool, error) {
	by := tokens.ActorOf(policies.From(ctx))
	if err := l.tokens.Authorize(ctx, by, "remove a dataset"); err != nil {
		return nil, err
	}
	e := l.tokens.EntryBy(by, tokens.Entry{Kind: datasetRemoved, Subject: name})
	if err := l.store.RemoveDataset(ctx, name, e); err != nil {
		return nil, err
	}
	if err := l.library.Refresh(ctx); err != nil { // it is removed all the same
		l.log.ErrorContext(ctx, "removed a dataset, and could not read the datasets again", "dataset", name, "err", err)
	}
	done := true
	return &done, nil
}
