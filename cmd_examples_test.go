package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExampleFiles reads the files of docs/examples as an operator's are read, and
// holds the pages that show them against them.
func TestExampleFiles(t *testing.T) {
	for _, kind := range []string{"rest", "odata"} {
		t.Run("case="+kind, func(t *testing.T) {
			file := example(t, filepath.Join("docs", "examples", kind+".yaml"))
			c, err := parseConfig([]byte(file), anything)
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Sources) != 2 || c.Sources[0].Kind != kind || c.Sources[0].Supply != "live" {
				t.Errorf("got %+v", c.Sources)
			}
			// Nothing else changes for a copy, the file says.
			if _, err := parseConfig([]byte(strings.Replace(file, "supply: live ", "supply: copy ", 1)), anything); err != nil {
				t.Errorf("as a copy: %v", err)
			}
			page := example(t, filepath.Join("docs", "sources", kind+".md"))
			if !strings.Contains(page, "<!-- example -->\n```yaml\n"+file+"```\n") {
				t.Errorf("docs/sources/%s.md does not show docs/examples/%s.yaml", kind, kind)
			}
		})
	}
}

// TestExamplesOfTheSourcePages reads every whole configuration the pages of the
// declarative connectors and their presets show.
func TestExamplesOfTheSourcePages(t *testing.T) {
	for _, name := range []string{"rest", "odata", "ecolix", "operand"} {
		t.Run("case="+name, func(t *testing.T) {
			page, found := example(t, filepath.Join("docs", "sources", name+".md")), 0
			for {
				_, rest, ok := strings.Cut(page, "```yaml\n")
				if !ok {
					break
				}
				block, after, _ := strings.Cut(rest, "```")
				page = after
				if !strings.Contains(block, "sources:\n") {
					continue // a part of one
				}
				found++
				if name == "ecolix" {
					// The page names another source in documents, which it does not show.
					block = strings.ReplaceAll(block, ", crm]\n", "]\n")
				}
				if _, err := parseConfig([]byte(block), anything); err != nil {
					t.Errorf("%v\n%s", err, block)
				}
			}
			if found == 0 {
				t.Error("the page shows no configuration")
			}
		})
	}
}

func anything(string) (string, bool) { return "x", true }

func example(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
