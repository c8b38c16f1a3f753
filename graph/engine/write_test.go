package engine_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"github.com/trama-graph/trama/graph/engine"
)

// FuzzAppendString holds that a text comes out as JSON that reads as the text, whatever
// it is and wherever in a word of eight bytes its odd bytes stand.
func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "a", "\"", "1234567\\", "12345678\n", "12345678ș", "日本語日本語", "\x00", "a\xffb", "\x1f1234567", " 12345678\x7f", "\xc3", "12345678123\"5678"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for pad := range 9 {
			text := strings.Repeat("x", pad) + s
			got := engine.AppendString([]byte("b"), text)
			var back string
			if err := json.Unmarshal(got[1:], &back); err != nil || got[0] != 'b' {
				t.Fatalf("%q becomes %s: %v", text, got, err)
			}
			if want := strings.ToValidUTF8(text, "\uFFFD"); utf8.ValidString(text) && back != want {
				t.Fatalf("%q reads as %q", text, back)
			}
			if utf8.ValidString(text) {
				var want bytes.Buffer
				graphql.MarshalString(text).MarshalGQL(&want)
				if !bytes.Equal(got[1:], want.Bytes()) {
					t.Fatalf("got %s, want %s", got[1:], want.Bytes())
				}
			} else if !utf8.Valid(got) {
				t.Fatalf("%q becomes %q", text, got)
			}
		}
	})
}

func BenchmarkAppendString(b *testing.B) {
	buf := make([]byte, 0, 1<<10)
	for _, s := range []string{"open", "a ticket with a title of usual length", strings.Repeat("a longer text, of which there is more. ", 20)} {
		b.Run(s[:min(len(s), 8)], func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				buf = engine.AppendString(buf[:0], s)
			}
		})
	}
}

// BenchmarkWrite writes the measured join, some 240 KB, that is already made.
func BenchmarkWrite(b *testing.B) {
	r, oc := leanRig(b)
	p, err := r.plan(oc)
	if err != nil {
		b.Fatal(err)
	}
	res := r.engine.Run(b.Context(), oc, p)
	buf := res.AppendJSON(nil)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		buf = res.AppendJSON(buf[:0])
	}
}
