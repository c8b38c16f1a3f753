package unknown

import (
	"regexp"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// Forms of literals (V2: "Overview" §6, Primitive Data Types; V3 and 4.01: "ABNF", primitiveLiteral).
var (
	oldNumber = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?[mMlLdDfF]?`)
	newNumber = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?`)
	bareGUID  = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`)
	bareTime  = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,7})?)?(Z|[+-][0-9]{2}:[0-9]{2})`)
	bareDate  = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}`)
	prefixed  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*'`)
	word      = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*`)
)

// literal reads the literal with which s begins. n is its length, 0 if s begins with none; long tells of an Int64 literal with
// its suffix, which a key of versions 2 and 3 needs.
func literal(s string, version int) (v value, n int, long bool, fail *odataError) {
	if strings.HasPrefix(s, "'") {
		body, n, fail := quoted(s)
		return stringValue(body), n, false, fail
	}
	if at := prefixed.FindString(s); at != "" {
		body, n, fail := quoted(s[len(at)-1:])
		if fail != nil {
			return v, 0, false, fail
		}
		v, fail = typed(at[:len(at)-1], body, version)
		return v, n + len(at) - 1, false, fail
	}
	if version == 4 {
		v, n, fail = bare(s)
	} else if at := oldNumber.FindString(s); at != "" {
		n = len(at)
		v, long, fail = suffixed(at)
	}
	if fail == nil && n > 0 && n < len(s) && (word.MatchString(s[n:]) || strings.ContainsRune("-.:'0123456789", rune(s[n]))) {
		return v, 0, false, badSyntax("Syntax error at position " + clip(s[n:]) + ".")
	}
	if n == 0 && fail == nil {
		switch w := word.FindString(s); w {
		case "true", "false":
			return boolValue(w == "true"), len(w), false, nil
		case "null":
			return value{}, len(w), false, nil
		}
	}
	return v, n, long, fail
}

// quoted reads '…', in which a quote is doubled.
func quoted(s string) (body string, n int, fail *odataError) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return b.String(), i + 1, nil
	}
	return "", 0, badSyntax("Unterminated string literal.")
}

// typed reads the literals with a type before the quotes: guid'…', datetime'…' and datetimeoffset'…' of versions 2 and 3.
func typed(kindName, body string, version int) (value, *odataError) {
	bad := badSyntax("Unrecognized '" + kindName + "' literal.")
	if version == 4 {
		return value{}, bad
	}
	switch kindName {
	case "guid":
		if _, ok := world.ParseGUID(body); ok {
			return guidValue(body), nil
		}
	case "datetime":
		for _, layout := range [...]string{"2006-01-02T15:04:05.9999999", "2006-01-02T15:04"} {
			if t, err := time.Parse(layout, body); err == nil {
				return value{kind: kindTime, at: t}, nil
			}
		}
	case "datetimeoffset":
		return value{}, badType("Incompatible types: Edm.DateTimeOffset where Edm.DateTime is expected.")
	}
	return value{}, bad
}

// suffixed reads the numbers of versions 2 and 3: 12 is an Edm.Int32, 12L an Edm.Int64, 12M an Edm.Decimal, 1.5 and 1.5d an
// Edm.Double.
func suffixed(s string) (v value, long bool, fail *odataError) {
	digits := strings.TrimRight(s, "mMlLdDfF")
	d, err := decimal.Parse(digits)
	if err != nil {
		return v, false, badSyntax("Number out of range.")
	}
	fraction := strings.Contains(digits, ".")
	switch suffix := s[len(digits):]; {
	case suffix == "m" || suffix == "M":
		return decimalValue(d), false, nil
	case suffix == "l" || suffix == "L":
		if fraction {
			return v, false, badSyntax("Unrecognized 'Edm.Int64' literal.")
		}
		return value{kind: kindInt, num: d}, true, nil
	case suffix == "" && !fraction:
		if limit := decimal.MustNew(1<<31, 0); d.CmpAbs(limit) >= 0 {
			return v, false, badSyntax("Number out of range of Edm.Int32.")
		}
		return value{kind: kindInt, num: d}, false, nil
	}
	return value{kind: kindDouble, num: d}, false, nil
}

// bare reads the literals of version 4 that stand without quotes: GUIDs, times with their offset, dates and numbers.
func bare(s string) (v value, n int, fail *odataError) {
	if at := bareGUID.FindString(s); at != "" {
		return guidValue(at), len(at), nil
	}
	if at := bareTime.FindString(s); at != "" {
		for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04Z07:00"} {
			if t, err := time.Parse(layout, at); err == nil {
				return value{kind: kindTime, at: t.UTC()}, len(at), nil
			}
		}
		return v, 0, badSyntax("Unrecognized 'Edm.DateTimeOffset' literal.")
	}
	if at := bareDate.FindString(s); at != "" {
		t, err := time.Parse(time.DateOnly, at)
		if err != nil {
			return v, 0, badSyntax("Unrecognized 'Edm.Date' literal.")
		}
		return value{kind: kindDate, at: t}, len(at), nil
	}
	at := newNumber.FindString(s)
	if at == "" {
		return v, 0, nil
	}
	d, err := decimal.Parse(at)
	if err != nil {
		return v, 0, badSyntax("Number out of range.")
	}
	if strings.Contains(at, ".") {
		return decimalValue(d), len(at), nil
	}
	return value{kind: kindInt, num: d}, len(at), nil
}

// clip is the beginning of a text, for an error.
func clip(s string) string {
	if len(s) > 20 {
		s = s[:20]
	}
	return strings.ToValidUTF8("'"+s+"'", "")
}
