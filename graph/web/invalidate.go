package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/trama-graph/trama/schema"
)

// InvalidateConfig is the door by which a system says that records of it have
// changed, so that nothing old of them is served.
type InvalidateConfig struct {
	Secret []byte // that bodies are signed with; empty = there is no such door
	// Forget drops what is cached of a source, of an entity of it, or of a customer's
	// key there. NOT_FOUND when there is no such source.
	Forget func(ctx context.Context, what Invalidation) error
	Now    func() time.Time // nil = time.Now
}

// Invalidation is what has changed. Entity and Customer may be empty: everything.
type Invalidation struct {
	Source   string `json:"source"`
	Entity   string `json:"entity"`
	Customer string `json:"customer"` // the customer's key in that source
}

const (
	// signatureHeader bears "t=UNIX,v1=HEX", the HMAC-SHA-256 of the time, a dot and the
	// body.
	signatureHeader = "Trama-Signature"
	// signatureAge is how far the signed time may be from ours. A message that comes
	// again within it does no harm: what is forgotten twice is read twice.
	signatureAge = 5 * time.Minute
	// maxInvalidation is the most bytes of a message, and maxInvalidations how many
	// things one may name.
	maxInvalidation  = 64 << 10
	maxInvalidations = 1000
)

var (
	errSignature = errors.New("the signature is missing, wrong or old")
	errMessage   = errors.New("want {\"changed\": [{\"source\": …, \"entity\": …, \"customer\": …}]}")
)

// invalidate takes {"changed": [{source, entity, customer}, …]}.
func (s *Server) invalidate(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxInvalidation))
	if err != nil {
		s.refuseInvalidation(w, http.StatusRequestEntityTooLarge, schema.Limited, "the message is too long or was cut off")
		return
	}
	if !s.isSigned(r.Header.Get(signatureHeader), body) {
		s.refuseInvalidation(w, http.StatusUnauthorized, schema.Unauthenticated, errSignature.Error())
		return
	}
	var message struct {
		Changed []Invalidation `json:"changed"`
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(&message); err != nil || d.More() || len(message.Changed) == 0 || len(message.Changed) > maxInvalidations {
		s.refuseInvalidation(w, http.StatusBadRequest, schema.BadRequest, errMessage.Error())
		return
	}
	for _, c := range message.Changed {
		if err := s.cfg.Invalidate.Forget(r.Context(), c); err != nil {
			s.refuseInvalidation(w, http.StatusNotFound, schema.CodeOf(err), "there is no such source or kind of record")
			return
		}
	}
	writeJSON(w, http.StatusOK, map[string]int{"invalidated": len(message.Changed)})
}

func (s *Server) refuseInvalidation(w http.ResponseWriter, status int, code schema.Code, text string) {
	writeJSON(w, status, map[string]any{"errors": []any{map[string]any{"message": text, "extensions": map[string]any{"code": code}}}})
}

// isSigned checks a signature in constant time.
func (s *Server) isSigned(header string, body []byte) bool {
	stamp, sum, ok := strings.Cut(header, ",")
	t, isTime := strings.CutPrefix(stamp, "t=")
	given, isSum := strings.CutPrefix(sum, "v1=")
	seconds, err := strconv.ParseInt(t, 10, 64)
	if !ok || !isTime || !isSum || err != nil {
		return false
	}
	now := time.Now
	if s.cfg.Invalidate.Now != nil {
		now = s.cfg.Invalidate.Now
	}
	if age := now().Sub(time.Unix(seconds, 0)); age > signatureAge || age < -signatureAge {
		return false
	}
	got, err := hex.DecodeString(given)
	if err != nil {
		return false
	}
	h := hmac.New(sha256.New, s.cfg.Invalidate.Secret)
	h.Write([]byte(t + "."))
	h.Write(body)
	return hmac.Equal(got, h.Sum(nil))
}
