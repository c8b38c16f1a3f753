package policies_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/policies"
)

// ticking is an engine over a directory, whose watch looks when it is told to.
type ticking struct {
	*policies.Engine
	dir     string
	ticks   chan time.Time
	watched chan struct{}
	audit   []string
}

func newTicking(t *testing.T, first string) *ticking {
	t.Helper()
	x := &ticking{dir: t.TempDir(), ticks: make(chan time.Time), watched: make(chan struct{})}
	write(t, filepath.Join(x.dir, "p.json"), first)
	e, err := policies.Open(t.Context(), policies.Options{
		Graph: newGraph(t), Dir: x.dir, Scopes: allScopes,
		Tick:  func(time.Duration) (<-chan time.Time, func()) { return x.ticks, func() {} },
		Audit: func(_ context.Context, kind, _ string) { x.audit = append(x.audit, kind) },
	})
	if err != nil {
		t.Fatal(err)
	}
	x.Engine = e
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer close(x.watched)
		e.Watch(ctx, 0)
	}()
	t.Cleanup(func() {
		cancel()
		<-x.watched
	})
	return x
}

// look makes the watch look twice: when it takes the second tick it is done with the
// first.
func (x *ticking) look() {
	x.ticks <- time.Time{}
	x.ticks <- time.Time{}
}

// put writes the file as a whole: the watch may be looking.
func (x *ticking) put(t *testing.T, text string) {
	t.Helper()
	write(t, filepath.Join(x.dir, ".new"), text)
	if err := os.Rename(filepath.Join(x.dir, ".new"), filepath.Join(x.dir, "p.json")); err != nil {
		t.Fatal(err)
	}
}

func (x *ticking) sees(t *testing.T, field string) bool {
	t.Helper()
	return view(t, x.Engine, holder(nil)).Grant("Order", field).Verdict == policies.Allow
}

func TestReload(t *testing.T) {
	one := document(allow("a", list("Order.<id|number>"), "read"))
	two := document(allow("a", list("Order.<id|number|status>"), "read"))
	bad := document(allow("a", list("Order.nunber"), "read"))
	x := newTicking(t, one)
	file := filepath.Join(x.dir, "p.json")
	before := view(t, x.Engine, holder(nil))
	version := x.Status().Version

	x.put(t, two)
	x.look()
	if !x.sees(t, "status") || x.Status().Version == version || x.Status().Error != nil || x.Status().Reloads != 1 {
		t.Fatalf("the second file is not in force: %+v", x.Status())
	}
	if before.Grant("Order", "status").Verdict != policies.Deny || before.Version() != version {
		t.Error("a view that was handed out has changed")
	}

	x.put(t, bad)
	x.look()
	if s := x.Status(); !x.sees(t, "status") || s.Error == nil || !strings.Contains(s.Error.Error(), "nunber") || s.Refused != 1 {
		t.Fatalf("a bad file: %+v", s)
	}
	x.look()
	if x.Status().Refused != 1 {
		t.Error("files that did not change were read again")
	}

	x.put(t, one)
	x.look()
	if x.sees(t, "status") || x.Status().Error != nil || x.Status().Version != version {
		t.Fatalf("the first file again: %+v", x.Status())
	}

	// An empty directory may be one that was unmounted.
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	x.look()
	if !x.sees(t, "number") || x.Status().Error == nil {
		t.Fatalf("the files were taken away: %+v", x.Status())
	}
	if err := x.Reload(t.Context()); err != nil || x.sees(t, "number") {
		t.Fatalf("asked for: %v", err)
	}
	if got, want := strings.Join(x.audit, " "), "policies.loaded policies.loaded policies.refused policies.loaded policies.refused policies.loaded"; got != want {
		t.Errorf("the audit was told %s, want %s", got, want)
	}
}

// TestEqualViewsAreOne gives two tokens that see the same the same view.
func TestEqualViewsAreOne(t *testing.T) {
	e := open(t, newGraph(t), dir("p.json", document(
		allow("a", list("Order.<id|number>"), "read", conditions(equalsClaim("row.shop", "shop"))),
	)), allScopes)
	a := &policies.Principal{TokenID: "t1", Account: "a", Packages: []string{"p"}, Claims: map[string]string{"shop": "x"}, Door: "graphql"}
	b := &policies.Principal{TokenID: "t2", Account: "b", Packages: []string{"p"}, Claims: map[string]string{"shop": "y"}, Door: "graphql"}
	if view(t, e, a) != view(t, e, b) {
		t.Error("two views for one set of verdicts")
	}
	if n := e.Status().Views; n != 1 {
		t.Errorf("%d views are kept", n)
	}
}
