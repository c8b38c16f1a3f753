package usage_test

import (
	"os"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
)

// TestPage: the questions of docs/usage.md can be asked.
func TestPage(t *testing.T) {
	text, err := os.ReadFile("../../docs/usage.md")
	if err != nil {
		t.Fatal(err)
	}
	var questions []string
	for i, part := range strings.Split(string(text), "```") {
		if q, ok := strings.CutPrefix(part, "graphql\n"); ok && i%2 == 1 {
			questions = append(questions, q)
		}
	}
	for _, part := range strings.Split(string(text), "`") {
		if strings.HasPrefix(part, "{ ") {
			questions = append(questions, part)
		}
	}
	if len(questions) < 5 {
		t.Fatalf("%d questions found", len(questions))
	}
	for _, q := range questions {
		if _, errs := gqlparser.LoadQueryWithRules(sdl(t), q, nil); len(errs) > 0 {
			t.Errorf("%s: %v", q, errs)
		}
	}
}
