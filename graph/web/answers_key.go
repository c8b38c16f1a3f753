package web

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"math"
	"net/netip"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/policies"
)

// cacheControl is the directive by which a query says that its answer may be kept.
const cacheControl = "cacheControl"

// answerKey stands for a question and everything of who asks it that its answer may
// depend on.
type answerKey [sha256.Size]byte

// keeping is a question whose answer may be kept.
type keeping struct {
	key  answerKey
	life time.Duration
	mark AnswerMark

	isWhole bool // the answer may be kept as far as it depends on its sources
	types   []string
}

// keepingOf returns nil for an operation whose answer is not kept: it does not ask for
// it, or nothing was agreed.
func (s *Server) keepingOf(v *view, a *policies.Access, oc *operation) *keeping {
	d := oc.Operation.Directives.ForName(cacheControl)
	if d == nil || s.answers == nil || a.Principal == nil || oc.Operation.Operation != ast.Query {
		return nil
	}
	life := min(maxAge(d, oc.Variables), a.Principal.Agreement.AnswerCache)
	if life <= 0 {
		return nil
	}
	key, err := keyOfAnswer(v, a, oc)
	if err != nil {
		return nil // a variable has no text: nobody's input has
	}
	return &keeping{key: key, life: life}
}

// maxAge is what the directive says, 0 where it is no number of seconds.
func maxAge(d *ast.Directive, variables map[string]any) time.Duration {
	var n int64
	switch x := d.ArgumentMap(variables)["maxAge"].(type) {
	case int64:
		n = x
	case int:
		n = int64(x)
	case json.Number:
		n, _ = x.Int64()
	}
	return time.Duration(max(0, min(n, math.MaxInt32))) * time.Second
}

// keyOfAnswer sums up, each part behind its length: the operation's text and name; its
// variables, as they were coerced; the view and the version of the policies; and of who
// asks everything but which of his tokens it is, from where, and until when it is good,
// since the door has looked at these. Whose account it is matters where a value is
// masked under its name. What is added to a principal or an agreement is in the key.
func keyOfAnswer(v *view, a *policies.Access, oc *operation) (key answerKey, err error) {
	variables, err := json.Marshal(oc.Variables)
	if err != nil {
		return key, err
	}
	p := *a.Principal
	p.TokenID, p.ExpiresAt, p.Address = "", time.Time{}, netip.Addr{}
	if !v.masksByAccount {
		p.Account = ""
	}
	who, err := json.Marshal(&p)
	if err != nil {
		return key, err
	}
	text := make([]byte, 0, 512+len(variables)+len(who))
	text = append(text, oc.sum[:]...)
	text = appendPart(text, a.View.Hash())
	text = appendPart(text, a.View.Version())
	text = appendPart(text, variables)
	text = appendPart(text, who)
	return sha256.Sum256(text), nil
}

// sumOf is the sum of a document's text and the name of one of its operations.
func sumOf(text, name string) [sha256.Size]byte {
	b := appendPart(make([]byte, 0, len(text)+len(name)+16), name)
	return sha256.Sum256(appendPart(b, text))
}

func appendPart[T string | []byte](b []byte, part T) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(len(part)))
	return append(b, part...)
}
