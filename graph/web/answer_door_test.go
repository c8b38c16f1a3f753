package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/trama-graph/trama/graph/web"
)

// TestLongAnswersOfAnAccount holds that no more long answers of an account are under way
// than may be, whichever token asks; that short ones and other accounts do not mind; and
// that the end of one, read or not, makes room for the next.
func TestLongAnswersOfAnAccount(t *testing.T) {
	const long, short = 30_000, 3 // 60 MB, more than sockets hold
	inner, _ := libraryServer(t, &library{title: noise(1 << 10)}, func(c *web.Config) {
		c.LongAnswers = 2
		c.Auth = holders{"1": {TokenID: "1", Account: "a"}, "2": {TokenID: "2", Account: "a"}, "3": {TokenID: "3", Account: "b"}}
	})
	ended := make(chan struct{}, 100)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { ended <- struct{}{} }()
		inner.Config.Handler.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	ask := func(token string, first int) *http.Response {
		t.Helper()
		resp := askNoBooks(t, srv, token, first)
		t.Cleanup(func() { resp.Body.Close() })
		return resp
	}
	whole := func(resp *http.Response) string {
		t.Helper()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Error(err)
		}
		<-ended
		return string(b)
	}
	first, second := ask("1", long), ask("2", long)
	for _, token := range []string{"1", "2"} {
		refused := ask(token, long)
		body := whole(refused)
		if refused.StatusCode != http.StatusTooManyRequests || refused.Header.Get("Retry-After") != "5" ||
			!strings.Contains(body, `"code":"LIMITED"`) || !strings.Contains(body, `"retryAfter":5`) || strings.Contains(body, "data") {
			t.Errorf("got %s %v %.300s", refused.Status, refused.Header, body)
		}
		if resp := ask(token, short); resp.StatusCode != http.StatusOK || !strings.HasSuffix(whole(resp), `}`) {
			t.Errorf("a short answer is %s", resp.Status)
		}
	}
	other := ask("3", long)
	if first.StatusCode != http.StatusOK || second.StatusCode != http.StatusOK || other.StatusCode != http.StatusOK {
		t.Fatalf("got %s, %s and %s", first.Status, second.Status, other.Status)
	}
	first.Body.Close() // goes away
	<-ended
	third := ask("1", long)
	if third.StatusCode != http.StatusOK {
		t.Errorf("after one went away: %s", third.Status)
	}
	if n := len(whole(third)); third.StatusCode == http.StatusOK && n < 50<<20 {
		t.Errorf("%d bytes", n)
	}
	if resp := ask("2", long); resp.StatusCode != http.StatusOK {
		t.Errorf("after one was read: %s", resp.Status)
	}
}

// askNoBooks asks for books and reads none of the answer.
func askNoBooks(t *testing.T, srv *httptest.Server, token string, first int) *http.Response {
	t.Helper()
	return post(t.Context(), t, srv, token, "identity", booksQuestion(first))
}
