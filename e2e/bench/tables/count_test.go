//go:build unix

package main

import (
	"strings"
	"testing"
)

// TestCounter wants each occurrence counted once, however the text is parted.
func TestCounter(t *testing.T) {
	const text = `[{"key":"a","n":1},{"key":"b"},{"keys":1},{"key":"c"}]`
	for size := 1; size <= len(text); size++ {
		c := &counter{of: []byte(`{"key":`)}
		for from := 0; from < len(text); from += size {
			if _, err := c.Write([]byte(text[from:min(from+size, len(text))])); err != nil {
				t.Fatal(err)
			}
		}
		if c.n != 3 {
			t.Fatalf("in pieces of %d: %d, want 3", size, c.n)
		}
	}
}

// TestNextLink finds the link at the end of a page, and none on the last.
func TestNextLink(t *testing.T) {
	for page, want := range map[string]string{
		`{"value":[],"@odata.nextLink":"http://h/odata/x?$skiptoken=a\u0026b"}`: "http://h/odata/x?$skiptoken=a&b",
		`{"value":[]}`: "",
	} {
		var end tail
		for _, piece := range []string{strings.Repeat(" ", 3*tailBytes), page} {
			if _, err := end.Write([]byte(piece)); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := end.link(); err != nil || got != want {
			t.Errorf("%s: %q, %v", page, got, err)
		}
	}
}
