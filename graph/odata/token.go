package odata

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/trama-graph/trama/schema"
)

// Sealer makes texts that clients can neither read nor change.
type Sealer interface {
	Seal(plain []byte) string
	// Open returns what Seal was given, or an error for anything else.
	Open(sealed string) ([]byte, error)
}

// Position is where a page ended, so that the next one begins behind it: a place
// in the order, not a number of rows, so rows that come and go in between make
// none appear twice or vanish.
type Position struct {
	Values []schema.Value // of the last row given, one for each item of Question.Order
	Given  int64          // rows given so far: $top ends the answer by it, and $skip is done
	Count  int64          // what $count=true counted on the first page, -1 if it did not
	Mark   []byte         // the caller's, at most maxMark bytes: a snapshot, say
}

const (
	maxMark = 1_024 // room for a cursor of a list, which is some 200 bytes
	// maxPlain keeps a sealed token below 2,048 signs (seal.MaxLength), which is
	// also Power Query's default for a whole address.
	maxPlain     = 1_400
	tokenVersion = 1
)

// foreignToken is the error for everything that is not a token of this question.
// It does not say which of its parts does not fit.
func foreignToken() *Error {
	return badf(optSkipToken, "this is not the token of a page of this question; begin again without it")
}

// Token seals where a page of q ended. The token fits no question with another
// set, filter, order, selection, $top, $skip or $count. It fails if a value of
// the order is too long for an address.
func (q *Question) Token(p Position, s Sealer) (string, error) {
	if len(p.Values) != len(q.Order) || len(p.Mark) > maxMark {
		return "", fmt.Errorf("odata: a position has %d values for %d items of order, and a mark of %d bytes", len(p.Values), len(q.Order), len(p.Mark))
	}
	shape := sha256.Sum256([]byte(q.Canonical()))
	b := make([]byte, 0, 128)
	b = append(b, tokenVersion)
	b = append(b, shape[:16]...)
	b = binary.AppendVarint(b, p.Given)
	b = binary.AppendVarint(b, p.Count)
	b = appendBytes(b, string(p.Mark))
	for i, v := range p.Values {
		if v.Kind != schema.KindNull && !fits(v.Kind, q.Set.Columns[q.Order[i].Column].Type) {
			return "", fmt.Errorf("odata: column %s cannot have a value of kind %d", q.Set.Columns[q.Order[i].Column].Name, v.Kind)
		}
		b = append(b, byte(v.Kind))
		b = appendBytes(b, v.Text())
		if len(b) > maxPlain {
			return "", badf(optOrderBy, "the texts of %s are too long to continue an answer by", q.Set.Columns[q.Order[i].Column].Name)
		}
	}
	return s.Seal(b), nil
}

// Position opens the question's $skiptoken; call it if IsContinued. The error is
// an *Error, the same for a token that was changed, one of another service and
// one of another question.
func (q *Question) Position(s Sealer) (Position, error) {
	plain, err := s.Open(q.token)
	if err != nil {
		return Position{}, foreignToken()
	}
	shape := sha256.Sum256([]byte(q.Canonical()))
	r := reader{plain}
	if r.byte() != tokenVersion || string(r.take(16)) != string(shape[:16]) {
		return Position{}, foreignToken()
	}
	p := Position{Given: r.varint(), Count: r.varint(), Mark: r.bytes()}
	p.Values = make([]schema.Value, len(q.Order))
	for i := range p.Values {
		kind, text := schema.Kind(r.byte()), string(r.bytes())
		if kind == schema.KindNull {
			continue
		}
		v, err := schema.ParseValue(kind, text)
		if err != nil || !fits(kind, q.Set.Columns[q.Order[i].Column].Type) {
			return Position{}, foreignToken()
		}
		if v.IsNull() { // "" and the zero time, which schema takes for null, are values of an order
			v = schema.Value{Kind: kind, Time: time.Time{}}
		}
		p.Values[i] = v
	}
	if r.rest == nil || len(r.rest) > 0 || p.Given < 0 || p.Count < -1 || len(p.Mark) > maxMark {
		return Position{}, foreignToken()
	}
	return p, nil
}

// fits says whether a value of a kind can be in a column of a type.
func fits(k schema.Kind, t Type) bool {
	switch t {
	case String:
		return k == schema.KindString
	case Int, Decimal:
		return k == schema.KindInt || k == schema.KindDecimal
	case DateTime, Date:
		return k == schema.KindTime
	case Boolean:
		return k == schema.KindBool
	}
	return false
}

func appendBytes(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// reader reads what Token wrote. After anything that does not fit, rest is nil
// and everything reads as zero.
type reader struct{ rest []byte }

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.rest) || r.rest == nil {
		r.rest = nil
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.rest)
	r.skip(n)
	return v
}

func (r *reader) bytes() []byte {
	v, n := binary.Uvarint(r.rest)
	r.skip(n)
	if v > uint64(len(r.rest)) {
		r.rest = nil
		return nil
	}
	return r.take(int(v))
}

func (r *reader) skip(n int) {
	if n <= 0 {
		r.rest = nil
		return
	}
	r.take(n)
}
