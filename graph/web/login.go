package web

import (
	"net/http"

	"github.com/trama-graph/trama/policies"
)

// login answers who a token is: account, packages, limits, expiry. It counts as no
// call: who has used up what was agreed looks here for why.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	p, err := s.enter(w, r, "login")
	if err != nil {
		s.refused(w, r, plainJSON, err)
		return
	}
	if s.cfg.Login == nil {
		http.NotFound(w, r)
		return
	}
	if s.cfg.Quota != nil {
		s.cfg.Quota.State(r.Context(), p).Headers(w.Header())
	}
	w.Header().Add("Vary", "Authorization")
	writeJSON(w, http.StatusOK, s.cfg.Login(policies.With(r.Context(), p), p))
}
