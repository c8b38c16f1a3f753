package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox"
	"github.com/trama-graph/trama/datasources/sandbox/faults"
	"github.com/trama-graph/trama/datasources/sandbox/onec"
)

// systems starts the fake systems in this process, where their faults can be
// switched.
func systems(t *testing.T, customers int) *sandbox.Sandbox {
	t.Helper()
	box, err := sandbox.Start(t.Context(), sandbox.Options{Customers: customers, OneC: onec.Options{Configuration: onec.UNF}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	return box
}

// configuration is what an operator writes to connect them, without a cache and
// with short patience.
func configuration(box *sandbox.Sandbox) string {
	crm, books, desk := box.Source("crm"), box.Source("books"), box.Source("helpdesk")
	return fmt.Sprintf(`
cache: {ttl: 0s}
sources:
  - {name: crm, kind: creatio, url: %q, user: %s, password: %s, base_currency: EUR, foreign_ids: {Uid1C: books}, timeout: 1s}
  - {name: books, kind: onec, url: %q, user: %s, password: %s, zone: Europe/Chisinau, currency: MDL, timeout: 1s}
  - {name: helpdesk, kind: otrs, url: %q, user: %s, password: %s, timeout: 1s}
directory: {every: 1h}
documents: {Order: [crm, books], Quote: [crm], Invoice: [books]}
limits: {timeout: 10s}
`, crm.URL, crm.User, crm.Password, books.URL, books.User, books.Password, desk.URL, desk.User, desk.Password)
}

// filled waits until every source's customers were read.
func (s *server) filled(t testing.TB) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		_, body := s.get(t, "/readyz")
		if !strings.Contains(body, "filling") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not filled: %s", body)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (s *server) get(t testing.TB, path string) (int, string) {
	t.Helper()
	resp, err := http.Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

const branches = `{ customers(first: 20) { nodes { name
	tickets { nodes { number } } quotes { nodes { number } } orders { missing nodes { number source } } invoices { nodes { number } } } } }`

// TestOneBrokenSystemSpoilsOnlyItsBranches breaks each system in each way. Its
// branches are null with a code and its name, the others are whole; afterwards
// it is used again by itself. No upstream text gets out.
func TestOneBrokenSystemSpoilsOnlyItsBranches(t *testing.T) {
	box := systems(t, 60)
	s := serve(t, configuration(box))
	s.filled(t)
	if a := s.ask(t, branches, nil); len(a.Errors) > 0 {
		t.Fatalf("healthy: %v", a.Errors)
	}
	owned := map[string][]string{"crm": {"quotes"}, "books": {"invoices"}, "helpdesk": {"tickets"}}
	for _, name := range []string{"crm", "books", "helpdesk"} {
		for _, mode := range []faults.Mode{faults.Drop, faults.Hang, faults.LoginPage, faults.Garbage, faults.ServerError, faults.ErrorBody, faults.HalfBody, faults.Limited, faults.Unavailable, faults.EmptyBody} {
			t.Run(fmt.Sprintf("%s/%s", name, mode), func(t *testing.T) {
				box.Source(name).Faults.SetMode(mode)
				started := time.Now()
				a := s.ask(t, branches, nil)
				took := time.Since(started)
				if took > 8*time.Second {
					t.Errorf("the answer took %s", took)
				}
				check(t, a, name, owned)
				box.Source(name).Faults.Clear()
				recover(t, s)
			})
		}
	}
}

// check wants the broken source's branches null and named, and the others' whole.
func check(t *testing.T, a *answer, broken string, owned map[string][]string) {
	t.Helper()
	codes := []string{"SOURCE_UNAVAILABLE", "SOURCE_TIMEOUT", "SOURCE_LIMITED", "SOURCE_INVALID"}
	if len(a.Errors) == 0 {
		t.Error("no error")
	}
	for _, e := range a.Errors {
		code := fmt.Sprint(e.Extensions["code"])
		if !slices.Contains(codes, code) || e.Extensions["source"] != broken {
			t.Errorf("error %v does not name %s with a code", e, broken)
		}
		if strings.Contains(e.Message, "<") || strings.Contains(e.Message, "http") || len(e.Message) > 200 {
			t.Errorf("upstream text in %q", e.Message)
		}
	}
	rows := map[string]int{}
	for _, n := range at(t, a.Data, "customers.nodes").([]any) {
		c := n.(map[string]any)
		for source, fields := range owned {
			for _, f := range fields {
				switch {
				case c[f] == nil && source != broken:
					t.Fatalf("%s is null though %s is well", f, source)
				case c[f] != nil:
					rows[f] += len(at(t, c[f], "nodes").([]any))
				}
			}
		}
		if o, ok := c["orders"].(map[string]any); ok {
			for _, row := range o["nodes"].([]any) {
				rows["orders of "+fmt.Sprint(row.(map[string]any)["source"])]++
			}
		}
	}
	for source, fields := range owned {
		for _, f := range fields {
			if source == broken && rows[f] > 0 || source != broken && rows[f] == 0 {
				t.Errorf("%d %s with %s broken", rows[f], f, broken)
			}
		}
	}
	for _, source := range []string{"crm", "books"} {
		if n := rows["orders of "+source]; source == broken && n > 0 || source != broken && n == 0 {
			t.Errorf("%d orders of %s with %s broken", n, source, broken)
		}
	}
}

// recover waits until the breaker has closed by itself.
func recover(t *testing.T, s *server) {
	t.Helper()
	deadline := time.Now().Add(90 * time.Second)
	for {
		a := s.ask(t, branches, nil)
		if len(a.Errors) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still broken: %v", a.Errors[0])
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// TestASourceThatIsDownAtTheStart does not keep the others from serving, says so,
// and is used as soon as it comes.
func TestASourceThatIsDownAtTheStart(t *testing.T) {
	box := systems(t, 60)
	if err := box.Source("books").Down(); err != nil {
		t.Fatal(err)
	}
	s := serve(t, configuration(box))
	deadline := time.Now().Add(30 * time.Second)
	for {
		if a := s.ask(t, `{ customers(first: 5) { nodes { name tickets { totalCount } } } }`, nil); len(a.Errors) == 0 && len(at(t, a.Data, "customers.nodes").([]any)) == 5 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the others do not serve")
		}
		time.Sleep(50 * time.Millisecond)
	}
	a := s.ask(t, `{ sources { name state lastErrorCode } customers(first: 5) { nodes { coverage { source state } invoices { totalCount } } } }`, nil)
	if len(a.Errors) != 5 || slices.ContainsFunc(a.codes(), func(c string) bool { return c != "SOURCE_UNAVAILABLE" }) {
		t.Errorf("got %v", a.Errors)
	}
	states, _ := json.Marshal(at(t, a.Data, "customers.nodes.0.coverage"))
	if !strings.Contains(string(states), `{"source":"books","state":"SOURCE_UNAVAILABLE"}`) {
		t.Errorf("coverage %s", states)
	}
	status, body := s.get(t, "/readyz")
	if status != 200 || !strings.Contains(body, `"status":"degraded"`) || !strings.Contains(body, `"name":"books"`) {
		t.Errorf("readyz %d %s", status, body)
	}
	if err := box.Source("books").Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.filled(t)
	recover(t, s)
}

// TestSessionsThatEnd ends every session in the middle of the traffic: nobody
// notices.
func TestSessionsThatEnd(t *testing.T) {
	box := systems(t, 60)
	s := serve(t, configuration(box))
	s.filled(t)
	for range 3 {
		box.OTRS.ExpireSessions()
		box.Creatio.ExpireSessions()
		if a := s.ask(t, branches, nil); len(a.Errors) > 0 {
			t.Errorf("%v", a.Errors[0])
		}
	}
}

// TestGoldenIDsSurviveARestart asks the same customers of a second server over
// the same store.
func TestGoldenIDsSurviveARestart(t *testing.T) {
	box := systems(t, 60)
	s := serve(t, configuration(box))
	s.filled(t)
	query := `{ customers(first: 100) { nodes { id name members { source recordId } } } }`
	first, _ := json.Marshal(s.ask(t, query, nil).Data)
	out, err := exec.Command(binary, "serve", "--config", s.config).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "another trama is running on it") {
		t.Errorf("a second server on the store: %v %s", err, out)
	}
	if out, err := exec.Command(binary, "check", "--config", s.config).CombinedOutput(); err != nil {
		t.Errorf("check beside the server: %v %s", err, out)
	}
	s.restart(t)
	s.filled(t)
	second, _ := json.Marshal(s.ask(t, query, nil).Data)
	if string(first) != string(second) {
		t.Errorf("before %.300s\nafter %.300s", first, second)
	}
}
