package ecolix

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// params are the parameters of a list by their names.
type params map[string]string

func queryParams(q url.Values) params {
	p := params{}
	for name, values := range q {
		p[name] = values[0]
	}
	return p
}

// bodyParams reads a JSON object of texts and numbers; ok is false for anything else.
func bodyParams(body []byte) (p params, ok bool) {
	p = params{}
	if len(strings.TrimSpace(string(body))) == 0 {
		return p, true
	}
	fields, ok := readObject(body)
	for name, v := range fields {
		switch v := v.(type) {
		case string:
			p[name] = v
		case json.Number:
			p[name] = v.String()
		case nil:
		default:
			return nil, false
		}
	}
	return p, ok
}

// areKnown says whether there is nothing but the parameters of a list: an import has other fields.
func (s *Server) areKnown(p params) bool {
	for name := range p {
		if name != s.d.PageParam && name != s.d.SizeParam && name != s.d.OffsetParam && (name != s.d.SinceParam || name == "") {
			return false
		}
	}
	return true
}

// number reads a parameter that is a whole number from least upwards.
func (p params) number(name string, least, otherwise int) (int, *failure) {
	v, ok := p[name]
	if !ok || v == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > 1<<30 {
		return 0, bad("Paramètre « " + name + " » invalide : " + v)
	}
	return n, nil
}

// window is which rows an answer has.
type window struct{ from, size, page int }

// window reads the paging parameters; a size above the server's is cut without a word.
func (s *Server) window(p params) (w window, f *failure) {
	if s.d.Paging == PagingNone {
		return window{size: 1 << 30, page: s.d.FirstPage}, nil
	}
	if w.size, f = p.number(s.d.SizeParam, 1, s.d.MaxSize); f != nil {
		return w, f
	}
	w.size = min(w.size, s.d.MaxSize)
	w.page = s.d.FirstPage
	switch {
	case s.d.IgnorePaging:
	case s.d.Paging == PagingOffset:
		if w.from, f = p.number(s.d.OffsetParam, 0, 0); f != nil {
			return w, f
		}
		w.page = w.from/w.size + s.d.FirstPage
	default:
		if w.page, f = p.number(s.d.PageParam, s.d.FirstPage, s.d.FirstPage); f != nil {
			return w, f
		}
		w.from = (w.page - s.d.FirstPage) * w.size
	}
	return w, nil
}

// list answers one page.
func (s *Server) list(t *table, p params) reply {
	w, f := s.window(p)
	if f != nil {
		return s.fail(f)
	}
	since := int64(-1)
	if text := p[s.d.SinceParam]; s.d.SinceParam != "" && text != "" {
		at, ok := readTime(text, s.opts.Zone)
		if !ok {
			return s.fail(bad("Paramètre « " + s.d.SinceParam + " » invalide : " + text))
		}
		since = at.Unix()
	}
	e := s.encoder()
	total, rows := 0, 0
	s.read(func(v *view) {
		n := t.count(v)
		e.startList()
		total = n
		if since < 0 {
			for i := w.from; i < n && rows < w.size; i++ {
				t.write(e, v, i)
				rows++
			}
			return
		}
		total = 0
		for i := range n {
			if t.modified(v, i) < since {
				continue
			}
			if total++; total > w.from && rows < w.size {
				t.write(e, v, i)
				rows++
			}
		}
	})
	if rows == 0 && s.d.EmptyIs404 {
		return s.fail(&failure{status: http.StatusNotFound, text: "Aucun enregistrement : " + t.what, gate: true})
	}
	e.endList(rows, total, w)
	return reply{status: http.StatusOK, body: e.b}
}

func (e *encoder) startList() {
	switch e.d.Envelope {
	case EnvelopeBare:
	case EnvelopeItems:
		e.b = append(e.b, `{"items":`...)
	default:
		e.b = append(e.b, `{"data":`...)
	}
	e.b = append(e.b, '[')
}

func (e *encoder) endList(rows, total int, w window) {
	e.b = append(e.b, ']')
	e.endEnvelope(rows)
	if e.d.Envelope != EnvelopePagination {
		return
	}
	e.b = e.b[:len(e.b)-1] // the closing brace
	size := w.size
	if e.d.Paging == PagingNone {
		size = total
	}
	e.b = append(e.b, `,"pagination":{"total":`...)
	e.b = strconv.AppendInt(e.b, int64(total), 10)
	e.b = append(e.b, `,"page":`...)
	e.b = strconv.AppendInt(e.b, int64(w.page), 10)
	e.b = append(e.b, `,"page_count":`...)
	e.b = strconv.AppendInt(e.b, int64((total+max(size, 1)-1)/max(size, 1)), 10)
	e.b = append(e.b, `,"limit":`...)
	e.b = strconv.AppendInt(e.b, int64(size), 10)
	e.b = append(e.b, "}}"...)
}

// endEnvelope closes what startList or startOne opened.
func (e *encoder) endEnvelope(rows int) {
	switch e.d.Envelope {
	case EnvelopeBare:
	case EnvelopeMetadata:
		e.b = append(e.b, `,"metadata":{"rowcount":`...)
		e.b = strconv.AppendInt(e.b, int64(rows), 10)
		e.b = append(e.b, `,"issuccess":true}`...)
		e.name(e.d.ErrorField)
		e.b = append(e.b, "null}"...)
	default:
		e.b = append(e.b, '}')
	}
}

// one wraps a single record.
func (e *encoder) one(write func()) {
	switch e.d.Envelope {
	case EnvelopeBare:
		write()
	case EnvelopeItems:
		e.startList()
		write()
		e.b = append(e.b, ']', '}')
	default:
		e.b = append(e.b, `{"data":`...)
		write()
		e.endEnvelope(1)
	}
}

// single answers the record of an id.
func (s *Server) single(t *table, id string) reply {
	e := s.encoder()
	found := false
	s.read(func(v *view) {
		i, ok := t.pos(v, id)
		if !ok {
			return
		}
		found = true
		e.one(func() { t.write(e, v, i) })
	})
	if !found {
		return s.fail(noRecord(t.what, id))
	}
	return reply{status: http.StatusOK, body: e.b}
}
