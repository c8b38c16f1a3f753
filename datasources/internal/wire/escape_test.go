package wire_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/trama-graph/trama/datasources/internal/wire"
)

func TestQueryEscape20(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"", ""},
		{"azAZ09-._~$'(),:@/", "azAZ09-._~$'(),:@/"},
		{"a b", "a%20b"},
		{";&#+%=?", "%3B%26%23%2B%25%3D%3F"},
		{"Name eq 'O''Neil & Co'", "Name%20eq%20'O''Neil%20%26%20Co'"},
		{"Код", "%D0%9A%D0%BE%D0%B4"},
		{"\x00\n\"<>\\^`{|}[]!*", "%00%0A%22%3C%3E%5C%5E%60%7B%7C%7D%5B%5D%21%2A"},
	} {
		if got := wire.QueryEscape20(tc.in); got != tc.want {
			t.Errorf("QueryEscape20(%q) = %q, want %q", tc.in, got, tc.want)
		}
	}
}

func FuzzQueryEscape20(f *testing.F) {
	f.Add("a b+c&d")
	f.Fuzz(func(t *testing.T, s string) {
		q, err := url.ParseQuery("k=" + wire.QueryEscape20(s))
		if err != nil || len(q) != 1 || q.Get("k") != s {
			t.Errorf("%q came back as %v, %v", s, q, err)
		}
	})
}

func TestContentType(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"", ""},
		{"Application/JSON;charset=UTF-8", "application/json"},
		{"application/atom+xml;type=feed;charset=utf-8", "application/atom+xml"},
		{"text/html; charset", "text/html"},
		{"application/json; odata=verbose; odata=verbose", "application/json"},
	} {
		if got := wire.ContentType(http.Header{"Content-Type": {tc.in}}); got != tc.want {
			t.Errorf("ContentType(%q) = %q, want %q", tc.in, got, tc.want)
		}
	}
}

func TestLooksLikeHTML(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want bool
	}{
		{"", false},
		{"{}", false},
		{"[\"<html>\"]", false},
		{"<?xml version=\"1.0\"?><Envelope/>", false},
		{"<feed/>", false},
		{"<HTML>", true},
		{"\xef\xbb\xbf\r\n <!DOCTYPE html PUBLIC>", true},
		{"<!-- x --> <!doctype html>", true},
		{"<!-- x", true},
		{"<!-- x --><a/>", false},
		{"<?xml version=\"1.0\"?>\n<!DOCTYPE html>", true},
		{"<h1>Bad Gateway</h1>", true},
	} {
		if got := wire.LooksLikeHTML([]byte(tc.in)); got != tc.want {
			t.Errorf("LooksLikeHTML(%q) = %v", tc.in, got)
		}
	}
}
