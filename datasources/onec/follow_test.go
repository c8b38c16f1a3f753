package onec_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/onec"
	"github.com/trama-graph/trama/schema"
)

const (
	setOrder   = "Document_ЗаказПокупателя"
	setBill    = "Document_СчетНаОплатуПокупателю"
	setPayment = "Document_ПоступлениеНаРасчетныйСчет"
)

func orderKey(x *schema.Order) string     { return x.Key }
func invoiceKey(x *schema.Invoice) string { return x.Key }

// newest is the day of the newest document of the small world.
var newest = time.Date(2026, 6, 27, 10, 0, 0, 0, time.UTC)

func small(c *onec.Config, d *onec.Deps) {
	withLinks(c, d)
	c.Page, c.Follow.Window = 7, 40*24*time.Hour
}

// day is a date of the base, days before the newest.
func day(before int) string { return newest.AddDate(0, 0, -before).Format("2006-01-02T15:04:05") }

// TestFollowingARandomHistory edits documents at random. What lies in the window is
// found by following, the rest by the sweep; nothing is lost.
func TestFollowingARandomHistory(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprintf("case=seed %d", seed), func(t *testing.T) {
			b := newBase(t)
			b.fill(30)
			b.put(setBill, obj{"Ref_Key": id(kindBill, 900), "DeletionMark": false, "Posted": true, "Number": "СЧ-9", "Date": day(0), "Контрагент_Key": id(kindCustomer, 1), "СуммаДокумента": 5, "ВалютаДокумента_Key": id(kindCurrency, 1), "ДокументОснование": zero, "ДокументОснование_Type": "StandardODATA.Undefined", "Товары": []obj{}, "Услуги": []obj{}})
			b.stamped()
			s := b.open(small)
			r := rand.New(rand.NewPCG(seed, 7))
			bills := newReplica(t, invoices(s), invoiceKey)
			bills.wantSame("at the beginning")
			bills.sweep()
			made := 1000
			for round := range 12 {
				inWindow := round%3 != 2
				for range 1 + r.IntN(6) {
					b.mu.Lock()
					n, p := len(b.sets[setBill]), len(b.sets[setPayment])
					b.mu.Unlock()
					// Few days, so that many documents have the same time.
					near := day(r.IntN(6) * 5)
					made++
					switch r.IntN(5) {
					case 0:
						b.add(setBill, r.IntN(n), id(kindBill, made), near)
					case 1, 2:
						b.edit(setBill, r.IntN(n), func(row obj) obj {
							if inWindow && row["Date"].(string) < day(38) {
								return row // its version changes, and nothing that is shown
							}
							row["Комментарий"] = fmt.Sprintf("Order EC-%d", made)
							return row
						})
					case 3:
						b.edit(setBill, r.IntN(n), func(row obj) obj {
							if inWindow && row["Date"].(string) < day(38) {
								return row
							}
							switch {
							case inWindow:
								row["DeletionMark"] = !row["DeletionMark"].(bool)
							case made%2 == 0:
								return nil
							default:
								row["Date"] = day(100)
							}
							return row
						})
					case 4: // a payment, of whatever bill
						b.add(setPayment, r.IntN(p), id(kindPayment, made), near)
					}
				}
				bills.follow()
				if inWindow {
					bills.wantSame(fmt.Sprintf("after round %d", round))
				}
				if !inWindow {
					bills.sweep()
					bills.wantSame(fmt.Sprintf("after the sweep of round %d", round))
				}
			}
		})
	}
}

// TestFollowingCosts counts calls.
func TestFollowingCosts(t *testing.T) {
	b := newBase(t)
	b.fill(30)
	b.stamped()
	s := b.open(small)
	c := newReplica(t, orders(s), orderKey)
	c.sweep()
	b.asked(setOrder)

	rows, parts := c.follow()
	calls := b.asked(setOrder)
	if rows != 0 || parts != 1 || len(calls) != 2 {
		t.Errorf("nothing new: %d rows in %d parts by %d calls, want none in one by 2 pages of keys: %q", rows, parts, len(calls), calls)
	}
	for _, call := range calls {
		if strings.Contains(call, "Товары") || !strings.Contains(call, "DataVersion") {
			t.Errorf("more than keys and versions was read: %s", call)
		}
	}

	b.mu.Lock()
	n := slices.IndexFunc(b.sets[setOrder], func(row obj) bool { return row["DeletionMark"] == false && row["Date"].(string) > day(20) })
	b.mu.Unlock()
	b.edit(setOrder, n, func(row obj) obj { row["СуммаДокумента"] = 7; return row })
	rows, parts = c.follow()
	if calls = b.asked(setOrder); rows == 0 || rows > 3 || parts != 1 || len(calls) != 3 {
		t.Errorf("one new: %d rows in %d parts by %d calls, want those of its day in one by 3: %q", rows, parts, len(calls), calls)
	}
	c.wantSame("after one edit")
	b.asked(setOrder)

	changed := rows
	read, removed := c.sweep() // 41 orders, 7 a page, and the rows nobody told the version of
	if calls = b.asked(setOrder); read != changed || removed != 0 || len(calls) != 6+1 {
		t.Errorf("the sweep read %d rows, removed %d, by %d calls", read, removed, len(calls))
	}
	read, removed = c.sweep()
	if calls = b.asked(setOrder); read != 0 || removed != 0 || len(calls) != 6 {
		t.Errorf("an idle sweep read %d rows, removed %d, by %d calls", read, removed, len(calls))
	}
}

// TestTheFutureDoesNotMoveTheWindow: a document dated ahead by mistake.
func TestTheFutureDoesNotMoveTheWindow(t *testing.T) {
	b := newBase(t)
	b.fill(12)
	b.stamped()
	b.add(setOrder, 0, id(kindOrder, 990), "2206-01-01T00:00:00")
	now := newest
	b.date = func() time.Time { return now }
	s := b.open(small)
	c := newReplica(t, orders(s), orderKey)
	b.add(setOrder, 1, id(kindOrder, 991), day(3))
	c.follow()
	c.wantSame("after a document of now")
	// The clock goes back, and on.
	for i, d := range []int{-400, 10, 45, 90} {
		now = newest.AddDate(0, 0, d)
		b.add(setOrder, 1, id(kindOrder, 992+i), day(-max(0, d)))
		c.follow()
		c.wantSame(fmt.Sprintf("with the clock %d days on", d))
	}
}

// TestCatalogueIsSweptOnly: goods have no date.
func TestCatalogueIsSweptOnly(t *testing.T) {
	b := newBase(t)
	b.fill(4)
	b.stamped()
	s := b.open(small)
	r := products(s)
	if _, err := r.(datasources.Follower[schema.Product]).Head(t.Context()); schema.CodeOf(err) != schema.NotEnabled {
		t.Errorf("Head: %v, want NOT_ENABLED", err)
	}
	if _, err := r.(datasources.Follower[schema.Product]).Since(t.Context(), ""); schema.CodeOf(err) != schema.NotEnabled {
		t.Errorf("Since: %v, want NOT_ENABLED", err)
	}
	c := &replica[schema.Product]{t: t, r: r, key: func(x *schema.Product) string { return x.Key }, rows: map[string]string{}, vers: map[string]string{}}
	if read, _ := c.sweep(); read != 12 {
		t.Errorf("%d goods, want 12 without the folder", read)
	}
	c.wantSame("after the first sweep")
	b.edit("Catalog_Номенклатура", 3, func(row obj) obj { row["Description"] = "Новый"; return row })
	b.edit("Catalog_Номенклатура", 5, func(row obj) obj { row["DeletionMark"] = true; return row })
	b.edit("Catalog_Номенклатура", 7, func(obj) obj { return nil })
	if read, removed := c.sweep(); read != 2 || removed != 1 {
		t.Errorf("read %d, removed %d, want 2 and 1", read, removed)
	}
	c.wantSame("after the second sweep")
}

// TestARenamedFolderIsAnotherVersion: goods show names of other catalogues.
func TestARenamedFolderIsAnotherVersion(t *testing.T) {
	b := newBase(t)
	b.fill(4)
	b.stamped()
	now := newest
	s := b.open(func(c *onec.Config, d *onec.Deps) { small(c, d); d.Now = func() time.Time { return now } })
	c := &replica[schema.Product]{t: t, r: products(s), key: func(x *schema.Product) string { return x.Key }, rows: map[string]string{}, vers: map[string]string{}}
	c.sweep()
	b.edit("Catalog_Номенклатура", 0, func(row obj) obj { row["Description"] = "Инструменты"; return row })
	now = now.Add(time.Hour) // small catalogues are kept for ten minutes
	if read, _ := c.sweep(); read != 12 {
		t.Errorf("%d goods were read again, want all 12 of the folder", read)
	}
	c.wantSame("after the folder was renamed")
}

// TestAPaymentReachesItsBill: what is paid of an old bill changes without a write
// of the bill.
func TestAPaymentReachesItsBill(t *testing.T) {
	b := newBase(t)
	b.fill(12)
	b.stamped()
	s := b.open(small)
	c := newReplica(t, invoices(s), invoiceKey)
	c.sweep()
	b.add(setPayment, 0, id(kindPayment, 901), day(1))
	if rows, _ := c.follow(); rows == 0 {
		t.Error("no bill came")
	}
	c.wantSame("after a payment")
	// A payment that is gone leaves nothing in the window.
	b.mu.Lock()
	n := len(b.sets[setPayment])
	b.mu.Unlock()
	b.edit(setPayment, n-1, func(obj) obj { return nil })
	c.follow()
	if read, _ := c.sweep(); read < 1 {
		t.Errorf("%d rows were read again, want the bill", read)
	}
	c.wantSame("after the sweep")
}

// TestFaultsLoseNothing: whatever a part of the following meets, the cursor stays.
func TestFaultsLoseNothing(t *testing.T) {
	b := newBase(t)
	b.fill(30)
	b.stamped()
	s := b.open(small)
	c := newReplica(t, orders(s), orderKey)
	for i := range 5 {
		b.add(setOrder, i, id(kindOrder, 700+i), day(i*7))
	}
	n := 0
	for _, fault := range []func(w http.ResponseWriter){
		func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"value":[{"Ref_Key"`))
		},
		func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html><form>login</form></html>"))
		},
		func(w http.ResponseWriter) { w.WriteHeader(http.StatusTooManyRequests) },
		func(w http.ResponseWriter) { refuse(w, 500, "-1") },
	} {
		for at := range 4 {
			calls := 0
			b.mu.Lock()
			b.override = func(w http.ResponseWriter, _ *http.Request, path string) bool {
				if path != setOrder {
					return false
				}
				if calls++; calls <= at {
					return false
				}
				fault(w)
				return true
			}
			b.mu.Unlock()
			if _, err := c.r.(datasources.Follower[schema.Order]).Since(t.Context(), c.cursor); err != nil {
				n++
			}
			b.mu.Lock()
			b.override = nil
			b.mu.Unlock()
		}
	}
	if n == 0 {
		t.Error("no fault was met")
	}
	// The breaker has seen much: another source of the same base goes on.
	c.r = orders(b.open(small))
	c.follow()
	c.wantSame("after the faults")
}

func TestForeignCursors(t *testing.T) {
	b := newBase(t)
	b.fill(4)
	b.stamped()
	r := orders(b.open(small)).(datasources.Follower[schema.Order])
	head, err := r.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(head) > 1200 {
		t.Errorf("the cursor has %d bytes", len(head))
	}
	other := b.open(func(c *onec.Config, d *onec.Deps) { small(c, d); c.Follow.Window = 100 * 24 * time.Hour })
	if _, err := orders(other).(datasources.Follower[schema.Order]).Since(t.Context(), head); schema.CodeOf(err) != schema.BadRequest {
		t.Errorf("a cursor of another window: %v, want BAD_REQUEST", err)
	}
	for _, c := range []datasources.Cursor{"x", "{}", `{"d":1}`, `{"d":1,"o":{"order":null}}`, `{"d":1,"o":{"order":{"n":"yesterday","f":1}}}`, `{"d":1,"o":{"order":{"n":"","f":1,"p":"abc"}}}`, `{"d":1,"q":1}`} {
		if _, err := r.Since(t.Context(), c); schema.CodeOf(err) != schema.BadRequest {
			t.Errorf("%s: %v, want BAD_REQUEST", c, err)
		}
	}
	all, err := r.Since(t.Context(), "")
	if err != nil || len(all.Items) == 0 {
		t.Errorf("the empty cursor gives %d rows, %v", len(all.Items), err)
	}
}

// TestSweepGoesOn: a sweep may be interrupted at any page.
func TestSweepGoesOn(t *testing.T) {
	b := newBase(t)
	b.fill(30)
	b.stamped()
	r := invoices(b.open(small)).(datasources.KeyScanner)
	var all []datasources.Keyed
	var marks []datasources.Mark
	var sizes []int
	if err := r.ScanKeys(t.Context(), "", func(p datasources.Scanned[datasources.Keyed]) error {
		all = append(all, p.Items...)
		marks, sizes = append(marks, p.Mark), append(sizes, len(all))
		if p.Shifting {
			t.Error("nothing moved, and yet the sweep says so")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for i, mark := range marks {
		rest := slices.Clone(all[:sizes[i]])
		if err := r.ScanKeys(t.Context(), mark, func(p datasources.Scanned[datasources.Keyed]) error {
			rest = append(rest, p.Items...)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(rest, all) {
			t.Errorf("from mark %d: %d keys, want %d", i, len(rest), len(all))
		}
	}
	if err := r.ScanKeys(t.Context(), `{"o":"nothing","s":1}`, nil); schema.CodeOf(err) != schema.BadRequest {
		t.Errorf("a foreign mark: %v", err)
	}
	shifting := false
	n := 0
	if err := r.ScanKeys(t.Context(), "", func(p datasources.Scanned[datasources.Keyed]) error {
		if n++; n == 2 { // the first record that was read goes
			b.mu.Lock()
			first := slices.IndexFunc(b.sets[setBill], func(row obj) bool { return "bill:"+fmt.Sprint(row["Ref_Key"]) == all[0].Key })
			b.mu.Unlock()
			b.edit(setBill, first, func(obj) obj { return nil })
		}
		shifting = shifting || p.Shifting
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !shifting {
		t.Error("a record was removed before the place, and the sweep does not say so")
	}
}

func TestSweepOfRows(t *testing.T) {
	b := newBase(t)
	b.fill(4)
	r := orders(b.open(func(c *onec.Config, d *onec.Deps) { small(c, d); c.Follow.Sweep = "rows" })).(datasources.KeyScanner)
	if err := r.ScanKeys(t.Context(), "", nil); schema.CodeOf(err) != schema.NotEnabled {
		t.Errorf("%v, want NOT_ENABLED", err)
	}
	bad := b.config()
	bad.Follow.Sweep, bad.Follow.Window = "sometimes", time.Hour
	err := bad.Validate()
	for _, want := range []string{"follow.sweep: expected keys or rows", "follow.window: 1h0m0s is not between"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
}

// TestEditsBetweenParts: documents of one moment, of which some go away while the
// others are read.
func TestEditsBetweenParts(t *testing.T) {
	b := newBase(t)
	b.fill(60)
	b.mu.Lock()
	n := len(b.sets[setOrder])
	b.mu.Unlock()
	for i := range n {
		b.edit(setOrder, i, func(row obj) obj { row["Date"], row["DeletionMark"] = day(i%2), false; return row })
	}
	s := b.open(small)
	c := newReplica(t, orders(s), orderKey)
	c.rows, c.cursor = map[string]string{}, ""
	more := true
	for i := 0; more; i++ {
		got, err := c.r.(datasources.Follower[schema.Order]).Since(t.Context(), c.cursor)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got.Items {
			c.rows[c.key(&got.Items[i])] = c.text(&got.Items[i])
		}
		c.cursor, more = got.Next, got.More
		if i%2 == 0 && len(got.Items) > 1 { // one that was given, and with it all the others move
			gone := got.Items[len(got.Items)-1-i%3%2].Key
			b.mu.Lock()
			at := slices.IndexFunc(b.sets[setOrder], func(row obj) bool { return row["Ref_Key"] == gone })
			b.mu.Unlock()
			b.edit(setOrder, at, func(obj) obj { return nil })
			delete(c.rows, gone)
		}
	}
	c.wantSame("after a reading during which documents went away")
}
