package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// as asks with another token.
func (s *server) as(token string) *server {
	other := *s
	other.Token = token
	return &other
}

// run runs a command on the server's configuration and returns what it printed.
func (s *server) run(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), binary, append(args, "--config", s.config)...).CombinedOutput()
	if err != nil {
		t.Fatalf("trama %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// try sends a query that may be refused.
func (s *server) try(t testing.TB, query string) *answer {
	t.Helper()
	_, body := s.post(t, query, nil)
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return &a
}

// login asks /v1/login.
func (s *server) login(t testing.TB) (status int, header http.Header, body map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/v1/login", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return resp.StatusCode, resp.Header, body
}

// oneSource is the least that can be served: a system nobody is asked of.
const oneSource = `
sources:
  - {name: books, kind: onec, url: "http://127.0.0.1:1/base/odata/standard.odata/", user: odata, password: x, zone: UTC}
`

// TestAdministration does by GraphQL what an administrator does, and what one may
// not.
func TestAdministration(t *testing.T) {
	t.Parallel()
	root := serve(t, oneSource)
	ok := func(s *server, query string) map[string]any {
		t.Helper()
		a := s.try(t, query)
		if len(a.Errors) > 0 {
			t.Fatalf("%s: %+v", query, a.Errors)
		}
		return a.Data
	}
	ok(root, `mutation { saveAgreement(agreement: {name: "partners", packages: ["ecommerce", "crm"], callsPerMinute: 600, rowsPerDay: 1000, introspection: false}) { name } }`)
	ok(root, `mutation { saveAccount(name: "helper", role: ADMIN) { role } }`)
	admin := root.as(secret(t, ok(root, `mutation { generateToken(account: "helper", packages: ["crm"]) { secret token { id state } } }`)))
	ok(admin, `mutation { saveAccount(name: "shop", agreement: "partners") { name } }`)
	first := secret(t, ok(admin, `mutation { generateToken(account: "shop", packages: ["ecommerce"], claims: [{name: "shop", value: "web"}]) { secret } }`))
	shop := root.as(first)

	if status, _, body := shop.login(t); status != 200 || body["account"] != "shop" || body["agreement"].(map[string]any)["name"] != "partners" {
		t.Errorf("login: %d %v", status, body)
	}
	if got := ok(shop, `{ me { account packages claims { name value } agreement { callsPerMinute introspection } remaining { rows } } }`)["me"]; !strings.Contains(str(got), `"value":"web"`) || !strings.Contains(str(got), `"callsPerMinute":600`) || !strings.Contains(str(got), `"rows":`) {
		t.Errorf("me: %s", str(got))
	}

	for name, c := range map[string]struct {
		as    *server
		query string
		code  string
	}{
		"an admin makes no admin":                {admin, `mutation { saveAccount(name: "x", role: ADMIN) { name } }`, "FORBIDDEN"},
		"an admin touches no root":               {admin, `mutation { generateToken(account: "admin") { secret } }`, "FORBIDDEN"},
		"a member has no mutations":              {shop, `mutation { saveAccount(name: "x") { name } }`, "BAD_REQUEST"},
		"a member sees no tokens":                {shop, `{ tokens { id } }`, "BAD_REQUEST"},
		"a package the agreement does not have":  {admin, `mutation { generateToken(account: "shop", packages: ["admin"]) { secret } }`, "BAD_REQUEST"},
		"a package that does not exist":          {admin, `mutation { generateToken(account: "shop", packages: ["ecomerce"]) { secret } }`, "BAD_REQUEST"},
		"a claim nobody knows":                   {admin, `mutation { generateToken(account: "shop", packages: ["ecommerce"], claims: [{name: "region", value: "x"}]) { secret } }`, "BAD_REQUEST"},
		"a customer that is no id":               {admin, `mutation { generateToken(account: "shop", packages: ["ecommerce"], claims: [{name: "customer", value: "12345"}]) { secret } }`, "BAD_REQUEST"},
		"a network that is none":                 {admin, `mutation { generateToken(account: "shop", packages: ["ecommerce"], networks: ["10.0.0.0/99"]) { secret } }`, "BAD_REQUEST"},
		"introspection that was not agreed":      {shop, `{ __schema { queryType { name } } }`, "BAD_REQUEST"},
		"an admin with one package sees no more": {admin, `{ invoices { nodes { id } } }`, "BAD_REQUEST"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			a := c.as.try(t, c.query)
			if len(a.Errors) == 0 || a.Errors[0].Extensions["code"] != c.code {
				t.Errorf("got %+v %v, want %s", a.Errors, a.Data, c.code)
			}
			if strings.Contains(str(a), "trm_") {
				t.Error("a token is in the answer")
			}
		})
	}

	// Replacing stops the old one at once, disabling the new one.
	second := secret(t, ok(admin, `mutation { generateToken(account: "shop", packages: ["ecommerce"]) { secret } }`))
	if status, _, _ := shop.login(t); status != http.StatusUnauthorized {
		t.Errorf("the replaced token got %d", status)
	}
	id := strings.Split(second, "_")[2]
	ok(admin, `mutation { disableToken(id: "`+id+`") { state } }`)
	if status, _, body := root.as(second).login(t); status != http.StatusUnauthorized || strings.Contains(str(body), id) {
		t.Errorf("the disabled token got %d %v", status, body)
	}
	// What was done, and what was refused, is in the audit.
	audit := str(ok(root, `{ audit(first: 100) { id at kind account token subject detail } }`))
	for _, want := range []string{"agreement.saved", "account.saved", "token.generated", "token.replaced", "token.disabled", "refused"} {
		if !strings.Contains(audit, want) {
			t.Errorf("the audit lacks %s:\n%s", want, audit)
		}
	}
	for _, s := range []string{first, second} {
		if strings.Contains(audit, s) || strings.Contains(root.log.String(), strings.Split(s, "_")[3]) {
			t.Error("a token's secret is in the audit or the log")
		}
	}
}

func secret(t testing.TB, data map[string]any) string {
	t.Helper()
	made, _ := data["generateToken"].(map[string]any)
	s, _ := made["secret"].(string)
	if !strings.HasPrefix(s, "trm_live_") {
		t.Fatalf("no token in %v", data)
	}
	return s
}

func str(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// TestLimitsOfAnAgreement uses an agreement up.
func TestLimitsOfAnAgreement(t *testing.T) {
	t.Parallel()
	root := serve(t, oneSource)
	root.run(t, "agreement", "set", "small", "--package", "crm", "--calls-per-minute", "6", "--burst", "3", "--max-depth", "4", "--max-page", "10", "--max-cost", "500")
	small := root.as(root.run(t, "token", "new", "--account", "small", "--agreement", "small"))
	for _, c := range []struct{ query, code string }{
		{`{ orders(first: 11) { nodes { id } } }`, "BAD_REQUEST"},
		{`{ orders { nodes { customer { orders { nodes { id } } } } } }`, "LIMITED"},
	} {
		if a := small.try(t, c.query); len(a.Errors) == 0 || a.Errors[0].Extensions["code"] != c.code {
			t.Errorf("%s: got %+v, want %s", c.query, a.Errors, c.code)
		}
	}
	if a := small.try(t, `{ me { account } }`); len(a.Errors) > 0 {
		t.Errorf("the third call: %+v", a.Errors)
	}
	status, body := small.post(t, `{ me { account } }`, nil)
	if status != http.StatusTooManyRequests || !strings.Contains(string(body), "LIMITED") || !strings.Contains(string(body), "retryAfter") {
		t.Errorf("the fourth call: %d %s", status, body)
	}
	// Who has used up what was agreed may look why.
	status, h, _ := small.login(t)
	if reset, err := strconv.Atoi(h.Get("RateLimit-Reset")); status != 200 || h.Get("RateLimit-Limit") == "" || h.Get("RateLimit-Remaining") != "0" || err != nil || reset < 1 {
		t.Errorf("login: %d %v", status, h)
	}
	// Another account has its own.
	if status, _, _ := root.login(t); status != 200 {
		t.Errorf("the administrator got %d", status)
	}
}

// TestPoliciesAreReadAgain puts a file into the directory of a running server, then
// one with a mistake, then takes it away.
func TestPoliciesAreReadAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	root := serve(t, oneSource+"policies: {dir: "+dir+", every: 50ms}\n")
	crm := root.as(root.run(t, "token", "new", "--account", "crm", "--package", "crm"))
	payments := func() bool {
		return len(crm.try(t, `{ payments(first: 1) { totalCount } }`).Errors) == 0 || crm.knows(t, "payments")
	}
	if crm.knows(t, "payments") {
		t.Fatal("the package crm has payments")
	}
	file := filepath.Join(dir, "crm.json")
	write(t, file, `{"policies": [{"id": "crm-payments", "subjects": ["package:crm"], "effect": "allow", "resources": ["graph:Query.payments", "graph:Payment.<id|number>"], "actions": ["read"]}]}`)
	eventually(t, "the new file in force", payments)
	write(t, file, `{"policies": [{"id": "crm-payments", "subjects": ["package:crm"], "effect": "allow", "resources": ["graph:Payment.nunber"], "actions": ["read"]}]}`)
	eventually(t, "the mistake told", func() bool {
		return root.shows(t, "/readyz", `"refused":true`) && root.shows(t, "/metrics", "trama_policies_refused 1")
	})
	if !payments() {
		t.Error("what was in force is not any more")
	}
	if log := root.log.String(); !strings.Contains(log, "crm.json") || !strings.Contains(log, "nunber") {
		t.Errorf("the log does not say what is wrong:\n%s", log)
	}
	a := root.try(t, `mutation { reloadPolicies { version } }`)
	if len(a.Errors) != 1 || !strings.Contains(a.Errors[0].Message, "crm.json") || !strings.Contains(a.Errors[0].Message, `did you mean "number"`) {
		t.Errorf("reloadPolicies: %+v", a.Errors)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	// An empty directory may be one that was unmounted: what it said stays until somebody wants it.
	eventually(t, "the empty directory told", func() bool { return strings.Contains(root.log.String(), "is empty and was not before") })
	if !payments() {
		t.Error("an empty directory took away what was in force")
	}
	if a := root.try(t, `mutation { reloadPolicies { version } }`); len(a.Errors) > 0 {
		t.Errorf("reloadPolicies: %+v", a.Errors)
	}
	eventually(t, "the file taken away", func() bool { return !crm.knows(t, "payments") && !root.shows(t, "/readyz", `"refused":true`) })
	if audit := str(root.try(t, `{ audit(kind: "policies.refused") { kind detail } }`)); !strings.Contains(audit, "policies.refused") {
		t.Errorf("the audit: %s", audit)
	}
}

// knows reports whether a root field exists for a token.
func (s *server) knows(t testing.TB, field string) bool {
	t.Helper()
	return strings.Contains(str(s.try(t, `{ __schema { queryType { fields { name } } } }`).Data), `"`+field+`"`)
}

// shows reports whether a page has a text.
func (s *server) shows(t testing.TB, path, text string) bool {
	t.Helper()
	_, body := s.get(t, path)
	return strings.Contains(body, text)
}

func write(t testing.TB, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for what happens on another clock.
func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !f(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for: %s", what)
		}
	}
}

// TestRowsOfADay asks for more than is left, at once.
func TestRowsOfADay(t *testing.T) {
	t.Parallel()
	root := serve(t, configuration(systems(t, 60)))
	root.filled(t)
	root.run(t, "agreement", "set", "few", "--package", "crm", "--rows-per-day", "20")
	few := root.as(root.run(t, "token", "new", "--account", "few", "--agreement", "few"))
	var wait sync.WaitGroup
	var rows, limited atomic.Int64
	for range 12 {
		wait.Go(func() {
			status, body := few.post(t, `{ customers(first: 7) { nodes { name } } }`, nil)
			var a answer
			if err := json.Unmarshal(body, &a); err != nil {
				t.Error(err)
				return
			}
			if customers, ok := a.Data["customers"].(map[string]any); ok {
				rows.Add(int64(len(customers["nodes"].([]any))))
			} else if status == http.StatusTooManyRequests || a.Errors[0].Extensions["code"] == "LIMITED" {
				limited.Add(1)
			}
		})
	}
	wait.Wait()
	if rows.Load() > 20 || rows.Load() < 14 || limited.Load() == 0 {
		t.Errorf("%d rows were given of 20, %d calls were refused", rows.Load(), limited.Load())
	}
}
