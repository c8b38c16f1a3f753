package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/dataset/spill"
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// FeedConfig is what the doors of tables are made of, /odata and /export.
type FeedConfig struct {
	// Catalogue returns the datasets as they are now: one object as long as they are the
	// same. Nil: there are no such doors.
	Catalogue func() *dataset.Catalogue
	// Problems are why datasets were left out, for /readyz; nil = none was.
	Problems func() []dataset.Problem
	// Kept returns NOT_ENABLED, naming the system, where records of an entity would have
	// to be asked of a system that keeps none of them here: no table is read from there.
	Kept func(entity string) error
	// Origin says whose record a sealed id is of, and AsOf how old the records of an
	// entity and a source are, the zero time where that is not known. The source of
	// customers is "".
	Origin func(id string) (entity, source string, ok bool)
	AsOf   func(entity, source string) time.Time
	// Only returns the one source that records of an entity come from, so that their ids
	// need not be opened; false where there are several. Nil: there may be.
	Only func(entity string) (source string, ok bool)
	// Prepare gives the context of a table that is read whole what its readings need, and
	// nil leaves it as it is.
	Prepare func(ctx context.Context) context.Context
	// Sorts reports whether all sources of an entity sort it by a field; nil: they do. A
	// table is sorted here by what its sources cannot sort by.
	Sorts func(entity, field string) bool
	// Seal makes the texts of next links.
	Seal CursorSealer
	// PublicURL is the address clients know the server by, with or without a path; nil:
	// that of each request.
	PublicURL *url.URL
	// PageRows is how many rows a page of OData has at least unless it is the last,
	// default 10,000. Where the agreement allows fewer rows in an answer, it is those.
	PageRows int
	// Time is how long an answer may be made, without the time its client takes to read
	// it; default 10 min. An agreement that says how long an operation may take says it
	// of these answers too.
	Time time.Duration
	// Answers is how many may be under way over all accounts, default 24; each account has
	// Config.LongAnswers of them at most.
	Answers int
	// Parallel is how many lists of one table are read at the same time, default 3.
	Parallel int
	// GroupBytes is how much of the groups of a table that adds up is held in memory, of
	// one answer, and besides of all that wait for their next page; default 64 MiB.
	GroupBytes int64
	// Disk takes the groups of all answers that memory has no room for: default 1 GiB in
	// the directory of the system for such files. What waits for a page may be half of it.
	Disk *spill.Disk
}

// CursorSealer makes texts that clients can neither read nor change, each for one shape:
// seal.Sealer.
type CursorSealer interface {
	Cursor(position, shape []byte) string
	OpenCursor(cursor string, shape []byte) ([]byte, error)
}

func (c *FeedConfig) setDefaults() {
	if c.PageRows <= 0 {
		c.PageRows = 10_000
	}
	if c.Time <= 0 {
		c.Time = 10 * time.Minute
	}
	if c.Answers <= 0 {
		c.Answers = 24
	}
	if c.Parallel <= 0 {
		c.Parallel = 3
	}
	if c.GroupBytes <= 0 {
		c.GroupBytes = 64 << 20
	}
	if c.Disk == nil {
		c.Disk = spill.NewDisk("", 1<<30)
	}
}

// tryDisk says at the start where tables that add up much would have no room.
func (s *Server) tryDisk() {
	if s.cfg.Feed.Catalogue == nil {
		return
	}
	file, err := s.cfg.Feed.Disk.Create()
	if err != nil {
		s.cfg.Log.WarnContext(context.Background(), "found no room on disk for tables that add up much: set TMPDIR", "err", err)
		return
	}
	_ = file.Close()
}

// feed is one request for tables: who asks, and what he may see.
type feed struct {
	*Server
	who       *policies.Principal
	access    *policies.Access
	view      *view
	catalogue *dataset.Catalogue
	base      string // the public address of /odata
}

// openFeed says what a principal may see of the tables there are.
func (s *Server) openFeed(ctx context.Context, p *policies.Principal, base string) (context.Context, *feed, error) {
	access, v, err := s.decide(ctx, p)
	if err != nil {
		return ctx, nil, err
	}
	return policies.WithAccess(ctx, access), &feed{Server: s, who: p, access: access, view: v, catalogue: s.cfg.Feed.Catalogue(), base: base}, nil
}

// set finds an entity set by its name, for odata.Parse.
func (f *feed) set(name string) (*odata.Set, bool) {
	t := f.table(name)
	if t == nil {
		return nil, false
	}
	return t.set, true
}

// table is nil where there is none of this name for the view.
func (f *feed) table(name string) *feedTable {
	return f.view.tables.one(f.catalogue, name, f.access.View, f.view.schema, f.cfg.Feed.Sorts)
}

// sets are all of the view, in the order of their names.
func (f *feed) sets() []*odata.Set {
	var out []*odata.Set
	for _, name := range f.catalogue.Names() {
		if set, ok := f.set(name); ok {
			out = append(out, set)
		}
	}
	return out
}

// isKept refuses a table of which records would have to be asked live: a report that
// pulls all of them would be the end of the system, or of its agreed rate.
func (f *feed) isKept(t *dataset.Table) error {
	if f.cfg.Feed.Kept == nil {
		return nil
	}
	for i := range t.Queries {
		for _, r := range t.Queries[i].Records {
			if err := f.cfg.Feed.Kept(r.Type); err != nil {
				return err
			}
		}
	}
	return nil
}

// Seal and Open make f the odata.Sealer of its view: a token of one view is foreign to
// another.
func (f *feed) Seal(plain []byte) string { return f.cfg.Feed.Seal.Cursor(plain, f.shape()) }

// Open returns what Seal was given.
func (f *feed) Open(sealed string) ([]byte, error) {
	return f.cfg.Feed.Seal.OpenCursor(sealed, f.shape())
}

func (f *feed) shape() []byte { return []byte("odata\x00" + f.access.View.Hash()) }

// noTable is the refusal of a name of no table.
func noTable() error {
	return &odata.Error{Kind: odata.KindNotFound, Message: "there is no such dataset"}
}

// limited is an error for what the server, and not the account, has no room for.
func limited(wait time.Duration, format string, args ...any) *schema.Error {
	e := schema.Errorf(schema.Limited, format, args...)
	e.Retryable, e.Wait = true, wait
	return e
}

// serveFeed answers a request for tables, false where it is none. The router is not asked:
// it would send an address with // or /./ elsewhere, with a credential in it and all.
func (s *Server) serveFeed(w http.ResponseWriter, r *http.Request) bool {
	switch path := r.URL.Path; {
	case s.cfg.Feed.Catalogue == nil:
		return false
	case path == "/odata", strings.HasPrefix(path, "/odata/"):
		s.odata(w, r)
	case path == "/export", strings.HasPrefix(path, "/export/"):
		s.export(w, r)
	default:
		return false
	}
	return true
}

// atRoot is a request for tables without the path of the public address, which not every
// proxy takes off.
func (c *FeedConfig) atRoot(r *http.Request) *http.Request {
	if c.Catalogue == nil || c.PublicURL == nil || strings.Trim(c.PublicURL.Path, "/") == "" {
		return r
	}
	prefix := "/" + strings.Trim(c.PublicURL.Path, "/")
	path, ok := strings.CutPrefix(r.URL.Path, prefix)
	if !ok || path != "/odata" && !strings.HasPrefix(path, "/odata/") && path != "/export" && !strings.HasPrefix(path, "/export/") {
		return r
	}
	below, u := *r, *r.URL
	u.Path, u.RawPath = path, strings.TrimPrefix(u.RawPath, strings.TrimSuffix(c.PublicURL.EscapedPath(), "/"))
	below.URL = &u
	return &below
}
