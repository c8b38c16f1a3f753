package report

import (
	"context"

	"github.com/trama-graph/trama/graph/dataset"
)

// Keeper is a Runner that keeps what was added up for one page of an answer until the
// next ones are asked. Without it, and where it keeps nothing, each page adds all up
// again, and comes to the same if nothing has changed.
type Keeper interface {
	// Keep takes over what Resume may be asked for, which is whole. The name is one it was
	// kept by before, nil for a new one; the result is the name it is kept by, of
	// maxSumsName bytes at most, or nil where it is not kept, but closed.
	Keep(a *dataset.Aggregator, name []byte) []byte
	// Resume hands over what is kept by a name, nil where it is not, or is somebody
	// else's. The caller closes it, or has it kept again.
	Resume(name []byte) *dataset.Aggregator
}

// maxSumsName is how long the name of what is kept may be.
const maxSumsName = 64

// sums are what a page of a table that aggregates is made of.
type sums struct {
	*dataset.Aggregator
	keeper Keeper
	name   []byte
}

// sums adds the table up, or takes what was kept by a name.
func (r *Report) sums(ctx context.Context, with Runner, name []byte) (*sums, error) {
	s := &sums{}
	s.keeper, _ = with.(Keeper)
	if s.keeper != nil && len(name) > 0 {
		if s.Aggregator = s.keeper.Resume(name); s.Aggregator != nil {
			s.name = name
			return s, nil
		}
	}
	var err error
	s.Aggregator, err = r.addUp(ctx, with.Run)
	return s, err
}

// keep has the sums kept for another page, and returns their name.
func (s *sums) keep() []byte {
	if s.keeper == nil {
		return nil
	}
	a := s.Aggregator
	s.Aggregator = nil
	return s.keeper.Keep(a, s.name)
}

// end lets the sums go that were not kept.
func (s *sums) end() {
	if s.Aggregator != nil {
		_ = s.Close() // what was put aside is gone either way
	}
}
