package policies_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/trama-graph/trama/policies"
)

// Ladon's patterns have a clock that runs on for a while after the last match.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2.runClock"))
}

const (
	seesNumber = `{"package": "p", "policies": [{"id": "a", "subjects": ["package:p"], "effect": "allow", "resources": ["graph:Order.<id|number>"], "actions": ["read"]}]}`
	seesTotal  = `{"package": "p", "policies": [{"id": "a", "subjects": ["package:p"], "effect": "allow", "resources": ["graph:Order.<id|total>"], "actions": ["read"]}]}`
	isWrong    = `{"package": "p", "policies": [{"id": "a", "subjects": ["package:p"], "effect": "Allow", "resources": ["graph:Order.id"], "actions": ["read"]}]}`
)

// watched is an engine over a directory that looks when the test says so.
type watched struct {
	*policies.Engine
	file  string
	ticks chan time.Time
	now   time.Time

	mu    sync.Mutex
	audit []string
}

func watch(t *testing.T, text string) *watched {
	t.Helper()
	d := t.TempDir()
	w := &watched{file: filepath.Join(d, "p.json"), ticks: make(chan time.Time), now: time.Now().Add(time.Hour)}
	write(t, w.file, text)
	e, err := policies.Open(t.Context(), policies.Options{
		Graph: newGraph(t), Dir: d, Now: func() time.Time { return w.now },
		Audit: func(_ context.Context, kind, detail string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.audit = append(w.audit, kind+" "+strings.ReplaceAll(detail, d, "DIR"))
		},
		Tick: func(time.Duration) (<-chan time.Time, func()) { return w.ticks, func() {} },
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Engine = e
	ctx, stop := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { e.Watch(ctx, 0) })
	t.Cleanup(func() {
		stop()
		done.Wait()
	})
	return w
}

// look makes the engine look, and returns when it has: it takes the second tick only
// then.
func (w *watched) look() {
	w.ticks <- w.now
	w.ticks <- w.now
}

// put writes the file as a whole: the engine may still be at the second look.
func (w *watched) put(t *testing.T, text string) {
	t.Helper()
	fresh := filepath.Join(filepath.Dir(w.file), ".new")
	write(t, fresh, text)
	if err := os.Rename(fresh, w.file); err != nil {
		t.Fatal(err)
	}
}

// sees says which of number and total the package shows.
func (w *watched) sees(t *testing.T) string {
	t.Helper()
	v := view(t, w.Engine, holder(nil))
	var out []string
	for _, f := range []string{"number", "total"} {
		if v.Grant("Order", f).Verdict == policies.Allow {
			out = append(out, f)
		}
	}
	return strings.Join(out, " ")
}

func TestWatch(t *testing.T) {
	w := watch(t, seesNumber)
	before := view(t, w.Engine, holder(nil))
	first := w.Status()
	if w.sees(t) != "number" || first.Reloads != 0 || first.Error != nil || first.Documents != 1 {
		t.Fatalf("sees %q, status %+v", w.sees(t), first)
	}
	w.look()
	if w.Status().Reloads != 0 {
		t.Error("what did not change was read again")
	}

	w.put(t, isWrong)
	w.look()
	if s := w.Status(); w.sees(t) != "number" || s.Version != first.Version || s.Refused != 1 || s.Error == nil || !strings.Contains(s.Error.Error(), `did you mean "allow"?`) {
		t.Errorf("a bad file: sees %q, status %+v", w.sees(t), s)
	}
	w.look()
	if s := w.Status(); s.Refused != 1 {
		t.Errorf("the same bad file was refused %d times", s.Refused)
	}

	w.put(t, seesTotal)
	w.look()
	s := w.Status()
	if w.sees(t) != "total" || s.Version == first.Version || s.Error != nil || s.Reloads != 1 {
		t.Errorf("a good file: sees %q, status %+v", w.sees(t), s)
	}
	if before.Grant("Order", "number").Verdict != policies.Allow || before.Grant("Order", "total").Verdict != policies.Deny || before.Version() != first.Version {
		t.Error("a view changed under somebody's hands")
	}

	more := filepath.Join(filepath.Dir(w.file), "more.json")
	write(t, filepath.Join(filepath.Dir(w.file), ".more"), `{"policies": [{"id": "m", "subjects": ["package:p"], "effect": "allow", "resources": ["graph:Order.number"], "actions": ["read"]}]}`)
	if err := os.Rename(filepath.Join(filepath.Dir(w.file), ".more"), more); err != nil {
		t.Fatal(err)
	}
	w.look()
	if w.sees(t) != "number total" {
		t.Errorf("a new file: sees %q", w.sees(t))
	}
	if err := os.Remove(more); err != nil {
		t.Fatal(err)
	}
	w.look()
	if w.sees(t) != "total" {
		t.Errorf("a file that went: sees %q", w.sees(t))
	}

	// An empty directory may be one that was unmounted; whoever asks means it.
	away := t.TempDir()
	if err := os.Rename(w.file, filepath.Join(away, "p.json")); err != nil {
		t.Fatal(err)
	}
	w.look()
	if w.sees(t) != "total" || w.Status().Error == nil {
		t.Errorf("the files were taken away: sees %q, status %+v", w.sees(t), w.Status())
	}
	if err := w.Reload(t.Context()); err != nil || w.sees(t) != "" {
		t.Errorf("the files were taken away, and it was asked for: sees %q, %v", w.sees(t), err)
	}
	if err := os.Rename(filepath.Join(away, "p.json"), w.file); err != nil {
		t.Fatal(err)
	}
	w.look()

	if err := os.Rename(filepath.Dir(w.file), filepath.Dir(w.file)+"-gone"); err != nil {
		t.Fatal(err)
	}
	w.look()
	if w.sees(t) != "total" || w.Status().Error == nil {
		t.Error("a directory that went took the policies with it")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	kinds := ""
	for _, a := range w.audit {
		kinds += strings.Fields(a)[0] + " "
	}
	if want := "policies.loaded policies.refused policies.loaded policies.loaded policies.loaded policies.refused policies.loaded policies.loaded policies.refused "; kinds != want {
		t.Errorf("the audit has %s", kinds)
	}
}

// A second change of the same size within the time a file system can tell apart is
// seen: what was changed just now is read, not believed.
func TestWatchSeesWhatTimesDoNotShow(t *testing.T) {
	w := watch(t, seesNumber)
	at := w.now.Add(-time.Second)
	if err := os.Chtimes(w.file, at, at); err != nil {
		t.Fatal(err)
	}
	w.look()
	fresh := filepath.Join(filepath.Dir(w.file), ".new")
	write(t, fresh, seesTotal+strings.Repeat(" ", len(seesNumber)-len(seesTotal))) // of the same size
	if err := os.Chtimes(fresh, at, at); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(fresh, w.file); err != nil {
		t.Fatal(err)
	}
	w.look()
	if w.sees(t) != "total" {
		t.Errorf("sees %q", w.sees(t))
	}
}

// What is touched but says the same is not a new version.
func TestWatchIgnoresTimes(t *testing.T) {
	w := watch(t, seesNumber)
	for i := range 3 {
		at := w.now.Add(time.Duration(i-100) * time.Minute)
		if err := os.Chtimes(w.file, at, at); err != nil {
			t.Fatal(err)
		}
		w.look()
	}
	if n := w.Status().Reloads; n != 0 {
		t.Errorf("read %d times", n)
	}
}

func TestWatchWithoutDirectory(t *testing.T) {
	e := open(t, newGraph(t), dir("p.json", seesNumber), nil)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	e.Watch(ctx, time.Hour)
}

// While files are read again, every request sees one version or the other.
func TestReloadWhileAsked(t *testing.T) {
	w := watch(t, seesNumber)
	var askers sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		askers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				v, err := w.View(context.Background(), holder(nil))
				if err != nil {
					t.Error(err)
					return
				}
				if v.Grant("Order", "number").Verdict == v.Grant("Order", "total").Verdict {
					t.Error("a request saw a mixture")
					return
				}
			}
		})
	}
	for i := range 20 {
		w.put(t, []string{seesTotal, seesNumber}[i%2])
		if err := w.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	askers.Wait()
}

func TestVersion(t *testing.T) {
	g := newGraph(t)
	version := func(text string, scopes map[string]string) string {
		return open(t, g, dir("p.json", text), scopes).Status().Version
	}
	first, again := version(seesNumber, nil), version(seesNumber, nil)
	if first != again {
		t.Error("the same files have two versions")
	}
	for name, other := range map[string]string{"text": version(seesTotal, nil), "scope": version(seesNumber, allScopes)} {
		if other == first {
			t.Errorf("another %s has the same version", name)
		}
	}
}

func TestPackagesAndDocuments(t *testing.T) {
	e := open(t, newGraph(t), dir("b.json", `{"package": "b", "titles": {"en": "B"}, "claims": ["shop"], "policies": []}`, "p.json", seesNumber), nil)
	if got := fmt.Sprint(e.PackageNames()); got != "[b p]" {
		t.Errorf("got %s", got)
	}
	d := e.Documents()
	if len(d) != 2 || d[0].Package != "b" || d[0].Titles["en"] != "B" || !d[0].Shipped || d[1].Policies[0].ID != "a" {
		t.Errorf("got %+v", d)
	}
}

// Tokens that see the same share a view; what differs in claims, addresses, doors and
// names only does not make another.
func TestViewsAreShared(t *testing.T) {
	e := open(t, newGraph(t), dir("p.json", document(
		allow("a", list("Order.<id|number>"), "read", conditions(equalsClaim("row.shop", "shop"))),
		allow("b", list("Order.total"), "read", conditions(equals("claim.carrier", "dhl"))),
		allow("c", list("Order.net"), "read", conditions(`"request.address": {"type": "CIDRCondition", "options": {"cidr": "10.0.0.0/8"}}`)),
	)), allScopes)
	seen := map[*policies.View]bool{}
	for i := range 5000 {
		p := &policies.Principal{
			TokenID: fmt.Sprintf("t%d", i), Account: fmt.Sprintf("a%d", i), Role: "member", Packages: []string{"p", fmt.Sprintf("unknown%d", i)}, Door: "graphql",
			Claims:  map[string]string{"shop": fmt.Sprintf("s%d", i), "carrier": fmt.Sprintf("c%d", i)},
			Address: netip.AddrFrom4([4]byte{172, 16, byte(i >> 8), byte(i)}),
		}
		if i%2 == 0 {
			p.Claims["carrier"] = "dhl"
		}
		if i%3 == 0 {
			p.Address = netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		}
		seen[view(t, e, p)] = true
	}
	if len(seen) != 4 || e.Status().Views != 4 {
		t.Errorf("%d views, %d kept", len(seen), e.Status().Views)
	}
	for v := range seen {
		if strings.ContainsAny(v.Hash(), "/.:") || len(v.Hash()) != 32 {
			t.Errorf("hash %s", v.Hash())
		}
	}
}

// Different policies that come to the same make one view.
func TestViewsAreSharedByWhatTheySay(t *testing.T) {
	e := open(t, newGraph(t), dir("p.json", document(allow("a", list("Order.<id|number>"), "read")),
		"q.json", `{"package": "q", "policies": [`+strings.ReplaceAll(allow("b", list("Order.id", "Order.number"), "read"), "package:p", "package:q")+`]}`), nil)
	p, q := holder(nil), holder(nil)
	q.Packages = []string{"q"}
	if view(t, e, p) != view(t, e, q) {
		t.Error("two views that say the same")
	}
	q.Packages = []string{"p", "q"}
	if view(t, e, p) != view(t, e, q) {
		t.Error("a third view that says the same")
	}
}

func TestViewsAreBounded(t *testing.T) {
	var many []string
	for i := range 12 {
		many = append(many, fmt.Sprintf(`{"id": "p%d", "subjects": ["token:t%d"], "effect": "allow", "resources": ["graph:Order.<id|number>", "graph:%s"], "actions": ["read"]}`,
			i, i, []string{"Order.total", "Order.net", "Order.tax", "Order.notes", "Quote.id", "Product.id", "Ticket.id", "Invoice.id", "Payment.id", "Boleto.id", "Contact.id", "Payable.id"}[i]))
	}
	e, err := policies.Open(t.Context(), policies.Options{Graph: newGraph(t), Shipped: dir("p.json", document(many...)), Views: 5})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for i := range 12 {
			p := &policies.Principal{TokenID: fmt.Sprintf("t%d", i)}
			if v := view(t, e, p); v.Grant("Order", "number").Verdict != policies.Allow {
				t.Errorf("token %d sees %s", i, v.Grant("Order", "number").Verdict)
			}
		}
	}
	if n := e.Status().Views; n != 5 {
		t.Errorf("%d views are kept", n)
	}
}

// One view is made once, however many ask for it at the same time.
func TestViewsMadeOnce(t *testing.T) {
	e := open(t, newGraph(t), dir("p.json", seesNumber), nil)
	var askers sync.WaitGroup
	views := make([]*policies.View, 16)
	for i := range views {
		askers.Go(func() { views[i], _ = e.View(context.Background(), holder(nil)) })
	}
	askers.Wait()
	for _, v := range views {
		if v == nil || v != views[0] {
			t.Fatal("several views for one question")
		}
	}
}

func TestOpenWithoutGraph(t *testing.T) {
	if _, err := policies.Open(t.Context(), policies.Options{}); err == nil {
		t.Error("opened")
	}
}
