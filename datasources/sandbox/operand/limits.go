package operand

import (
	"maps"
	"time"
)

// traffic counts the calls and holds them to the limits. All its fields are guarded by the server's lock.
type traffic struct {
	calls        map[string]int
	active, most int
	minute       time.Time // begin of the minute that used counts
	used         int
}

// enter counts a call and says whether the limits let it in; leave must follow in any case.
func (s *Server) enter(route string) (reply, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &s.traffic
	t.calls[route]++
	t.active++
	t.most = max(t.most, t.active)
	if s.opts.MaxParallel > 0 && t.active > s.opts.MaxParallel {
		return tooMany(1), false
	}
	if s.opts.RatePerMinute > 0 {
		now := s.opts.Now()
		if now.Sub(t.minute) >= time.Minute || now.Before(t.minute) {
			t.minute, t.used = now, 0
		}
		if t.used >= s.opts.RatePerMinute {
			return tooMany(int((time.Minute - now.Sub(t.minute) + time.Second - 1) / time.Second)), false
		}
		t.used++
	}
	return reply{}, true
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.traffic.active--
}

// Calls returns how often each route was asked since the last ResetCalls, refused calls included.
func (s *Server) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.traffic.calls)
}

// MaxConcurrent returns the most calls that were under way at once since the last ResetCalls.
func (s *Server) MaxConcurrent() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.traffic.most
}

// ResetCalls forgets the counts; the limits go on.
func (s *Server) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.traffic.calls)
	s.traffic.most = s.traffic.active
}
