package usage

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"hash/maphash"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/lexer"
)

// Hash returns by what name an operation is counted: 16 hexadecimal digits of the
// SHA-256 of its document, with space, commas and comments left out and each
// literal number and text replaced by an empty one, and of its name. So documents
// that differ in their literals only are one operation, and no value can be found
// from a hash by trying. It costs as much as reading the document: ask once for each
// document that is kept.
func Hash(query, operationName string) string {
	text := make([]byte, 0, len(query)+len(operationName)+1)
	text = append(append(text, operationName...), 0)
	var last lexer.Type
	lex := lexer.New(&ast.Source{Input: query})
	for done := false; !done; {
		t, err := lex.ReadToken()
		switch {
		case err != nil:
			// No document: nobody can be answered under this hash.
			text, done = append(append(text, "invalid "...), query...), true
		case t.Kind == lexer.EOF:
			done = true
		case t.Kind == lexer.Comment:
			continue
		case t.Kind == lexer.Name:
			text = append(append(text, t.Value...), ' ')
		case t.Kind == lexer.Int, t.Kind == lexer.Float, t.Kind == lexer.String, t.Kind == lexer.BlockString:
			// Two literals side by side stand in a list, whose length is a value, too.
			if kind := literal(t.Kind); kind != literal(last) {
				text = append(text, kind...)
			}
		default:
			text = append(text, t.Kind.String()...)
		}
		last = t.Kind
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

func literal(k lexer.Type) string {
	switch k {
	case lexer.Int, lexer.Float:
		return "0 "
	case lexer.String, lexer.BlockString:
		return `"" `
	}
	return ""
}

// Inputs returns a sum of what exactly is asked: the text with its literals, and
// the variables. It is never 0, and means nothing outside this Recorder.
func (r *Recorder) Inputs(query, operationName string, variables map[string]any) uint64 {
	var h maphash.Hash
	h.SetSeed(r.seed) // writing to it never fails
	h.WriteString(query)
	h.WriteByte(0)
	h.WriteString(operationName)
	if len(variables) > 0 {
		h.WriteByte(0)
		// Sorted by name. What JSON brought can be written as JSON; of what cannot, the
		// beginning is in the sum, and two operations may be taken for the same.
		_ = json.NewEncoder(&h).Encode(variables)
	}
	return known(h.Sum64())
}

// Digest returns a sum of an answer's data, by which the next one is known to be
// the same. It is never 0, and means nothing outside this Recorder.
func (r *Recorder) Digest(data []byte) uint64 {
	return known(maphash.Bytes(r.seed, data))
}

// Digester returns a hash that sums an answer piece by piece: its Sum64 is Digest of
// all that was written to it, but for 0, of which Digest makes 1.
func (r *Recorder) Digester() hash.Hash64 {
	h := new(maphash.Hash)
	h.SetSeed(r.seed)
	return h
}

// known keeps 0 for what is not known.
func known(sum uint64) uint64 {
	if sum == 0 {
		return 1
	}
	return sum
}
