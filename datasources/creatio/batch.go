package creatio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/trama-graph/trama/datasources/internal/wire"
)

// part is one reply inside a $batch.
type part struct {
	status int
	body   []byte
	found  bool
}

// batch asks up to maxParts questions in one POST ("Creatio facts", §4). The
// parts come in the order of asks. Its error is errNoBatch when the site has no
// $batch.
func (s *source) batch(ctx context.Context, st *site, asks []ask) ([]part, error) {
	type request struct {
		ID      string            `json:"id"`
		Method  string            `json:"method"`
		URL     string            `json:"url"`
		Headers map[string]string `json:"headers"`
	}
	var envelope struct {
		Requests []request `json:"requests"`
	}
	for i, a := range asks {
		envelope.Requests = append(envelope.Requests, request{
			ID: strconv.Itoa(i + 1), Method: http.MethodGet, URL: a.address(), Headers: map[string]string{"Accept": jsonType},
		})
	}
	body, err := json.Marshal(envelope)
	if err != nil {
		return nil, fmt.Errorf("encode a batch: %w", err)
	}
	var parts []part
	call := wire.Call{
		Name: "$batch", Method: http.MethodPost, URL: st.path + "/$batch", Body: body,
		// Without Prefer the site stops at the first failure.
		Header: http.Header{"Content-Type": {jsonType}, "Prefer": {"continue-on-error"}},
	}
	err = s.call(ctx, call, func(r *wire.Reply) (err error) {
		switch r.Status {
		case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
			return wire.Refused(errNoBatch)
		}
		if err := verdict(s.cfg.Name, r); err != nil {
			return err
		}
		if parts, err = decodeBatch(r.Body, len(asks)); err != nil {
			return wire.Invalid(err)
		}
		for i := range parts {
			// One session carries all of them.
			if parts[i].status == http.StatusUnauthorized {
				return wire.Bounced(errLoginPage)
			}
		}
		return nil
	})
	return parts, err
}

// decodeBatch matches the replies to the requests by id: their order is not
// promised. A request without a reply has found false.
func decodeBatch(body []byte, n int) ([]part, error) {
	var reply struct {
		Responses []struct {
			ID     json.RawMessage `json:"id"`
			Status int             `json:"status"`
			Body   json.RawMessage `json:"body"`
		} `json:"responses"`
	}
	if err := json.Unmarshal(body, &reply); err != nil {
		return nil, fmt.Errorf("decode a batch: %w", err)
	}
	if reply.Responses == nil {
		return nil, errors.New("creatio: a batch without replies")
	}
	parts := make([]part, n)
	for _, r := range reply.Responses {
		i, err := strconv.Atoi(strings.Trim(string(r.ID), `"`))
		if err != nil || i < 1 || i > n || parts[i-1].found {
			return nil, errors.New("creatio: a batch with a reply nobody asked for")
		}
		text := r.Body
		if len(text) > 0 && text[0] == '"' {
			// Some builds send the body as a text.
			var inner string
			if json.Unmarshal(text, &inner) == nil {
				text = []byte(inner)
			}
		}
		parts[i-1] = part{status: r.Status, body: text, found: true}
	}
	return parts, nil
}

// judgePart gives one reply of a batch its own verdict.
func (s *source) judgePart(p part) error {
	switch {
	case !p.found:
		return s.invalid(errNoAnswer)
	case p.status >= 200 && p.status < 300 && wire.LooksLikeHTML(p.body):
		return s.invalid(errLoginPage)
	}
	err := verdict(s.cfg.Name, &wire.Reply{Status: p.status, Header: http.Header{}, Body: p.body})
	if err == nil {
		return nil
	}
	return s.coded(err)
}
