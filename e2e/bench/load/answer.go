package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Answer is one without errors.
type Answer struct {
	Data json.RawMessage // as it stands there
	// IsKept is true of an answer that was made for an earlier request: it says how
	// old it is, by the header Age (RFC 9111 §5.1).
	IsKept bool
}

// Ask asks once.
func Ask(ctx context.Context, t *Target, question string) (*Answer, error) {
	req, err := t.request(question)
	if err != nil {
		return nil, err
	}
	c, err := dial(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	defer c.net.Close()
	rp, err := c.ask(req, true)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	var answer struct {
		Data   json.RawMessage `json:"data"`
		Errors json.RawMessage `json:"errors"`
	}
	err = json.Unmarshal(rp.body, &answer)
	switch {
	case rp.status != http.StatusOK || answer.Errors != nil:
		return nil, fmt.Errorf("%s: status %d: %.300s", t.Name, rp.status, rp.body)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	case answer.Data == nil:
		return nil, fmt.Errorf("%s: %w", t.Name, errors.New("an answer without data"))
	}
	return &Answer{Data: answer.Data, IsKept: rp.isKept}, nil
}

// Same reports where two answers part; nil = nowhere, byte for byte.
func Same(a, b []byte) error {
	if bytes.Equal(a, b) {
		return nil
	}
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	cut := func(s []byte) []byte { return s[max(0, min(at-60, len(s))):min(len(s), at+60)] }
	return fmt.Errorf("the answers part at byte %d of %d and %d:\n  …%s…\n  …%s…", at, len(a), len(b), cut(a), cut(b))
}
