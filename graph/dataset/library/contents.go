package library

import (
	"strings"
	"time"

	"github.com/trama-graph/trama/graph/dataset"
)

// Origin is where a dataset comes from.
type Origin uint8

// The origins, each taking the place of those before it.
const (
	Shipped Origin = iota + 1
	Directory
	Saved
)

// String names the origin: shipped, directory, saved.
func (o Origin) String() string {
	switch o {
	case Shipped:
		return "shipped"
	case Directory:
		return "directory"
	case Saved:
		return "saved"
	}
	return "none"
}

// Entry is one dataset as it was found.
type Entry struct {
	Name   string
	Origin Origin
	Text   string

	// Definition is what the text says, nil where it is refused; then Problems say why.
	Definition *dataset.Definition
	Problems   []dataset.Problem

	// SavedBy is the account that saved it, SavedAt when; only of Saved.
	SavedBy string
	SavedAt time.Time
}

// Contents are the datasets at one time. They do not change.
type Contents struct {
	// Catalogue is the datasets that can be asked.
	Catalogue *dataset.Catalogue
	// Entries are all of them, those that are refused too, by name.
	Entries []Entry
	// Problems are all that was found: of entries, and of files that are no dataset.
	Problems []dataset.Problem
	// Version is another one after every change.
	Version uint64
}

// Refused returns how many datasets are left out.
func (c *Contents) Refused() (n int) {
	for i := range c.Entries {
		if c.Entries[i].Definition == nil {
			n++
		}
	}
	return n
}

// Entry returns the dataset of a name, nil for none.
func (c *Contents) Entry(name string) *Entry {
	for i := range c.Entries {
		if c.Entries[i].Name == name {
			return &c.Entries[i]
		}
	}
	return nil
}

// alike is a dataset whose name differs from this one in letter case only, "" for
// none: reports do not tell them apart.
func (c *Contents) alike(name string) string {
	for i := range c.Entries {
		if e := &c.Entries[i]; e.Name != name && strings.EqualFold(e.Name, name) {
			return e.Name
		}
	}
	return ""
}
