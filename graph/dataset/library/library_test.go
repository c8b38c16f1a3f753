package library_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/dataset/library"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// text is a dataset of customers with some fields.
func text(name, fields string) string {
	return "query " + name + " @dataset(grain: \"customers\") {\n  customers { nodes { " + fields + " } }\n}\n"
}

// world is what a library is opened over, and may change.
type world struct {
	mu    sync.Mutex
	saved []library.Entry
	err   error
	dir   string
	log   bytes.Buffer
}

func (w *world) set(err error, saved ...library.Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.saved, w.err = saved, err
}

func (w *world) read(context.Context) ([]library.Entry, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.saved), w.err
}

func (w *world) file(t *testing.T, name, text string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600))
}

func (w *world) open(t *testing.T, shipped map[string]string) *library.Library {
	t.Helper()
	l, err := library.Open(t.Context(), library.Options{Full: graph.Full(), Shipped: shipped, Dir: w.dir, Saved: w.read, Log: slog.New(slog.NewTextHandler(&w.log, nil))})
	must(t, err)
	return l
}

func saved(name, text string) library.Entry {
	return library.Entry{Name: name, Text: text, SavedBy: "root", SavedAt: time.Unix(1, 0)}
}

// told is what a library has: name, origin, and how many columns or which problems.
func told(c *library.Contents) string {
	var b strings.Builder
	for i := range c.Entries {
		e := &c.Entries[i]
		fmt.Fprintf(&b, "%s %s", e.Name, e.Origin)
		if e.SavedBy != "" {
			fmt.Fprintf(&b, " by %s", e.SavedBy)
		}
		for _, p := range e.Problems {
			fmt.Fprintf(&b, " [%d: %s]", p.Line, p.Reason)
		}
		if _, ok := c.Catalogue.Get(e.Name); ok != (e.Definition != nil) || ok == (len(e.Problems) > 0) {
			b.WriteString(" INCONSISTENT")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestOrigins(t *testing.T) {
	w := &world{dir: t.TempDir()}
	w.file(t, "mine.graphql", text("mine", "id name"))
	w.file(t, "both.graphql", text("both", "id name"))
	w.file(t, "wrong.graphql", text("wrong", "id\n nosuch"))
	w.file(t, "README.md", "not read")
	w.file(t, ".hidden.graphql", "not read")
	w.file(t, "old.graphql~", "not read")
	w.file(t, "notes.txt", "?")
	w.file(t, "long.graphql", strings.Repeat(" ", dataset.MaxBytes+1))
	must(t, os.Mkdir(filepath.Join(w.dir, "sub"), 0o700))
	must(t, os.Symlink("/nowhere", filepath.Join(w.dir, "gone.graphql")))
	w.set(nil, saved("all", text("all_three", "id")), saved("three", text("three", "id country")))
	l := w.open(t, map[string]string{"three": text("three", "id"), "both": text("both", "id"), "wrong": text("wrong", "id"), "ours": text("ours", "id")})
	const want = `all saved by root [0: the name all is reserved]
both directory
long directory [0: the text has more than 65536 bytes, which is the limit]
mine directory
ours shipped
three saved by root
wrong directory [3: Customer has no field nosuch]
`
	c := l.Contents()
	if got := told(c); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := strings.Join(c.Catalogue.Names(), " "); got != "both mine ours three" || c.Refused() != 3 {
		t.Errorf("names %s, %d refused", got, c.Refused())
	}
	if e := c.Entry("three"); e == nil || e.Text != text("three", "id country") {
		t.Errorf("three is %+v", e)
	}
	var files []string
	for _, p := range c.Problems {
		files = append(files, p.Error())
	}
	got := strings.Join(files, "\n")
	for _, want := range []string{"gone.graphql: cannot be read: no such file or directory", "notes.txt: is not read: datasets are in files named NAME.graphql", "sub: is a directory, which is not read", "wrong.graphql:3: "} {
		if !strings.Contains(got, want) {
			t.Errorf("the problems do not say %q:\n%s", want, got)
		}
	}
	if len(files) != 6 {
		t.Errorf("%d problems: %s", len(files), got)
	}
	if n := strings.Count(w.log.String(), "refused dataset"); n != len(files) {
		t.Errorf("%d were logged: %s", n, w.log.String())
	}
}

func TestRefresh(t *testing.T) {
	w := &world{dir: t.TempDir()}
	l := w.open(t, map[string]string{"ours": text("ours", "id")})
	first := l.Contents()
	must(t, l.Refresh(t.Context()))
	if l.Contents() != first {
		t.Error("nothing changed, and there are other contents")
	}
	w.set(nil, saved("ours", text("ours", "id name")), saved("bad", "query bad"))
	w.file(t, "notes.txt", "?")
	must(t, l.Refresh(t.Context()))
	second := l.Contents()
	if got := told(second); !strings.HasPrefix(got, "bad saved by root [") || !strings.HasSuffix(got, "\nours saved by root\n") {
		t.Errorf("got %s", got)
	}
	if second.Version == first.Version || told(first) != "ours shipped\n" {
		t.Error("the first contents have changed")
	}
	lines := strings.Count(w.log.String(), "\n")
	// Another file: what is known to be wrong is not said again.
	w.file(t, "more.graphql", text("more", "id"))
	must(t, l.Refresh(t.Context()))
	if strings.Count(w.log.String(), "\n") != lines {
		t.Errorf("said again: %s", w.log.String())
	}
	// What cannot be read leaves what was there.
	third := l.Contents()
	w.set(errors.New("away"))
	if err := l.Refresh(t.Context()); err == nil || l.Contents() != third {
		t.Errorf("got %v", err)
	}
	w.set(nil)
	must(t, os.Remove(filepath.Join(w.dir, "notes.txt")))
	must(t, l.Refresh(t.Context()))
	if got := told(l.Contents()); got != "more directory\nours shipped\n" || len(l.Contents().Problems) != 0 {
		t.Errorf("after it was removed: %s, %v", got, l.Contents().Problems)
	}
	must(t, os.RemoveAll(w.dir))
	if err := l.Refresh(t.Context()); err == nil || strings.Contains(err.Error(), w.dir) {
		t.Errorf("a directory that is gone: %v", err)
	}
}

// Saving by one and another that changes at once: what is there last is what was
// saved last.
func TestRefreshAtOnce(t *testing.T) {
	w := &world{}
	l := w.open(t, nil)
	var wait sync.WaitGroup
	for i := range 20 {
		wait.Go(func() {
			w.set(nil, saved("mine", text("mine", []string{"id", "id name"}[i%2])))
			if err := l.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
			_ = l.Contents().Catalogue.Names()
		})
	}
	wait.Wait()
	must(t, l.Refresh(t.Context()))
	now, _ := w.read(t.Context())
	if got := l.Contents().Entry("mine").Text; got != now[0].Text {
		t.Errorf("got %s, want %s", got, now[0].Text)
	}
}

func TestCheck(t *testing.T) {
	w := &world{}
	many := map[string]string{}
	for i := range dataset.MaxDatasets - 1 {
		many[fmt.Sprintf("d%d", i)] = text(fmt.Sprintf("d%d", i), "id")
	}
	tests := []struct {
		name     string
		shipped  map[string]string
		as, text string
		want     string
	}{
		{name: "a table", as: "mine", text: text("mine", "id name")},
		{name: "in the place of another", shipped: map[string]string{"mine": text("mine", "id")}, as: "mine", text: text("mine", "id name")},
		{name: "no query", as: "mine", text: "{", want: "mine.graphql:1: "},
		{name: "a field that is not there", as: "mine", text: text("mine", "id\nnosuch"), want: "mine.graphql:3: Customer has no field nosuch"},
		{name: "letter case", shipped: map[string]string{"Mine": text("Mine", "id")}, as: "mine", text: text("mine", "id"), want: "mine.graphql: there is Mine already"},
		{name: "a name", as: "my-set", text: text("mine", "id"), want: "the name of a dataset is a letter"},
		{name: "the last there may be", shipped: many, as: "mine", text: text("mine", "id")},
	}
	for _, tt := range tests {
		t.Run("case="+tt.name, func(t *testing.T) {
			got := w.open(t, tt.shipped).Check(tt.as, tt.text)
			if tt.want == "" && len(got) > 0 || tt.want != "" && (len(got) == 0 || !strings.Contains(got[0].Error(), tt.want)) {
				t.Errorf("got %v, want %q", got, tt.want)
			}
		})
	}
	many["last"] = text("last", "id")
	l := w.open(t, many)
	if got := l.Check("mine", text("mine", "id")); len(got) != 1 || !strings.Contains(got[0].Reason, "500 datasets") {
		t.Errorf("one more than there may be: %v", got)
	}
	if got := l.Check("last", text("last", "id name")); len(got) != 0 {
		t.Errorf("in the place of the last one: %v", got)
	}
}

func TestOpenFails(t *testing.T) {
	for name, o := range map[string]library.Options{
		"no schema":    {},
		"no directory": {Full: graph.Full(), Dir: filepath.Join(t.TempDir(), "none")},
		"no store":     {Full: graph.Full(), Saved: func(context.Context) ([]library.Entry, error) { return nil, errors.New("away") }},
	} {
		if _, err := library.Open(t.Context(), o); err == nil {
			t.Errorf("%s: it opened", name)
		}
	}
}
