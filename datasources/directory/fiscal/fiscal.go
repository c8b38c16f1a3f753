package fiscal

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Reason says why a number is not valid.
type Reason uint8

// The reasons. Unsupported is not a defect: the country's numbers are not known
// here, so that nothing can be said about this one.
const (
	None Reason = iota // the number is valid
	Absent
	Unsupported
	Malformed   // wrong length or signs
	BadChecksum // the check digits are wrong
	Placeholder // 000…, 111…, 1234…: typed because the form insisted
)

// ID is a fiscal number as understood.
type ID struct {
	Country string // ISO 3166 alpha-2, "" when unknown
	Type    string // IDNO, INN, CNPJ, CPF, SIREN, SIRET, TVA, CUI; "" when unknown
	Value   string // normalised, without country prefix, leading zeros kept
	// CompanyKey names the company, "FR:SIREN:732829320"; the sites of one company
	// share it. Only valid numbers have one.
	CompanyKey string
	// SiteKey names the site, "FR:SIRET:73282932000074", where the number is at
	// that level.
	SiteKey string
	Valid   bool
	Reason  Reason
}

// Countries are those whose numbers are understood.
var countries = [...]string{"BR", "FR", "MD", "RO", "RU"}

// Countries returns those whose numbers are understood, sorted.
func Countries() []string { return countries[:] }

// foreign are the prefixes of VAT numbers which are not understood, but tell
// that the number is not of the source's own country.
const foreign = " AT BE BG BY CH CY CZ DE DK EE EL ES FI GB GR HR HU IE IT LT LU LV MT NL NO PL PT SE SI SK UA XI "

// Normalise folds the forms of a sign (NFKC), makes letters capital and drops
// spaces, dots, dashes and slashes. A country prefix stays: whether two letters
// are one is for Parse to tell.
func Normalise(text string) string {
	if isPlain(text) {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '.', r == '/', unicode.IsSpace(r), unicode.Is(unicode.Pd, r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return unicode.ToUpper(r)
	}, norm.NFKC.String(text))
}

// isPlain spares most numbers the work: they are digits already.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// Parse understands text as a number of the given country, ISO 3166 alpha-2 or
// "" when unknown. A prefix in the text wins over the country, unless the whole
// text is a valid number of that country (Brazil's may begin with letters).
func Parse(country, text string) ID {
	v := Normalise(text)
	if v == "" {
		return ID{Country: country, Reason: Absent}
	}
	own := parse(country, v)
	if own.Valid {
		return own
	}
	if len(v) > 2 {
		prefix, rest := v[:2], v[2:]
		if id := parse(prefix, rest); id.Type != "" || prefix == country && id.Reason != Unsupported {
			return id
		}
		if strings.Contains(foreign, " "+prefix+" ") && digitsIn(rest) >= 5 {
			if prefix == "EL" { // the Union's own name for Greece
				prefix = "GR"
			}
			return ID{Country: prefix, Value: rest, Reason: Unsupported}
		}
	}
	return own
}

// parse understands a normalised number without prefix.
func parse(country, v string) ID {
	var id ID
	switch country {
	case "MD":
		id = moldova(v)
	case "RU":
		id = russia(v)
	case "BR":
		id = brazil(v)
	case "FR":
		id = france(v)
	case "RO":
		id = romania(v)
	default:
		return ID{Country: country, Value: v, Reason: Unsupported}
	}
	id.Country = country
	if id.Value == "" {
		id.Value = v
	}
	if id.Type == "" {
		id.Reason = Malformed
	}
	id.Valid = id.Reason == None
	if !id.Valid {
		id.CompanyKey, id.SiteKey = "", ""
	}
	return id
}

// judge is the verdict on a number of the right form: body is what its issuer
// counted, without check digits.
func judge(whole, body string, checked bool) Reason {
	switch {
	case isRepeated(whole) || isCounted(body):
		return Placeholder
	case !checked:
		return BadChecksum
	}
	return None
}

// isRepeated reports whether all signs are the same.
func isRepeated(s string) bool { return strings.Count(s, s[:1]) == len(s) }

// isCounted reports whether s is 12345… or 01234…, as far as it goes.
func isCounted(s string) bool {
	if len(s) < 5 || s[0] > '1' || s[0] < '0' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i] != '0'+(s[i-1]-'0'+1)%10 {
			return false
		}
	}
	return true
}

func isDigits(s string) bool { return digitsIn(s) == len(s) }

func digitsIn(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}

// weighted sums the signs' values, code − 48, times the weights, which repeat
// when they are fewer.
func weighted(s string, weights ...int) int {
	sum := 0
	for i := range len(s) {
		sum += int(s[i]-'0') * weights[i%len(weights)]
	}
	return sum
}

// isDigit reports whether the sign at i of s is the digit d.
func isDigit(s string, i, d int) bool { return int(s[i])-'0' == d }
