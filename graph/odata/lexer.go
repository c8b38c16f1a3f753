package odata

import "strings"

// cursor reads the decoded value of one option from left to right. It never
// goes back, so reading is linear.
type cursor struct {
	option string
	text   string
	pos    int
}

func (c *cursor) done() bool { return c.pos >= len(c.text) }

func (c *cursor) peek() byte {
	if c.done() {
		return 0
	}
	return c.text[c.pos]
}

// space skips white space (RWS and BWS of the ABNF: blanks and tabs) and says
// whether there was some.
func (c *cursor) space() bool {
	start := c.pos
	for c.pos < len(c.text) && (c.text[c.pos] == ' ' || c.text[c.pos] == '\t') {
		c.pos++
	}
	return c.pos > start
}

// take skips b if it comes next.
func (c *cursor) take(b byte) bool {
	if c.peek() != b || c.done() {
		return false
	}
	c.pos++
	return true
}

// word returns the name that comes next without skipping it, "" if none does.
func (c *cursor) word() string {
	end := c.pos
	for end < len(c.text) && isNameByte(c.text[end]) {
		end++
	}
	if end > c.pos && c.text[c.pos] >= '0' && c.text[c.pos] <= '9' {
		return ""
	}
	return c.text[c.pos:end]
}

func (c *cursor) fail(offset int, format string, args ...any) *Error {
	return badf(c.option, format, args...).at(c.text, offset)
}

// want is the error for whatever stands at the cursor instead of expected.
func (c *cursor) want(expected string) *Error {
	found := "the end"
	if !c.done() {
		found = "something else"
		switch b := c.peek(); {
		case c.word() != "":
			found = shown(c.word())
		case b == '\'' || b >= '0' && b <= '9' || b == '-':
			found = "a literal"
		case strings.IndexByte("()/,=&|+*<>!", b) >= 0:
			found = string(rune(b))
		}
	}
	return c.fail(c.pos, "expected %s, found %s", expected, found)
}

func (c *cursor) unsupported(offset int, feature string) *Error {
	return unsupported(c.option, feature).at(c.text, offset)
}
