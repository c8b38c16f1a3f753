package datasources

import "context"

// Listed is a source that gives no data: it stands in the catalogue, with its owner,
// its address and its own documentation, so that whoever looks for it finds it. It
// is never called.
type Listed struct{ Name string }

var _ Source = Listed{}

// Describe implements Source: no entities.
func (l Listed) Describe() Description { return Description{Name: l.Name} }

// Reader implements Source: there is none.
func (Listed) Reader(string) any { return nil }

// Probe implements Source: nothing is asked, and nothing found.
func (Listed) Probe(context.Context) ([]Finding, error) { return nil, nil }

// Status implements Source: nobody knows.
func (Listed) Status() Status { return Status{State: "unknown", Breaker: "closed"} }

// Close implements Source.
func (Listed) Close() error { return nil }
