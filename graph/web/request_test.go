package web

import (
	"net/http"
	"net/url"
	"testing"
	"unicode/utf8"
)

func TestNegotiate(t *testing.T) {
	for name, c := range map[string]struct {
		accept []string
		want   string
	}{
		"none":                  {nil, graphqlJSON},
		"empty":                 {[]string{""}, ""},
		"anything":              {[]string{"*/*"}, plainJSON},
		"any application":       {[]string{"application/*"}, plainJSON},
		"both, newer first":     {[]string{graphqlJSON + ", " + plainJSON}, graphqlJSON},
		"both, older first":     {[]string{plainJSON + ", " + graphqlJSON}, plainJSON},
		"by quality":            {[]string{plainJSON + ";q=0.1, " + graphqlJSON}, graphqlJSON},
		"refused by quality":    {[]string{graphqlJSON + ";q=0"}, ""},
		"exact before wildcard": {[]string{"*/*, " + graphqlJSON}, graphqlJSON},
		"two headers":           {[]string{"text/html", plainJSON}, plainJSON},
		"with charset":          {[]string{graphqlJSON + "; charset=utf-8"}, graphqlJSON},
		"another charset":       {[]string{graphqlJSON + "; charset=latin1"}, ""},
		"html":                  {[]string{"text/html"}, ""},
		"garbage":               {[]string{";;;,,/"}, ""},
	} {
		t.Run("case="+name, func(t *testing.T) {
			if got := negotiate(http.Header{"Accept": c.accept}); c.accept == nil && negotiate(http.Header{}) != c.want || c.accept != nil && got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// FuzzBody feeds bodies: whatever comes, the answer is a request or a refusal with
// a 4xx status.
func FuzzBody(f *testing.F) {
	for _, s := range []string{`{"query":"{__typename}"}`, `{"query":1}`, `[]`, `{`, ``, `{"query":"","variables":{"a":1e999}}`, "{\"query\":\"\xff\"}", `{"query":"{a}","query":"{b}"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		q, err := fromBody(body)
		if err == nil && !utf8.ValidString(q.Query) {
			t.Error("the query is not UTF-8")
		}
		holdsRefusal(t, q, err)
	})
}

// FuzzAddress feeds the query component of addresses.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"query={a}", "query={a}&variables={}", "variables=[1]&query=x", "query=a&query=b", "", "%zz"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		values, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		q, err := fromAddress(values)
		holdsRefusal(t, q, err)
	})
}

func holdsRefusal(t *testing.T, q *request, err error) {
	t.Helper()
	if err == nil {
		if q == nil {
			t.Error("neither a request nor an error")
		}
		return
	}
	r, ok := err.(*refusal) //nolint:errorlint // made here, never wrapped
	if !ok || r.status < 400 || r.status > 499 {
		t.Errorf("got %v", err)
	}
}
