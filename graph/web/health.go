package web

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Health tells how the parts are doing. It makes no calls.
type Health interface {
	// Ready reports whether requests should come here; why is the reason when not.
	Ready() (ok bool, why string)
	// Sources returns each connected system.
	Sources() []SourceHealth
	// Policies returns which version of the policies is in force.
	Policies() PolicyHealth
	// Directory returns "behind" while what other instances have decided about customers
	// is not taken over, "" else.
	Directory() string
	// Quota returns whether what accounts use is counted for all instances together.
	Quota() string
}

// PolicyHealth is the policies in /readyz. With an error the files as they are now
// were refused, and what was in force before still is. What is wrong with them is
// for the log: it may name accounts.
type PolicyHealth struct {
	Version  string    `json:"version"`
	LoadedAt time.Time `json:"loadedAt"`
	Refused  bool      `json:"refused,omitempty"`
}

// DatasetHealth is the datasets in /readyz. Those that were refused are named with the
// line; why is for the log, as it may name what not everybody knows.
type DatasetHealth struct {
	Count   int      `json:"count"`
	Refused []string `json:"refused,omitempty"` // NAME.graphql:LINE
}

// maxRefused is how many of them are named.
const maxRefused = 20

// datasetHealth is nil where there are no tables.
func (s *Server) datasetHealth() *DatasetHealth {
	c := &s.cfg.Feed
	if c.Catalogue == nil {
		return nil
	}
	h := &DatasetHealth{Count: len(c.Catalogue().Names())}
	if c.Problems == nil {
		return h
	}
	for _, p := range c.Problems() {
		at := p.File
		if p.Line > 0 {
			at += ":" + strconv.Itoa(p.Line)
		}
		if len(h.Refused) < maxRefused {
			h.Refused = append(h.Refused, at)
		}
	}
	return h
}

// SourceHealth is one system in /readyz.
type SourceHealth struct {
	Name      string     `json:"name"`
	Kind      string     `json:"kind"`
	State     string     `json:"state"`
	LastError string     `json:"lastError,omitempty"` // a code
	Directory string     `json:"directory,omitempty"` // "filling", "waiting" (for a first push), "filled"
	Copy      string     `json:"copy,omitempty"`      // the same, of a system that is copied
	AsOf      *time.Time `json:"asOf,omitempty"`
}

// healthz says that the process lives.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// readyz says whether requests should come here, and names each source. A source
// that is down or still filling does not make the server unready: its branches
// say so in the answers.
func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	body := struct {
		Status   string       `json:"status"`
		Why      string       `json:"why,omitempty"`
		Policies PolicyHealth `json:"policies"`
		Quota    string       `json:"quota,omitempty"` // "degraded": each instance counts its share
		// Directory is "behind": the other instances show other customers.
		Directory string         `json:"directory,omitempty"`
		Datasets  *DatasetHealth `json:"datasets,omitempty"`
		Sources   []SourceHealth `json:"sources"`
	}{Datasets: s.datasetHealth(), Status: "ready", Sources: s.cfg.Health.Sources(), Policies: s.cfg.Health.Policies(), Quota: s.cfg.Health.Quota(), Directory: s.cfg.Health.Directory()}
	status := http.StatusOK
	if ok, why := s.cfg.Health.Ready(); !ok {
		body.Status, body.Why, status = "not ready", why, http.StatusServiceUnavailable
	} else {
		if body.Policies.Refused || body.Quota != "" || body.Directory != "" || body.Datasets != nil && len(body.Datasets.Refused) > 0 {
			body.Status = "degraded"
		}
		for _, src := range body.Sources {
			if src.State == "down" || src.State == "degraded" || src.Directory == "filling" || src.Copy == "filling" {
				body.Status = "degraded"
			}
		}
	}
	writeJSON(w, status, body)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(append(b, '\n')) //nolint:errcheck // the client has gone
}
