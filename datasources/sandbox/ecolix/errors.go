package ecolix

import (
	"net/http"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
)

const jsonType = "application/json; charset=utf-8"

// reply is one answer.
type reply struct {
	status int
	header map[string]string
	body   []byte
}

// failure is what went wrong, in the words of the ERP: they repeat names and keys, as such texts do.
type failure struct {
	status int
	text   string
	gate   bool // from what stands before the application: never with status 200
}

// appendFailure writes the shape of wire/ecolix.md §2 (ESI Flex), whatever the envelope of the lists is.
func appendFailure(b []byte, field, text string) []byte {
	b = append(b, `{"data":null,"metadata":{"rowcount":0,"issuccess":false},`...)
	b = odatafake.AppendString(b, field)
	b = append(b, ':')
	b = odatafake.AppendString(b, text)
	return append(b, '}')
}

func (s *Server) fail(f *failure) reply {
	status := f.status
	if s.d.ErrorsInBody && !f.gate {
		status = http.StatusOK
	}
	return reply{status: status, body: appendFailure(nil, s.d.ErrorField, f.text)}
}

func noRecord(what, id string) *failure {
	return &failure{status: http.StatusNotFound, text: what + " « " + id + " » introuvable"}
}

func bad(text string) *failure { return &failure{status: http.StatusBadRequest, text: text} }

func refused(text string) *failure {
	return &failure{status: http.StatusUnprocessableEntity, text: text}
}

// ErrorBody is a failure for faults.Options: status 200, as such interfaces do it (wire/ecolix.md §2).
func ErrorBody(*http.Request) (contentType string, body []byte) {
	return jsonType, appendFailure(nil, "error", "Erreur interne : verrou sur F_DOCENTETE (CC2603-00042, CL00042)")
}
