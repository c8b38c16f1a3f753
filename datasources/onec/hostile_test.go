package onec_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/datasources/onec"
	"github.com/trama-graph/trama/schema"
)

// answerSet makes one set answer with a fixed reply.
func (b *base) answerSet(set string, status int, contentType, body string) *atomic.Int32 {
	var calls atomic.Int32
	b.mu.Lock()
	defer b.mu.Unlock()
	b.override = func(w http.ResponseWriter, _ *http.Request, path string) bool {
		if path != set {
			return false
		}
		calls.Add(1)
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return true
	}
	return &calls
}

func TestHostileReplies(t *testing.T) {
	const js = "application/json;odata=nometadata;charset=utf-8"
	key := id(kindOrder, 1)
	row := func(more string) string {
		return `{"value":[{"Ref_Key":"` + key + `","DeletionMark":false,"Number":"1","Контрагент_Key":"` + zero + `"` + more + `}]}`
	}
	for _, c := range []struct {
		name, contentType, body string
		status                  int
		code                    schema.Code
		calls                   int32
		message                 string
	}{
		{"HTML with 200", "text/html", "<html><body>Login</body></html>", 200, schema.SourceInvalid, 2, ""},
		{"HTML called JSON", js, "<!DOCTYPE html><title>x</title>", 200, schema.SourceInvalid, 2, ""},
		{"empty body", js, "", 200, schema.SourceInvalid, 2, ""},
		{"garbage", js, "\x00\x01garbage", 200, schema.SourceInvalid, 2, ""},
		{"half a body", js, row("")[:40], 200, schema.SourceInvalid, 2, ""},
		{"not a list", js, `{"Ref_Key":"1"}`, 200, schema.SourceInvalid, 2, ""},
		{"a list of numbers", js, `{"value":[1,2]}`, 200, schema.SourceInvalid, 2, ""},
		{"invalid UTF-8", js, row(",\"Комментарий\":\"\xff\xfe\""), 200, schema.SourceInvalid, 2, ""},
		{"giant number", js, row(`,"СуммаДокумента":1e999999999`), 200, schema.SourceInvalid, 2, ""},
		{"long number", js, row(`,"СуммаДокумента":` + strings.Repeat("9", 200)), 200, schema.SourceInvalid, 2, ""},
		{"text for a number", js, row(`,"СуммаДокумента":"много"`), 200, schema.SourceInvalid, 2, ""},
		{"object for a text", js, row(`,"Комментарий":{"a":1}`), 200, schema.SourceInvalid, 2, ""},
		{"date of nowhere", js, row(`,"Date":"2026-13-45"`), 200, schema.SourceInvalid, 2, ""},
		{"foreign row", js, strings.Replace(row(""), key, id(kindOrder, 2), 1), 200, schema.SourceInvalid, 2, ""},
		{"row without a key", js, `{"value":[{"Number":"1"}]}`, 200, schema.SourceInvalid, 2, ""},
		{"deep nesting", js, `{"value":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, 200, schema.SourceInvalid, 2, ""},
		{"error with 200", js, `{"odata.error":{"code":"2","message":{"value":"` + secretText + `"}}}`, 200, schema.SourceInvalid, 1, ""},
		{"business error", js, `{"odata.error":{"code":"-1","message":{"value":"` + secretText + `"}}}`, 500, schema.SourceInvalid, 1, ""},
		{"business error in XML", "application/atom+xml", `<?xml version="1.0"?><m:error xmlns:m="x"><m:code>-1</m:code><m:message>` + secretText + `</m:message></m:error>`, 500, schema.SourceInvalid, 1, ""},
		{"row-level rights", js, `{"odata.error":{"code":"20","message":{"value":"` + secretText + `"}}}`, 401, schema.Forbidden, 1, "books: 1C refused the rows (row-level rights); set allowed_only"},
		{"login refused", "text/html", "<html>401.5</html>", 401, schema.SourceUnavailable, 1, "books: 1C refused the login"},
		{"an ordinary 404", "text/html", "<html>404</html>", 404, schema.SourceInvalid, 1, ""},
		{"server error", "text/html", "<html>500</html>", 500, schema.SourceUnavailable, 3, ""},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			b := newBase(t)
			b.fill(2)
			log := &syncBuffer{}
			s := b.open(func(_ *onec.Config, d *onec.Deps) {
				d.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			})
			if _, err := orders(s).List(t.Context(), datasources.Query{First: 1}); err != nil {
				t.Fatal(err)
			}
			calls := b.answerSet("Document_ЗаказПокупателя", c.status, c.contentType, c.body)
			rows, err := orders(s).ByKeys(t.Context(), []string{key}, nil)
			var e *schema.Error
			if !errors.As(err, &e) || e.Code != c.code || e.Source != "books" || len(rows.Items) > 0 {
				t.Fatalf("got %v (%v), rows %d", schema.CodeOf(err), err, len(rows.Items))
			}
			if c.message != "" && e.Message != c.message {
				t.Errorf("message %q", e.Message)
			}
			if calls.Load() != c.calls {
				t.Errorf("%d calls, want %d", calls.Load(), c.calls)
			}
			all := log.String() + fmt.Sprint(err, errors.Unwrap(e)) + s.Describe().Name
			for _, secret := range []string{password, base64.StdEncoding.EncodeToString([]byte(user + ":" + password)), "Рога", "1003600012344", key} {
				if strings.Contains(all, secret) {
					t.Errorf("%q is in the log or the error:\n%s", secret, all)
				}
			}
		})
	}
}

func TestDuplicateRowsCountOnce(t *testing.T) {
	b := newBase(t)
	b.fill(2)
	s := b.open(nil)
	one := `{"Ref_Key":"` + strings.ToUpper(id(kindOrder, 1)) + `","Number":" 7 ","Контрагент_Key":"` + id(kindCustomer, 1) + `","DeletionMark":false}`
	b.answerSet("Document_ЗаказПокупателя", 200, "application/json", "\ufeff"+`{"value":[`+one+`,`+one+`]}`)
	f := datasources.NewFields("number")
	rows, err := orders(s).ByKeys(t.Context(), []string{id(kindOrder, 1)}, f)
	if err != nil || len(rows.Items) != 1 || rows.Items[0].Number != "7" {
		t.Errorf("%+v %v", rows.Items, err)
	}
	rows, err = orders(s).ByParent(t.Context(), "customer", []string{id(kindCustomer, 1)}, datasources.Query{Fields: f, First: 9})
	if err != nil || len(rows.Items) != 1 {
		t.Errorf("%+v %v", rows.Items, err)
	}
}

func TestAProxyThatDropsTheFilter(t *testing.T) {
	b := newBase(t)
	b.fill(9)
	s := b.open(nil)
	if _, err := orders(s).List(t.Context(), datasources.Query{First: 1}); err != nil {
		t.Fatal(err)
	}
	drop := func(option string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.override = func(_ http.ResponseWriter, r *http.Request, _ string) bool {
			q := r.URL.Query()
			q.Del(option)
			r.URL.RawQuery = q.Encode()
			return false
		}
	}
	drop("$filter")
	if _, err := orders(s).ByParent(t.Context(), "customer", []string{id(kindCustomer, 1)}, datasources.Query{First: 9}); batchCode(err) != schema.SourceInvalid {
		t.Errorf("foreign rows by parent: %v", err)
	}
	if _, err := orders(s).List(t.Context(), datasources.Query{Where: schema.Compare("number", schema.Eq, schema.String("КА00-000005")), Fields: datasources.NewFields("number"), First: 9}); err != nil {
		t.Errorf("a list is checked row by row: %v", err)
	}
	drop("$skip")
	s2 := b.open(func(c *onec.Config, _ *onec.Deps) { c.Page = 3 })
	if err := s2.(datasources.CustomerIndexer).IndexCustomers(t.Context(), func([]datasources.CustomerRecord) error { return nil }); schema.CodeOf(err) != schema.SourceInvalid {
		t.Errorf("the same page for ever: %v", err)
	}
	if _, err := products(s2).List(t.Context(), datasources.Query{First: 100}); schema.CodeOf(err) != schema.SourceInvalid {
		t.Errorf("the same page for ever: %v", err)
	}
}

func batchCode(err error) schema.Code {
	var some *datasources.BatchError
	if errors.As(err, &some) {
		for _, e := range some.ByKey {
			return schema.CodeOf(e)
		}
	}
	return schema.CodeOf(err)
}

func TestSomeKeysFail(t *testing.T) {
	b := newBase(t)
	b.fill(60)
	s := b.open(func(c *onec.Config, _ *onec.Deps) { c.Batch, c.Deleted = 5, true })
	if _, err := orders(s).List(t.Context(), datasources.Query{First: 1}); err != nil {
		t.Fatal(err)
	}
	b.override = func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if strings.Contains(r.URL.Query().Get("$filter"), id(kindOrder, 7)) {
			refuse(w, 500, "-1")
			return true
		}
		return false
	}
	var keys []string
	for n := range 20 {
		keys = append(keys, id(kindOrder, n+1))
	}
	rows, err := orders(s).ByKeys(t.Context(), keys, datasources.NewFields("number"))
	var some *datasources.BatchError
	if !errors.As(err, &some) || len(some.ByKey) != 5 || len(rows.Items) != 15 || some.ByKey[id(kindOrder, 7)] == nil {
		t.Errorf("%d rows, %v", len(rows.Items), err)
	}
	byParent, err := orders(s).ByParent(t.Context(), "number", []string{"КА00-000001", "КА00-000002"}, datasources.Query{First: 3})
	if err != nil || len(byParent.Parent(1)) != 1 {
		t.Error(err)
	}
}

func TestNamesAreReadOnceForAll(t *testing.T) {
	b := newBase(t)
	b.fill(4)
	s := b.open(nil)
	release := make(chan struct{})
	b.override = func(_ http.ResponseWriter, _ *http.Request, path string) bool {
		if path == "$metadata" {
			<-release
		}
		return false
	}
	impatient, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	wait.Go(func() {
		if _, err := orders(s).List(impatient, datasources.Query{First: 1}); !errors.Is(err, context.Canceled) {
			t.Errorf("who leaves gets his own error, not %v", err)
		}
	})
	for range 8 {
		wait.Go(func() {
			if _, err := orders(s).List(t.Context(), datasources.Query{First: 1}); err != nil {
				t.Error(err)
			}
		})
	}
	cancel()
	close(release)
	wait.Wait()
	if n := len(b.asked("$metadata")); n != 1 {
		t.Errorf("%d reads of $metadata", n)
	}
}

func TestMetadataHasItsOwnTimeout(t *testing.T) {
	b := newBase(t)
	b.fill(4)
	b.override = func(_ http.ResponseWriter, r *http.Request, path string) bool {
		if path == "$metadata" {
			<-r.Context().Done()
			return true
		}
		return false
	}
	s := b.open(func(c *onec.Config, _ *onec.Deps) { c.MetadataTimeout = 50 * time.Millisecond })
	_, err := orders(s).List(t.Context(), datasources.Query{First: 1})
	if schema.CodeOf(err) != schema.SourceTimeout {
		t.Errorf("got %v", err)
	}
}

func TestCloseEndsWhatIsUnderWay(t *testing.T) {
	b := newBase(t)
	entered := make(chan struct{}, 9)
	b.override = func(_ http.ResponseWriter, r *http.Request, path string) bool {
		if path == "" {
			entered <- struct{}{}
			<-r.Context().Done()
			return true
		}
		return false
	}
	s := b.open(nil)
	done := make(chan error, 1)
	go func() {
		_, err := orders(s).List(context.Background(), datasources.Query{First: 1})
		done <- err
	}()
	<-entered
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; schema.CodeOf(err) != schema.SourceUnavailable {
		t.Errorf("got %v", err)
	}
	if _, err := orders(s).List(context.Background(), datasources.Query{First: 1}); schema.CodeOf(err) != schema.SourceUnavailable {
		t.Errorf("after Close: %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	b := newBase(t)
	b.server.Close()
	s := b.open(nil)
	found, err := s.Probe(t.Context())
	if schema.CodeOf(err) != schema.SourceUnavailable || len(found) != 1 || found[0].Level != datasources.Fail {
		t.Errorf("%v %v", found, err)
	}
}

func TestLoginRefused(t *testing.T) {
	b := newBase(t)
	b.fill(1)
	calls := 0
	s := b.open(func(c *onec.Config, d *onec.Deps) {
		c.Password = "wrong"
		d.Observe = func(wire.Observation) { calls++ }
	})
	_, err := s.Probe(t.Context())
	var e *schema.Error
	if !errors.As(err, &e) || e.Retryable || e.Message != "books: 1C refused the login" {
		t.Errorf("got %v", err)
	}
	if calls != 1 {
		t.Errorf("%d attempts with a wrong password: accounts lock", calls)
	}
	if st := s.Status(); st.State != "down" {
		t.Errorf("state %s", st.State)
	}
}

func TestConfigPrintsNoSecret(t *testing.T) {
	c := onec.Config{Name: "books", URL: "https://h/", Password: password}
	text := fmt.Sprintf("%v %+v %s", c, c, c) + slog.AnyValue(c).Resolve().String()
	if strings.Contains(text, password) {
		t.Error(text)
	}
}

// syncBuffer is a log that several goroutines write to.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
