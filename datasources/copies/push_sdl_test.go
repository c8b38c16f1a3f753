package copies_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var updatePush = flag.Bool("update-push", false, "write the tables of docs/push.md anew")

var (
	sdlType  = regexp.MustCompile(`(?s)\ntype (\w+)[^{\n]*\{\n(.*?)\n\}`)
	sdlField = regexp.MustCompile(`(?m)^  (\w+)(?:\(|:)`)
)

// sdlTypes reads the names of the fields of each type.
func sdlTypes(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	files, err := filepath.Glob("../../schema/*.graphql")
	if err != nil || len(files) == 0 {
		t.Fatal(err, len(files))
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range sdlType.FindAllSubmatch(b, -1) {
			for _, n := range sdlField.FindAllSubmatch(m[2], -1) {
				out[string(m[1])] = append(out[string(m[1])], string(n[1]))
			}
		}
	}
	return out
}
