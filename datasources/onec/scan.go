package onec

// scanner walks over JSON that is known to be valid and hands out the texts of
// members and elements without decoding them.
type scanner struct {
	b []byte
	i int
}

func (s *scanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return
		}
	}
}

// object calls f with each member and reports whether the text is an object.
// name is unquoted and valid only during the call.
func (s *scanner) object(f func(name, val []byte)) bool {
	s.space()
	if s.i >= len(s.b) || s.b[s.i] != '{' {
		return false
	}
	s.i++
	for {
		s.space()
		if s.i >= len(s.b) || s.b[s.i] == '}' {
			return true
		}
		if s.b[s.i] == ',' {
			s.i++
			continue
		}
		name := s.value()
		if plain := name[1 : len(name)-1]; hasEscape(plain) {
			name = []byte(unquote(name))
		} else {
			name = plain
		}
		s.space()
		s.i++ // the colon
		f(name, s.value())
	}
}

// array calls f with each element and reports whether the text is an array.
func (s *scanner) array(f func(val []byte)) bool {
	s.space()
	if s.i >= len(s.b) || s.b[s.i] != '[' {
		return false
	}
	s.i++
	for {
		s.space()
		if s.i >= len(s.b) || s.b[s.i] == ']' {
			return true
		}
		if s.b[s.i] == ',' {
			s.i++
			continue
		}
		f(s.value())
	}
}

// value returns the text of the value that begins here, and steps behind it.
func (s *scanner) value() []byte {
	s.space()
	from := s.i
	depth := 0
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case '"':
			s.text()
			if depth == 0 {
				return s.b[from:s.i]
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 { // behind a bare value
				return s.b[from:s.i]
			}
			depth--
			if depth == 0 {
				s.i++
				return s.b[from:s.i]
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return s.b[from:s.i]
			}
		}
		s.i++
	}
	return s.b[from:s.i]
}

// text steps behind the string that begins here.
func (s *scanner) text() {
	s.i++
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case '\\':
			s.i++
		case '"':
			s.i++
			return
		}
		s.i++
	}
}

func hasEscape(b []byte) bool {
	for _, c := range b {
		if c == '\\' {
			return true
		}
	}
	return false
}
