package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trama-graph/trama/e2e/canary"
)

// leak is a running server over the world of canaries, and what every token may see.
type leak struct {
	*server
	world    *canary.World
	policies string // the folder of the operator's documents
	scanner  *canary.Scanner
	sdl      *sdl
	oracle   *oracle
	admin    *partner
	partners []*partner
	ids      map[*node]string // sealed, as the admin got them
	nodes    []*node
	kept     atomic.Int64 // answers that were given before
}

// leakWorld starts the server, with more in its configuration.
func leakWorld(t testing.TB, gamma bool, more string) *leak {
	t.Helper()
	return leakWorldOf(t, func(url string) string { return canary.Config(url, gamma) }, more)
}

// leakWorldOf starts the server with a configuration of the systems at an address.
func leakWorldOf(t testing.TB, config func(url string) string, more string) *leak {
	t.Helper()
	l := &leak{world: canary.New(), sdl: wholeSDL(t), ids: map[*node]string{}}
	l.scanner = l.world.Scanner()
	up := httptest.NewServer(l.world)
	t.Cleanup(up.Close)
	dir := t.TempDir()
	l.policies = dir
	if err := os.CopyFS(dir, os.DirFS("testdata/leak")); err != nil {
		t.Fatal(err)
	}
	l.server = serve(t, config(up.URL)+"policies: {dir: \""+dir+"\"}\nlog: {level: debug}\nlimits: {root_fields: 500, aliases: 2000, cost: 2000000000}\n"+more)
	l.admin = &partner{name: "admin", packages: []string{"admin"}, role: "root", token: l.Token}
	l.readOf(t, canary.Alpha, canary.Beta)
	sealed := l.customersOf(t)
	l.oracle = newOracle(t, l.sdl, l.world, sealed, "../policies/packages", dir)
	l.nodes = l.oracle.nodes()
	l.partners = append(l.partners, l.admin)
	for _, p := range []partner{
		{name: "dashboard"},
		{name: "bi"},
		{name: "ecommerce"},
		{name: "ecommerce-plus"},
		{name: "crm"},
		{name: "carrier"},
		{name: "supplier"},
		{name: "tickets"},
		{name: "own-orders"},
		{name: "inspector"},
		{name: "admin-member", packages: []string{"admin"}},
		{name: "unclaimed"},
		{name: "second-customer", packages: []string{"own-orders", "tickets"}, claims: map[string]string{"customer": sealed[1]}},
		{name: "carrier-and-customer", packages: []string{"own-orders", "carrier"}, claims: map[string]string{"customer": sealed[0], "carrier": l.world.Carriers[1].Canary}},
	} {
		if p.packages == nil {
			p.packages = []string{p.name}
		}
		if p.claims == nil {
			p.claims = map[string]string{}
			for _, claim := range l.oracle.claims[p.name] {
				p.claims[claim] = map[string]string{"customer": sealed[0], "shop": l.world.Shops[0].Canary, "carrier": l.world.Carriers[0].Canary, "supplier": l.world.Suppliers[0].Canary}[claim]
			}
		}
		p.role = "member"
		p.token = l.newToken(t, p.name, p.packages, p.claims)
		l.partners = append(l.partners, &p)
	}
	for _, p := range l.partners {
		p.public = strings.Split(p.token, "_")[2]
	}
	return l
}

// customersOf waits until the directory knows the world's customers, and returns their
// sealed ids.
func (l *leak) customersOf(t testing.TB) (sealed [2]string) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		a := l.ask(t, `{ customers { nodes { id members { recordId } } } }`, nil)
		nodes, _ := a.Data["customers"].(map[string]any)
		list, _ := nodes["nodes"].([]any)
		for _, c := range list {
			for i, rows := range l.world.Customers {
				if at(t, c, "members.0.recordId") == rows[0].Key {
					sealed[i] = at(t, c, "id").(string)
				}
			}
		}
		if sealed[0] != "" && sealed[1] != "" {
			return sealed
		}
		if time.Now().After(deadline) {
			t.Fatalf("the customers are not those of the world: %v", a.Data)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// newToken makes a token at the command line, beside the running server.
func (s *server) newToken(t testing.TB, account string, packages []string, claims map[string]string) string {
	t.Helper()
	args := []string{"token", "new", "--config", s.config, "--account", account}
	for _, p := range packages {
		args = append(args, "--package", p)
	}
	for name, value := range claims {
		args = append(args, "--claim", name+"="+value)
	}
	out, err := exec.Command(binary, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// readOf waits until the customers of some systems were read.
func (s *server) readOf(t testing.TB, names ...string) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		a := s.ask(t, `{ sources { name asOf } }`, nil)
		filling := ""
		for _, n := range at(t, a.Data, "sources").([]any) {
			if source := n.(map[string]any); source["asOf"] == nil && slices.Contains(names, source["name"].(string)) {
				filling = fmt.Sprint(source["name"])
			}
		}
		if filling == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s was not read:\n%s", filling, s.log)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// known asks the admin for the ids of all rows.
func (l *leak) known(t testing.TB) {
	t.Helper()
	for _, typ := range canary.Types() {
		key := map[string]string{"Customer": "taxId", "Contact": "name", "Product": "sku"}[typ]
		if key == "" {
			key = "number"
		}
		a := l.ask(t, fmt.Sprintf("{ %s(first: 20) { nodes { id %s } } }", l.sdl.list(typ), key), nil)
		for _, row := range at(t, a.Data, l.sdl.list(typ)+".nodes").([]any) {
			for _, n := range l.nodes {
				if n.typ == typ && n.texts[key] == at(t, row, key) {
					l.ids[n] = at(t, row, "id").(string)
				}
			}
		}
	}
	for _, n := range l.nodes {
		if l.ids[n] == "" {
			t.Fatalf("%s is not in the graph", n.name)
		}
	}
}

// reply is all that comes back.
type reply struct {
	status int
	header http.Header
	body   string
}

// raw is what can be searched.
func (r *reply) raw() string {
	var b strings.Builder
	_ = r.header.Write(&b)
	return b.String() + "\n" + r.body
}

// send asks as somebody; a token of "" is nobody.
func (s *server) send(t testing.TB, token, method, path, accept string, body []byte) *reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", accept)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return &reply{resp.StatusCode, resp.Header, string(b)}
}

func (s *server) query(t testing.TB, token, query string, variables map[string]any) *reply {
	t.Helper()
	b, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	return s.send(t, token, http.MethodPost, "/graphql", newer, b)
}

func (s *server) queryGet(t testing.TB, token, query string, variables map[string]any) *reply {
	t.Helper()
	v, _ := json.Marshal(variables)
	return s.send(t, token, http.MethodGet, "/graphql?"+url.Values{"query": {query}, "variables": {string(v)}}.Encode(), newer, nil)
}
