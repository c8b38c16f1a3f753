package rest

import (
	"regexp"
	"testing"
)

// asKeys are patterns of keys, and whether they are gone through step by step.
var asKeys = map[string]bool{
	`^C[0-9]{6}$`:          true,
	`^SO-[0-9]+$`:          true,
	`^[A-Z]{2,4}-\d*$`:     true,
	`^[A-Z]*[0-9]?-x$`:     true,
	`^(?:[A-F0-9]{8})$`:    true,
	`^\d{4}\.\d{2}$`:       true,
	`^[A-Z]*[A-F]+$`:       false, // the first run may have taken what the second needs
	`^[A-Z]*[0-9]?[A-F]$`:  false,
	`^\d{1,3}0$`:           false,
	`^(?i)so-[0-9]+$`:      false,
	`^[^/]+$`:              false, // signs beyond ASCII
	`^ü[0-9]+$`:            false,
	`^(A|B)-[0-9]+|C$`:     false,
	`C[0-9]{6}`:            false, // anywhere in a key
	`^(?:ab){2}$`:          false,
	`^$`:                   false,
	`^.+$`:                 false,
	`(?m)^[0-9]+$`:         false,
	`^[0-9]+(?:-[0-9]+)?$`: false,
}

func TestKeyPattern(t *testing.T) {
	keys := []string{
		"", "C000001", "C00001", "C0000011", "xC000001", "C000001\n", "C00000é", "SO-1", "SO-", "so-1", "SO-12a", "AB-", "ABCD-99", "A-1", "ABCDE-1",
		"-x", "ABC1-x", "1-x", "AB11-x", "0123ABCD", "0123ABC", "2026.11", "2026111", "AF", "Z0A", "100", "1000", "ü1", "\xff", "A-1", "C", "abab", "7-7", "a/b", "12\n34",
	}
	for pattern, isStepped := range asKeys {
		t.Run("case="+pattern, func(t *testing.T) {
			p, exp := newKeyPattern(pattern), regexp.MustCompile(pattern)
			if got := p.steps != nil; got != isStepped {
				t.Errorf("steps = %t, want %t", got, isStepped)
			}
			for _, k := range keys {
				if got, want := p.matches(k), exp.MatchString(k); got != want {
					t.Errorf("%q = %t, want %t", k, got, want)
				}
			}
		})
	}
	if newKeyPattern("(") != nil {
		t.Error("a pattern that is none was understood")
	}
}

func FuzzKeyPattern(f *testing.F) {
	for pattern := range asKeys {
		f.Add(pattern, "SO-1")
		f.Add(pattern, "C000001")
	}
	f.Fuzz(func(t *testing.T, pattern, key string) {
		p := newKeyPattern(pattern)
		if p == nil {
			return
		}
		if got, want := p.matches(key), p.regexp.MatchString(key); got != want {
			t.Errorf("%q of %q = %t, want %t", pattern, key, got, want)
		}
	})
}

// Keys are looked at for each level of each question.
func BenchmarkKeyPattern(b *testing.B) {
	p := newKeyPattern(`^C[0-9]{6}$`)
	b.Run("steps", func(b *testing.B) {
		for b.Loop() {
			if !p.matches("C000123") {
				b.Fatal("is a key")
			}
		}
	})
	b.Run("expression", func(b *testing.B) {
		for b.Loop() {
			if !p.regexp.MatchString("C000123") {
				b.Fatal("is a key")
			}
		}
	})
}
