package wire_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/trama-graph/trama/datasources/internal/wire"
)

func TestRequest(t *testing.T) {
	for _, tc := range []struct{ name, base, url, want string }{
		{"relative", "", "TicketGet?x=1", "/TicketGet?x=1"},
		{"leading slash", "", "/TicketGet", "/TicketGet"},
		{"below the base", "/otrs/Webservice/", "/TicketGet", "/otrs/Webservice/TicketGet"},
		{"base itself", "/odata/", "", "/odata/"},
		{"base without slash", "/odata", "", "/odata"},
		{"query only", "/odata", "?a=b", "/odata?a=b"},
		{"query only, base with slash", "/odata/", "?a=b", "/odata/?a=b"},
		{"encoding is kept", "/o", "Catalog_%D0%9A(guid'1')?$filter=a%20eq%20'%2B'", "/o/Catalog_%D0%9A(guid'1')?$filter=a%20eq%20'%2B'"},
		{"address in a query", "", "x?u=http://a/b", "/x?u=http://a/b"},
		{"two slashes are no host", "", "//other.test/x", "/other.test/x"},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			var got string
			c, _ := upstream(t, func(_ http.ResponseWriter, r *http.Request) { got = r.RequestURI }, wire.Config{Base: &url.URL{Path: tc.base}})
			if err := c.Do(t.Context(), wire.Call{URL: tc.url}); err != nil {
				t.Fatal(err)
			}
			if got != tc.want {
				t.Errorf("asked for %s, want %s", got, tc.want)
			}
		})
	}
	t.Run("case=headers", func(t *testing.T) {
		var got *http.Request
		c, _ := upstream(t, func(_ http.ResponseWriter, r *http.Request) { got = r }, wire.Config{
			Base:   &url.URL{User: url.UserPassword("u", "p w")},
			Header: http.Header{"x-both": {"config"}, "X-One": {"1"}},
		})
		err := c.Do(t.Context(), wire.Call{
			Method: "POST", URL: "x", Body: []byte("body"), Header: http.Header{"X-Both": {"call"}},
			Accept: []string{"application/json", "text/xml"},
		})
		if err != nil {
			t.Fatal(err)
		}
		u, p, _ := got.BasicAuth()
		if got.Method != "POST" || got.Header.Get("X-Both") != "call" || got.Header.Get("X-One") != "1" || u != "u" || p != "p w" ||
			got.Header.Get("Accept") != "application/json, text/xml" || got.ContentLength != 4 || got.UserAgent() != "Trama" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("case=absolute", func(t *testing.T) {
		var asked atomic.Int32
		srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			if r.URL.Path != "/next" {
				t.Errorf("asked for %s", r.URL)
			}
		}))
		defer srv.Close()
		base, _ := url.Parse(srv.URL + "/base")
		c, _ := client(t, wire.Config{Base: base})
		if err := c.Do(t.Context(), wire.Call{URL: srv.URL + "/next"}); err != nil {
			t.Error(err)
		}
		for _, foreign := range []string{"http://other.test/next", "https://" + base.Host + "/next", "http://x@other.test/", "http://\x7f/"} {
			if err := c.Do(t.Context(), wire.Call{URL: foreign}); !wire.IsRefused(err) {
				t.Errorf("%q: got %v", foreign, err)
			}
		}
		if asked.Load() != 1 {
			t.Errorf("%d calls", asked.Load())
		}
	})
}

func TestCookies(t *testing.T) {
	jar, _ := cookiejar.New(nil)
	var got []string
	c, _ := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Cookie"))
		http.SetCookie(w, &http.Cookie{Name: "BPMCSRF", Value: "v"})
	}, wire.Config{Jar: jar})
	for range 2 {
		if err := c.Do(t.Context(), wire.Call{URL: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"", "BPMCSRF=v"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRedirectIsShown(t *testing.T) {
	var stolen atomic.Int32
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen.Add(1) }))
	defer thief.Close()
	for _, location := range []string{thief.URL, "/same", "http://[bad", ""} {
		for _, method := range []string{"GET", "POST"} {
			t.Run("case="+method+" "+location, func(t *testing.T) {
				var asked atomic.Int32
				c, _ := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
					asked.Add(1)
					w.Header().Set("Location", location)
					w.WriteHeader(http.StatusTemporaryRedirect)
				}, wire.Config{Header: http.Header{"Authorization": {"Bearer secret"}}})
				err := c.Do(t.Context(), wire.Call{Method: method, URL: "x", Body: []byte("b"), Read: true, Decode: func(r *wire.Reply) error {
					if r.Status != 307 || r.Header.Get("Location") != location || r.URL.Path != "/x" {
						t.Errorf("got %+v", r)
					}
					return nil
				}})
				if err != nil || asked.Load() != 1 || stolen.Load() != 0 {
					t.Errorf("%v, %d asked, %d stolen", err, asked.Load(), stolen.Load())
				}
			})
		}
	}
}
