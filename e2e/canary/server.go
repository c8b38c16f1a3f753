package canary

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// Key is the secret both systems want in a header.
const Key = "upstream-secret-of-the-canaries"

// Rage is what alpha says when it fails. None of it may get out.
const Rage = "canary-9999-upstream-text"

// ServeHTTP answers /alpha/order?by_id=… and the like: rows of one system and type,
// those whose columns are among the values of each parameter by_COLUMN.
func (w *World) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	source, typ, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	w.mu.Lock()
	broken := w.broken
	w.mu.Unlock()
	rw.Header().Set("Content-Type", "application/json")
	switch {
	case source == Desk:
		w.serveDesk(rw, r)
		return
	case r.Header.Get("X-Key") != Key:
		rw.WriteHeader(http.StatusUnauthorized)
		return
	case source == Gamma, source == Alpha && broken:
		rw.Header().Set("X-Trace", Rage)
		rw.WriteHeader(http.StatusInternalServerError)
		_, _ = rw.Write([]byte(`{"error":"` + Rage + `","key":"` + Key + `"}`))
		return
	}
	rows := []map[string]any{}
	w.mu.Lock()
	for _, row := range w.Rows {
		if row.Source == source && lower(row.Type) == typ && !row.gone && row.matches(r.URL.Query()) {
			rows = append(rows, row.record)
		}
	}
	w.mu.Unlock()
	_ = json.NewEncoder(rw).Encode(map[string]any{"data": rows})
}

// matches reports whether a row has one of the asked values in each asked column.
func (r *Row) matches(query map[string][]string) bool {
	for name, values := range query {
		column, ok := strings.CutPrefix(name, "by_")
		if !ok {
			continue
		}
		have, _ := r.record[column].(string)
		if !slices.Contains(strings.Split(strings.Join(values, ","), ","), have) {
			return false
		}
	}
	return true
}
