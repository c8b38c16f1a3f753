package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const exportTable = "key,name\nk1,\"two\nlines, \"\"quoted\"\"\"\nk2,b\n"

// exported runs the command in a folder of its own, and says what lies there then.
func exported(t *testing.T, ctx context.Context, url string, args ...string) (code int, stdout, stderr, file string, left []string) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("TRAMA_TOKEN", "trm_test_x")
	var out, errs bytes.Buffer
	code = execute(ctx, append([]string{"export", "--url", url}, args...), &out, &errs)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		left = append(left, e.Name())
		raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		file = string(raw)
	}
	return code, out.String(), errs.String(), file, left
}

func TestExportWritesTheWholeAnswer(t *testing.T) {
	var asked *http.Request
	var body string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		asked, body = r, string(raw)
		w.Header().Set("Content-Type", "text/csv")
		if r.Header.Get("Accept-Encoding") == "gzip" {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, exportTable)
			_ = z.Close()
			return
		}
		_, _ = io.WriteString(w, exportTable)
	}))
	defer server.Close()
	query := filepath.Join(t.TempDir(), "mine.graphql")
	if err := os.WriteFile(query, []byte("query mine { a }"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		args []string
		uri  string
		file string
		body string
	}{
		{name: "as it stands", args: []string{"invoices"}, uri: "/export/invoices.csv", file: "invoices.csv"},
		{name: "the format of the file", args: []string{"invoices", "--out", "a.ndjson"}, uri: "/export/invoices.ndjson", file: "a.ndjson"},
		{name: "a format", args: []string{"invoices", "--format", "xlsx"}, uri: "/export/invoices.xlsx", file: "invoices.xlsx"},
		{
			name: "a question", args: []string{"invoices", "--select", "key,total", "--filter", "name eq 'A&B #1'", "--order", "date desc", "--separator", "semicolon", "--decimal", "comma", "--no-bom"},
			uri: "/export/invoices.csv?%24filter=name+eq+%27A%26B+%231%27&%24orderby=date+desc&%24select=key%2Ctotal&bom=false&decimal=comma&separator=semicolon", file: "invoices.csv",
		},
		{name: "a name no address has", args: []string{"a?b#c", "--out", "x.csv"}, uri: "/export/a%3Fb%23c.csv", file: "x.csv"},
		{name: "a text", args: []string{"--query", query}, uri: "/export/csv", file: "mine.csv", body: "query mine { a }"},
	} {
		t.Run("case="+tt.name, func(t *testing.T) {
			code, _, stderr, file, left := exported(t, t.Context(), server.URL+"/", tt.args...)
			if code != 0 || file != exportTable || len(left) != 1 || left[0] != tt.file {
				t.Fatalf("exit code %d, %q has %q: %s", code, left, file, stderr)
			}
			if got := asked.URL.RequestURI(); got != tt.uri {
				t.Errorf("asked %s, want %s", got, tt.uri)
			}
			if got := asked.Header.Get("Authorization"); got != "Bearer trm_test_x" || body != tt.body {
				t.Errorf("with %q and %q", got, body)
			}
			want := "wrote " + tt.file + ": 2 rows, 41 B in "
			if strings.HasSuffix(tt.file, ".ndjson") {
				want = "wrote a.ndjson: 4 rows, 41 B in "
			} else if strings.HasSuffix(tt.file, ".xlsx") {
				want = "wrote invoices.xlsx: 41 B in "
			}
			if !strings.HasPrefix(stderr, want) {
				t.Errorf("it said %q, want %q", stderr, want)
			}
		})
	}
	t.Run("case=the standard output", func(t *testing.T) {
		code, stdout, stderr, _, left := exported(t, t.Context(), server.URL, "invoices", "--out", "-")
		if code != 0 || stdout != exportTable || stderr != "" || len(left) != 0 {
			t.Errorf("exit code %d: %q, %q, %q", code, stdout, stderr, left)
		}
	})
	t.Run("case=in the place of another, with its mode", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "old.csv")
		if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
			t.Fatal(err)
		}
		if code, _, stderr, _, _ := exported(t, t.Context(), server.URL, "invoices", "--out", path); code != 0 {
			t.Fatal(stderr)
		}
		raw, err := os.ReadFile(path)
		info, _ := os.Stat(path)
		if err != nil || string(raw) != exportTable || info.Mode().Perm() != 0o640 {
			t.Errorf("got %q, %v, %v", raw, err, info.Mode())
		}
	})
	t.Run("case=a token in a file, another variable", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(path, []byte("trm_test_file\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for want, args := range map[string][]string{"trm_test_file": {"--token-file", path}, "trm_test_other": {"--token-env", "OTHER"}} {
			t.Setenv("OTHER", "trm_test_other")
			if code, _, stderr, _, _ := exported(t, t.Context(), server.URL, append(args, "invoices")...); code != 0 || asked.Header.Get("Authorization") != "Bearer "+want {
				t.Errorf("exit code %d, %q: %s", code, asked.Header.Get("Authorization"), stderr)
			}
		}
	})
}

// What breaks off, is refused, or comes too slowly leaves what was there, and ends with 1.
func TestExportLeavesNothing(t *testing.T) {
	part := strings.Repeat("k,name\n", 10_000)
	breaks := func(w http.ResponseWriter) {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		args   []string
		want   string
	}{
		{name: "broken in the middle", answer: func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, part)
			breaks(w)
		}, want: "trama: the connection broke after 9999 rows, 70.0 kB; nothing was written"},
		{name: "broken in the middle, compressed", answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, part)
			_ = z.Flush()
			breaks(w)
		}, want: "trama: the connection broke after 9999 rows, 70.0 kB; nothing was written"},
		{name: "compressed, and cut at a chunk", answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, part)
			_ = z.Flush() // and no end of it
		}, want: "trama: the connection broke after"},
		{name: "shorter than it said", answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "k,name\n")
			breaks(w)
		}, want: "trama: the connection broke after 0 rows, 7 B; nothing was written"},
		{name: "broken before anything came", answer: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, want: "trama: the server did not answer: EOF"},
		{name: "HTTP/1.0", answer: func(w http.ResponseWriter, _ *http.Request) {
			c, b, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = b.WriteString("HTTP/1.0 200 OK\r\nContent-Type: text/csv\r\n\r\nkey\nk1\n")
				_ = b.Flush()
				_ = c.Close()
			}
		}, want: "the answer does not say where it ends"},
		{name: "slow", answer: func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, part)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, args: []string{"--stall", "300ms"}, want: "trama: the server sent nothing for 300ms after 9999 rows, 70.0 kB; nothing was written"},
		{name: "no answer", answer: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, args: []string{"--stall", "100ms"}, want: "trama: the server sent nothing for 100ms"},
		{name: "refused", answer: func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(401)
			_, _ = io.WriteString(w, `{"error":{"code":"UNAUTHENTICATED","message":"the token is not known"}}`)
		}, want: "trama: the server says 401 Unauthorized, UNAUTHENTICATED: the token is not known"},
		{name: "refused as GraphQL does", answer: func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(400)
			_, _ = io.WriteString(w, `{"errors":[{"message":"no such \u001b[31mcolumn"}]}`)
		}, want: "trama: the server says 400 Bad Request: no such ?[31mcolumn"},
		{name: "a source is away", answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(503)
			_, _ = io.WriteString(w, `{"error":{"code":"SOURCE_UNAVAILABLE","message":"books does not answer"}}`)
		}, want: "trama: the server says 503 Service Unavailable, SOURCE_UNAVAILABLE: books does not answer; try again in 30 s"},
		{name: "a page of a proxy", answer: func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(502)
			_, _ = io.WriteString(w, strings.Repeat("<html>", 100_000))
		}, want: "trama: the server says 502 Bad Gateway\n"},
		{name: "a redirect", answer: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example.com/export/invoices.csv", http.StatusMovedPermanently)
		}, want: "trama: the server says 301 Moved Permanently: it sends elsewhere, give the address it means as --url"},
	} {
		t.Run("case="+tt.name, func(t *testing.T) {
			server := httptest.NewServer(tt.answer)
			defer server.Close()
			path := filepath.Join(t.TempDir(), "kept.csv")
			if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
				t.Fatal(err)
			}
			code, _, stderr, _, _ := exported(t, t.Context(), server.URL, append(tt.args, "invoices", "--out", path)...)
			if code != 1 || !strings.Contains(stderr, tt.want) {
				t.Errorf("exit code %d, it said %q, want %q", code, stderr, tt.want)
			}
			raw, err := os.ReadFile(path)
			entries, _ := os.ReadDir(filepath.Dir(path))
			if err != nil || string(raw) != "before" || len(entries) != 1 {
				t.Errorf("it left %v, %q, %v", entries, raw, err)
			}
			if strings.Contains(stderr, "trm_test") {
				t.Errorf("it shows the token: %s", stderr)
			}
		})
	}
	t.Run("case=stopped", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, part)
			_ = http.NewResponseController(w).Flush()
			stop()
			<-r.Context().Done()
		}))
		defer server.Close()
		code, _, stderr, _, left := exported(t, ctx, server.URL, "invoices")
		if code != 1 || !strings.Contains(stderr, "trama: stopped") || len(left) != 0 {
			t.Errorf("exit code %d, %q, it left %v", code, stderr, left)
		}
	})
	t.Run("case=nobody there", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
		code, _, stderr, _, left := exported(t, t.Context(), "http://"+l.Addr().String(), "invoices")
		if code != 1 || !strings.Contains(stderr, "trama: the server did not answer: dial tcp") || len(left) != 0 {
			t.Errorf("exit code %d, %q, it left %v", code, stderr, left)
		}
	})
}

func TestExportMistakes(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the server was asked") }))
	defer server.Close()
	dir := t.TempDir()
	for i, text := range []string{"", strings.Repeat("x", 70_000), "a b"} {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"nothing asked", nil, "name a dataset, or give --query"},
		{"both asked", []string{"a", "--query", "b"}, "name a dataset, or give --query"},
		{"an unknown format", []string{"a", "--format", "pdf"}, "--format: want csv, xlsx, parquet or ndjson"},
		{"an unknown ending", []string{"a", "--out", "a.pdf"}, "--format: want csv, xlsx, parquet or ndjson"},
		{"an option of CSV", []string{"a", "--out", "a.xlsx", "--separator", "tab"}, "are for files of CSV"},
		{"no such folder", []string{"a", "--out", filepath.Join(dir, "none", "a.csv")}, "--out: "},
		{"a folder", []string{"a", "--format", "csv", "--out", dir}, "is no regular file"},
		{"a path as a name", []string{"../a"}, "is no name of a dataset"},
		{"no token", []string{"a", "--token-env", "NOBODY"}, "no token: put it into the environment as NOBODY"},
		{"an empty token", []string{"a", "--token-file", filepath.Join(dir, "0")}, "it holds no token"},
		{"a token that is none", []string{"a", "--token-file", filepath.Join(dir, "2")}, "what is given as the token is none"},
		{"a token that is too long", []string{"a", "--token-file", filepath.Join(dir, "1")}, "more than 4096 bytes"},
		{"an empty text", []string{"--query", filepath.Join(dir, "0")}, "--query: it is empty"},
		{"a text that is too long", []string{"--query", filepath.Join(dir, "1")}, "more than 65536 bytes"},
		{"both on the standard input", []string{"--query", "-", "--token-file", "-"}, "not both"},
		{"an address without a scheme", []string{"a", "--url", "localhost:8080"}, "--url: want an address"},
		{"a password in the address", []string{"a", "--url", "https://me:secret@example.com"}, "--url: want the address alone"},
		{"no time", []string{"a", "--stall", "0s"}, "--stall must be more than 0"},
	} {
		t.Run("case="+tt.name, func(t *testing.T) {
			code, _, stderr, _, left := exported(t, t.Context(), server.URL, tt.args...)
			if code != 2 || !strings.Contains(stderr, tt.want) || len(left) != 0 || strings.Contains(stderr, "secret") {
				t.Errorf("exit code %d, it said %q, want %q; it left %v", code, stderr, tt.want, left)
			}
		})
	}
}

// The bar counts rows of CSV as they are, not its lines.
func TestExportCountsRows(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       "0 rows, 0 B",
		"key\n":                                  "0 rows, 4 B",
		"key\nk1\nk2":                            "2 rows, 9 B",
		exportTable:                              "2 rows, 41 B",
		"a\n" + strings.Repeat("\"x\n\"\n", 300): "300 rows, 1.5 kB",
	} {
		for _, step := range []int{1, 3, 1 << 20} { // however it comes
			b := &exportBar{csv: true, lines: true}
			for r := strings.NewReader(text); r.Len() > 0; {
				_, _ = io.CopyN(b, r, int64(step))
			}
			if got := b.sum(); got != want {
				t.Errorf("%q in steps of %d: %s, want %s", text, step, got, want)
			}
		}
	}
	for n, want := range map[int64]string{999: "999 B", 1000: "1.0 kB", 1_500_000: "1.5 MB", 2_000_000_000: "2.0 GB", 5e15: "5000.0 TB"} {
		if got := size(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}
