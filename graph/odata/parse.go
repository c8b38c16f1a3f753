package odata

import (
	"strings"
)

// Parse reads an address. path is the escaped path behind the service root, with
// or without the leading slash; rawQuery the raw query string; sets finds a set
// that the token may see by its exact name. The error is an *Error.
//
// Names of system query options and their words are case-sensitive and have
// their "$", which may be encoded: the service speaks OData 4.0, where a name
// without "$" is a custom option (Part 2 §5.1, §5.2); 4.01's laxer spelling is
// refused with the right one. The same option twice with the same value counts
// once. api_key is the credential of Power BI's Web API key: it is skipped and
// is in nothing that comes back.
func Parse(path, rawQuery string, sets func(name string) (*Set, bool), limits Limits) (*Question, error) {
	limits = limits.withDefaults()
	q, err := parsePath(path, sets)
	if err != nil {
		return nil, err
	}
	if len(rawQuery) > limits.QueryBytes {
		return nil, longQuery(rawQuery, limits)
	}
	if q.options, q.token, err = parseOptions(rawQuery, takenBy(q.Target), q.Target.String(), limits); err != nil {
		return nil, err
	}
	if err := q.read(limits); err != nil {
		return nil, err
	}
	if q.Target == Rows && q.linkBytes() > limits.QueryBytes {
		return nil, tooLongf("", "a link to a further page would have a query string of more than %d bytes, the most that is read", limits.QueryBytes)
	}
	return q, nil
}

// parsePath splits before it decodes (Part 2 §2), so that a key may hold %2F.
func parsePath(path string, sets func(string) (*Set, bool)) (*Question, error) {
	path = strings.TrimPrefix(path, "/")
	if len(path) > maxPath {
		return nil, tooLongf("", "the path has %d bytes, at most %d are read", len(path), maxPath)
	}
	q := &Question{Top: -1}
	head, rest, hasRest := strings.Cut(path, "/")
	name, ok := unescape(head, false)
	if !ok {
		return nil, badf("", "the path has a broken percent-encoding")
	}
	switch name {
	case "", "$metadata", "$batch":
		if hasRest && (rest != "" || name == "") {
			return nil, noResource()
		}
		q.Target = map[string]Target{"": ServiceDocument, "$metadata": Metadata, "$batch": BatchRequest}[name]
		return q, nil
	case "$entity", "$all", "$root":
		return nil, unsupported("", name)
	}
	if strings.HasPrefix(name, "$crossjoin") {
		return nil, unsupported("", "$crossjoin")
	}
	name, key, hasKey := strings.Cut(name, "(")
	if q.Set, ok = sets(name); !ok {
		return nil, &Error{Kind: KindNotFound, Message: "there is no entity set " + shown(name) + "; the service document lists them"}
	}
	q.Target = Rows
	if hasKey {
		q.Target = Row
		if err := q.readKey(key); err != nil {
			return nil, err
		}
	}
	if !hasRest || rest == "" {
		return q, nil
	}
	return q, q.readTail(rest)
}

// IsQuery says whether a path ends in /$query, which OData 4.01 asks by POST
// (Part 1 §11.2.9): Parse names it as what is not supported, whatever the rest is.
func IsQuery(path string) bool {
	i := strings.LastIndexByte(strings.TrimSuffix(path, "/"), '/')
	name, ok := unescape(strings.TrimSuffix(path, "/")[i+1:], false)
	return ok && i > 0 && name == "$query"
}

// maxPath bounds the path: a set's name and a key, encoded.
const maxPath = 8 << 10

func noResource() *Error {
	return &Error{Kind: KindNotFound, Message: "there is no such resource; the service document lists the entity sets"}
}

// readKey reads what stands behind the opening parenthesis: 'key' or name='key'
// (Part 2 §4.3).
func (q *Question) readKey(text string) error {
	c := cursor{text: text}
	c.space()
	if word := c.word(); word != "" {
		if i := q.Set.Key(); i < 0 || q.Set.Columns[i].Name != word {
			return badf("", "the key of %s is not called %s", q.Set.Name, shown(word))
		}
		c.pos += len(word)
		c.space()
		if !c.take('=') {
			return badf("", "expected = behind the name of the key")
		}
		c.space()
	}
	if c.peek() != '\'' {
		return badf("", "the key of %s is a text in single quotes, with ' doubled and / written %%2F", q.Set.Name)
	}
	key, err := c.quoted()
	if err != nil {
		return badf("", "the key has no closing quote; / in it is written %%2F")
	}
	c.space()
	switch {
	case c.peek() == ',':
		return badf("", "%s has one key column", q.Set.Name)
	case !c.take(')') || !c.done():
		return badf("", "expected ) and the end behind the key")
	}
	q.Key = key
	return nil
}

// readTail reads what stands behind the set or the row.
func (q *Question) readTail(rest string) error {
	segment, behind, _ := strings.Cut(rest, "/")
	name, ok := unescape(segment, false)
	if !ok {
		return badf("", "the path has a broken percent-encoding")
	}
	if name == "$count" && behind == "" && q.Target == Rows {
		q.Target = Count
		return nil
	}
	switch name {
	case "$value", "$ref", "$links", "$each", "$query", "$filter":
		return unsupported("", "/"+name)
	}
	if strings.HasPrefix(name, "$filter(") {
		return unsupported("", "/$filter")
	}
	if name == q.Set.EntityType() || strings.HasPrefix(name, q.Set.EntityType()+"(") {
		return unsupported("", "a type cast")
	}
	// The same answer whether the column exists, is denied or does not exist.
	if q.Target == Row && isIdentifier(name) {
		return unsupported("", "the address of one property")
	}
	return noResource()
}
