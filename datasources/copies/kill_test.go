package copies_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/copies"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
)

// killedVariable tells a child process of the test binary where to read a copy
// until it is killed: "DIRECTORY:AGE".
const killedVariable = "TRAMA_COPIES_KILLED"

func killedDir() string { return os.Getenv(killedVariable) }

// agedRows are how many rows the table of a certain age is made of.
const agedRows = 200

// aged is an order of a table that changes as it ages, the same in every process:
// rows come, change and go.
func aged(i, age int) (schema.Order, bool) {
	r := rand.New(rand.NewPCG(uint64(i), 1))
	born, version, gone := 0, 0, false
	if r.IntN(4) == 0 {
		born = r.IntN(30)
	}
	for a := born; a < age; a++ {
		switch r.IntN(60) {
		case 0:
			gone = !gone
		case 1, 2:
			version++
		}
	}
	x := order(i, fmt.Sprintf("version %d", version))
	x.Total = schema.NewMoney(decimal.MustNew(int64(i*100+version), 2), "EUR")
	x.OrderNumbers = []string{fmt.Sprintf("N%d", version), fmt.Sprintf("M%d", i)}
	x.Lines = []*schema.OrderLine{{SKU: fmt.Sprintf("A%d", version)}}
	return x, age >= born && !gone
}

func agedTable(age int) []schema.Order {
	var rows []schema.Order
	for i := range agedRows {
		if x, ok := aged(i, age); ok {
			rows = append(rows, x)
		}
	}
	return rows
}

// agedSource has the same rows as scanned pages that may shift, as a list, and as
// an index of customers.
func agedSource(age int) datasources.Source {
	rows := agedTable(age)
	scan := &orderScan{size: 7, shifting: true}
	scan.set(rows...)
	list := &table[schema.Contact, *schema.Contact]{}
	ix := &index{}
	for i := range rows {
		list.rows = append(list.rows, schema.Contact{Record: rows[i].Record, Name: rows[i].Status})
		if i%10 == 0 {
			ix.list = append(ix.list, datasources.CustomerRecord{ID: rows[i].Key, Name: rows[i].Status, ForeignIDs: map[string]string{"a": rows[i].Number, "b": "x"}})
		}
	}
	return withIndex{&system{
		readers: map[string]any{"Order": scan, "Contact": list},
		entries: []datasources.Entity{entry("Order", newest, 10), entry("Contact", schema.Sort{Column: "name"}, 20)},
	}, ix}
}

// beKilled reads until the parent kills this process.
func beKilled(dir string) {
	dir, age, _ := strings.Cut(dir, "?")
	n, err := strconv.Atoi(age)
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	st, err := store.Open(ctx, "sqlite:"+filepath.Join(dir, "trama.db"), store.Deps{})
	if err != nil {
		panic(err)
	}
	cfg, src := copies.Config{Name: "erp", MaxDelete: 1}, agedSource(n)
	if _, err := os.Stat(filepath.Join(dir, followedFile)); err == nil {
		// A sweep is due each second, a following at once.
		cfg.Every, cfg.Sweep, src = time.Second, time.Second, ledgerSystem(agedLedger(n), true)
	}
	c, err := copies.Open(ctx, cfg, src, st, copies.Deps{})
	if err != nil {
		panic(err)
	}
	fmt.Println("reading")
	said := false
	for {
		if err := c.Sync(ctx, copies.Options{Progress: func(p copies.Progress) {
			if p.Resumed && !said {
				said = true
				fmt.Println("resumed")
			}
		}}); err != nil {
			panic(err)
		}
	}
}

// TestKilled kills a process that reads, again and again while the source
// changes, and then reads once in peace.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	rounds := 24
	inside, resumed := 0, 0
	began := time.Now()
	mustSync(t, openCopy(t, copies.Config{}, agedSource(0), newStore(t), copies.Deps{}))
	whole := time.Since(began)
	for age := range rounds {
		if killOne(t, dir, age, whole) {
			resumed++
		}
		st := openStore(t, filepath.Join(dir, "trama.db"))
		sets, err := st.Copies(t.Context(), "erp")
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(sets, func(s copies.Set) bool { return s.Running }) {
			inside++
		}
		checkCopy(t, st, age)
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d processes were killed within a reading, %d had gone on", inside, rounds, resumed)
	if inside < rounds/4 || resumed == 0 {
		t.Error("the processes were killed at other times than was meant")
	}
	st := openStore(t, filepath.Join(dir, "trama.db"))
	src := agedSource(rounds)
	c := openCopy(t, copies.Config{MaxDelete: 1}, src, st, copies.Deps{})
	mustSync(t, c) // ends what the last one began
	mustSync(t, c)
	got, err := datasources.ReaderOf[schema.Order](c, "Order").List(t.Context(), datasources.Query{First: 10_000, Order: schema.Sort{Column: "id"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(agedTable(rounds), got.Items, asRead()); diff != "" {
		t.Error(diff)
	}
	links(t, datasources.ReaderOf[schema.Order](c, "Order"), rounds)
	contacts, err := datasources.ReaderOf[schema.Contact](c, "Contact").List(t.Context(), datasources.Query{First: 10_000, Order: schema.Sort{Column: "id"}})
	if err != nil || len(contacts.Items) != len(got.Items) {
		t.Fatalf("%d contacts of %d, %v", len(contacts.Items), len(got.Items), err)
	}
	for i := range contacts.Items {
		if contacts.Items[i].Key != got.Items[i].Key || contacts.Items[i].Name != got.Items[i].Status {
			t.Fatal("a contact is not as in the source")
		}
	}
	var people []datasources.CustomerRecord
	if err := c.Customers().IndexCustomers(t.Context(), func(page []datasources.CustomerRecord) error {
		people = append(people, page...)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(src.(withIndex).list, people); diff != "" {
		t.Error(diff)
	}
}

// followedFile says that the process is to follow a ledger.
const followedFile = "followed"

// agedLedger is a ledger as it is at an age, which is its second: rows that went
// left no trace.
func agedLedger(age int) *ledger {
	l := newLedger(7)
	l.second = age
	for i := range agedRows {
		x, ok := aged(i, age)
		if !ok {
			continue
		}
		e := &entryOf{order: x, second: age}
		for ; e.second > 0; e.second-- {
			if was, ok := aged(i, e.second-1); !ok || was.Status != x.Status {
				break
			}
		}
		e.version, _ = strconv.Atoi(strings.TrimPrefix(x.Status, "version "))
		l.rows[x.Key] = e
	}
	return l
}

// TestKilledFollowing kills a process that follows and sweeps, also between a page
// and the next cursor, and then follows in peace: what changed while it was killed
// is there, and after a sweep the copy is the source.
func TestKilledFollowing(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, followedFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const rounds = 16
	for age := range rounds {
		killOne(t, dir, age, 60*time.Millisecond)
		st := openStore(t, filepath.Join(dir, "trama.db"))
		checkCopy(t, st, age)
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
	}
	st, l, now := openStore(t, filepath.Join(dir, "trama.db")), agedLedger(rounds), newClock()
	c := openCopy(t, copies.Config{MaxDelete: 1}, ledgerSystem(l, true), st, copies.Deps{Now: now.now})
	read := func() map[string]schema.Order {
		mustSync(t, c)
		out := map[string]schema.Order{}
		for _, x := range all[schema.Order](t, c, "Order") {
			out[x.Key] = x
		}
		return out
	}
	exact := asRead()
	mustSync(t, c) // ends what the last one began: with little time for each, the first reading of all
	got := read()
	for _, x := range l.all() {
		if diff := cmp.Diff(x, got[x.Key], exact); diff != "" {
			t.Errorf("after following: %s", diff)
		}
	}
	for range 2 { // the first may go on with one that was killed
		now.add(24 * time.Hour)
		got = read()
	}
	for _, x := range l.all() {
		if diff := cmp.Diff(x, got[x.Key], exact); diff != "" {
			t.Errorf("after a sweep: %s", diff)
		}
		delete(got, x.Key)
	}
	if len(got) > 0 {
		t.Errorf("%d rows that the source has not", len(got))
	}
	links(t, datasources.ReaderOf[schema.Order](c, "Order"), rounds)
}

// killOne starts a process that reads the source of an age, and kills it. A
// reading takes about as long as whole. It reports whether the process went on
// with the reading of one that was killed before.
func killOne(t *testing.T, dir string, age int, whole time.Duration) (resumed bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s?%d", killedVariable, dir, age))
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first := make([]byte, len("reading\n"))
	if _, err := io.ReadFull(out, first); err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	time.Sleep(rand.N(whole + whole/2)) // anywhere in a reading
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(out)
	_ = cmd.Wait()
	if errs.Len() > 0 {
		t.Fatal(errs.String())
	}
	return strings.Contains(string(rest), "resumed")
}

// checkCopy holds the tables of a killed process against each other.
func checkCopy(t *testing.T, st *store.Store, age int) {
	t.Helper()
	sets, err := st.Copies(t.Context(), "erp")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sets {
		var keys []string
		_, err := st.CopyList(t.Context(), s.ID, copies.Ask{Source: "erp", Query: datasources.Query{First: 10_000}}, func(data []byte, _ int64) error {
			keys = append(keys, string(data[:8])) // begins with its layout
			if string(data[:8]) != s.Layout {
				t.Error("a row of another layout")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(keys)) != s.Rows || s.Seen > s.Rows {
			t.Errorf("age %d: %s says it has %d rows and saw %d, there are %d", age, s.Entity, s.Rows, s.Seen, len(keys))
		}
	}
}

// links holds the links against the rows.
func links(t *testing.T, r datasources.Reader[schema.Order], age int) {
	t.Helper()
	want := map[string][]string{}
	for _, x := range agedTable(age) {
		for _, n := range x.OrderNumbers {
			want[n] = append(want[n], x.Key)
		}
	}
	parents := []string{"N0", "N1", "N2", "N3", "N4", "M7", "M9", "nobody"}
	got, err := r.ByParent(t.Context(), "orderNumber", parents, datasources.Query{First: 10_000, Order: schema.Sort{Column: "id"}})
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range parents {
		var keys []string
		for _, x := range got.Parent(i) {
			keys = append(keys, x.Key)
		}
		if !slices.Equal(keys, want[p]) {
			t.Errorf("%s has %d rows, want %d", p, len(keys), len(want[p]))
		}
	}
}
