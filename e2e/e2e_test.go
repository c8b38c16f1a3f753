// Package e2e runs the built binary as its users do: from the command line, over
// HTTP, and in front of systems that fail.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// interrupt asks a server to stop.
const interrupt = syscall.SIGTERM

// binary is the built product.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "trama-e2e-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "trama")
	build := exec.Command("go", "build", "-o", binary, "..")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: the binary does not build:", err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", filepath.Dir(binary)+string(os.PathListSeparator)+e.Getenv("PATH"))
			e.Setenv("HOME", e.WorkDir)
			return nil
		},
	})
}

// server is a running binary.
type server struct {
	URL     string
	Token   string
	tokens  map[string]string // of a demo, by package
	log     *lockedBuffer
	cmd     *exec.Cmd
	config  string
	stopped bool // restarted: its first process is waited for already
	stop    func()
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// demo starts `trama demo` and waits until it is ready. Its systems are asked live, unless
// the arguments say otherwise.
func demo(t testing.TB, args ...string) *server {
	t.Helper()
	if !slices.Contains(args, "--supply") {
		args = append([]string{"--supply", "live"}, args...)
	}
	file := filepath.Join(t.TempDir(), "demo.json")
	s := &server{log: &lockedBuffer{}}
	s.start(t, append([]string{"demo", "--listen", "127.0.0.1:0", "--json", file, "--log", "info"}, args...)...)
	var ready struct {
		URL    string            `json:"url"`
		Tokens map[string]string `json:"tokens"`
	}
	deadline := time.Now().Add(2 * time.Minute)
	for {
		if b, err := os.ReadFile(file); err == nil && json.Unmarshal(b, &ready) == nil {
			break
		}
		if time.Now().After(deadline) || s.cmd.ProcessState != nil {
			t.Fatalf("the demo did not become ready:\n%s", s.log)
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.URL, s.Token, s.tokens = ready.URL, ready.Tokens["admin"], ready.Tokens
	return s
}

// serve starts `trama serve` with a configuration and a token.
func serve(t testing.TB, yaml string) *server {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "trama.yaml")
	yaml += "\nlisten: 127.0.0.1:0\nstore: {url: \"sqlite:" + filepath.Join(dir, "trama.db") + "\"}\ncache_dir: " + dir + "\n"
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(binary, "token", "new", "--config", path).CombinedOutput()
	if err != nil {
		t.Fatalf("token new: %v\n%s", err, out)
	}
	s := &server{log: &lockedBuffer{}, Token: strings.TrimSpace(string(out)), config: path}
	s.start(t, "serve", "--config", path)
	s.listening(t)
	return s
}

// listening waits for the address the server says it listens at.
func (s *server) listening(t testing.TB) {
	t.Helper()
	listen := regexp.MustCompile(`"listen":"([^"]+)"`)
	deadline := time.Now().Add(time.Minute)
	for s.URL = ""; s.URL == ""; {
		if m := listen.FindStringSubmatch(s.log.String()); m != nil {
			s.URL = "http://" + m[1]
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server did not start:\n%s", s.log)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// restart stops the server and starts it again over the same store.
func (s *server) restart(t testing.TB) {
	t.Helper()
	s.stop()
	if err := s.cmd.Wait(); err != nil {
		t.Fatalf("the server ended with %v:\n%s", err, s.log)
	}
	s.stopped = true
	again := &server{log: &lockedBuffer{}, Token: s.Token, config: s.config}
	again.start(t, "serve", "--config", s.config)
	again.listening(t)
	s.URL, s.log, s.cmd, s.stop = again.URL, again.log, again.cmd, again.stop
}

func (s *server) start(t testing.TB, args ...string) {
	t.Helper()
	s.cmd = exec.Command(binary, args...)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// Asked once: a second time would end it at once.
	process := s.cmd.Process
	s.stop = sync.OnceFunc(func() { _ = process.Signal(interrupt) })
	t.Cleanup(func() {
		if s.stopped {
			return
		}
		s.stop()
		if err := s.cmd.Wait(); err != nil {
			t.Errorf("the server ended with %v:\n%s", err, s.log)
		}
		if t.Failed() {
			t.Logf("log:\n%s", s.log)
		}
	})
}

// answer is a GraphQL response.
type answer struct {
	Data   map[string]any `json:"data"`
	Errors []struct {
		Message    string         `json:"message"`
		Path       []any          `json:"path"`
		Extensions map[string]any `json:"extensions"`
	} `json:"errors"`
	Extensions map[string]any `json:"extensions"`
}

func (a *answer) codes() []string {
	var out []string
	for _, e := range a.Errors {
		out = append(out, fmt.Sprint(e.Extensions["code"]))
	}
	return out
}

// parted parts what is at fault in single records, as the worlds of the sandbox have some,
// from the errors that say that something does not work.
func (a *answer) parted() (garbled, failed []string) {
	for _, e := range a.Errors {
		text := fmt.Sprintf("%v %s", e.Extensions["code"], e.Message)
		if e.Extensions["code"] == "SOURCE_INVALID" && strings.HasSuffix(e.Message, "in a form that is not agreed") {
			garbled = append(garbled, text)
		} else {
			failed = append(failed, fmt.Sprintf("%s %v", text, e.Path))
		}
	}
	slices.Sort(garbled)
	return garbled, failed
}

// ask sends a query and wants a GraphQL answer.
func (s *server) ask(t testing.TB, query string, variables map[string]any) *answer {
	t.Helper()
	status, body := s.post(t, query, variables)
	if status != http.StatusOK {
		t.Fatalf("status %d: %s", status, body)
	}
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return &a
}

func (s *server) post(t testing.TB, query string, variables map[string]any) (int, []byte) {
	t.Helper()
	b, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.URL+"/graphql", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.Token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/graphql-response+json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}

// metrics reads /metrics as series → value.
func (s *server) metrics(t testing.TB) map[string]float64 {
	t.Helper()
	resp, err := http.Get(s.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	out := map[string]float64{}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if ok && !strings.HasPrefix(name, "#") {
			out[name], _ = strconv.ParseFloat(value, 64)
		}
	}
	return out
}

// calls returns the upstream calls since the start, by source.
func (s *server) calls(t testing.TB) map[string]int {
	t.Helper()
	out := map[string]int{}
	source := regexp.MustCompile(`^trama_upstream_call_seconds_count\{.*source="([^"]+)"`)
	for name, v := range s.metrics(t) {
		if m := source.FindStringSubmatch(name); m != nil {
			out[m[1]] += int(v)
		}
	}
	return out
}

// at walks into an answer: "customers.nodes.0.name".
func at(t testing.TB, v any, path string) any {
	t.Helper()
	for _, step := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(x) {
				t.Fatalf("no %s in a list of %d", step, len(x))
			}
			v = x[i]
		default:
			t.Fatalf("nothing at %s of %s", step, path)
		}
	}
	return v
}
