package web

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// Pusher takes what sources push.
type Pusher interface {
	// Push takes a batch of JSON records of a source; docs/push.md says what they are.
	// A record is valid until the next one is asked for; an error in its place ends the
	// batch: nothing is stored, and that error is returned. With all, nothing is stored
	// when a record is refused: then BAD_REQUEST comes beside the report. Other errors
	// are LIMITED, with Wait when the same batch may be sent again and without when it
	// is too large, SOURCE_UNAVAILABLE, and NOT_ENABLED when the source is none that is
	// pushed.
	Push(ctx context.Context, source string, records iter.Seq2[[]byte, error], all bool) (PushReport, error)
}

// PushReport is what became of a batch.
type PushReport struct {
	Stored  int           `json:"stored"`
	Same    int           `json:"same"`
	Older   int           `json:"older"`
	Refused int           `json:"refused"`
	Deleted int           `json:"deleted"` // by the end of a full push
	Results []PushOutcome `json:"results"` // of what was older or refused
}

// PushOutcome is what became of a record that was not stored. It holds what the
// sender wrote as entity and id, and no other value.
type PushOutcome struct {
	Index   int    `json:"index"`
	Entity  string `json:"entity,omitempty"`
	ID      string `json:"id,omitempty"`
	Result  string `json:"result"`
	Code    string `json:"code,omitempty"`
	Path    string `json:"path,omitempty"`
	Message string `json:"message,omitempty"`
}

// PushConfig is the door of pushes.
type PushConfig struct {
	Pusher Pusher // nil = there is no such door
	// Refused is told of pushes that were refused, whole or in part: at most once a
	// minute for each token and code. Nil = nobody is.
	Refused func(ctx context.Context, p *policies.Principal, r PushRefused)
	// MaxRecord and MaxBatch are the most bytes of a record and of a batch that was
	// unpacked, default 1 MiB and 64 MiB.
	MaxRecord, MaxBatch int
	// Idle and Whole are how long a sender may take between two reads and for the
	// batch, default 10 s and 2 min.
	Idle, Whole time.Duration
}

// PushRefused is a push that was refused, for the audit.
type PushRefused struct {
	Source  string // that was asked for, as it was written
	Code    schema.Code
	Records int // that were refused, 0 = the whole batch
}

func (c *PushConfig) setDefaults() {
	if c.MaxRecord == 0 {
		c.MaxRecord = 1 << 20
	}
	if c.MaxBatch == 0 {
		c.MaxBatch = 64 << 20
	}
	if c.Idle == 0 {
		c.Idle = 10 * time.Second
	}
	if c.Whole == 0 {
		c.Whole = 2 * time.Minute
	}
}

// The media types of a batch.
const (
	ndjson  = "application/x-ndjson"
	ndjson2 = "application/ndjson"
)

// pushDoor is the door of pushes.
type pushDoor struct {
	*Server
	told *tellings
}

// errNotYours is told to every token but the source's own, whether there is such a
// source or not.
var errNotYours = schema.Errorf(schema.Forbidden, "this token may not push here")

// push takes a batch of records of a source (docs/push.md).
func (s *pushDoor) push(w http.ResponseWriter, r *http.Request) {
	source := r.PathValue("source")
	p, err := s.enter(w, r, pushDoorName)
	if err != nil {
		s.refuseBatch(w, r, nil, source, err)
		return
	}
	if own, ok := p.Source(); !ok || own != source {
		s.refuseBatch(w, r, p, source, &refusal{http.StatusForbidden, errNotYours})
		return
	}
	all, err := atomicity(r)
	if err != nil {
		s.refuseBatch(w, r, p, source, err)
		return
	}
	body, err := s.open(w, r)
	if err != nil {
		s.refuseBatch(w, r, p, source, err)
		return
	}
	report, err := s.cfg.Push.Pusher.Push(policies.With(r.Context(), p), source, body.records(), all)
	if err == nil && body.err != nil {
		err = body.err // the pusher went on without it, which it may not
	}
	var e *schema.Error
	switch {
	case err == nil:
		if report.Refused > 0 {
			s.told.tell(r.Context(), p, PushRefused{Source: source, Code: schema.BadRequest, Records: report.Refused})
		}
		s.report(w, r, source, http.StatusOK, &report, nil)
	case report.Refused > 0 && errors.As(err, &e) && e.Code == schema.BadRequest:
		s.told.tell(r.Context(), p, PushRefused{Source: source, Code: schema.BadRequest, Records: report.Refused})
		s.report(w, r, source, http.StatusUnprocessableEntity, &report, e)
	default:
		s.refuseBatch(w, r, p, source, s.pushRefusal(w, r, err))
	}
}

// atomicity reads how a batch is meant to be taken.
func atomicity(r *http.Request) (all bool, err error) {
	for name, values := range r.URL.Query() {
		if name != "atomic" || len(values) != 1 || values[0] != "all" {
			return false, refuse(http.StatusBadRequest, schema.BadRequest, "the only parameter there is is atomic=all")
		}
		all = true
	}
	return all, nil
}

// open finds out how the body is written.
func (s *pushDoor) open(w http.ResponseWriter, r *http.Request) (*batch, error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	isArray := media == plainJSON
	if err != nil || !isArray && media != ndjson && media != ndjson2 {
		return nil, refuse(http.StatusUnsupportedMediaType, schema.BadRequest, "the body must be %s, or %s with an array", ndjson, plainJSON)
	}
	if c, ok := params["charset"]; ok && !strings.EqualFold(c, "utf-8") {
		return nil, refuse(http.StatusUnsupportedMediaType, schema.BadRequest, "the body must be encoded in UTF-8")
	}
	cfg := &s.cfg.Push
	body := io.Reader(&patient{r: r.Body, c: http.NewResponseController(w), idle: cfg.Idle, until: time.Now().Add(cfg.Whole)})
	body = &counted{r: body, left: int64(cfg.MaxBatch)}
	switch codingOf(r.Header) {
	case "":
	case "gzip":
		z, err := gzip.NewReader(body)
		if err != nil {
			return nil, bodyError(err)
		}
		body = &counted{r: z, left: int64(cfg.MaxBatch)}
	default:
		return nil, refuseCoding(w, "gzip", "the body must be plain or gzip")
	}
	return newBatch(body, isArray, cfg.MaxRecord), nil
}

// pushRefusal is the answer to a batch of which nothing was stored.
func (s *pushDoor) pushRefusal(w http.ResponseWriter, r *http.Request, err error) error {
	var known *refusal
	var e *schema.Error
	switch {
	case errors.As(err, &known):
		if known.status == http.StatusRequestEntityTooLarge || known.status == http.StatusRequestTimeout {
			w.Header().Set("Connection", "close") // the rest is not read
		}
		return known
	case !errors.As(err, &e):
		return s.internal(r.Context(), err)
	}
	retryAfter(w.Header(), e)
	switch e.Code {
	case schema.Limited:
		if e.Wait > 0 {
			return &refusal{http.StatusTooManyRequests, e}
		}
		return &refusal{http.StatusRequestEntityTooLarge, e}
	case schema.NotEnabled:
		return &refusal{http.StatusNotFound, e}
	case schema.BadRequest:
		return &refusal{http.StatusBadRequest, e}
	case schema.SourceUnavailable:
		s.cfg.Log.WarnContext(r.Context(), "did not keep a push", "code", e.Code, "cause", e.Err)
		w.Header().Set("Retry-After", "5")
		return &refusal{http.StatusServiceUnavailable, e}
	}
	return s.internal(r.Context(), err)
}

func retryAfter(h http.Header, e *schema.Error) {
	if e.Wait > 0 {
		h.Set("Retry-After", strconv.Itoa(max(1, int((e.Wait+time.Second-1)/time.Second))))
	}
}

// refuseBatch answers a batch of which nothing was stored, or one from nobody.
func (s *pushDoor) refuseBatch(w http.ResponseWriter, r *http.Request, p *policies.Principal, source string, err error) {
	var f *refusal
	if p != nil && errors.As(err, &f) && f.status != http.StatusTooManyRequests && f.status < http.StatusInternalServerError {
		s.told.tell(r.Context(), p, PushRefused{Source: source, Code: f.err.Code})
	}
	s.refused(w, r, plainJSON, err)
}

// report answers a batch that was read.
func (s *pushDoor) report(w http.ResponseWriter, r *http.Request, source string, status int, report *PushReport, refused *schema.Error) {
	body := struct {
		Source string `json:"source"`
		*PushReport
		Errors any `json:"errors,omitempty"`
	}{Source: source, PushReport: report}
	if report.Results == nil {
		report.Results = []PushOutcome{}
	}
	var errs gqlerror.List
	if refused != nil {
		errs = listOf(refused)
		body.Errors = errs
	}
	out, err := json.Marshal(body)
	if err != nil {
		s.refused(w, r, plainJSON, s.internal(r.Context(), err))
		return
	}
	s.answer(w, r, plainJSON, status, append(out, '\n'), errs)
}
