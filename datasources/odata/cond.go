package odata

import "strings"

// cond is a condition in the words of an address. Conditions that hold for every
// row or for none are kept apart: no version has a literal for them that all
// servers take.
type cond struct {
	text string // without brackets around it
	// word is what joins text: it needs brackets inside a chain of another.
	word string
	all  bool
	none bool
	// loose says that the server may let more rows through than asked, as its
	// collation takes letters for equal that are not.
	loose bool
}

func everything() cond { return cond{all: true} }

func nothing() cond { return cond{none: true} }

func term(text string) cond { return cond{text: text} }

// raw is a condition from the config, which nobody parsed.
func raw(text string) cond {
	if text == "" {
		return everything()
	}
	return cond{text: text, word: "?"}
}

// and joins conditions.
func and(list ...cond) cond {
	var kept []cond
	loose := false
	for _, c := range list {
		if c.none {
			return nothing()
		}
		loose = loose || c.loose
		if !c.all {
			kept = append(kept, c)
		}
	}
	if len(kept) == 0 {
		return cond{all: true, loose: loose}
	}
	return chain(kept, " and ", loose)
}

// or joins conditions.
func or(list ...cond) cond {
	var kept []cond
	loose := false
	for _, c := range list {
		if c.all {
			return c
		}
		loose = loose || c.loose
		if !c.none {
			kept = append(kept, c)
		}
	}
	if len(kept) == 0 {
		return nothing()
	}
	return chain(kept, " or ", loose)
}

func chain(list []cond, word string, loose bool) cond {
	if len(list) == 1 {
		list[0].loose = loose
		return list[0]
	}
	out := cond{word: word, loose: loose}
	var b strings.Builder
	for i, c := range list {
		if i > 0 {
			b.WriteString(word)
		}
		if c.word != "" && c.word != word {
			b.WriteString("(" + c.text + ")")
		} else {
			b.WriteString(c.text)
		}
	}
	out.text = b.String()
	return out
}
