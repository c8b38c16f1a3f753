package directory

import (
	"fmt"

	"github.com/trama-graph/trama/datasources/directory/fiscal"
)

// setup is the configuration, understood. It never changes.
type setup struct {
	Config
	own     map[string]bool // company keys that are the company's own
	boxes   mailboxes
	assumed []assumption     // by source
	ranks   map[string][]int // owned field → source → rank, the lowest wins
	// leastRoom is what tests have in the place of room.
	leastRoom int
}

// assumption says where the customer keys of a source without an index come from.
type assumption struct {
	source int32 // -1: nothing is assumed
	field  string
}

func newSetup(c Config) (*setup, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	s := &setup{Config: c.withDefaults(), own: map[string]bool{}, boxes: newMailboxes(&c), assumed: make([]assumption, len(c.Sources)), ranks: map[string][]int{}}
	number := map[string]int32{}
	for i := range c.Sources {
		number[c.Sources[i].Name] = int32(i)
	}
	for i := range c.Sources {
		src := &c.Sources[i]
		for j, text := range src.OwnTaxIDs {
			id := fiscal.Parse(src.Country, text)
			if !id.Valid {
				return nil, fmt.Errorf("directory.sources[%d].own_tax_ids[%d]: not a valid fiscal number of %s", i, j, src.Country)
			}
			s.own[id.CompanyKey] = true
		}
		s.assumed[i].source = -1
		if src.AssumedFrom != "" {
			name, field, _ := splitAssumed(src.AssumedFrom)
			s.assumed[i] = assumption{number[name], field}
		}
	}
	for _, f := range ownedFields {
		rank := make([]int, len(c.Sources))
		for i := range rank {
			rank[i] = i + 1
		}
		if owner, ok := c.Owner[f]; ok {
			rank[number[owner]] = 0
		}
		s.ranks[f] = rank
	}
	return s, nil
}
