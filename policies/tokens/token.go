// Package tokens issues and checks the tokens that let programs in. A token is
// shown once; what is stored is an HMAC of its secret under the server's key, so
// that a copy of the database lets nobody in. It is called by graph/web for each
// request and by the commands; it never sees a query.
//
// An account holds tokens, at most one of them active. What its tokens may have and
// how much they may ask is its agreement. Who may make and stop tokens is decided by
// the role of the account that asks; every act, and every act that was refused, is
// written into the audit with it.
package tokens

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"strings"
	"time"
)

// State is what a token is good for.
type State string

// The states of tokens. An account has at most one that is active, and one that
// overlaps.
const (
	Active      State = "active"
	Overlapping State = "overlapping" // replaced, but let in until it expires
	Replaced    State = "replaced"
	Disabled    State = "disabled"
	Expired     State = "expired" // never stored: what StateNow says of an active one whose time is over
)

// Token is what is stored of a token. The secret is not.
type Token struct {
	ID         string
	SecretHMAC []byte
	Account    string
	Packages   []string
	Claims     map[string]string
	Networks   []string // CIDR; none = any
	State      State
	CreatedBy  string
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero = never; of an overlapping one the end of the overlap
	LastUsedAt time.Time // to the hour, zero = never
	StateBy    string
	StateAt    time.Time
}

// StateNow returns what the token is good for at a time: an active one whose time
// is over is Expired, an overlapping one whose overlap is over is Replaced.
func (t *Token) StateNow(now time.Time) State {
	if t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt) {
		return t.State
	}
	switch t.State {
	case Active:
		return Expired
	case Overlapping:
		return Replaced
	}
	return t.State
}

// A token is trm_<live|test>_<id>_<secret><crc>: the prefix lets scanners of
// leaked secrets find it, the checksum refuses a typing error before any look-up.
const (
	idLength     = 10
	secretLength = 32 // 190 bits
	crcLength    = 6
	alphabet     = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// parts are what a token's text says.
type parts struct{ env, id, secret string }

// parse reads a token's text and checks its checksum.
func parse(text string) (parts, bool) {
	f := strings.Split(text, "_")
	if len(f) != 4 || f[0] != "trm" || (f[1] != "live" && f[1] != "test") ||
		len(f[2]) != idLength || len(f[3]) != secretLength+crcLength {
		return parts{}, false
	}
	p := parts{env: f[1], id: f[2], secret: f[3][:secretLength]}
	return p, checksum(p) == f[3][secretLength:]
}

func (p parts) text() string { return "trm_" + p.env + "_" + p.id + "_" + p.secret + checksum(p) }

func checksum(p parts) string {
	n := crc32.ChecksumIEEE([]byte("trm_" + p.env + "_" + p.id + "_" + p.secret))
	var b [crcLength]byte
	for i := range b {
		b[crcLength-1-i] = alphabet[n%62]
		n /= 62
	}
	return string(b[:])
}

func fresh(env string) (parts, error) {
	id, err := random(idLength)
	if err != nil {
		return parts{}, err
	}
	secret, err := random(secretLength)
	return parts{env, id, secret}, err
}

// random draws letters evenly: bytes beyond the last multiple of 62 are thrown
// away.
func random(n int) (string, error) {
	out := make([]byte, 0, n)
	var b [64]byte
	for len(out) < n {
		if _, err := rand.Read(b[:]); err != nil {
			return "", fmt.Errorf("draw a token: %w", err)
		}
		for _, c := range b {
			if c < 248 && len(out) < n {
				out = append(out, alphabet[c%62])
			}
		}
	}
	return string(out), nil
}

func mac(key []byte, p parts) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("token\x00" + p.env + "\x00" + p.id + "\x00" + p.secret))
	return h.Sum(nil)
}
