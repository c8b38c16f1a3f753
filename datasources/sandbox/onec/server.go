package onec

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// Server is a fake 1C:Enterprise behind its web server. It is safe for concurrent use.
type Server struct {
	opts     Options
	world    *world.World
	build    *builder // as the world is; what is shown is in now
	metadata func() []byte
	editing  sync.Mutex // one edit at a time
	now      atomic.Pointer[state]
}

// New returns a 1C base that knows the customers of the world.
func New(w *world.World, opts Options) *Server {
	s := &Server{opts: opts.withDefaults(), world: w}
	s.build = build(w, s.opts, nil)
	s.now.Store(&state{build: s.build})
	s.metadata = sync.OnceValue(s.printMetadata)
	return s
}

var _ http.Handler = (*Server)(nil)

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := s.serve(r)
	h := w.Header()
	for k, v := range out.header {
		h.Set(k, v)
	}
	if out.contentType != "" {
		h.Set("Content-Type", out.contentType)
	}
	w.WriteHeader(out.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(out.body) // the client is gone; nobody is left to tell
	}
}

func (s *Server) serve(r *http.Request) reply {
	if out, cut := s.webServer(r); cut {
		return out
	}
	if s.opts.LoginPage {
		return reply{status: http.StatusOK, contentType: "text/html; charset=utf-8", body: []byte("<!DOCTYPE html>\n<html><head><title>Вход</title></head><body><form action=\"/login\"></form></body></html>\n")}
	}
	if out, ok := s.authorize(r); !ok {
		return out
	}
	rest, ok := strings.CutPrefix(r.URL.Path, Base)
	if !ok {
		if r.URL.Path+"/" != Base {
			return page(http.StatusNotFound, "404 - File or directory not found.")
		}
		rest = ""
	}
	params, err := odatafake.Params(r.URL.RawQuery)
	if err != nil {
		return mistake(err, "").reply(wantsJSON(r, nil))
	}
	q := s.query(r, params)
	switch {
	case rest == "$batch":
		return fault{http.StatusNotImplemented, 0, "Пакетные запросы не поддерживаются"}.reply(false)
	case r.Method != http.MethodGet:
		return s.otherMethod(r, rest, q)
	case rest == "$metadata":
		if s.opts.MetadataDelay > 0 {
			if err := s.opts.Sleep(r.Context(), s.opts.MetadataDelay); err != nil {
				return page(http.StatusGatewayTimeout, "504 - Gateway Timeout")
			}
		}
		// $format has no effect here. Neither ETag nor Last-Modified says whether it has changed.
		return reply{status: http.StatusOK, contentType: xmlType, header: version, body: s.metadata()}
	case rest == "":
		return s.service(q)
	}
	out, f := s.resource(rest, params, q)
	if f != nil {
		return f.reply(q.json)
	}
	return out
}

var version = map[string]string{"DataServiceVersion": "3.0"}

// otherMethod refuses whatever is not a read: nobody writes over HTTP. HEAD is no read, either.
func (s *Server) otherMethod(r *http.Request, rest string, q query) reply {
	out := fault{http.StatusMethodNotAllowed, 19, "Метод \"" + r.Method + "\" запрещен для \"" + rest + "\""}.reply(q.json)
	out.header = map[string]string{"Allow": http.MethodGet}
	return out
}

// webServer is what stands before 1C and knows nothing of it.
func (s *Server) webServer(r *http.Request) (reply, bool) {
	if s.opts.QueryLimit < 0 {
		return reply{}, false
	}
	if s.opts.WebServer == IIS {
		// Sub-status 404.15; the limit counts the encoded query.
		if len(r.URL.RawQuery) > s.opts.QueryLimit {
			return page(http.StatusNotFound, "404 - File or directory not found."), true
		}
		return reply{}, false
	}
	uri := r.RequestURI
	if uri == "" {
		uri = r.URL.RequestURI()
	}
	if len(r.Method)+1+len(uri)+len(" HTTP/1.1") > s.opts.QueryLimit {
		return page(http.StatusRequestURITooLong, "414 Request-URI Too Long"), true
	}
	return reply{}, false
}

// authorize checks HTTP Basic. 1C compares UTF-8; a login in another encoding does not even reach it.
func (s *Server) authorize(r *http.Request) (reply, bool) {
	no := func(out reply) (reply, bool) {
		out.header = map[string]string{"WWW-Authenticate": `Basic realm="1C:Enterprise 8.3"`}
		return out, false
	}
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Basic ")
	if !ok {
		return no(page(http.StatusUnauthorized, "401.2 - Unauthorized"))
	}
	raw, err := base64.StdEncoding.DecodeString(given)
	if err != nil || !utf8.Valid(raw) {
		return no(page(http.StatusUnauthorized, "401.5 - Unauthorized: Authorization failed by ISAPI/CGI application"))
	}
	user, password, _ := strings.Cut(string(raw), ":")
	if user != s.opts.User || password != s.opts.Password {
		return no(reply{status: http.StatusUnauthorized, contentType: "text/plain; charset=utf-8", body: []byte("Идентификация пользователя не выполнена")})
	}
	return reply{}, true
}

// origin returns scheme and host as the client wrote them.
func origin(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return (&url.URL{Scheme: scheme, Host: r.Host}).String()
}
