package wire

import (
	"bytes"
	"mime"
	"net/http"
	"strings"
)

// QueryEscape20 escapes one value of a query by RFC 3986: a space becomes %20
// and never "+", which OData services take for a plus. Letters, digits and
// - . _ ~ $ ' ( ) , : @ / stay as they are, which keeps filters readable in the
// upstream's log; everything else, & # + ; = % and non-ASCII among it, is
// percent-encoded by byte.
func QueryEscape20(s string) string {
	escaped := 0
	for i := range len(s) {
		if !isLiteral(s[i]) {
			escaped++
		}
	}
	if escaped == 0 {
		return s
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s) + 2*escaped)
	for i := range len(s) {
		c := s[i]
		if isLiteral(c) {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

func isLiteral(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	switch c {
	case '-', '.', '_', '~', '$', '\'', '(', ')', ',', ':', '@', '/':
		return true
	}
	return false
}

// ContentType returns the media type of a header in lower case, without
// parameters, "" when there is none.
func ContentType(h http.Header) string {
	text := h.Get("Content-Type")
	if t, _, err := mime.ParseMediaType(text); err == nil {
		return t
	}
	// Parameters nobody can parse do not spoil the type before them.
	t, _, _ := strings.Cut(text, ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// LooksLikeHTML reports whether a body begins as an HTML page does: a login page
// or an error page of a proxy where a document was expected.
func LooksLikeHTML(body []byte) bool {
	b := bytes.TrimLeft(bytes.TrimPrefix(body, bom), " \t\r\n\f")
	for bytes.HasPrefix(b, []byte("<!--")) {
		_, rest, ok := bytes.Cut(b, []byte("-->"))
		if !ok {
			return true
		}
		b = bytes.TrimLeft(rest, " \t\r\n\f")
	}
	if bytes.HasPrefix(b, []byte("<?xml")) {
		// XHTML has its doctype or root behind the declaration.
		_, rest, _ := bytes.Cut(b, []byte("?>"))
		b = bytes.TrimLeft(rest, " \t\r\n\f")
	}
	if len(b) == 0 || b[0] != '<' {
		return false
	}
	head := bytes.ToLower(b[:min(len(b), 16)])
	for _, tag := range []string{"<!doctype html", "<html", "<head", "<body", "<title", "<script", "<center", "<h1", "<meta"} {
		if bytes.HasPrefix(head, []byte(tag)) {
			return true
		}
	}
	return false
}

// bom is the byte order mark some servers put before their JSON.
var bom = []byte("\xef\xbb\xbf")
