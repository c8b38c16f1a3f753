package usage

import (
	"time"

	"github.com/trama-graph/trama/schema"
)

// Operation is one answered operation, as a door tells of it. The Recorder keeps
// none of its slices.
type Operation struct {
	Token   string // the public id
	Account string

	Hash string // see Hash; "" where the document is none: only the token's calls are counted
	Name string // the operation's name, "" when it has none
	// Fields are the distinct Type.field the operation reads, Sensitive those of them
	// that are marked so; none where it was refused before it ran. The same order each
	// time is quickest.
	Fields, Sensitive []string

	Errors int         // of the answer
	Denied schema.Code // why it was refused or a part of it denied, "" when nothing was
	Rows   int64       // answered
	Cost   int64       // as estimated before it ran
	Took   time.Duration
	At     time.Time // when it was answered; zero = now

	// What advice is found from; any of it may be missing.
	Roots  []Root
	Pages  []PageUse
	Inputs uint64 // Recorder.Inputs: which text with which variables; 0 = not known
	Answer uint64 // Recorder.Digest of the data; 0 = not known
}

// Root is a root field of an operation.
type Root struct {
	Field string // Query.order
	Key   string // the argument that names one record: id, number, sku, taxId …; "" of a list
	Type  string // the type that came, where Field returns an interface (node); "" = not known
}

// PageUse is what an operation did with the pages of one field.
type PageUse struct {
	Path     string // from the root on, by field names: Query.customers/orders
	Declared int    // rows a page may have: the argument, or the default
	Parents  int    // how many pages were asked: one for each parent, 1 of a root field
	Rows     int    // that came, in all pages
	Most     int    // in the fullest page; 0 = not known, then Rows stands for it
	Unread   bool   // neither nodes nor edges are selected
}
