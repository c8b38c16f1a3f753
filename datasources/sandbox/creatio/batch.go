package creatio

import (
	"encoding/json"
	"hash/fnv"
	"io"
	"mime"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
)

// maxBatch is how many requests one batch may hold.
const maxBatch = 100

// batch answers $batch in its JSON form. It stops at the first answer of 400 and above, unless the client prefers to go
// on, and delivers the answers in an order of its own: the id joins them to the requests, their position does not.
func (s *Server) batch(r *http.Request) reply {
	if r.Method != http.MethodPost {
		return failure(http.StatusMethodNotAllowed, "The requested resource does not support http method '"+r.Method+"'.", "", "")
	}
	if t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); t != "application/json" {
		// The product takes multipart/mixed as well; this sandbox does not.
		return failure(http.StatusUnsupportedMediaType, "The batch request must be of type application/json.", "", "")
	}
	var in struct {
		Requests []struct {
			ID      string            `json:"id"`
			Method  string            `json:"method"`
			URL     string            `json:"url"`
			Headers map[string]string `json:"headers"`
		} `json:"requests"`
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	if err != nil || json.Unmarshal(body, &in) != nil || len(in.Requests) == 0 {
		return failure(http.StatusBadRequest, "The batch request is not valid.", "", "")
	}
	if len(in.Requests) > maxBatch {
		return failure(http.StatusBadRequest, "The maximum number of requests in a batch is "+strconv.Itoa(maxBatch)+".", "", "")
	}
	goOn := strings.Contains(strings.ToLower(r.Header.Get("Prefer")), "continue-on-error")
	type part struct {
		rank uint32
		body []byte
	}
	parts := make([]part, 0, len(in.Requests))
	for _, one := range in.Requests {
		q := query{base: origin(r) + s.base, accept: header(one.Headers, "Accept")}
		rest, raw, _ := strings.Cut(one.URL, "?")
		rest = strings.TrimPrefix(rest, q.base)
		rest = strings.TrimPrefix(rest, s.base)
		var out reply
		if plain, err := url.PathUnescape(rest); err != nil || one.ID == "" {
			out = failure(http.StatusBadRequest, "The batch request is not valid.", "", "")
		} else {
			out = s.resource(strings.ToUpper(one.Method), plain, raw, q)
		}
		h := fnv.New32a()
		_, _ = h.Write([]byte(one.ID))
		parts = append(parts, part{rank: h.Sum32(), body: out.inBatch(one.ID)})
		if out.status >= 400 && !goOn {
			break
		}
	}
	sort.SliceStable(parts, func(i, j int) bool { return parts[i].rank < parts[j].rank })
	b := []byte(`{"responses":[`)
	for i, p := range parts {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, p.body...)
	}
	b = append(b, `]}`...)
	return reply{status: http.StatusOK, contentType: jsonType, header: version, body: b}
}

func header(h map[string]string, name string) string {
	for k, v := range h {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

// inBatch returns the answer as a member of a batch's answer; a body that is not JSON becomes a string.
func (o *reply) inBatch(id string) []byte {
	b := append([]byte(`{"id":`), jsonString(id)...)
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(o.status), 10)
	b = append(b, `,"headers":{"content-type":`...)
	b = append(b, jsonString(o.contentType)...)
	b = append(b, `},"body":`...)
	if strings.HasPrefix(o.contentType, "application/json") {
		b = append(b, o.body...)
	} else {
		b = append(b, jsonString(string(o.body))...)
	}
	return append(b, '}')
}
