package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Data asks once, and gives the data of the answer as it stands there.
func Data(ctx context.Context, t *Target, question string) (json.RawMessage, error) {
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
	return answer.Data, nil
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
