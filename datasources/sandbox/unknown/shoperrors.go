package unknown

import (
	"net/http"
	"strconv"
)

// shopError is a refusal of the shop, worded as Restler words it, the framework that Dolibarr answers with.
type shopError struct {
	status int
	text   string // "" leaves the status' own words alone
}

func notFound(text string) *shopError { return &shopError{http.StatusNotFound, text} }

func badRequest(text string) *shopError { return &shopError{http.StatusBadRequest, text} }

// database is what comes of a query that the shop's database cannot run: 503, with the database's own words, as Dolibarr
// passes them on.
func database(set *shopSet, text string) *shopError {
	return &shopError{http.StatusServiceUnavailable, "Error when retrieve " + set.name + " list : " + text}
}

// failure prints an error as {"error":{"code":404,"message":"Not Found: No order found"}}.
func (s *Shop) failure(e *shopError) (status int, body []byte) {
	text := http.StatusText(e.status)
	if e.text != "" {
		text += ": " + e.text
	}
	inner := []byte(`{"code":` + strconv.Itoa(e.status) + `,"message":`)
	inner = append(appendText(inner, text), '}')
	if s.opts.ErrorsInBody {
		b := []byte(`{"data":null,"metadata":{"rowcount":0,"issuccess":false},"error":`)
		return http.StatusOK, append(append(b, inner...), '}')
	}
	return e.status, append(append([]byte(`{"error":`), inner...), '}')
}
