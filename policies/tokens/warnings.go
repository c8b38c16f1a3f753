package tokens

import (
	"context"
	"fmt"
	"time"

	"github.com/trama-graph/trama/policies"
)

const day = 24 * time.Hour

// soon returns within how many days something ends, 30, 7 or 1, or 0 when it is
// further off, over, or without an end.
func soon(ends, now time.Time) int {
	left := ends.Sub(now)
	switch {
	case ends.IsZero() || left <= 0 || left > 30*day:
		return 0
	case left > 7*day:
		return 30
	case left > day:
		return 7
	}
	return 1
}

// Warnings says what the holder of a token should know: that it ends within 30, 7
// or 1 days. nil when there is nothing.
func Warnings(p *policies.Principal, now time.Time) []string {
	switch n := soon(p.ExpiresAt, now); n {
	case 0:
		return nil
	case 1:
		return []string{fmt.Sprintf("The token ends within a day, at %s. Ask an administrator for a new one.", stamp(p.ExpiresAt))}
	default:
		return []string{fmt.Sprintf("The token ends within %d days, at %s. Ask an administrator for a new one.", n, stamp(p.ExpiresAt))}
	}
}

// warning is a log line that is written once a day.
type warning struct {
	token string
	days  int
}

// LogExpiring logs which active tokens end within 30, 7 or 1 days, each token once
// a day and threshold, whether it is used or not.
func (s *Service) LogExpiring(ctx context.Context) error {
	now := s.now()
	list, err := s.store.ListTokens(ctx, TokenFilter{State: Active, Now: now})
	if err != nil {
		return err
	}
	today := now.Unix() / int64(day/time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	for w, last := range s.warned {
		if last != today {
			delete(s.warned, w)
		}
	}
	for i := range list {
		t := &list[i]
		w := warning{t.ID, soon(t.ExpiresAt, now)}
		if _, done := s.warned[w]; w.days == 0 || done {
			continue
		}
		s.warned[w] = today
		s.log.WarnContext(ctx, "token ends soon", "token", t.ID, "account", t.Account, "days", w.days, "expires", stamp(t.ExpiresAt))
	}
	return nil
}
