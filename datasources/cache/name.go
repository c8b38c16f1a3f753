package cache

import (
	"crypto/sha256"
	"encoding/base64"

	"github.com/trama-graph/trama/datasources"
)

// digest names what is asked of a source but for the key: source, entity, relation,
// columns, filter, order and page. Two of them are not met by chance or design.
type digest [16]byte

// name is an entry's in this process. Both parts are there before it is looked for, so
// that a look allocates nothing. In L2 its name is the text that of is made of, and key
// behind it.
type name struct {
	of  digest
	key string
}

// roomForName is as long as the texts of most questions are.
const roomForName = 512

func (r *reader[T, P]) keysName(f datasources.Fields) (digest, string) {
	var room [roomForName]byte
	b := append(append(room[:0], r.prefix...), "k:"...)
	return named(append(f.AppendKey(b), ':'))
}

func (r *reader[T, P]) pagesName(rel datasources.Relation, q datasources.Query) (digest, string) {
	var room [roomForName]byte
	b := append(append(room[:0], r.prefix...), "p:"...)
	b = append(append(b, rel...), ':')
	return named(append(appendQuery(b, q), ':'))
}

func (r *reader[T, P]) listName(q datasources.Query) (digest, string) {
	var room [roomForName]byte
	b := append(append(room[:0], r.prefix...), "l:"...)
	return named(appendQuery(b, q))
}

func named(b []byte) (digest, string) {
	sum := sha256.Sum256(b)
	return digest(sum[:]), string(b)
}

// longKey is from how many bytes on a query is named by its digest: a filter may
// hold a thousand values.
const longKey = 200

func appendQuery(b []byte, q datasources.Query) []byte {
	at := len(b)
	b = q.AppendKey(b)
	if len(b)-at <= longKey {
		return b
	}
	sum := sha256.Sum256(b[at:])
	return base64.RawURLEncoding.AppendEncode(append(b[:at], '#'), sum[:])
}
