// Package seal turns keys and cursors into texts that reveal nothing: no number,
// no code, no sort value, not even which system a record lies in. Ids are sealed
// deterministically, so that a client can recognise the same record; cursors are
// bound to the query they came from. Both are AES-SIV (RFC 5297) under the
// server's key, so a changed byte is noticed.
package seal

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/tink-crypto/tink-go/v2/daead/subtle"
)

// ErrForeign is the answer to anything this server did not seal, or sealed for
// another purpose.
var ErrForeign = errors.New("not sealed here")

// MaxLength is the longest sealed text that is looked at.
const MaxLength = 2048

// Sealer seals under one key. It is safe for concurrent use.
type Sealer struct{ siv *subtle.AESSIV }

// New makes a Sealer from a secret of at least 32 bytes. Two instances with the
// same secret understand each other.
func New(secret []byte) (*Sealer, error) {
	if len(secret) < 32 {
		return nil, fmt.Errorf("seal: the secret has %d bytes, at least 32 are needed", len(secret))
	}
	a := sha256.Sum256(append([]byte("trama seal 1 a\x00"), secret...))
	b := sha256.Sum256(append([]byte("trama seal 1 b\x00"), secret...))
	siv, err := subtle.NewAESSIV(append(a[:], b[:]...))
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return &Sealer{siv: siv}, nil
}

var idPurpose = []byte("id")

// ID seals a record's identity.
func (s *Sealer) ID(entity, source, key string) string {
	plain := make([]byte, 0, len(entity)+len(source)+len(key)+3)
	plain = append(plain, entity...)
	plain = append(plain, 0)
	plain = append(plain, source...)
	plain = append(plain, 0)
	plain = appendKey(plain, key)
	return s.seal(plain, idPurpose)
}

// OpenID returns what ID sealed, or ErrForeign.
func (s *Sealer) OpenID(id string) (entity, source, key string, err error) {
	plain, err := s.open(id, idPurpose)
	if err != nil {
		return "", "", "", err
	}
	parts := strings.SplitN(string(plain), "\x00", 3)
	if len(parts) != 3 || parts[2] == "" {
		return "", "", "", ErrForeign
	}
	return parts[0], parts[1], openKey(parts[2]), nil
}

// Cursor seals a position for one query shape.
func (s *Sealer) Cursor(position, shape []byte) string {
	return s.seal(position, append([]byte("cursor\x00"), shape...))
}

// OpenCursor returns what Cursor sealed for the same shape, or ErrForeign.
func (s *Sealer) OpenCursor(cursor string, shape []byte) ([]byte, error) {
	return s.open(cursor, append([]byte("cursor\x00"), shape...))
}

func (s *Sealer) seal(plain, purpose []byte) string {
	sealed, err := s.siv.EncryptDeterministically(plain, purpose)
	if err != nil { // only for plaintexts of gigabytes
		return ""
	}
	text := base64.RawURLEncoding.EncodeToString(sealed)
	if beginsFormula(text) {
		return "_" + text
	}
	return text
}

// beginsFormula reports whether a text begins with -, behind any number of _: a
// spreadsheet takes what begins with - for a formula, and a command for an option. Sealed
// texts that would have one _ more in front; what was given out before had not, and is
// opened still.
func beginsFormula(text string) bool { return strings.HasPrefix(strings.TrimLeft(text, "_"), "-") }

func (s *Sealer) open(text string, purpose []byte) ([]byte, error) {
	if len(text) > MaxLength {
		return nil, ErrForeign
	}
	if beginsFormula(text) && text[0] == '_' {
		if plain, err := s.opened(text[1:], purpose); err == nil {
			return plain, nil
		}
	}
	return s.opened(text, purpose)
}

func (s *Sealer) opened(text string, purpose []byte) ([]byte, error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, ErrForeign
	}
	plain, err := s.siv.DecryptDeterministically(sealed, purpose)
	if err != nil {
		return nil, ErrForeign
	}
	return plain, nil
}

// A GUID takes 16 bytes instead of 36: ids are in every row of an answer.
const (
	keyText byte = 't'
	keyGUID byte = 'g'
)

func appendKey(b []byte, key string) []byte {
	if raw, ok := guidBytes(key); ok {
		return append(append(b, keyGUID), raw[:]...)
	}
	return append(append(b, keyText), key...)
}

func openKey(s string) string {
	if s[0] == keyGUID && len(s) == 17 {
		h := hex.EncodeToString([]byte(s[1:]))
		return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	}
	return s[1:]
}

func guidBytes(key string) (raw [16]byte, ok bool) {
	if len(key) != 36 || key[8] != '-' || key[13] != '-' || key[18] != '-' || key[23] != '-' || strings.ToLower(key) != key {
		return raw, false
	}
	n, err := hex.Decode(raw[:], []byte(key[:8]+key[9:13]+key[14:18]+key[19:23]+key[24:]))
	return raw, err == nil && n == 16
}
