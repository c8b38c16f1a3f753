package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"go.uber.org/goleak"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/datasources/sandbox"
	"github.com/trama-graph/trama/datasources/sandbox/onec"
	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/resolvers"
	"github.com/trama-graph/trama/resolvers/loaders"
)

// joined is the README's question for n customers.
func joined(n int) string {
	return fmt.Sprintf(`{ customers(first: %d) { nodes { id name taxId
		tickets { nodes { number title state priority } }
		quotes { nodes { number status total { amount currency } } }
		orders { nodes { number status total { amount currency } lines { sku quantity unitPrice { amount } }
			invoices { nodes { number status total { amount } paid { amount } } } } } } } }`, n)
}

// demoApp is the demo without its command: systems, directory and all.
func demoApp(t testing.TB, o demoOptions) (*app, *sandbox.Sandbox) {
	t.Helper()
	if o.customers == 0 {
		o.customers = 500
	}
	o.listen, o.seed = "127.0.0.1:0", 1
	box, err := sandbox.Start(context.Background(), sandbox.Options{
		Customers: o.customers, Seed: o.seed, Latency: o.latency, OneC: onec.Options{Configuration: onec.UNF},
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := configureDemo(o, box, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	a, err := build(t.Context(), cfg, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := a.syncCopies(t.Context(), io.Discard, nil, syncOptions{}); err != nil {
		t.Fatal(err)
	}
	a.fill(t.Context())
	return a, box
}

func upstreamCalls(box *sandbox.Sandbox) (n int) {
	for _, s := range box.Sources {
		n += s.Faults.Total()
	}
	return n
}

// BenchmarkJoin measures the joined question of 50 customers: cold (no cache,
// every call made), warm (all rows from the cache), and cold with sources that
// take 5 ms to answer.
func BenchmarkJoin(b *testing.B) {
	for _, c := range []struct {
		name    string
		cache   time.Duration
		latency time.Duration
	}{{"cold", 0, 0}, {"warm", time.Hour, 0}, {"cold-5ms", 0, 5 * time.Millisecond}} {
		b.Run(c.name, func(b *testing.B) {
			a, box := demoApp(b, demoOptions{cache: c.cache, latency: c.latency})
			run := func() int {
				r, err := a.web.Execute(b.Context(), operator(), joined(50), nil)
				if err != nil || len(r.Errors()) > 0 {
					b.Fatal(err, r.Errors())
				}
				return len(r.AppendJSON(nil))
			}
			size := run()
			before := upstreamCalls(box)
			b.ReportAllocs()
			for b.Loop() {
				run()
			}
			b.ReportMetric(float64(upstreamCalls(box)-before)/float64(b.N), "calls/op")
			b.ReportMetric(float64(size), "bytes/answer")
		})
	}
}

// BenchmarkExecutors compares the engine with gqlgen's generated executor on the
// same resolvers, loaders and cached rows.
func BenchmarkExecutors(b *testing.B) {
	a, _ := demoApp(b, demoOptions{cache: time.Hour})
	query := joined(50)
	b.Run("engine", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r, err := a.web.Execute(b.Context(), operator(), query, nil)
			if err != nil || len(r.Errors()) > 0 {
				b.Fatal(err, r.Errors())
			}
			r.AppendJSON(nil)
		}
	})
	b.Run("generated", func(b *testing.B) {
		exec := executor.New(graph.NewExecutableSchema(graph.Config{Resolvers: &resolvers.Resolver{Operations: operations{a}}}))
		b.ReportAllocs()
		for b.Loop() {
			if _, errs := generated(b.Context(), a, exec, query); len(errs) > 0 {
				b.Fatal(errs)
			}
		}
	})
}

// generated answers a query by gqlgen's own executor.
func generated(ctx context.Context, a *app, exec *executor.Executor, query string) ([]byte, []error) {
	access, err := a.access(ctx, operator())
	if err != nil {
		return nil, []error{err}
	}
	ctx = loaders.With(policies.WithAccess(graphql.StartOperationTrace(ctx), access), loaders.New(a.loaders))
	oc, errs := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: query})
	if len(errs) > 0 {
		return nil, []error{errs}
	}
	next, ctx := exec.DispatchOperation(ctx, oc)
	resp := next(ctx)
	if len(resp.Errors) > 0 {
		return nil, []error{resp.Errors}
	}
	out, err := json.Marshal(resp)
	if err != nil {
		return nil, []error{err}
	}
	return out, nil
}

// TestExecutorsAgree holds the engine's answers against the generated executor's
// on the real schema, resolvers and systems.
func TestExecutorsAgree(t *testing.T) {
	a, _ := demoApp(t, demoOptions{customers: 80, cache: time.Hour})
	exec := executor.New(graph.NewExecutableSchema(graph.Config{Resolvers: &resolvers.Resolver{Operations: operations{a}}, Schema: graph.Public()}))
	for name, query := range map[string]string{
		"joined": joined(40),
		"everything of an order": `{ orders(first: 30) { totalCount missing pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
			edges { cursor node { __typename id source number status paymentStatus deliveryStatus date dueDate total { amount currency } tax { amount } paid { amount }
			notes createdAt updatedAt lines { position sku name quantity unit unitPrice { amount currency } discount taxRate tax { amount } total { amount } }
			states { status at } customer { id name } quote { number } payments { nodes { number amount { amount } method } }
			tickets { nodes { number } } deliveryNotes { nodes { number lines { sku } } } } } } }`,
		"customers whole": `{ customers(first: 60, orderBy: {field: NAME, direction: DESC}) { totalCount nodes { id name legalName taxId country email phone website
			address { street city postalCode country } createdAt updatedAt members { source recordId code rule evidence }
			coverage { source state } conflicts { key kind field records { source recordId } } provenance { field source alternatives { source value } }
			contacts { nodes { name email jobTitle } } payments { nodes { number } } boletos { totalCount } deliveryNotes { totalCount } } } }`,
		"tickets with articles": `{ tickets(first: 25, filter: {stateType: {eq: "OPEN"}}) { totalCount nodes { id number title stateType queue owner createdAt closedAt
			customer { name } order { number source } articles(first: 3) { totalCount nodes { position subject body from senderType visibleToCustomer createdAt } } } } }`,
		"invoices back to tickets": `{ invoices(first: 20) { nodes { number kind customer { name tickets(first: 2) { nodes { number } } } order { number customer { name } } payments { nodes { number invoice { number } } } } } }`,
		"aliases and fragments": `query($n: Int = 3, $yes: Boolean = true) { a: customers(first: $n) { ...P } b: customers(first: 2) @include(if: $yes) { ...P } c: customers @skip(if: $yes) { ...P } }
			fragment P on CustomerPage { nodes { ...C ... on Node { id } } } fragment C on Customer { n: name quotes(first: 1) { nodes { number } } }`,
	} {
		t.Run("case="+name, func(t *testing.T) {
			want, errs := generated(t.Context(), a, exec, query)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			r, err := a.web.Execute(t.Context(), operator(), query, nil)
			if err != nil || len(r.Errors()) > 0 {
				t.Fatal(err, r.Errors())
			}
			got := normal(t, append(append([]byte(`{"data":`), r.AppendData(nil)...), '}'))
			if w := normal(t, want); got != w {
				t.Errorf("the engine answers\n%s\nthe generated executor\n%s", clip(got, w), clip(w, got))
			}
		})
	}
}

// normal is JSON with sorted keys and without extensions.
func normal(t *testing.T, b []byte) string {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	delete(v, "extensions")
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// clip shows where two texts begin to differ.
func clip(a, b string) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return fmt.Sprintf("…%s (at %d of %d)", a[max(0, i-80):min(len(a), i+200)], i, len(a))
}

// TestDemoPrintsAndServes runs the demo in this process.
func TestDemoPrintsAndServes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, in := io.Pipe()
	done := make(chan error, 1)
	file := t.TempDir() + "/demo.json"
	go func() {
		done <- runDemo(ctx, demoOptions{listen: "127.0.0.1:0", json: file, customers: 40, seed: 1, cache: time.Minute}, in, slog.New(slog.DiscardHandler))
		in.Close()
	}()
	var text strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(text.String(), "curl -s") {
		n, err := out.Read(buf)
		text.Write(buf[:n])
		if err != nil {
			t.Fatalf("%v: %s", err, text.String())
		}
	}
	go io.Copy(io.Discard, out)
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), `"invoices"`) || !strings.Contains(text.String(), "trm_test_") {
		t.Errorf("the demo printed %s", text.String())
	}
}

func TestCustomerKeysAreAssumed(t *testing.T) {
	list := []directory.SourceConfig{
		{Name: "books", Kind: "onec", Indexed: true},
		{Name: "desk", Kind: "otrs"},
		{Name: "crm", Kind: "creatio", Indexed: true},
		{Name: "desk2", Kind: "otrs", AssumedFrom: "books.id"},
	}
	assumeCustomerKeys(list)
	if list[1].AssumedFrom != "crm.code" || list[3].AssumedFrom != "books.id" || list[0].AssumedFrom != "" {
		t.Errorf("got %+v", list)
	}
	alone := []directory.SourceConfig{{Name: "desk", Kind: "otrs"}}
	if assumeCustomerKeys(alone); alone[0].AssumedFrom != "" {
		t.Errorf("got %+v", alone)
	}
}

func TestTheAddressIsTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, _ := demoApp(t, demoOptions{customers: 20, cache: time.Minute})
	a.cfg.Listen = l.Addr().String()
	if err := a.run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "listen") {
		t.Errorf("got %v", err)
	}
}

func TestMain(m *testing.M) {
	// Ladon's patterns have a clock of their own, which ends a second after the last of them was matched.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2.runClock"))
}
