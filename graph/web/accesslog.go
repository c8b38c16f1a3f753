package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"
)

// entry is what a door adds to its line in the access log: names and codes, never
// a query, a variable or a token.
type entry struct {
	token     string // public id
	operation string
	codes     []string
	kept      bool // the answer was given before
}

type entryKey struct{}

func entryOf(ctx context.Context) *entry {
	if e, ok := ctx.Value(entryKey{}).(*entry); ok {
		return e
	}
	return &entry{}
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	entry  *entry
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// finish writes the access log. A panic in a door is logged with its stack and
// answered by 500, without a word of it.
func (s *Server) finish(w *recorder, r *http.Request, start time.Time) {
	isBroken := false
	if p := recover(); p != nil {
		isBroken = p == http.ErrAbortHandler //nolint:errorlint // the sentinel itself is thrown
		if !isBroken {
			s.cfg.Log.ErrorContext(r.Context(), "door panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			if isBroken = w.status != 0; !isBroken {
				http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			}
		}
	}
	s.log(w, r, start, isBroken)
	if isBroken { // half an answer has been sent: it must not end as a whole one
		panic(http.ErrAbortHandler)
	}
}

// log writes the line of a request.
func (s *Server) log(w *recorder, r *http.Request, start time.Time, isBroken bool) {
	level := slog.LevelInfo
	if quiet(r.URL.Path) {
		level = slog.LevelDebug
	}
	attrs := []slog.Attr{
		slog.String("method", r.Method), slog.String("path", shownPath(r.URL.Path)), slog.Int("status", w.status),
		slog.Int64("bytes", w.bytes), slog.Duration("took", time.Since(start)), slog.String("from", r.RemoteAddr),
	}
	if w.entry.token != "" {
		attrs = append(attrs, slog.String("token", w.entry.token))
	}
	if w.entry.operation != "" {
		attrs = append(attrs, slog.String("operation", w.entry.operation))
	}
	if isBroken {
		attrs = append(attrs, slog.Bool("broken", true))
	}
	if w.entry.kept {
		attrs = append(attrs, slog.Bool("kept", true))
	}
	if len(w.entry.codes) > 0 {
		attrs = append(attrs, slog.String("codes", strings.Join(w.entry.codes, ",")))
	}
	s.answered(r.Context(), level, attrs)
}

// answered writes the line of a request. It goes to the handler as it is: a logger would
// look up where in the program it was called first, which costs more than the line.
func (s *Server) answered(ctx context.Context, level slog.Level, attrs []slog.Attr) {
	h := s.cfg.Log.Handler()
	if !h.Enabled(ctx, level) {
		return
	}
	line := slog.NewRecord(time.Now(), level, "answered request", 0)
	line.AddAttrs(attrs...)
	_ = h.Handle(ctx, line) // as a logger does: there is nowhere to tell it
}

// tokenText is what a token looks like, also one that the end of a path cut.
var tokenText = regexp.MustCompile(tokenStart + `[A-Za-z0-9_]*`)

const tokenStart = "trm_"

// maxPath is how much of a path is logged.
const maxPath = 200

// shownPath is a path without the tokens somebody may have put into it.
func shownPath(path string) string {
	if len(path) > maxPath {
		path = path[:maxPath] + "…"
	}
	if !strings.Contains(path, tokenStart) {
		return path
	}
	return tokenText.ReplaceAllString(path, "***")
}

// quiet paths are asked every few seconds by machines.
func quiet(path string) bool { return path == "/healthz" || path == "/readyz" || path == "/metrics" }
