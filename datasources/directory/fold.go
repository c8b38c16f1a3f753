package directory

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// fold makes the text names are sorted by: letter case and the diacritics of
// Latin letters ignored, forms of one sign made one, spaces made single. Digits
// stay. Cyrillic й and ё are letters of their own and stay too.
func fold(s string) string {
	if isFolded(s) {
		return s
	}
	if isASCII(s) {
		return strings.Join(strings.Fields(strings.ToLower(s)), " ")
	}
	var b strings.Builder
	latin := false
	for _, r := range norm.NFKD.String(cases.Fold().String(s)) {
		if unicode.Is(unicode.Mn, r) {
			if !latin {
				b.WriteRune(r)
			}
			continue
		}
		latin = unicode.Is(unicode.Latin, r)
		b.WriteRune(r)
	}
	return strings.Join(strings.Fields(norm.NFC.String(b.String())), " ")
}

func isFolded(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf || c >= 'A' && c <= 'Z' || c < ' ' || c == ' ' && (i == 0 || i == len(s)-1 || s[i+1] == ' ') {
			return false
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// legalForms are dropped from either end of a name before two names are compared
// (wire/identity.md, Name normalisation), folded and without dots.
var legalForms = setOf("srl sa ii i gt is sc ооо оао зао пао ао ип тоо ltda me epp eireli sarl sas sasu eurl snc sci gmbh ltd llc inc")

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}

// bareName makes the text by which two names are the same but for writing.
func bareName(s string) string { return bare(fold(s)) }

// bare makes it of a name that is folded already.
func bare(folded string) string {
	undotted := strings.Map(func(r rune) rune {
		if r == '.' || r == '/' { // S.R.L., S/A
			return -1
		}
		return r
	}, folded)
	words := strings.FieldsFunc(undotted, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r)
	})
	for len(words) > 1 && legalForms[words[len(words)-1]] {
		words = words[:len(words)-1]
	}
	for len(words) > 1 && legalForms[words[0]] {
		words = words[1:]
	}
	return strings.Join(words, " ")
}

// foldEmail makes the form e-mail addresses are compared in. Nobody's mailbox is
// told from another's by letter case in practice; dots and pluses are.
func foldEmail(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// lastDigits are the digits of a telephone number that do not depend on how its
// prefix is written.
func lastDigits(s string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
	return digits[max(0, len(digits)-8):]
}
