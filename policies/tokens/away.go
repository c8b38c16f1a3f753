package tokens

import (
	"context"
	"errors"
	"time"

	"github.com/trama-graph/trama/schema"
)

// awayWait is how long a caller should wait who could not be let in.
const awayWait = time.Second

// unchecked makes the error of a token that could not be looked up. A store that is
// away is SOURCE_UNAVAILABLE without a source, which another instance or a second try
// may do better: it is told of here once a second, as every request meets it. All else
// is a mistake, INTERNAL.
func (s *Service) unchecked(ctx context.Context, err error) error {
	if schema.CodeOf(err) != schema.SourceUnavailable {
		return schema.Errorf(schema.Internal, "the token could not be checked").Because(err)
	}
	if ctx.Err() == nil && s.isFirst(s.now()) {
		s.log.WarnContext(ctx, "let nobody in, the store is away", "err", err, "cause", errors.Unwrap(err))
	}
	e := schema.Errorf(schema.SourceUnavailable, "Trama's own store is away").Because(err)
	e.Retryable, e.Wait = true, awayWait
	return e
}

// isFirst reports whether nothing was logged of the store within the last second.
func (s *Service) isFirst(now time.Time) bool {
	last, second := s.away.Load(), now.Unix()
	return last != second && s.away.CompareAndSwap(last, second)
}
