package web

import (
	"net/http"
	"strconv"
	"strings"
)

// takesGzip reports whether a client accepts gzip (RFC 9110, 12.5.3): it names it, or
// anything, and does not weigh it with 0.
func takesGzip(h http.Header) bool {
	named, anything := -1.0, -1.0
	for _, line := range h["Accept-Encoding"] {
		for part := range strings.SplitSeq(line, ",") {
			coding, params, _ := strings.Cut(part, ";")
			switch strings.ToLower(strings.TrimSpace(coding)) {
			case "gzip", "x-gzip":
				named = weight(params)
			case "*":
				anything = weight(params)
			}
		}
	}
	if named >= 0 {
		return named > 0
	}
	return anything > 0
}

// weight reads the parameter q; what is none is 0, so that nothing is sent that may
// not be wanted.
func weight(params string) float64 {
	params = strings.TrimSpace(params)
	if params == "" {
		return 1
	}
	name, value, _ := strings.Cut(params, "=")
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !strings.EqualFold(strings.TrimSpace(name), "q") || !(q >= 0 && q <= 1) {
		return 0
	}
	return q
}
