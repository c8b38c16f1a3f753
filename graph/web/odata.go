package web

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/trama-graph/trama/graph/odata"
)

// odata is the door of tables as OData v4 has them: /odata, what stands below it, and a
// $batch of these. It is read-only.
func (s *Server) odata(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set(odata.HeaderVersion, odata.Version)
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/odata")
	isBatch := isBatch(path)
	h.Set("Allow", "GET, HEAD, OPTIONS")
	if isBatch {
		h.Set("Allow", "POST, OPTIONS")
	}
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if r.Method == http.MethodPost && odata.IsQuery(path) {
		s.failed(w, r, nobody{}, &odata.Error{Kind: odata.KindNotSupported, Feature: "/$query", Message: "/$query is not supported"})
		return
	}
	if isReading := r.Method == http.MethodGet || r.Method == http.MethodHead; isBatch != (r.Method == http.MethodPost) || !isBatch && !isReading {
		s.failed(w, r, nobody{}, &odata.Error{Kind: odata.KindMethod, Message: "the feed is read-only: GET and HEAD are all it answers, and POST of a $batch"})
		return
	}
	h.Del("Allow")
	if err := odata.CheckVersion(r.Header.Get(odata.HeaderVersion), r.Header.Get(odata.HeaderMaxVersion)); err != nil {
		s.failed(w, r, nobody{}, err)
		return
	}
	if offersOther(r.Header, r.URL.RawQuery, feedToken(r)) {
		s.failed(w, r, nobody{}, twoTokens("a request has one token: its header and its api_key differ"))
		return
	}
	p, err := s.enter(w, r, odataDoor)
	if err != nil {
		s.failed(w, r, nobody{}, err)
		return
	}
	base, err := s.odataBase(r)
	if err != nil {
		s.failed(w, r, nobody{}, err)
		return
	}
	ctx, f, err := s.openFeed(r.Context(), p, base)
	if err != nil {
		s.failed(w, r, nobody{}, s.internal(ctx, err))
		return
	}
	r = r.WithContext(ctx)
	switch {
	case isBatch:
		f.batch(w, r)
	case path == "/"+pbidsName:
		f.pbids(w, r)
	default:
		f.single(w, r, path)
	}
}

// isBatch reports whether an escaped path is that of $batch, whose $ some clients escape.
func isBatch(path string) bool {
	name, err := url.PathUnescape(strings.Trim(path, "/"))
	return err == nil && name == "$batch"
}

// single answers one address.
func (f *feed) single(w http.ResponseWriter, r *http.Request, path string) {
	ctx, c, end := f.timed(r.Context())
	defer end()
	to, free := f.sinkTo(w, r, c, true)
	defer free()
	a := &odataAnswer{feed: f, to: to, isHead: r.Method == http.MethodHead, accept: r.Header.Get("Accept")}
	err := a.give(ctx, path, r.URL.RawQuery, func() (func(), error) { return f.enterPlace(w.Header()) })
	entryOf(ctx).operation = a.name
	switch {
	case err == nil:
	case to.isBegun():
		f.broken(r, to.bytes, err)
	default:
		f.failed(w, r, f, err)
	}
}

// odataAnswer is the answer to one address.
type odataAnswer struct {
	*feed
	to     *sink
	isHead bool
	accept string
	name   string // of the set, for the log
}

// give answers an address; place takes a place for what reads rows. What it has begun to
// send before an error is not whole.
func (a *odataAnswer) give(ctx context.Context, path, rawQuery string, place func() (func(), error)) error {
	q, err := odata.Parse(path, rawQuery, a.set, odata.Limits{})
	if err != nil {
		return err
	}
	switch q.Target {
	case odata.ServiceDocument:
		format, err := q.Format(a.accept)
		if err != nil {
			return err
		}
		return a.to.text(format.ContentType(), odata.AppendServiceDocument(nil, a.base, a.sets(), format.Level))
	case odata.Metadata:
		body, err := odata.AppendMetadata(nil, a.sets())
		if err != nil {
			return err
		}
		return a.to.text(odata.MetadataType, body)
	case odata.BatchRequest:
		return &odata.Error{Kind: odata.KindMethod, Message: "$batch is asked by POST"}
	}
	a.name = q.Set.Name
	t := a.table(q.Set.Name)
	if err := a.isKept(t.table); err != nil {
		return err
	}
	format := odata.Format{}
	if q.Target != odata.Count {
		if format, err = q.Format(a.accept); err != nil {
			return err
		}
	}
	if a.isHead && q.Target != odata.Row { // whether there is a row is known when it is read
		return a.head(q, format)
	}
	leave, err := place()
	if err != nil {
		return err
	}
	defer leave()
	if q.Target == odata.Count {
		return a.count(ctx, t, q)
	}
	if a.isHead {
		nothing := &odataAnswer{feed: a.feed, to: &sink{header: a.to.header, begin: func(int, int) (io.Writer, error) { return io.Discard, nil }}}
		if err := nothing.rows(ctx, t, q, format); err != nil {
			return err
		}
		return a.head(q, format)
	}
	return a.rows(ctx, t, q, format)
}

// head answers HEAD: that there is such an answer, without making it.
func (a *odataAnswer) head(q *odata.Question, format odata.Format) error {
	if q.IsContinued() {
		if _, err := q.Position(a.feed); err != nil {
			return err
		}
	}
	a.to.header.Set("Content-Type", format.ContentType())
	if q.Target == odata.Count {
		a.to.header.Set("Content-Type", countType)
	}
	_, err := a.to.begin(http.StatusOK, -1)
	return err
}
