package e2e

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox"
	"github.com/trama-graph/trama/datasources/sandbox/faults"
	"github.com/trama-graph/trama/datasources/sandbox/onec"
)

var (
	update   = flag.Bool("update", false, "write docs/faults.md anew, the times of untouched sources included")
	allPairs = flag.Bool("all-pairs", false, "break every pair of sources in every pair of ways, not in the same way only")
)

// way is one way in which a system can be broken.
type way struct {
	name string
	mode faults.Mode // None = its listener is closed
}

var ways = []way{
	{"killed", faults.None},
	{"slow past its deadline", faults.Hang},
	{"an HTML login page", faults.LoginPage},
	{"garbage", faults.Garbage},
	{"status 500", faults.ServerError},
	{"200 with an error", faults.ErrorBody},
	{"half a body", faults.HalfBody},
	{"dropped connections", faults.Drop},
}

// sourceNames are the five, and whether each is a copy.
var sourceNames = []string{"crm", "books", "helpdesk", "agency", "erp"}

func isCopy(source string) bool { return source == "agency" || source == "erp" }

// five is the question whose branches belong to one source each.
const five = `{
	crm: contacts(first: 5, filter: {source: {eq: "crm"}}) { nodes { name } }
	books: invoices(first: 5, filter: {source: {eq: "books"}}) { nodes { number } }
	helpdesk: tickets(first: 5) { nodes { number } }
	agency: payables(first: 5) { nodes { number } }
	erp: purchaseOrders(first: 5) { nodes { number } }
	customers(first: 40) { nodes { name tickets { nodes { number } } orders { missing nodes { number source } } invoices { missing nodes { number source } } quotes { missing nodes { number source } } } } }`

// rig is a set of systems with a server in front.
type rig struct {
	box *sandbox.Sandbox
	s   *server
}

func newRig(t testing.TB) *rig {
	t.Helper()
	box, err := sandbox.Start(t.Context(), sandbox.Options{Customers: 120, OneC: onec.Options{Configuration: onec.UNF}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	r := &rig{box: box, s: serve(t, fiveSystems(box))}
	r.s.copied(t)
	if a := r.s.ask(t, five, nil); len(a.Errors) > 0 {
		t.Fatalf("healthy: %v", a.Errors[0])
	}
	return r
}

func (r *rig) breakIt(t testing.TB, source string, w way) {
	t.Helper()
	if w.mode == faults.None {
		if err := r.box.Source(source).Down(); err != nil {
			t.Error(err)
		}
		return
	}
	r.box.Source(source).Faults.SetMode(w.mode)
}

func (r *rig) mend(t testing.TB, source string) {
	t.Helper()
	r.box.Source(source).Faults.Clear()
	if err := r.box.Source(source).Up(t.Context()); err != nil {
		t.Error(err)
	}
}

// recovered waits until every source answers again by itself, and every copy was
// read again.
func (r *rig) recovered(t testing.TB) {
	t.Helper()
	deadline := time.Now().Add(90 * time.Second)
	for {
		a := r.s.ask(t, five, nil)
		failing := r.failing(t)
		if len(a.Errors) == 0 && len(failing) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("still broken: %v %v", a.Errors, failing)
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// cell is what a caller gets of one source.
type cell struct {
	code      string // "" = its rows
	retryable bool
}

func (c cell) String() string {
	switch {
	case c.code == "":
		return "rows of the copy"
	case c.retryable:
		return c.code + ", retryable"
	}
	return c.code
}

// got reads the answer: what the broken sources' branches say. It wants the
// others whole and every error named.
func got(t *testing.T, a *answer, broken []string) map[string]cell {
	t.Helper()
	cells := map[string]cell{}
	for _, e := range a.Errors {
		source, code := fmt.Sprint(e.Extensions["source"]), fmt.Sprint(e.Extensions["code"])
		if !slices.Contains(broken, source) || !slices.Contains([]string{"SOURCE_UNAVAILABLE", "SOURCE_TIMEOUT", "SOURCE_INVALID", "SOURCE_LIMITED"}, code) {
			t.Errorf("with %v broken: error %v", broken, e)
		}
		if strings.Contains(e.Message, "<") || strings.Contains(e.Message, "http") || strings.Contains(e.Message, "127.0.0.1") {
			t.Errorf("upstream text in %q", e.Message)
		}
		if len(e.Path) == 1 { // the branch of its own
			cells[source] = cell{code, e.Extensions["retryable"] == true}
		}
	}
	for _, source := range sourceNames {
		isBroken := slices.Contains(broken, source)
		rows, _ := a.Data[source].(map[string]any)
		switch {
		case rows == nil && !isBroken:
			t.Errorf("with %v broken: %s is null", broken, source)
		case rows == nil && cells[source].code == "":
			t.Errorf("with %v broken: %s is null without an error", broken, source)
		case rows != nil && isBroken && !isCopy(source):
			t.Errorf("with %v broken: %s answers", broken, source)
		case rows != nil && len(rows["nodes"].([]any)) == 0:
			t.Errorf("with %v broken: %s has no rows", broken, source)
		}
	}
	return cells
}

// failing returns the sources whose copies could not be read, each with a code.
func (r *rig) failing(t testing.TB) map[string]string {
	t.Helper()
	codes := map[string]string{}
	a := r.s.ask(t, `{ sources { name state note entities { copy { lastErrorCode } } } }`, nil)
	for _, n := range at(t, a.Data, "sources").([]any) {
		one := n.(map[string]any)
		for _, e := range one["entities"].([]any) {
			if c, ok := e.(map[string]any)["copy"].(map[string]any); ok && c["lastErrorCode"] != nil {
				codes[fmt.Sprint(one["name"])] = fmt.Sprint(c["lastErrorCode"])
				if one["state"] == "UP" || one["note"] == nil {
					t.Errorf("%s fails to be read and is %v, note %v", one["name"], one["state"], one["note"])
				}
			}
		}
	}
	return codes
}

// noticed waits until a copy's reading has met the fault and says so.
func (r *rig) noticed(t testing.TB, source string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		code := r.failing(t)[source]
		if slices.Contains([]string{"SOURCE_UNAVAILABLE", "SOURCE_TIMEOUT", "SOURCE_INVALID"}, code) {
			return
		}
		if code != "" || time.Now().After(deadline) {
			t.Errorf("the copy of %s shows %q", source, code)
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// TestACopyThatWasNeverRead starts in front of copied systems that are broken: the
// caller is told that there is nothing yet, the others serve, and the copy fills
// by itself when its system is well.
func TestACopyThatWasNeverRead(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			box, err := sandbox.Start(t.Context(), sandbox.Options{Customers: 60, OneC: onec.Options{Configuration: onec.UNF}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = box.Close() })
			r := &rig{box: box}
			for _, source := range []string{"agency", "erp"} {
				r.breakIt(t, source, w)
			}
			r.s = serve(t, fiveSystems(box))
			r.noticed(t, "agency")
			r.noticed(t, "erp")
			a := r.s.ask(t, "{ "+branchOf["agency"]+branchOf["erp"]+branchOf["helpdesk"]+" }", nil)
			if len(a.Errors) != 2 || a.Data["helpdesk"] == nil {
				t.Fatalf("errors %v", a.Errors)
			}
			for _, e := range a.Errors {
				if e.Extensions["code"] != "SOURCE_UNAVAILABLE" || e.Extensions["retryable"] != true || e.Extensions["source"] != e.Path[0] {
					t.Errorf("got %v", e)
				}
			}
			for _, source := range []string{"agency", "erp"} {
				r.mend(t, source)
			}
			r.s.copied(t)
			r.recovered(t)
		})
	}
}

// TestFaultTable breaks each source in each way, alone and in pairs, and holds
// what the caller gets against docs/faults.md.
func TestFaultTable(t *testing.T) {
	type broken struct {
		source string
		way    way
	}
	var cases [][]broken
	for _, w := range ways {
		for i, a := range sourceNames {
			cases = append(cases, []broken{{a, w}})
			for _, b := range sourceNames[i+1:] {
				for _, v := range ways {
					if v == w || *allPairs {
						cases = append(cases, []broken{{a, w}, {b, v}})
					}
				}
			}
		}
	}
	var mu sync.Mutex // guards table
	table := map[string]string{}
	jobs := make(chan []broken, len(cases))
	for _, c := range cases {
		jobs <- c
	}
	close(jobs)
	var wait sync.WaitGroup
	for range 5 {
		r := newRig(t)
		wait.Go(func() {
			for c := range jobs {
				var names []string
				for _, b := range c {
					r.breakIt(t, b.source, b.way)
					names = append(names, b.source)
				}
				started := time.Now()
				cells := got(t, r.s.ask(t, five, nil), names)
				if took := time.Since(started); took > 8*time.Second {
					t.Errorf("with %v the answer took %s", c, took)
				}
				for _, b := range c {
					text := cells[b.source].String()
					if isCopy(b.source) {
						r.noticed(t, b.source)
					}
					key := b.way.name + "|" + b.source
					mu.Lock()
					if old, ok := table[key]; ok && old != text {
						t.Errorf("%s %s: %q alone and %q in %v", b.source, b.way.name, old, text, c)
					}
					table[key] = text
					mu.Unlock()
				}
				for _, b := range c {
					r.mend(t, b.source)
				}
				r.recovered(t)
			}
		})
	}
	wait.Wait()
	if t.Failed() {
		return
	}
	holdTable(t, table, len(cases))
}

// branchOf is the part of the question that touches one source only.
var branchOf = map[string]string{
	"crm":      `crm: contacts(first: 50, filter: {source: {eq: "crm"}}) { nodes { name email } }`,
	"books":    `books: invoices(first: 50, filter: {source: {eq: "books"}}) { nodes { number total { amount } } }`,
	"helpdesk": `helpdesk: tickets(first: 50) { nodes { number title } }`,
	"agency":   `agency: payables(first: 50) { nodes { number amount { amount } } }`,
	"erp":      `erp: purchaseOrders(first: 50) { nodes { number total { amount } } }`,
}

// untouched is the question that leaves one source out.
func untouched(broken string) string {
	var b strings.Builder
	for _, s := range sourceNames {
		if s != broken {
			b.WriteString(branchOf[s] + "\n")
		}
	}
	return "{ " + b.String() + " }"
}

// BenchmarkUntouchedSources measures how long questions take that do not touch the
// broken source, while others ask it in vain. Two servers stand side by side, one
// in front of systems that are well, and are asked in turns. It wants a quiet
// machine.
func BenchmarkUntouchedSources(t *testing.B) {
	if !*update {
		t.Skip("it writes docs/faults.md: say -update, and -benchtime 1x")
	}
	well, ill := newRig(t), newRig(t)
	var b strings.Builder
	b.WriteString("| broken | " + strings.Join(sourceNames, " | ") + " |\n|---|" + strings.Repeat("---|", len(sourceNames)) + "\n")
	for _, w := range ways {
		b.WriteString("| " + w.name)
		for _, source := range sourceNames {
			healthy, broken := ill.compare(t, well, source, w)
			fmt.Fprintf(&b, " | %.2f (%.1f ms)", float64(broken)/float64(healthy), float64(broken.Microseconds())/1000)
		}
		b.WriteString(" |\n")
	}
	replacePart(t, "times", b.String())
}

const samples = 250

// compare returns the 95th percentile of both servers.
func (r *rig) compare(t testing.TB, well *rig, source string, w way) (healthy, broken time.Duration) {
	t.Helper()
	question := untouched(source)
	r.breakIt(t, source, w)
	stop := make(chan struct{})
	var wait sync.WaitGroup
	for _, one := range []*rig{well, r} { // somebody goes on asking for it
		wait.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(50 * time.Millisecond):
					one.s.ask(t, "{ "+branchOf[source]+" }", nil)
				}
			}
		})
	}
	var a, b []time.Duration
	for range samples {
		a = append(a, well.timed(t, question))
		b = append(b, r.timed(t, question))
	}
	close(stop)
	wait.Wait()
	r.mend(t, source)
	r.recovered(t)
	return p95(a), p95(b)
}

func (r *rig) timed(t testing.TB, question string) time.Duration {
	t.Helper()
	started := time.Now()
	if a := r.s.ask(t, question, nil); len(a.Errors) > 0 {
		t.Errorf("an untouched source fails: %v", a.Errors[0])
	}
	return time.Since(started)
}

func p95(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)*95/100]
}

const faultPage = "../docs/faults.md"

// holdTable compares the table with the page, or writes it.
func holdTable(t *testing.T, table map[string]string, cases int) {
	t.Helper()
	var b strings.Builder
	b.WriteString("| broken | " + strings.Join(sourceNames, " | ") + " |\n|---|" + strings.Repeat("---|", len(sourceNames)) + "\n")
	for _, w := range ways {
		b.WriteString("| " + w.name)
		for _, s := range sourceNames {
			b.WriteString(" | " + table[w.name+"|"+s])
		}
		b.WriteString(" |\n")
	}
	if *update {
		replacePart(t, "table", b.String())
		return
	}
	if old := part(t, "table"); old != b.String() {
		t.Errorf("docs/faults.md says\n%s\nand the truth is (%d cases; go test ./e2e -run TestFaultTable -update)\n%s", old, cases, b.String())
	}
}

// part returns a part of the page, which stands between comments.
func part(t testing.TB, name string) string {
	t.Helper()
	_, is, _ := parts(t, name)
	return is
}

func parts(t testing.TB, name string) (before, is, behind string) {
	t.Helper()
	page, err := os.ReadFile(faultPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), "<!-- "+name+" -->\n")
	is, behind, ok2 := strings.Cut(rest, "<!-- end "+name+" -->\n")
	if !ok || !ok2 {
		t.Fatalf("docs/faults.md has no %s", name)
	}
	return before, is, behind
}

func replacePart(t testing.TB, name, text string) {
	t.Helper()
	before, _, behind := parts(t, name)
	page := before + "<!-- " + name + " -->\n" + text + "<!-- end " + name + " -->\n" + behind
	if err := os.WriteFile(faultPage, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
}
