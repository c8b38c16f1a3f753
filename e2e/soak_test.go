package e2e

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox"
	"github.com/trama-graph/trama/datasources/sandbox/faults"
	"github.com/trama-graph/trama/datasources/sandbox/operand"
	"github.com/trama-graph/trama/store/servicetest"
)

var soak = flag.Duration("soak", 20*time.Second, "how long TestSoak lets everything fail")

// line is a way to a service that can be cut: it stands in for the service being
// killed and started again.
type line struct {
	listener net.Listener
	target   string

	mu    sync.Mutex // guards the rest
	isCut bool
	conns map[net.Conn]bool
	wait  sync.WaitGroup
}

// newLine leads to the host of an address; it returns the address through it.
func newLine(t testing.TB, address string) (*line, string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	l := &line{target: u.Host, conns: map[net.Conn]bool{}}
	if l.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	l.wait.Go(l.serve)
	t.Cleanup(func() {
		_ = l.listener.Close()
		l.cut(true)
		l.wait.Wait()
	})
	u.Host = l.listener.Addr().String()
	return l, u.String()
}

func (l *line) serve() {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.wait.Go(func() { l.carry(near) })
	}
}

func (l *line) carry(near net.Conn) {
	defer near.Close()
	far, err := net.Dial("tcp", l.target)
	if err != nil {
		return
	}
	defer far.Close()
	l.mu.Lock()
	if l.isCut {
		l.mu.Unlock()
		return
	}
	l.conns[near], l.conns[far] = true, true
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.conns, near)
		delete(l.conns, far)
	}()
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
		both.Go(func() {
			_, _ = io.Copy(way[0], way[1])
			_ = way[0].Close()
			_ = way[1].Close()
		})
	}
	both.Wait()
}

// cut ends every connection and lets no other be made, until it is taken back.
func (l *line) cut(is bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isCut = is
	for c := range l.conns {
		if is {
			_ = c.Close()
		}
	}
}

// pushes sends versions of records and knows what must be there in the end.
type pushes struct {
	token string

	mu        sync.Mutex // guards the rest
	tried     map[int]int
	confirmed map[int]int
	batches   int
}

// send pushes one batch of random records to a server; what was answered with 200 is
// confirmed.
func (p *pushes) send(t testing.TB, s *server, r *rand.Rand) {
	var body strings.Builder
	sent := map[int]int{}
	p.mu.Lock()
	for range 1 + r.IntN(30) {
		id := r.IntN(300)
		p.tried[id]++
		sent[id] = p.tried[id]
		fmt.Fprintf(&body, `{"entity":"Order","id":"P%d","version":%d,"data":{"number":"P-%d-v%d","status":"open","total":{"amount":"%d.50","currency":"EUR"}}}`+"\n",
			id, p.tried[id], id, p.tried[id], p.tried[id])
	}
	p.mu.Unlock()
	status, reply, err := s.as(p.token).trySend("/push/shop", body.String())
	if err != nil || status != 200 {
		return
	}
	if !strings.Contains(reply, `"refused":0`) {
		t.Errorf("refused: %s", reply)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.batches++
	for id, version := range sent {
		p.confirmed[id] = max(p.confirmed[id], version)
	}
}

// TestSoak lets systems, PostgreSQL, Redis and two servers fail at random, while
// records are pushed and changed. In the end both servers show what the systems have,
// row by row; no push that was confirmed is lost, nothing is doubled, and neither
// goroutines nor memory have grown.
func TestSoak(t *testing.T) {
	box := systems(t, 150)
	database, store := newLine(t, servicetest.Postgres(t))
	cache, redis := newLine(t, servicetest.Redis(t))
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 2))
	text := strings.ReplaceAll(allCopied(box), "every: 1s", "every: 1s, sweep: 8s, max_delete: 1")
	text = strings.Replace(text, "    every: 1s, sweep: 8s, max_delete: 1\n", "    every: 1s\n    sweep: 8s\n    max_delete: 1\n", 1)
	text = strings.Replace(text, "sources:\n", "sources:\n  - {name: shop, kind: webshop, supply: push}\n", 1)
	text = strings.Replace(text, "Order: [erp, crm, books]", "Order: [erp, crm, books, shop]", 1)
	list := instancesAt(t, text, 2, store, redis)
	for _, s := range list {
		s.copied(t)
	}
	p := &pushes{tried: map[int]int{}, confirmed: map[int]int{}, token: strings.TrimSpace(list[0].run(t, "token", "new", "--account", "feed", "--source", "shop"))}
	began := measure(t, list)

	kills, cuts := 0, 0
	modes := []faults.Mode{faults.None, faults.None, faults.Drop, faults.ServerError, faults.HalfBody, faults.Garbage, faults.LoginPage, faults.ErrorBody}
	mend := func() {
		for _, name := range fiveNames {
			box.Source(name).Faults.Clear()
		}
		database.cut(false)
		cache.cut(false)
	}
	for end := time.Now().Add(*soak); time.Now().Before(end); {
		p.send(t, list[r.IntN(2)], r)
		switch r.IntN(30) {
		case 0, 1, 2:
			box.Source(fiveNames[r.IntN(5)]).Faults.Set(faults.Fault{Mode: modes[r.IntN(len(modes))], Every: 1 + r.IntN(10)})
		case 3:
			mend()
		case 4:
			database.cut(true)
			cuts++
			time.Sleep(time.Duration(r.IntN(1500)) * time.Millisecond)
			database.cut(false)
		case 5:
			cache.cut(true)
			cuts++
			time.Sleep(time.Duration(r.IntN(800)) * time.Millisecond)
			cache.cut(false)
		case 6:
			i := r.IntN(2)
			s := list[i]
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
			kills++
			again := &server{log: &lockedBuffer{}, Token: s.Token, config: s.config}
			again.start(t, "serve", "--config", s.config)
			again.listening(t)
			s.stopped, list[i] = true, again
		case 7:
			change(box, r)
		}
		time.Sleep(time.Duration(r.IntN(60)) * time.Millisecond)
	}
	mend()
	t.Logf("%d kills, %d cuts, %d batches confirmed", kills, cuts, p.batches)
	if p.batches == 0 {
		t.Error("nothing was pushed")
	}

	fresh := serve(t, allCopied(box))
	fresh.copied(t)
	want := withoutIDs(fresh.everything(t))
	within(t, 2*time.Minute, "both servers show what the systems have", func() bool {
		for _, s := range list {
			if differs(t, s, want) != "" {
				time.Sleep(time.Second)
				return false
			}
		}
		return true
	})
	for i, s := range list {
		if d := differs(t, s, want); d != "" {
			t.Errorf("server %d: %s", i, d)
		}
		p.check(t, s)
	}
	ended := measure(t, list)
	for name, was := range began {
		t.Logf("%s: %.0f, then %.0f", name, was, ended[name])
		if ended[name] > 2*was+map[bool]float64{true: 150, false: 96 << 20}[strings.HasPrefix(name, "go_goroutines")] {
			t.Errorf("%s has grown from %.0f to %.0f", name, was, ended[name])
		}
	}
}

// change edits, dates back and deletes records.
func change(box *sandbox.Sandbox, r *rand.Rand) {
	titles := box.OTRS.Titles()
	ids := make([]int, 0, len(titles))
	for id := range titles {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	id := ids[r.IntN(len(ids))]
	switch r.IntN(4) {
	case 0:
		box.OTRS.Edit(id, fmt.Sprintf("changed %d", r.Uint32()), time.Now())
	case 1:
		box.OTRS.Edit(id, fmt.Sprintf("dated back %d", r.Uint32()), time.Now().AddDate(0, -1, 0))
	case 2:
		box.OTRS.Delete(id)
	case 3:
		box.Operand.Remove(operand.Payables, 1+r.IntN(100))
	}
}

// differs tells which list of a server, without what was pushed, is another than
// wanted.
func differs(t testing.TB, s *server, want map[string][]string) string {
	got := withoutIDs(s.everything(t))
	for list := range want {
		rows := slices.DeleteFunc(got[list], func(row string) bool { return strings.Contains(row, `"number":"P-`) })
		if !slices.Equal(rows, want[list]) {
			for i := range max(len(rows), len(want[list])) {
				x, y := "", ""
				if i < len(rows) {
					x = rows[i]
				}
				if i < len(want[list]) {
					y = want[list][i]
				}
				if x != y {
					return fmt.Sprintf("%s: %d rows, want %d; the first that differs is\n%s\nwant\n%s", list, len(rows), len(want[list]), x, y)
				}
			}
		}
	}
	return ""
}

// check wants every record in a version that was confirmed, or in a later one that
// was tried, and once.
func (p *pushes) check(t testing.TB, s *server) {
	seen := map[int]int{}
	for _, row := range s.everything(t)["orders"] {
		var x struct{ Number string }
		var id, version int
		if err := json.Unmarshal([]byte(row), &x); err != nil {
			t.Fatal(err)
		}
		if n, _ := fmt.Sscanf(x.Number, "P-%d-v%d", &id, &version); n != 2 {
			continue
		}
		if seen[id] != 0 {
			t.Errorf("P%d is there twice", id)
		}
		seen[id] = version
		if version < p.confirmed[id] || version > p.tried[id] {
			t.Errorf("P%d is there in version %d, confirmed was %d of %d", id, version, p.confirmed[id], p.tried[id])
		}
	}
	for id := range p.confirmed {
		if seen[id] == 0 {
			t.Errorf("P%d was lost", id)
		}
	}
}

// measure asks both servers for their goroutines and their memory.
func measure(t testing.TB, list []*server) map[string]float64 {
	out := map[string]float64{}
	for i, s := range list {
		m := s.metrics(t)
		for _, name := range []string{"go_goroutines", "process_resident_memory_bytes"} {
			out[fmt.Sprintf("%s of server %d", name, i)] = m[name]
		}
	}
	return out
}
