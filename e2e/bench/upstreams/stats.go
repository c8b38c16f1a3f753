package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// counter counts what was asked of one kind of record.
type counter struct{ calls, keys, records, bytes atomic.Int64 }

func (c *counter) count(keys, records, bytes int) {
	c.calls.Add(1)
	c.keys.Add(int64(keys))
	c.records.Add(int64(records))
	c.bytes.Add(int64(bytes))
}

// counts are a counter's figures, as /stats shows them.
type counts struct {
	Requests int64 `json:"requests"`
	Keys     int64 `json:"keys"`
	Rows     int64 `json:"rows"`
	Bytes    int64 `json:"bytes"`
}

// take reads a counter, and sets it back where reset says so.
func (c *counter) take(reset bool) counts {
	read := (*atomic.Int64).Load
	if reset {
		read = func(v *atomic.Int64) int64 { return v.Swap(0) }
	}
	return counts{read(&c.calls), read(&c.keys), read(&c.records), read(&c.bytes)}
}

// stats tells what was asked, by kind and in all; with ?reset=1 counting begins
// anew.
func (s *server) stats(w http.ResponseWriter, r *http.Request) {
	reset := r.URL.Query().Has("reset")
	out := map[string]counts{}
	var sum counts
	for _, k := range s.kinds() {
		v := k.take(reset)
		out[k.name] = v
		sum.Requests += v.Requests
		sum.Keys += v.Keys
		sum.Rows += v.Rows
		sum.Bytes += v.Bytes
	}
	out["all"] = sum
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out) // a caller that went away needs no answer
}

// control changes the latency or the most keys of a call while it runs:
// /control?latency=5ms&maxIds=500.
func (s *server) control(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if v := q.Get("latency"); v != "" {
		d, err := time.ParseDuration(v)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.latency.Store(int64(d))
	}
	if v := q.Get("maxIds"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.maxIDs.Store(int64(n))
	}
	fmt.Fprintf(w, "{\"latency\":%q,\"maxIds\":%d}\n", time.Duration(s.latency.Load()), s.maxIDs.Load())
}
