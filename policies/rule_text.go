package policies

import (
	"strconv"
	"strings"
)

// String writes a rule as the commands print it: `carrier = claim carrier and not
// status in ("DRAFT", "LOST")`.
func (r *Rule) String() string {
	switch {
	case r.always():
		return "all rows"
	case r.never():
		return "no row"
	}
	var b strings.Builder
	r.write(&b, false)
	return b.String()
}

func (r *Rule) write(b *strings.Builder, inner bool) {
	switch {
	case r.always(), r.never():
		b.WriteString(r.String())
	case r.Op == Both, r.Op == Either:
		word := " and "
		if r.Op == Either {
			word = " or "
		}
		if inner {
			b.WriteByte('(')
		}
		for i, q := range r.Of {
			if i > 0 {
				b.WriteString(word)
			}
			q.write(b, true)
		}
		if inner {
			b.WriteByte(')')
		}
	case r.Op == Not:
		b.WriteString("not ")
		r.Of[0].write(b, true)
	case r.Op == FromClaim:
		b.WriteString(r.Column + " = claim " + r.Claim)
	case r.Bool != nil:
		b.WriteString(r.Column + " = " + strconv.FormatBool(*r.Bool))
	case len(r.Values) == 1:
		b.WriteString(r.Column + " = " + strconv.Quote(r.Values[0]))
	default:
		b.WriteString(r.Column + " in (")
		for i, v := range r.Values {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(strconv.Quote(v))
		}
		b.WriteByte(')')
	}
}
