package policies

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// Masker masks values. It may be used by many goroutines.
type Masker struct {
	macs sync.Pool // of hash.Hash under the key, as making one costs more than the hash
}

// maskLabel keeps these hashes apart from whatever else the key is used for.
const maskLabel = "trama mask 1"

// hashBytes is how much of the HMAC is shown: 128 bits, which do not collide in any
// table a report could hold.
const hashBytes = 16

// NewMasker makes a Masker whose hashes are under key, the server's.
func NewMasker(key []byte) *Masker {
	key = bytes.Clone(key)
	return &Masker{macs: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// Mask returns how a value is shown: of last4 the last four letters or digits,
// and of a text that has less than eight of them the last half, so that no text is shown whole; of hash an
// HMAC-SHA-256 of 22 signs, the same for the same account, field (Type.field) and
// value, so that reports can join by it, with a _ in front where it would begin with a -,
// which files for spreadsheets write otherwise; of domain what stands behind the @; of year
// the first moment of the year in UTC, as RFC 3339. "" means null: it is what "", a
// value that cannot be masked so, null and an unknown kind give.
func (m *Masker) Mask(kind MaskKind, account, field, value string) string {
	if value == "" {
		return ""
	}
	switch kind {
	case MaskLast4:
		return lastFour(value)
	case MaskDomain:
		return domain(value)
	case MaskYear:
		return year(value)
	case MaskHash:
		return m.hash(account, field, value)
	}
	return ""
}

func lastFour(value string) string {
	var signs []rune // blanks and dashes are none: of a telephone number four digits are shown
	for _, r := range value {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			signs = append(signs, r)
		}
	}
	return string(signs[len(signs)-min(4, len(signs)/2):])
}

// domain gives nothing of what does not look like a domain: a text that holds two
// addresses, or one and a telephone number, would show more.
func domain(value string) string {
	at := strings.LastIndexByte(value, '@')
	if at < 0 {
		return ""
	}
	d := strings.TrimSpace(value[at+1:])
	d = strings.TrimSuffix(d, ">")
	if r, _ := utf8.DecodeRuneInString(d); !unicode.IsLetter(r) && !unicode.IsDigit(r) {
		return "" // nor would a spreadsheet take it for a text
	}
	if strings.ContainsFunc(d, func(r rune) bool {
		return r != '.' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r < utf8.RuneSelf
	}) {
		return ""
	}
	return d
}

func year(value string) string {
	t, err := time.Parse(time.RFC3339Nano, value)
	if err != nil {
		return ""
	}
	return time.Date(t.UTC().Year(), 1, 1, 0, 0, 0, 0, time.UTC).Format(time.RFC3339)
}

// hash gives the parts their lengths, so that none can run into the next.
func (m *Masker) hash(account, field, value string) string {
	if m == nil || m.macs.New == nil {
		return ""
	}
	mac := m.macs.Get().(hash.Hash)
	defer m.macs.Put(mac)
	mac.Reset()
	text := make([]byte, 0, len(maskLabel)+len(account)+len(field)+len(value)+16)
	for _, part := range []string{maskLabel, account, field, value} {
		text = binary.BigEndian.AppendUint32(text, uint32(len(part))) //nolint:gosec // a value is bounded by its reply
		text = append(text, part...)
	}
	mac.Write(text)
	var sum [sha256.Size]byte
	shown := base64.RawURLEncoding.EncodeToString(mac.Sum(sum[:0])[:hashBytes])
	if shown[0] == '-' {
		return "_" + shown // no other hash is as long
	}
	return shown
}
