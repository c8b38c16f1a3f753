package store

import (
	"strings"
	"testing"
)

func TestRebind(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "SELECT 1", "SELECT 1"},
		{"arguments", "a = ? AND b IN (?,?)", "a = $1 AND b IN ($2,$3)"},
		{"text", "a = '?' AND b = ?", "a = '?' AND b = $1"},
		{"quote in a text", "a = 'it''s ?' AND b = ?", "a = 'it''s ?' AND b = $1"},
		{"name", `"a?" = ?`, `"a?" = $1`},
		{"comment", "a -- why?\n= ?", "a -- why?\n= $1"},
		{"last comment", "a = ? -- why?", "a = $1 -- why?"},
		{"long comment", "a /* ? */ = ?", "a /* ? */ = $1"},
		{"short comment", "a /*/ ? */ = ?", "a /*/ ? */ = $1"},
		{"open text", "a = ? AND b = '?", "a = $1 AND b = '?"},
		{"more than nine", strings.Repeat("?", 11), "$1$2$3$4$5$6$7$8$9$10$11"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			if got := rebind(c.in); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
