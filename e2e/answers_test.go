package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox"
	"github.com/trama-graph/trama/datasources/sandbox/onec"
)

const narrowed = `{"package": "narrowed", "titles": {"en": "Nobody's titles"}, "policies": [{"id": "no-titles", "description": "Titles are nobody's.",
	"subjects": ["package:dashboard"], "effect": "deny", "actions": ["read"], "resources": ["graph:Ticket.title"]}]}`

// TestKeptAnswers follows an answer that is kept: it is given again until something of
// it changes, by whatever way Trama hears of it, and to nobody who may not have it. No
// row is cached meanwhile, and the records are copied and pushed ones.
func TestKeptAnswers(t *testing.T) {
	box, err := sandbox.Start(t.Context(), sandbox.Options{Customers: 30, OneC: onec.Options{Configuration: onec.UNF}})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	desk, dir := box.Source("helpdesk"), t.TempDir()
	s := serve(t, fmt.Sprintf(`
cache: {ttl: 0s, invalidate_secret: 0123456789abcdef}
policies: {dir: %q, every: 100ms}
sources:
  - {name: helpdesk, kind: otrs, supply: copy, every: 1s, url: %q, user: %s, password: %s}
  - {name: shop, kind: webshop, supply: push}
`, dir, desk.URL, desk.User, desk.Password))
	s.copied(t)
	s.run(t, "agreement", "set", "wall", "--package", "dashboard", "--answer-cache", "1h")
	wall := strings.TrimSpace(s.run(t, "token", "new", "--account", "wall", "--package", "dashboard", "--agreement", "wall"))
	feed := s.as(strings.TrimSpace(s.run(t, "token", "new", "--account", "feed", "--source", "shop")))
	const tickets = `query @cacheControl(maxAge: 3600) { tickets(first: 400) { nodes { number title } } }`
	const orders = `query @cacheControl(maxAge: 3600) { orders { totalCount nodes { number } } }`
	asks := func(query string) *reply { return s.query(t, wall, query, nil) }
	isKept := func(query string) bool { return asks(query).header.Get("Age") != "" }
	push := func(id string, version int) {
		status, body := feed.pushTo(t, "/push/shop", fmt.Sprintf(`{"entity":"Order","id":%q,"version":%d,"data":{"number":"W-%s","customer":"K1","status":"open"}}`, id, version, id))
		if status != http.StatusOK || !strings.Contains(body, `"stored":1`) {
			t.Fatalf("%d %s", status, body)
		}
	}
	push("first", 1) // before it, orders are an error
	for _, q := range []string{tickets, orders} {
		last := asks(q)
		for range 100 {
			if last = asks(q); last.header.Get("Age") != "" {
				break
			}
		}
		if last.header.Get("Age") == "" {
			t.Fatalf("not kept: %v %.300s … %s", last.header, last.body, last.body[max(0, len(last.body)-300):])
		}
	}
	if h := asks(tickets).header; h.Get("Cache-Control") != "private, max-age=3600" {
		t.Errorf("it says %v", h)
	}

	for i := range 3 {
		eventually(t, "the answer is kept", func() bool { return isKept(orders) })
		push(fmt.Sprint(i), 1)
		if r := asks(orders); !strings.Contains(r.body, fmt.Sprintf(`"W-%d"`, i)) {
			t.Errorf("a push was answered with %s", r.body)
		}
	}
	if !isKept(tickets) {
		t.Error("pushing an order made tickets old")
	}

	id := 0
	for n := range box.OTRS.Titles() {
		id = max(id, n)
	}
	box.OTRS.Edit(id, "Edited in the help desk", time.Now())
	eventually(t, "the copy's run ended the answer", func() bool { return strings.Contains(asks(tickets).body, "Edited in the help desk") })
	eventually(t, "the new one is kept", func() bool { return isKept(tickets) })

	if err := os.WriteFile(filepath.Join(dir, "narrowed.json"), []byte(narrowed), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the field is denied", func() bool { return strings.Contains(asks(tickets).body, `Cannot query field`) })
	if r := asks(tickets); strings.Contains(r.body, "Edited") || r.header.Get("Age") != "" {
		t.Errorf("another policy, and the answer is %v %.300s", r.header, r.body)
	}
	eventually(t, "the answer is kept", func() bool { return isKept(orders) })
	s.run(t, "token", "disable", strings.Split(wall, "_")[2])
	eventually(t, "the token lets nobody in", func() bool { return asks(orders).status == http.StatusUnauthorized })
	if m := s.metrics(t); m["trama_answers_hits_total"] < 5 || m["trama_answers_outdated_total"] < 4 || m["trama_answers_entries"] == 0 {
		t.Errorf("counted %v hits, %v outdated", m["trama_answers_hits_total"], m["trama_answers_outdated_total"])
	}
}
