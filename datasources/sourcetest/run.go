package sourcetest

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Subject is a source under test, in front of a system with some hundred rows.
type Subject struct {
	Source datasources.Source
	Name   string // as configured
	// Lists are the entities that can be listed whole; the others are reached by
	// their relations only.
	Lists []string
	// Down takes the system away for the rest of the test.
	Down func()
	// Secrets may not stand in any error.
	Secrets []string
	// Survives says that the source answers after Down: a copy does.
	Survives bool
	// Stranger is a key, and a customer's key, in the system's own form which nobody
	// has; "" = any text. Systems with whole numbers for keys refuse others.
	Stranger string
}

func (s Subject) stranger() string { return cmp.Or(s.Stranger, "no-such-key") }

// Run checks a source. It must be called last in its test: the system is gone
// afterwards.
func Run(t *testing.T, s Subject) {
	t.Helper()
	t.Run("describe", s.describe)
	t.Run("probe", s.probe)
	for _, entity := range s.Lists {
		t.Run("entity="+entity, func(t *testing.T) { s.entity(t, entity) })
	}
	if ix, ok := s.Source.(datasources.CustomerIndexer); ok {
		t.Run("customers", func(t *testing.T) { s.customers(t, ix) })
	}
	t.Run("cancelled", s.cancelled)
	t.Run("down", s.down)
}

// describe holds the description against the contract.
func (s Subject) describe(t *testing.T) {
	d := s.Source.Describe()
	if d.Name != s.Name || d.Kind == "" || len(d.Entities) == 0 {
		t.Fatalf("the source describes itself as %q of kind %q with %d entities", d.Name, d.Kind, len(d.Entities))
	}
	if s.Source.Reader("Nothing") != nil {
		t.Error("there is a reader of an entity that does not exist")
	}
	seen := map[string]bool{}
	for i := range d.Entities {
		e := &d.Entities[i]
		if seen[e.Name] || e.Upstream == "" || s.Source.Reader(e.Name) == nil {
			t.Errorf("%s: described twice, without its upstream name or without a reader", e.Name)
		}
		seen[e.Name] = true
		columns := map[string]bool{}
		for _, c := range e.Columns {
			if columns[c.Name] {
				t.Errorf("%s.%s is described twice", e.Name, c.Name)
			}
			columns[c.Name] = true
		}
		if c := e.Column(e.Default.Column); e.Default.Column != "" && (c == nil || !c.Sortable) {
			t.Errorf("%s is sorted by %s, which it cannot be sorted by", e.Name, e.Default.Column)
		}
		for _, r := range e.Relations {
			if r.Batch < 1 {
				t.Errorf("%s by %s takes %d parents a call", e.Name, r.Relation, r.Batch)
			}
		}
	}
}

func (s Subject) probe(t *testing.T) {
	findings, err := s.Source.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(findings) == 0 {
		t.Error("a probe found nothing")
	}
	for _, f := range findings {
		if f.Level == datasources.Fail || f.Subject == "" || f.Result == "" {
			t.Errorf("finding %+v of a system that is well", f)
		}
	}
	if st := s.Source.Status(); st.State != "up" || st.Calls == 0 {
		t.Errorf("status %+v", st)
	}
}

func (s Subject) customers(t *testing.T, ix datasources.CustomerIndexer) {
	seen := map[string]bool{}
	err := ix.IndexCustomers(t.Context(), func(page []datasources.CustomerRecord) error {
		for _, c := range page {
			if c.ID == "" || seen[c.ID] {
				t.Fatalf("customer %q without an id, or twice", c.ID)
			}
			seen[c.ID] = true
		}
		return nil
	})
	if err != nil || len(seen) == 0 {
		t.Errorf("%d customers, %v", len(seen), err)
	}
	enough := errors.New("enough")
	if err := ix.IndexCustomers(t.Context(), func([]datasources.CustomerRecord) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("the listener's error became %v", err)
	}
}

// cancelled asks under a context that has ended.
func (s Subject) cancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, entity := range s.Lists {
		started := time.Now()
		if err := s.list(ctx, entity); err == nil {
			t.Errorf("%s answers a request that was given up", entity)
		}
		if took := time.Since(started); took > 2*time.Second {
			t.Errorf("%s: giving up took %s", entity, took)
		}
	}
}

// down takes the system away: errors have a code and name the source, and show
// nothing.
func (s Subject) down(t *testing.T) {
	s.Down()
	for _, entity := range s.Lists {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		err := s.list(ctx, entity)
		cancel()
		if s.Survives {
			if err != nil {
				t.Errorf("%s: a copy depends on its source: %v", entity, err)
			}
			continue
		}
		var e *schema.Error
		if !errors.As(err, &e) {
			t.Fatalf("%s: got %v", entity, err)
		}
		if e.Source != s.Name || !e.Retryable || (e.Code != schema.SourceUnavailable && e.Code != schema.SourceTimeout) {
			t.Errorf("%s: got %+v", entity, e)
		}
		for _, secret := range append([]string{"http:", "127.0.0.1"}, s.Secrets...) {
			if strings.Contains(e.Error(), secret) || (secret != "http:" && secret != "127.0.0.1" && e.Err != nil && strings.Contains(e.Err.Error(), secret)) {
				t.Errorf("%s: %q is shown in %q", entity, secret, e.Error())
			}
		}
	}
	if st := s.Source.Status(); !s.Survives && (st.Failures == 0 || st.LastCode == "") {
		t.Errorf("status %+v", st)
	}
}
