package watch

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/trama-graph/trama/datasources/internal/wire"
)

// SignatureHeader bears "t=UNIX,v1=HEX": the HMAC-SHA256, under the secret, of the
// time, a dot and the body.
const SignatureHeader = "Trama-Signature"

// WebhookConfig is the address that is told.
type WebhookConfig struct {
	URL    string           // https, or http on the own machine or network. Required
	Secret string           // the body is signed with; "" = it is not
	Log    *slog.Logger     // nil = silent
	Now    func() time.Time // nil = time.Now
}

// Webhook tells one address. It is safe for one caller at a time.
type Webhook struct {
	client *wire.Client
	secret []byte
	now    func() time.Time
	path   string
}

// Message is what is sent, as JSON by POST. It is idempotent: it says how things are
// now, and may come twice.
type Message struct {
	Version int       `json:"version"` // 1
	At      time.Time `json:"at"`
	// Status is "firing" while some segment is in trouble, else "resolved".
	Status  string   `json:"status"`
	Changed []Notice `json:"changed"` // since the last message
	Open    []Notice `json:"open"`    // all that is in trouble
}

// Notice is one segment.
type Notice struct {
	Source string     `json:"source"`
	Entity string     `json:"entity"`
	State  State      `json:"state"` // OK when it is fine again
	Since  time.Time  `json:"since"`
	Code   string     `json:"code,omitempty"`
	AsOf   *time.Time `json:"asOf,omitempty"`
}

// NewWebhook makes one. Its error is about the address and does not show it: it may
// hold a secret.
func NewWebhook(cfg WebhookConfig) (*Webhook, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("want an address that begins with https:// or http://")
	}
	base := &url.URL{Scheme: u.Scheme, Host: u.Host, User: u.User}
	client, err := wire.New(wire.Config{
		Source: "webhook", Base: base, Timeout: 10 * time.Second, Concurrency: 1, MaxBody: 64 << 10, Log: cfg.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("make the client: %w", err)
	}
	w := &Webhook{client: client, secret: []byte(cfg.Secret), now: cfg.Now, path: u.RequestURI()}
	if w.now == nil {
		w.now = time.Now
	}
	return w, nil
}

// Close ends its connections.
func (w *Webhook) Close() error { return w.client.Close() }

// Tell sends one message; any 2xx is success. It is repeated a few times, and fails
// within a minute.
func (w *Webhook) Tell(ctx context.Context, changed, all []Watched) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	m := Message{Version: 1, At: w.now().UTC(), Status: "resolved", Changed: notices(changed, false), Open: notices(all, true)}
	if len(m.Open) > 0 {
		m.Status = "firing"
	}
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("write the message: %w", err)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if len(w.secret) > 0 {
		header.Set(SignatureHeader, Sign(w.secret, w.now(), body))
	}
	err = w.client.Do(ctx, wire.Call{Name: "alert", Method: http.MethodPost, URL: w.path, Header: header, Body: body, Read: true})
	if err != nil {
		return fmt.Errorf("call the webhook: %w", err)
	}
	return nil
}

// Sign makes the value of SignatureHeader.
func Sign(secret []byte, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(t + "."))
	h.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(h.Sum(nil))
}

func notices(list []Watched, open bool) []Notice {
	out := []Notice{}
	for i := range list {
		s := &list[i]
		if open && s.Raised == Fine {
			continue
		}
		n := Notice{Source: s.Source, Entity: s.Entity, State: s.Raised, Since: s.Since.UTC(), Code: s.Code}
		if !s.AsOf.IsZero() {
			at := s.AsOf.UTC()
			n.AsOf = &at
		}
		out = append(out, n)
	}
	return out
}
