package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox"
	"github.com/trama-graph/trama/datasources/sandbox/faults"
	"github.com/trama-graph/trama/datasources/sandbox/onec"
)

// allCopied is the five systems, every one as a copy.
func allCopied(box *sandbox.Sandbox) string {
	text := fiveSystems(box)
	for _, kind := range []string{"creatio", "onec", "otrs"} {
		text = strings.Replace(text, "kind: "+kind+",", "kind: "+kind+", supply: copy, every: 1s,", 1)
	}
	return text
}

const wholeCustomers = `{ customers(first: 50) { nodes { id name taxId members { source }
	tickets(first: 5) { nodes { id number title state } }
	quotes(first: 5) { nodes { id number status total { amount currency } } }
	orders(first: 5) { totalCount nodes { id source number status total { amount currency } lines { sku quantity } invoices { nodes { id number status total { amount } } } } }
	invoices(first: 5) { totalCount nodes { id number status paid { amount } } } } } }`

var fiveNames = []string{"crm", "books", "helpdesk", "agency", "erp"}

// TestAllSystemsDown asks with every system away, also after a restart: the joined
// answer is what it was, byte for byte, and says how old it is.
func TestAllSystemsDown(t *testing.T) {
	box := systems(t, 120)
	s := serve(t, allCopied(box))
	s.copied(t)
	before := s.ask(t, wholeCustomers, nil)
	if len(before.Errors) > 0 {
		t.Fatal(before.Errors[0])
	}
	for _, name := range fiveNames {
		box.Source(name).Faults.Set(faults.Fault{Mode: faults.Drop})
	}
	for _, when := range []string{"while it runs", "after a restart"} {
		t.Run("case="+when, func(t *testing.T) {
			if when == "after a restart" {
				s.restart(t)
			}
			began := time.Now()
			a := s.ask(t, wholeCustomers, nil)
			if len(a.Errors) > 0 {
				t.Fatalf("answered with %v", a.Errors[0])
			}
			was, _ := json.Marshal(before.Data)
			is, _ := json.Marshal(a.Data)
			if string(was) != string(is) {
				t.Errorf("another answer:\n%.2000s\nwas\n%.2000s", is, was)
			}
			told := []string{}
			for _, x := range at(t, a.Extensions, "trama.sources").([]any) {
				source := x.(map[string]any)
				asOf, err := time.Parse(time.RFC3339, fmt.Sprint(source["asOf"]))
				if err != nil || asOf.After(began) {
					t.Errorf("%v does not say how old it is: %v", source["name"], source)
				}
				told = append(told, fmt.Sprint(source["name"]))
			}
			for _, name := range []string{"crm", "books", "helpdesk", "agency", "erp"} {
				if !slices.Contains(told, name) {
					t.Errorf("nothing is told of %s: %v", name, told)
				}
			}
			eventually(t, "the systems that are away are told", func() bool {
				_, body := s.get(t, "/readyz")
				return strings.Contains(body, `"status":"degraded"`)
			})
		})
	}
}

// TestLiveAndCopyAgree asks the same of systems that are asked live and of their
// copies: what live supports, the copy answers alike.
func TestLiveAndCopyAgree(t *testing.T) {
	box := systems(t, 150)
	live, kept := serve(t, fiveSystems(box)), serve(t, allCopied(box))
	live.copied(t)
	kept.copied(t)
	for _, question := range []string{
		wholeCustomers,
		`{ tickets(first: 30, orderBy: {field: CREATED_AT, direction: DESC}) { nodes { id number title state queue customer { name } order { number } } } }`,
		`{ orders(first: 40, orderBy: {field: DATE}) { nodes { source number date status total { amount currency } lines { sku quantity unitPrice { amount } } customer { name } } pageInfo { hasNextPage } } }`,
		`{ invoices(first: 40, orderBy: {field: DATE, direction: DESC}, filter: {date: {ge: "2025-01-01T00:00:00Z"}}) { nodes { source number date dueDate status total { amount currency } paid { amount } customer { name } order { number } } } }`,
		`{ contacts(first: 1000) { totalCount nodes { source name email phone customer { name } } } }`, // many were made in one moment
	} {
		a, b := live.ask(t, question, nil), kept.ask(t, question, nil)
		if len(a.Errors)+len(b.Errors) > 0 {
			t.Errorf("%.60s: live %v, copy %v", question, a.Errors, b.Errors)
			continue
		}
		isSet := strings.HasPrefix(question, "{ contacts")
		x, y := plainAnswer(a.Data, isSet), plainAnswer(b.Data, isSet)
		if x != y {
			i := 0
			for i < min(len(x), len(y)) && x[i] == y[i] {
				i++
			}
			i = max(0, i-300)
			t.Errorf("%.60s:\nlive … %.1500s\ncopy … %.1500s", question, x[i:], y[i:])
		}
	}
}

// plainAnswer drops sealed ids, since each server has a key of its own, and the order of
// what is a set: rows of one moment come in their source's own order.
func plainAnswer(v any, isSet bool) string {
	var strip func(any)
	strip = func(v any) {
		switch x := v.(type) {
		case map[string]any:
			delete(x, "id")
			for _, y := range x {
				strip(y)
			}
		case []any:
			for _, y := range x {
				strip(y)
			}
			if isSet {
				slices.SortFunc(x, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
			}
		}
	}
	strip(v)
	if root, _ := v.(map[string]any)["customers"].(map[string]any); root != nil {
		// Customers of one name stand in the order of their ids, which each server gives.
		slices.SortFunc(root["nodes"].([]any), func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	}
	b, _ := json.Marshal(v)
	return string(b)
}

// BenchmarkCentral asks the joined question of live systems that take 5 ms for a
// call, and of copies with all of them down, turn by turn, and reports both medians.
func BenchmarkCentral(b *testing.B) {
	box, err := sandbox.Start(b.Context(), sandbox.Options{Customers: 300, Latency: 5 * time.Millisecond, OneC: onec.Options{Configuration: onec.UNF}})
	if err != nil {
		b.Fatal(err)
	}
	defer box.Close()
	live, kept := serve(b, fiveSystems(box)), serve(b, strings.ReplaceAll(allCopied(box), "every: 1s", "every: 1h"))
	live.copied(b)
	kept.copied(b)
	took := map[*server][]time.Duration{}
	for b.Loop() {
		for _, s := range []*server{live, kept} {
			began := time.Now()
			if a := s.ask(b, wholeCustomers, nil); len(a.Errors) > 0 {
				b.Fatal(a.Errors[0])
			}
			took[s] = append(took[s], time.Since(began))
		}
	}
	median := func(s *server) float64 {
		list := took[s]
		sort.Slice(list, func(i, j int) bool { return list[i] < list[j] })
		return float64(list[len(list)/2].Microseconds()) / 1000
	}
	b.ReportMetric(median(live), "live-ms")
	b.ReportMetric(median(kept), "copy-ms")
	b.ReportMetric(median(live)/median(kept), "ratio")
	b.ReportMetric(0, "ns/op")
}

// pushTo posts a body as NDJSON.
func (s *server) pushTo(t testing.TB, path, body string) (status int, reply string) {
	t.Helper()
	status, reply, err := s.trySend(path, body)
	if err != nil {
		t.Fatal(err)
	}
	return status, reply
}

// trySend is pushTo where nobody may be there.
func (s *server) trySend(path, body string) (status int, reply string, err error) {
	r, err := http.NewRequest(http.MethodPost, s.URL+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Authorization", "Bearer "+s.Token)
	r.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}
