package web

import (
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/trama-graph/trama/schema"
)

// The media types of answers (GraphQL over HTTP, "Media Types").
const (
	graphqlJSON = "application/graphql-response+json"
	plainJSON   = "application/json"
)

// negotiate chooses the media type of the answer. Without an Accept header it is
// the newer one (draft, "Legacy watershed"); a client that takes anything gets
// application/json, which every client can read. "" means that the client takes
// neither: 406.
func negotiate(h http.Header) string {
	values := h.Values("Accept")
	if len(values) == 0 {
		return graphqlJSON
	}
	best, bestQ, bestRank := "", 0.0, 0
	for _, part := range strings.Split(strings.Join(values, ","), ",") {
		media, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil {
			continue
		}
		if c, ok := params["charset"]; ok && !strings.EqualFold(c, "utf-8") {
			continue
		}
		q := 1.0
		if text, ok := params["q"]; ok {
			if q, err = strconv.ParseFloat(text, 64); err != nil || q <= 0 {
				continue
			}
		}
		answer, rank := "", 0 // the more exact range wins among equal q
		switch media {
		case graphqlJSON, plainJSON:
			answer, rank = media, 3
		case "application/*":
			answer, rank = plainJSON, 2
		case "*/*":
			answer, rank = plainJSON, 1
		default:
			continue
		}
		if q > bestQ || (q == bestQ && rank > bestRank) {
			best, bestQ, bestRank = answer, q, rank
		}
	}
	return best
}

// codingOf names how the body of a request is encoded (RFC 9110, 8.4): "" when it is
// as it is, "gzip", or what the client says, in the order it says it.
func codingOf(h http.Header) string {
	var codings []string
	for _, line := range h["Content-Encoding"] {
		for coding := range strings.SplitSeq(line, ",") {
			switch coding = strings.ToLower(strings.TrimSpace(coding)); coding {
			case "", "identity":
			case "x-gzip":
				codings = append(codings, "gzip")
			default:
				codings = append(codings, coding)
			}
		}
	}
	return strings.Join(codings, ", ")
}

// refuseCoding is 415 for a body in an encoding that is not taken; taken is what is
// (RFC 9110, 15.5.16).
func refuseCoding(w http.ResponseWriter, taken, says string) *refusal {
	w.Header().Set("Accept-Encoding", taken)
	return refuse(http.StatusUnsupportedMediaType, schema.BadRequest, "%s", says)
}
