package odata

// Next returns the absolute @odata.nextLink (JSON Format §4.5.5) of a page that
// ended at p: base is the service root's public address without a slash at its
// end. Every option of the question is in it, decoded and encoded again, but
// api_key; clients send their credential with each page. The error is Token's.
func (q *Question) Next(base string, p Position, s Sealer) (string, error) {
	token, err := q.Token(p, s)
	if err != nil {
		return "", err
	}
	b := append(make([]byte, 0, 256), base...)
	b = append(b, '/')
	b = append(b, q.Set.Name...)
	b = append(b, '?')
	for _, o := range q.options {
		b = appendOption(b, o)
		b = append(b, '&')
	}
	b = appendOption(b, option{optSkipToken, token})
	return string(b), nil
}

// tokenRoom is the longest $skiptoken of a link, its name included (seal.MaxLength).
const tokenRoom = 2_048 + len(optSkipToken) + 1

// linkBytes is how long the query string of a next link gets at most: encoded again, it
// may be longer than the one that was asked.
func (q *Question) linkBytes() int {
	n := tokenRoom
	var b []byte
	for _, o := range q.options {
		b = appendOption(b[:0], o)
		n += len(b) + 1
	}
	return n
}

func appendOption(b []byte, o option) []byte {
	b = appendEscaped(b, o.name, keepInQuery)
	return appendEscaped(append(b, '='), o.value, keepInQuery)
}

// Context returns the absolute context URL of the question's answer (Part 1 §10);
// base as for Next. At level None an answer has none.
func (q *Question) Context(base string) string {
	b := append(make([]byte, 0, 128), base...)
	b = append(b, "/$metadata"...)
	if q.Set == nil {
		return string(b)
	}
	b = append(b, '#')
	b = append(b, q.Set.Name...)
	if q.IsSelected { // §10.7, §10.8
		for i, c := range q.Select {
			b = append(b, "(,"[min(i, 1)])
			b = append(b, q.Set.Columns[c].Name...)
		}
		b = append(b, ')')
	}
	if q.Target == Row { // §10.4
		b = append(b, "/$entity"...)
	}
	return string(b)
}

// AppendRowURL appends the absolute address of one row: base/Set('key').
func (s *Set) AppendRowURL(dst []byte, base, key string) []byte {
	dst = append(dst, base...)
	dst = append(dst, '/')
	dst = append(dst, s.Name...)
	dst = append(dst, "('"...)
	from := 0
	for i := range len(key) {
		if key[i] == '\'' {
			dst = appendEscaped(dst, key[from:i], keepInSegment)
			dst = append(dst, "''"...)
			from = i + 1
		}
	}
	dst = appendEscaped(dst, key[from:], keepInSegment)
	return append(dst, "')"...)
}
