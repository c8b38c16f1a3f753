package creatio

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources/internal/wire"
)

// setContact has customers' people and the users alike: CreatedById and
// ModifiedById name its rows ("Creatio facts", §6).
const setContact = "Contact"

// maxPeople bounds the names that are kept: a site has some hundred users.
const maxPeople = 10_000

// people are the names of those who type accounts in. The table is far too large to
// be read whole, and a name beside every account would be the same few thousands of
// times over: each is asked for by id once, and again when it is old.
type people struct {
	mu    sync.Mutex // guards names
	names map[string]personName
}

type personName struct {
	text string // "" = there is none, or none that is shown to the service user
	at   time.Time
}

// hands are names by the id of a Contact.
type hands map[string]string

func (h hands) of(r *record, field string) string { return h[r.cell(field).str] }

// known returns the names that are known of ids, and the ids to ask for.
func (p *people) known(ids []string, since time.Time) (known hands, missing []string) {
	known = hands{}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range ids {
		switch name, ok := p.names[id]; {
		case !ok || name.at.Before(since):
			missing = append(missing, id)
		default:
			known[id] = name.text
		}
	}
	return known, missing
}

func (p *people) learn(ids []string, names hands, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.names == nil || len(p.names)+len(ids) > maxPeople {
		p.names = map[string]personName{}
	}
	for _, id := range ids {
		p.names[id] = personName{names[id], at}
	}
}

// hands returns the names of who made and changed accounts: none where the site
// does not tell or does not show them. A call is made for people who were not met
// before only.
func (s *source) hands(ctx context.Context, st *site, records []record) (hands, error) {
	t := st.model.sets[setContact]
	if !t.has("Id") || !t.has("Name") {
		return nil, nil //nolint:nilnil // nobody is known by name
	}
	met := map[string]bool{}
	for i := range records {
		for _, field := range []string{"createdBy", "modifiedBy"} {
			if id := records[i].cell(field).str; id != "" {
				met[id] = true
			}
		}
	}
	now := s.now()
	known, missing := s.people.known(slices.Sorted(maps.Keys(met)), now.Add(-s.cfg.LookupRefresh))
	if len(missing) == 0 {
		return known, nil
	}
	sel := &selection{columns: []column{{field: "id", up: "Id", kind: ident, key: true}, {field: "name", up: "Name"}}}
	found, err := s.ofAccounts(ctx, st, setContact, sel, missing, "Id eq ", "", onlyIDs)
	switch {
	case wire.IsRefused(err):
		s.log.WarnContext(ctx, "names of who typed customers in refused", "source", s.cfg.Name)
	case err != nil:
		return nil, err
	}
	names := hands{}
	for i := range found {
		names[found[i].id] = strings.TrimSpace(found[i].cell("name").str)
	}
	s.people.learn(missing, names, now)
	maps.Copy(known, names)
	return known, nil
}
