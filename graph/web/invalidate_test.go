package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/schema"
)

func TestInvalidate(t *testing.T) {
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	sign := func(secret, body string, at time.Time) string {
		h := hmac.New(sha256.New, []byte(secret))
		fmt.Fprintf(h, "%d.%s", at.Unix(), body)
		return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(h.Sum(nil)))
	}
	good := `{"changed": [{"source": "crm", "entity": "Order"}, {"source": "crm", "customer": "K1"}]}`
	for name, c := range map[string]struct {
		body, signature string
		want            int
	}{
		"good":             {good, sign("shh", good, now), 200},
		"a little old":     {good, sign("shh", good, now.Add(-4*time.Minute)), 200},
		"old":              {good, sign("shh", good, now.Add(-6*time.Minute)), 401},
		"of tomorrow":      {good, sign("shh", good, now.Add(24*time.Hour)), 401},
		"another secret":   {good, sign("ssh", good, now), 401},
		"another body":     {good + " ", sign("shh", good, now), 401},
		"none":             {good, "", 401},
		"half":             {good, "t=1", 401},
		"no hex":           {good, fmt.Sprintf("t=%d,v1=zz", now.Unix()), 401},
		"the time is cut":  {good, strings.Replace(sign("shh", good, now), "t=1", "t=", 1), 401},
		"not JSON":         {"x", sign("shh", "x", now), 400},
		"nothing changed":  {`{"changed": []}`, sign("shh", `{"changed": []}`, now), 400},
		"unknown key":      {`{"change": []}`, sign("shh", `{"change": []}`, now), 400},
		"something behind": {good + good, sign("shh", good+good, now), 400},
		"unknown source":   {`{"changed": [{"source": "x"}]}`, sign("shh", `{"changed": [{"source": "x"}]}`, now), 404},
		"too long":         {strings.Repeat(" ", 70_000), "", 413},
	} {
		t.Run("case="+name, func(t *testing.T) {
			var forgotten []Invalidation
			s := &Server{cfg: Config{Invalidate: InvalidateConfig{Secret: []byte("shh"), Now: func() time.Time { return now }, Forget: func(_ context.Context, i Invalidation) error {
				if i.Source != "crm" {
					return schema.Errorf(schema.NotFound, "no")
				}
				forgotten = append(forgotten, i)
				return nil
			}}}}
			r := httptest.NewRequest(http.MethodPost, "/invalidate", strings.NewReader(c.body))
			if c.signature != "" {
				r.Header.Set(signatureHeader, c.signature)
			}
			w := httptest.NewRecorder()
			s.invalidate(w, r)
			if w.Code != c.want || (w.Code == 200) != (len(forgotten) == 2) || w.Code != 200 && !strings.Contains(w.Body.String(), `"code"`) {
				t.Errorf("%d %s, forgot %v, want %d", w.Code, w.Body, forgotten, c.want)
			}
		})
	}
}
