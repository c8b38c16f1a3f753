package wire_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

func TestReply(t *testing.T) {
	zip := func(s string) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		io.WriteString(w, s)
		w.Close()
		return b.Bytes()
	}
	json := []string{"application/json"}
	for _, tc := range []struct {
		name     string
		header   map[string]string
		status   int
		body     []byte
		accept   []string
		maxBody  int64
		want     string
		outcome  wire.Outcome
		failures uint64
	}{
		{name: "plain", body: []byte("{}"), want: "{}"},
		{name: "byte order mark", body: []byte("\xef\xbb\xbf{}"), want: "{}"},
		{name: "empty", want: ""},
		{name: "no content", status: 204, want: ""},
		{name: "gzip", header: map[string]string{"Content-Encoding": "gzip"}, body: zip("\xef\xbb\xbf[1]"), want: "[1]"},
		{name: "gzip of nothing", header: map[string]string{"Content-Encoding": "gzip"}, want: ""},
		{name: "half a gzip", header: map[string]string{"Content-Encoding": "gzip"}, body: zip(strings.Repeat("abc", 99))[:20], outcome: wire.OutcomeInvalid, failures: 1},
		{name: "no gzip", header: map[string]string{"Content-Encoding": "gzip"}, body: []byte("<html>long enough to be a header"), outcome: wire.OutcomeInvalid, failures: 1},
		{name: "unknown encoding", header: map[string]string{"Content-Encoding": "br"}, body: []byte("x"), outcome: wire.OutcomeInvalid, failures: 1},
		{name: "at the limit", maxBody: 4, body: []byte("1234"), want: "1234"},
		{name: "over the limit", maxBody: 4, body: []byte("12345"), outcome: wire.OutcomeInvalid},
		{name: "bomb", maxBody: 1 << 10, header: map[string]string{"Content-Encoding": "gzip"}, body: zip(strings.Repeat("0", 1<<20)), outcome: wire.OutcomeInvalid},
		{name: "half a body", header: map[string]string{"Content-Length": "100"}, body: []byte("{"), outcome: wire.OutcomeInvalid, failures: 1},
		{name: "accepted", accept: json, header: map[string]string{"Content-Type": "Application/JSON; charset=utf-8"}, body: []byte("{}"), want: "{}"},
		{name: "login page with 200", accept: json, header: map[string]string{"Content-Type": "text/html"}, body: []byte("<html>"), outcome: wire.OutcomeInvalid, failures: 1},
		{name: "no type", accept: json, header: map[string]string{"Content-Type": ""}, body: []byte("{}"), want: "{}"},
		{name: "no type, a page", accept: json, header: map[string]string{"Content-Type": ""}, body: []byte("<!DOCTYPE html>"), outcome: wire.OutcomeInvalid, failures: 1},
		{name: "any type", header: map[string]string{"Content-Type": "text/html"}, body: []byte("<html>"), want: "<html>"},
		{name: "wildcard", accept: []string{"application/*"}, header: map[string]string{"Content-Type": "application/xml"}, body: []byte("<a/>"), want: "<a/>"},
		{name: "other status reaches the decoder", status: 500, accept: json, header: map[string]string{"Content-Type": "text/html"}, body: []byte("<html>"), want: "<html>"},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			c, rec := upstream(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Accept-Encoding") != "gzip" {
					t.Error("gzip was not asked for")
				}
				for k, v := range tc.header {
					w.Header().Set(k, v)
					if v == "" {
						w.Header()[k] = nil
					}
				}
				if tc.status != 0 {
					w.WriteHeader(tc.status)
				}
				w.Write(tc.body)
			}, wire.Config{MaxBody: tc.maxBody, Retries: -1})
			var got *wire.Reply
			err := c.Do(t.Context(), wire.Call{URL: "x", Accept: tc.accept, Read: true, Decode: func(r *wire.Reply) error { got = r; return nil }})
			if tc.outcome == "" {
				if err != nil || string(got.Body) != tc.want {
					t.Fatalf("got %+v, %v, want %q", got, err, tc.want)
				}
				if got.Header.Get("Content-Encoding") != "" {
					t.Error("still said to be encoded")
				}
				return
			}
			if got != nil || schema.CodeOf(err) != schema.SourceInvalid || rec.seen[0].Outcome != tc.outcome {
				t.Errorf("got %v %v, want %v", err, rec.outcomes(), tc.outcome)
			}
			if n := c.Status().Failures; n != tc.failures {
				t.Errorf("%d failures, want %d", n, tc.failures)
			}
		})
	}
	t.Run("case=half a body is asked for once more", func(t *testing.T) {
		var asked atomic.Int32
		c, rec := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
			if asked.Add(1) == 1 {
				w.Header().Set("Content-Length", "100")
			}
			io.WriteString(w, "{}")
		}, wire.Config{})
		if err := c.Do(t.Context(), read("T", nil)); err != nil {
			t.Error(err)
		}
		if got, want := rec.outcomes(), []wire.Outcome{wire.OutcomeInvalid, wire.OutcomeOK}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
	t.Run("case=too large is not asked for again", func(t *testing.T) {
		c, rec := upstream(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "12345") }, wire.Config{})
		call := read("T", nil)
		call.MaxBody = 4
		if err := c.Do(t.Context(), call); schema.CodeOf(err) != schema.SourceInvalid || len(rec.seen) != 1 {
			t.Errorf("%v %v", err, rec.outcomes())
		}
	})
}
