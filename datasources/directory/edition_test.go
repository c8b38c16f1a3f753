package directory_test

import (
	"context"
	"errors"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/directory"
)

// failing is an index that cannot be read.
type failing struct{}

func (failing) IndexCustomers(context.Context, func([]datasources.CustomerRecord) error) error {
	return errors.New("away")
}

// TestEdition holds what news is: everything that may change an answer, and not that a
// source was read again and is as it was.
func TestEdition(t *testing.T) {
	crm, books := synthetic(20)
	d := open(t, config(), newMemory())
	names := config().Sources
	for _, step := range []struct {
		name   string
		do     func() error
		isNews bool
	}{
		{"first reading", func() error { return d.Replace(t.Context(), names[0].Name, crm) }, true},
		{"the same again", func() error { return d.Replace(t.Context(), names[0].Name, crm) }, false},
		{"one less", func() error { return d.Replace(t.Context(), names[0].Name, crm[1:]) }, true},
		{"another source", func() error { return d.Replace(t.Context(), names[1].Name, books) }, true},
		{"it fails", func() error { _ = d.Replace(t.Context(), names[1].Name, failing{}); return nil }, true},
		{"it is back", func() error { return d.Replace(t.Context(), names[1].Name, books) }, true},
		{"nothing applied", func() error {
			return d.Apply(t.Context(), names[0].Name, nil, nil, at(3))
		}, false},
		{"one applied", func() error {
			r := crm[2]
			r.Name = "Another name"
			return d.Apply(t.Context(), names[0].Name, []datasources.CustomerRecord{r}, nil, at(4))
		}, true},
		{"decided", func() error {
			return d.Deny(t.Context(), directory.RecordRef{Source: names[0].Name, RecordID: crm[2].ID}, directory.RecordRef{Source: names[1].Name, RecordID: books[3].ID}, "ann", "")
		}, true},
	} {
		before := d.Edition()
		if err := step.do(); err != nil {
			t.Fatalf("case=%s: %v", step.name, err)
		}
		if isNews := d.Edition() != before; isNews != step.isNews {
			t.Errorf("case=%s: news: %v, want %v", step.name, isNews, step.isNews)
		}
	}
}
