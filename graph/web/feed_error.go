package web

import (
	"context"
	"errors"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/trama-graph/trama/graph/dataset/spill"
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/schema"
)

// sourceWait is what a client is told to wait for a source of which nobody knows when it
// is back: tools for reports try again by it.
const sourceWait = 30 * time.Second

// feedFailure is an error as these doors tell it: status, code and message, and after
// which time the same may succeed.
func (s *Server) feedFailure(ctx context.Context, p suggester, err error) (status int, wait time.Duration, shown error) {
	var known *refusal
	if errors.As(err, &known) {
		return known.status, known.err.Wait, known.err
	}
	var own *odata.Error
	if errors.As(err, &own) {
		told := *own
		if !p.suggests() {
			told.Message = unsuggested(told.Message)
		}
		return told.Status(), 0, &told
	}
	var e *schema.Error
	if !errors.As(err, &e) || e.Code == schema.Internal {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return http.StatusServiceUnavailable, 0, schema.Errorf(schema.Limited, "the request was given up")
		}
		s.cfg.Log.ErrorContext(ctx, "answering with a table failed", "err", err, "cause", errors.Unwrap(err))
		return http.StatusInternalServerError, 0, schema.Errorf(schema.Internal, "internal error")
	}
	switch {
	case errors.Is(e.Err, spill.ErrFull): // the server's room, and not the account's
		s.cfg.Log.ErrorContext(ctx, "putting groups of a table aside failed", "err", e.Err)
		return http.StatusServiceUnavailable, e.Wait, e
	case e.Code == schema.SourceTimeout && e.Source == "":
		return http.StatusGatewayTimeout, 0, e // the answer's own time, see tooLong
	case isOfSource(e.Code):
		if wait = e.Wait; wait <= 0 {
			wait = sourceWait
		}
		return http.StatusServiceUnavailable, wait, e
	case e.Code == schema.TooCostly || e.Code == schema.Limited && !e.Retryable && e.Wait <= 0: // no wait helps
		return http.StatusBadRequest, 0, e
	}
	return odata.Status(e), e.Wait, e
}

// suggester says whether errors may name what else there is.
type suggester interface{ suggests() bool }

func (f *feed) suggests() bool { return suggests(f.who) }

// nobody is who asks before it is known who he is.
type nobody struct{}

func (nobody) suggests() bool { return false }

// suggestion is what schema.DidYouMean appends.
var suggestion = regexp.MustCompile(`[,;.]? [Dd]id you mean [^?]*\?`)

func unsuggested(message string) string { return suggestion.ReplaceAllString(message, "") }

// failed answers with an error, in OData's form.
func (s *Server) failed(w http.ResponseWriter, r *http.Request, p suggester, err error) {
	status, wait, shown := s.feedFailure(r.Context(), p, err)
	if wait > 0 && w.Header().Get("Retry-After") == "" {
		w.Header().Set("Retry-After", seconds(wait))
	}
	entryOf(r.Context()).codes = []string{string(schema.CodeOf(shown))}
	h := w.Header()
	for _, name := range []string{"Content-Disposition", "Content-Encoding"} {
		h.Del(name)
	}
	h.Set("Content-Type", odata.Format{}.ContentType())
	feedHeaders(h)
	s.transmit(w, r, status, odata.AppendError(nil, shown))
}

// seconds is a wait as Retry-After has it.
func seconds(wait time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(wait.Seconds()))))
}

// broken ends an answer of which a part has been sent: the connection is broken, since
// nothing else tells half a table from a whole one.
func (s *Server) broken(r *http.Request, bytes int64, err error) {
	code := errorOf(err)
	if code == "" && r.Context().Err() == nil {
		code = schema.Internal
	}
	if code != "" {
		entryOf(r.Context()).codes = []string{string(code)}
	}
	s.cfg.Log.WarnContext(r.Context(), "broke off answer", "path", shownPath(r.URL.Path), "bytes", bytes, "err", err)
	panic(http.ErrAbortHandler)
}
