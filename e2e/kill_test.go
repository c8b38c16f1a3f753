package e2e

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox"
	"github.com/trama-graph/trama/datasources/sandbox/faults"
	"github.com/trama-graph/trama/datasources/sandbox/onec"
	"github.com/trama-graph/trama/datasources/sandbox/operand"
)

// copiesOnly is the two copied systems, each reading at the pace of its latency.
func copiesOnly(t *testing.T, box *sandbox.Sandbox, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "trama.yaml")
	_, text, _ := strings.Cut(fiveSystems(box), "  - name: agency\n")
	text, _, _ = strings.Cut(text, "directory:")
	text = "sources:\n  - name: agency\n" + strings.ReplaceAll(text, "every: 1s", "every: 1h") +
		"\nlisten: 127.0.0.1:0\nstore: {url: \"sqlite:" + filepath.Join(dir, "trama.db") + "\"}\ncache_dir: " + dir + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// contents asks for every row of both copies.
func contents(t *testing.T, path string) map[string][]string {
	t.Helper()
	out, err := exec.Command(binary, "token", "new", "--config", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v %s", err, out)
	}
	s := &server{log: &lockedBuffer{}, Token: strings.TrimSpace(string(out)), config: path}
	s.start(t, "serve", "--config", path)
	s.listening(t)
	s.copied(t)
	rows := s.everything(t)
	s.stop()
	if err := s.cmd.Wait(); err != nil {
		t.Error(err)
	}
	s.stopped = true
	return rows
}

// everything asks for every row of every list, page by page.
func (s *server) everything(t testing.TB) map[string][]string {
	t.Helper()
	rows := map[string][]string{}
	for list, fields := range map[string]string{
		"tickets":        `id number title state customer { name }`,
		"contacts":       `id name email`,
		"orders":         `id number status date total { amount currency } net { amount } tax { amount } paid { amount } lines { sku quantity unitPrice { amount } }`,
		"quotes":         `id number status date total { amount }`,
		"products":       `id sku name price { amount } stock { warehouse available reserved asOf }`,
		"deliveryNotes":  `id number carrier appointment order { number }`,
		"purchaseOrders": `id number supplier date total { amount }`,
		"invoices":       `id number status date total { amount } paid { amount } notes`,
		"payments":       `id number status date amount { amount } purpose`,
		"payables":       `id number supplier amount { amount } dueDate`,
		"boletos":        `id number url amount { amount }`,
	} {
		var after any
		for {
			a := s.ask(t, `query($after: String) { `+list+`(first: 500, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { `+fields+` } } }`, map[string]any{"after": after})
			garbled, failed := a.parted()
			if len(failed) > 0 {
				t.Fatal(failed[0])
			}
			rows["garbled"] = append(rows["garbled"], garbled...)
			for _, n := range at(t, a.Data, list+".nodes").([]any) {
				b, _ := json.Marshal(n)
				rows[list] = append(rows[list], string(b))
			}
			if at(t, a.Data, list+".pageInfo.hasNextPage") != true {
				if total := int(at(t, a.Data, list+".totalCount").(float64)); total != len(rows[list]) {
					t.Errorf("%s: %d rows, and a total of %d", list, len(rows[list]), total)
				}
				break
			}
			after = at(t, a.Data, list+".pageInfo.endCursor")
		}
		slices.Sort(rows[list])
	}
	return rows
}

// TestCopiesSurviveKillsAndFaults kills `trama sync` with SIGKILL again and again
// while faults come and go and rows are deleted; then one undisturbed reading.
// The copy is what a fresh copy is, row by row.
func TestCopiesSurviveKillsAndFaults(t *testing.T) {
	box, err := sandbox.Start(t.Context(), sandbox.Options{Customers: 3000, Latency: 4 * time.Millisecond, OneC: onec.Options{Configuration: onec.UNF}})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	dir := t.TempDir()
	path := copiesOnly(t, box, dir)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	modes := []faults.Mode{faults.None, faults.None, faults.Drop, faults.ServerError, faults.HalfBody, faults.Garbage, faults.LoginPage, faults.ErrorBody}
	killed, resumed := 0, 0
	for range 15 {
		for _, source := range []string{"agency", "erp"} {
			box.Source(source).Faults.Set(faults.Fault{Mode: modes[r.IntN(len(modes))], Every: 2 + r.IntN(20)})
		}
		if r.IntN(3) == 0 {
			box.Operand.Remove(operand.Payables, 1+r.IntN(200))
		}
		cmd := exec.Command(binary, "sync", "--config", path)
		out := &lockedBuffer{}
		cmd.Stdout, cmd.Stderr = out, out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		select {
		case <-done:
		case <-time.After(time.Duration(50+r.IntN(900)) * time.Millisecond):
			_ = cmd.Process.Kill()
			<-done
			killed++
		}
		resumed += strings.Count(out.String(), "(resumed)")
	}
	if killed < 5 {
		t.Errorf("only %d readings were killed", killed)
	}
	for _, source := range []string{"agency", "erp"} {
		box.Source(source).Faults.Clear()
	}
	for range 2 { // a reading that was gone on with tells how things were when it began
		if out, err := exec.Command(binary, "sync", "--config", path).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		} else if strings.Contains(string(out), "(resumed)") {
			resumed++
		}
	}
	if resumed == 0 {
		t.Error("no reading went on where another was killed")
	}
	fresh := t.TempDir()
	freshPath := copiesOnly(t, box, fresh)
	if out, err := exec.Command(binary, "sync", "--config", freshPath).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got, want := withoutIDs(contents(t, path)), withoutIDs(contents(t, freshPath))
	for list := range want {
		if !slices.Equal(got[list], want[list]) {
			t.Errorf("%s: %d rows, want %d", list, len(got[list]), len(want[list]))
		}
		if len(want[list]) < 20 && list != "tickets" && list != "contacts" && list != "garbled" {
			t.Errorf("%s: %d rows prove nothing", list, len(want[list]))
		}
	}
	t.Logf("%d kills, %d resumed", killed, resumed)
}

// withoutIDs takes out what another store seals in another way.
func withoutIDs(rows map[string][]string) map[string][]string {
	for list, all := range rows {
		for i, row := range all {
			var m map[string]any
			_ = json.Unmarshal([]byte(row), &m)
			delete(m, "id")
			b, _ := json.Marshal(m)
			all[i] = string(b)
		}
		slices.Sort(all)
		rows[list] = all
	}
	return rows
}
