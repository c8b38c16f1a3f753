package creatio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

// site is what was found out about the site: where its OData service is and
// which of the wanted tables and columns it has. It does not change.
type site struct {
	path   string // "0/odata", relative to the site's address
	model  *model
	views  map[string]*view // by entity
	taxSet string           // where the fiscal number is, "" = nowhere
	taxCol string
}

// at returns the site's facts, found out once by whoever comes first.
func (s *source) at(ctx context.Context) (*site, error) {
	s.mu.Lock()
	st := s.current
	s.mu.Unlock()
	if st != nil {
		return st, nil
	}
	st, err := s.sites.get(ctx)
	if err != nil {
		return nil, s.named(err)
	}
	return st, nil
}

// candidates are the paths to try, "Creatio facts" §1.
func (s *source) candidates() []string {
	if s.cfg.ODataPath != "" {
		return []string{strings.Trim(s.cfg.ODataPath, "/")}
	}
	return []string{"0/odata", "odata"}
}

// findSite takes the first path that answers XML.
func (s *source) findSite(ctx context.Context) (*site, error) {
	if err := s.fresh(ctx); err != nil {
		return nil, err
	}
	// A page instead of metadata means a wrong path at one build and a lost
	// session at another: only when no path answers, the session is renewed, once.
	var last error
	for range 2 {
		p, gen, err := s.session.Get(ctx)
		if err != nil {
			return nil, err
		}
		bounced := false
		for _, path := range s.candidates() {
			m, err := s.readModel(ctx, path, p)
			if err == nil {
				return s.settle(path, m), nil
			}
			if !errors.Is(err, errNotHere) && !wire.IsBounced(err) {
				return nil, err
			}
			bounced = bounced || wire.IsBounced(err)
			last = err
		}
		if !bounced {
			break
		}
		s.session.Drop(gen)
	}
	return nil, schema.SourceErrorf(schema.SourceInvalid, s.cfg.Name, "%s has no OData service at its address", s.cfg.Name).
		Because(fmt.Errorf("%w: %w", errNotHere, last))
}

// settle keeps what was found.
func (s *source) settle(path string, m *model) *site {
	st := &site{path: path, model: m, views: map[string]*view{}}
	for name, sh := range s.shapes {
		st.views[name] = sh.on(m)
	}
	st.taxSet, st.taxCol = taxColumn(s.cfg.TaxID, m)
	s.mu.Lock()
	s.current = st
	s.mu.Unlock()
	return st
}

// readModel reads $metadata at one path. Its error is errNotHere when there is no
// service, a bounce when there is a page.
func (s *source) readModel(ctx context.Context, path string, p pass) (*model, error) {
	var m *model
	call := wire.Call{
		Name: "$metadata", Method: http.MethodGet, URL: path + "/$metadata", Timeout: metadataTimeout,
		Header: http.Header{"Accept": {"application/xml"}},
	}
	err := s.send(ctx, call, p, func(r *wire.Reply) (err error) {
		switch {
		case r.Status == http.StatusNotFound, r.Status == http.StatusMethodNotAllowed, r.Status == http.StatusNotImplemented, r.Status == http.StatusGone:
			return wire.Refused(errNotHere)
		}
		if err := verdict(s.cfg.Name, r); err != nil {
			return err
		}
		if m, err = parseModel(r.Body, s.wanted); err != nil {
			// Something else lives at this path: JSON, a text, half a document.
			return wire.Refused(fmt.Errorf("%w: %w", errNotHere, err))
		}
		return nil
	})
	return m, err
}

// wanted says which tables' columns are worth keeping.
func (s *source) wanted(set string) bool {
	switch set {
	case setAccount, setBilling, setCommunication, setCommunicationType, setLine, setProduct:
		return true
	}
	for _, sh := range s.shapes {
		if sh.set == set {
			return true
		}
		for i := range sh.columns {
			if sh.columns[i].table == set {
				return true
			}
		}
	}
	for _, t := range lookupTables {
		if t == set {
			return true
		}
	}
	return false
}
