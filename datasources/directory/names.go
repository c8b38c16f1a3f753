package directory

import (
	"slices"
	"strings"
)

// latin is how Cyrillic letters are written in the key two names are compared by
// (wire/identity.md, Name normalisation). It leans to what Romanian and French
// offices type, since they type the same companies.
var latin = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ё': "e", 'ж': "j", 'з': "z", 'и': "i", 'й': "i", 'к': "k",
	'л': "l", 'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "h", 'ц': "t",
	'ч': "k", 'ш': "s", 'щ': "s", 'ъ': "", 'ы': "i", 'ь': "", 'э': "e", 'ю': "iu", 'я': "ia", 'і': "i", 'ї': "i", 'є': "e", 'ґ': "g",
}

// alike are letters that different offices write for one sound, in the order they
// are replaced.
var alike = strings.NewReplacer("sch", "s", "sh", "s", "ch", "k", "kh", "h", "ck", "k", "ph", "f", "th", "t", "ts", "t", "tz", "t", "zh", "j",
	"x", "ks", "w", "v", "y", "i", "q", "k", "c", "k")

// nameKey makes the text by which names only suggest (R5): legal forms, letter
// case, diacritics, alphabet, double letters and the order of words are left out.
// Digits stay: «Depozit 2» is not «Depozit 3». It joins far too much to link by.
func nameKey(name string) string {
	bare := bareName(name)
	if bare == "" {
		return ""
	}
	if !isASCII(bare) {
		var b strings.Builder
		for _, r := range bare {
			if s, ok := latin[r]; ok {
				b.WriteString(s)
			} else {
				b.WriteRune(r)
			}
		}
		bare = b.String()
	}
	words := strings.Fields(single(alike.Replace(bare)))
	slices.Sort(words)
	return strings.Join(words, " ")
}

// single leaves one of two equal letters that follow each other.
func single(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	last := rune(-1)
	for _, r := range s {
		if r != last || r >= '0' && r <= '9' {
			b.WriteRune(r)
		}
		last = r
	}
	return b.String()
}

// townWords stand before towns in addresses.
var townWords = setOf("mun municipiul or oras orasul s sat satul c com comuna g gor gorod")

// townKey makes the text towns are compared by.
func townKey(town string) string {
	words := strings.Fields(nameKey(town))
	words = slices.DeleteFunc(words, func(w string) bool { return townWords[w] })
	return strings.Join(words, " ")
}

// postKey makes the text postcodes are compared by: signs and a country's prefix
// apart.
func postKey(code string) string {
	code = strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9' || r >= 'A' && r <= 'Z':
			return r
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		}
		return -1
	}, code)
	if len(code) > 4 && code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z' && isDigitsOnly(code[2:]) {
		return code[2:]
	}
	return code
}

func isDigitsOnly(s string) bool { return strings.Trim(s, "0123456789") == "" }

// haveWordInCommon reports whether two names share a word; true when one of them
// says nothing.
func haveWordInCommon(a, b string) bool {
	x, y := strings.Fields(nameKey(a)), strings.Fields(nameKey(b))
	if len(x) == 0 || len(y) == 0 {
		return true
	}
	return slices.ContainsFunc(x, func(w string) bool { return slices.Contains(y, w) })
}
