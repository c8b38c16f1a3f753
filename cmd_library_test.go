package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/graph/dataset/library"
	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/store"
)

// bare is a server without any system, and with tokens of the given packages; the
// account of admin is root.
func bare(t *testing.T, packages ...string) (a *app, ask map[string]asking) {
	t.Helper()
	cfg, err := parseConfig([]byte("store: {url: 'sqlite:"+filepath.Join(t.TempDir(), "trama.db")+"'}\nscope: {carrier: carrier}\nsources: [{name: erp, kind: otrs, url: 'http://127.0.0.1:1/x', user: a, password: b}]\n"), anything)
	if err != nil {
		t.Fatal(err)
	}
	if a, err = build(t.Context(), cfg, "test", slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(a.web)
	t.Cleanup(func() {
		server.Close()
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	ask = map[string]asking{}
	for _, name := range packages {
		g := tokens.Grant{Account: name, Packages: []string{name}, Role: tokens.Member}
		if name == "admin" {
			g.Role = tokens.Root
		}
		if name == "carrier" {
			g.Claims = map[string]string{"carrier": "Nord Fret"}
		}
		token, _, err := a.tokens.Issue(t.Context(), tokens.Operator(), g)
		if err != nil {
			t.Fatal(err)
		}
		ask[name] = asking{t: t, url: server.URL, token: token}
	}
	return a, ask
}

// asking is a client with a token.
type asking struct {
	t          *testing.T
	url, token string
}

type datasetShown struct {
	Name, Label, Origin, Text, SavedBy string
	SavedAt                            *time.Time
	Columns                            []struct {
		Name, Type string
		Masked     bool
	}
	Problems []struct {
		Line   int
		Reason string
	}
}

func (d *datasetShown) columns() string {
	var names []string
	for _, c := range d.Columns {
		name := c.Name + ":" + c.Type
		if c.Masked {
			name += ":masked"
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

type datasetsAnswer struct {
	Data struct {
		Datasets      []datasetShown
		SaveDataset   *datasetShown
		RemoveDataset *bool
		Audit         []struct{ Kind, Account, Subject, Detail string }
	}
	Errors []struct {
		Message    string
		Extensions struct{ Code string }
	}
}

func (a *datasetsAnswer) get(name string) *datasetShown {
	for i := range a.Data.Datasets {
		if a.Data.Datasets[i].Name == name {
			return &a.Data.Datasets[i]
		}
	}
	return nil
}

func (c asking) try(query string, variables map[string]any) *datasetsAnswer {
	c.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		c.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url+"/graphql", strings.NewReader(string(body)))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Content-Type", "application/json")
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	raw, err := io.ReadAll(reply.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	_ = reply.Body.Close()
	var out datasetsAnswer
	if err := json.Unmarshal(raw, &out); err != nil {
		c.t.Fatalf("%v: %s", err, raw)
	}
	return &out
}

func (c asking) must(query string, variables map[string]any) *datasetsAnswer {
	c.t.Helper()
	a := c.try(query, variables)
	if len(a.Errors) > 0 {
		c.t.Fatalf("%s: %+v", query, a.Errors)
	}
	return a
}

const (
	wholeList = `{ datasets { name label origin text savedBy savedAt columns { name type masked } problems { line reason } } }`
	shortList = `{ datasets { name label columns { name type masked } } }`
	saveIt    = `mutation($name: String!, $text: String!) { saveDataset(name: $name, text: $text) { name origin savedBy savedAt text columns { name type } } }`
	removeIt  = `mutation($name: String!) { removeDataset(name: $name) }`
)

const ownText = "query big_customers @dataset(label: \"Ours\", grain: \"customers\") {\n  customers { nodes { name taxId } }\n}\n"

func TestDatasetsOfAdministrators(t *testing.T) {
	_, ask := bare(t, "admin", "bi", "carrier")
	admin, bi, carrier := ask["admin"], ask["bi"], ask["carrier"]

	a := admin.must(wholeList, nil)
	if len(a.Data.Datasets) != 13 {
		t.Errorf("the administrator has %d datasets, want 13", len(a.Data.Datasets))
	}
	if d := a.get("customers"); d == nil || d.Origin != "SHIPPED" || !strings.Contains(d.Text, "query customers") || d.SavedBy != "" || d.SavedAt != nil || d.Problems != nil {
		t.Errorf("customers is %+v", d)
	}

	saved := admin.must(saveIt, map[string]any{"name": "big_customers", "text": ownText}).Data.SaveDataset
	if saved == nil || saved.Origin != "SAVED" || saved.SavedBy != "admin" || saved.SavedAt == nil || saved.Text != ownText {
		t.Errorf("saved %+v", saved)
	}
	const fixed = "key:TEXT source:TEXT asOf:DATETIME isDeleted:BOOLEAN modifiedAt:DATETIME"
	if got := saved.columns(); got != fixed+" name:TEXT taxId:TEXT" {
		t.Errorf("its columns are %s", got)
	}
	// Every token has what it may export of it, and no more.
	if d := bi.must(shortList, nil).get("big_customers"); d == nil || d.columns() != fixed+" name:TEXT taxId:TEXT:masked" || d.Label != "Ours" {
		t.Errorf("bi has %+v", d)
	}
	if d := carrier.must(shortList, nil).get("big_customers"); d != nil {
		t.Errorf("the carrier has %+v", d)
	}
	if got := carrier.must(shortList, nil).get("products"); got == nil || strings.Contains(got.columns(), "price") {
		t.Errorf("the carrier's products are %+v", got)
	}

	// In the place of a shipped one, and back.
	text := "query customers @dataset(grain: \"customers\") { customers { nodes { country } } }"
	admin.must(saveIt, map[string]any{"name": "customers", "text": text})
	if d := bi.must(shortList, nil).get("customers"); d.columns() != fixed+" country:TEXT" {
		t.Errorf("in its place: %s", d.columns())
	}
	if done := admin.must(removeIt, map[string]any{"name": "customers"}).Data.RemoveDataset; done == nil || !*done {
		t.Errorf("removed: %v", done)
	}
	if d := admin.must(wholeList, nil).get("customers"); d == nil || d.Origin != "SHIPPED" || len(d.Columns) < 10 {
		t.Errorf("it is back as %+v", d)
	}

	audit := admin.must(`{ audit(first: 3) { kind account subject detail } }`, nil).Data.Audit
	if len(audit) != 3 || audit[0].Kind != "dataset.removed" || audit[0].Subject != "customers" || audit[0].Account != "admin" ||
		audit[1].Kind != "dataset.saved" || audit[2].Kind != "dataset.saved" || audit[2].Subject != "big_customers" {
		t.Errorf("the audit says %+v", audit)
	}
}

// TestDatasetsUnread: what is kept is answered as kept, also where the datasets cannot be
// read again.
func TestDatasetsUnread(t *testing.T) {
	a, ask := bare(t, "admin")
	dir := filepath.Join(t.TempDir(), "datasets")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	var err error
	if a.library, err = library.Open(t.Context(), library.Options{Full: graph.Full(), Dir: dir, Saved: a.savedDatasets}); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if a.library.Refresh(t.Context()) == nil {
		t.Fatal("read a directory that is gone")
	}
	for range 2 {
		saved := ask["admin"].must(saveIt, map[string]any{"name": "big_customers", "text": ownText}).Data.SaveDataset
		if saved == nil || saved.Origin != "SAVED" || saved.SavedBy != "admin" || saved.SavedAt == nil || saved.Text != ownText || !strings.HasSuffix(saved.columns(), " name:TEXT taxId:TEXT") {
			t.Errorf("saved %+v", saved)
		}
	}
	if list, err := a.store.Datasets(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("%+v are kept, %v", list, err)
	}
	if done := ask["admin"].must(removeIt, map[string]any{"name": "big_customers"}).Data.RemoveDataset; done == nil || !*done {
		t.Errorf("removed: %v", done)
	}
	if list, err := a.store.Datasets(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%+v are kept, %v", list, err)
	}
}

func TestDatasetsRefused(t *testing.T) {
	_, ask := bare(t, "admin", "bi")
	admin := ask["admin"]
	for _, tt := range []struct{ name, as, text, want string }{
		{"no query", "mine", "{", "mine.graphql:1: "},
		{"a field that is not there, and another", "mine", "query mine @dataset(grain: \"customers\") {\n customers { nodes { nosuch\n neither } }\n}", "mine.graphql:2: Customer has no field nosuch; mine.graphql:3: Customer has no field neither"},
		{"another name", "mine", ownText, `mine.graphql:1: the query is called "big_customers"`},
		{"a name no address has", "a/b", ownText, "the name of a dataset is a letter"},
		{"a name in another case", "Customers", strings.ReplaceAll(ownText, "big_customers", "Customers"), "there is customers already"},
		{"too long", "mine", ownText + strings.Repeat("#", 64<<10), "more than 65536 bytes"},
	} {
		t.Run("case="+tt.name, func(t *testing.T) {
			a := admin.try(saveIt, map[string]any{"name": tt.as, "text": tt.text})
			if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != "BAD_REQUEST" || !strings.Contains(a.Errors[0].Message, tt.want) {
				t.Errorf("got %+v, want %q", a.Errors, tt.want)
			}
		})
	}
	if a := admin.try(removeIt, map[string]any{"name": "customers"}); len(a.Errors) != 1 || a.Errors[0].Extensions.Code != "NOT_FOUND" {
		t.Errorf("a shipped one is removed: %+v", a.Errors)
	}
	// Nobody else, and what he may not ask does not exist.
	for _, query := range []string{wholeList, `mutation { saveDataset(name: "a", text: "b") { name } }`, `mutation { removeDataset(name: "a") }`} {
		if a := ask["bi"].try(query, nil); len(a.Errors) == 0 || a.Data.Datasets != nil {
			t.Errorf("bi asked %s: %+v", query, a)
		}
	}
	if n := len(admin.must(wholeList, nil).Data.Datasets); n != 13 {
		t.Errorf("there are %d after all was refused", n)
	}
}

// What another instance saved is there within two seconds; a saved text that is no
// table any more is told with its line, and the others go on.
func TestDatasetsOfAnotherInstance(t *testing.T) {
	a, ask := bare(t, "admin", "bi")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.followInstances(ctx)
	}()
	defer func() { cancel(); <-done }()
	other, err := store.Open(t.Context(), a.cfg.Store.URL, store.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	save := func(name, text string) {
		t.Helper()
		d := &store.Dataset{Name: name, Text: text, SavedBy: "colleague", SavedAt: time.Now()}
		if err := other.SaveDataset(t.Context(), d, 500, tokens.Entry{Kind: datasetSaved, Account: "colleague", Subject: name}); err != nil {
			t.Fatal(err)
		}
	}
	save("big_customers", ownText)
	save("old", "query old @dataset(grain: \"customers\") {\n  customers { nodes { fax } }\n}")
	deadline := time.Now().Add(10 * time.Second)
	for ask["bi"].must(shortList, nil).get("big_customers") == nil {
		if time.Now().After(deadline) {
			t.Fatal("it never came")
		}
		time.Sleep(20 * time.Millisecond)
	}
	list := ask["admin"].must(wholeList, nil)
	if d := list.get("old"); d == nil || len(d.Problems) != 1 || d.Problems[0].Line != 2 || d.Problems[0].Reason != "Customer has no field fax" || d.Columns != nil || d.SavedBy != "colleague" {
		t.Errorf("the one that is refused: %+v", d)
	}
	if ask["bi"].must(shortList, nil).get("old") != nil {
		t.Error("others are told of the one that is refused")
	}
}
