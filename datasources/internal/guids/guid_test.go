package guids_test

import (
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/internal/guids"
)

func TestParse(t *testing.T) {
	const good = "8f1c0000-00aa-0bcd-0e0f-000000000123"
	for name, c := range map[string]struct{ text, want string }{
		"lower case":        {good, good},
		"upper case":        {strings.ToUpper(good), good},
		"zero":              {guids.Zero, guids.Zero},
		"empty":             {"", ""},
		"short":             {good[1:], ""},
		"long":              {good + "0", ""},
		"in braces":         {"{" + good[1:35] + "}", ""},
		"without hyphens":   {strings.ReplaceAll(good, "-", "0"), ""},
		"a hyphen too many": {good[:35] + "-", ""},
		"another letter":    {good[:35] + "g", ""},
		"a quote":           {good[:35] + "'", ""},
		"letters of others": {good[:34] + "é", ""},
	} {
		t.Run("case="+name, func(t *testing.T) {
			if got, ok := guids.Parse(c.text); got != c.want || ok != (c.want != "") {
				t.Errorf("got %q, %t", got, ok)
			}
		})
	}
}
