package otrs

import "time"

// Edit gives a ticket another title and says when it was changed: at the server's
// clock, as an agent's edit does, or at any other time, as an import does that
// dates back. ok is false if there is no such ticket.
func (s *Server) Edit(id int, title string, at time.Time) (ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.head(int32(id))
	if h == nil {
		return false
	}
	s.extra(h.ID).title = &title
	h.Changed = at.Unix()
	return true
}

// Titles returns the titles of all tickets that exist, by their ids.
func (s *Server) Titles() map[int]string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make(map[int]string, len(s.heads))
	for i := range s.heads {
		if h := s.head(s.heads[i].ID); h != nil {
			all[int(h.ID)] = s.ticket(h, false).Title
		}
	}
	return all
}
