package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trama-graph/trama/graph/dataset/spill"
	"github.com/trama-graph/trama/graph/web"
	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// groupedServer has n groups, in little memory where disk is not nil. t and u read pages
// of 700, v reads files. read counts how often the list was read from its beginning.
func groupedServer(t *testing.T, n int, disk *spill.Disk, change func(*things)) (w *feedWorld, read *atomic.Int64) {
	t.Helper()
	read = &atomic.Int64{}
	x := &things{n: n, on: func(_ context.Context, part int, _ *schema.Page[thing]) error {
		if part == 0 {
			read.Add(1)
		}
		return nil
	}}
	if change != nil {
		change(x)
	}
	paged := policies.Agreement{MaxRows: 700}
	return feedServer(t, x, func(c *web.Config) {
		c.Auth = holders{
			"t": {TokenID: "t", Account: "a", Agreement: paged}, "u": {TokenID: "u", Account: "b", Agreement: paged},
			"t2": {TokenID: "t", Account: "a", Agreement: paged, Claims: map[string]string{"shop": "web"}}, "v": {TokenID: "v", Account: "c"},
		}
		if disk != nil {
			c.Feed.GroupBytes, c.Feed.Disk = 100_000, disk
		}
	}), read
}

// isEmpty holds that nothing is left on disk.
func isEmpty(t *testing.T, disk *spill.Disk, dir string) {
	t.Helper()
	if used, files := disk.Used(); used != 0 || files != 0 {
		t.Errorf("%d bytes in %d files are left", used, files)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("files are left: %v %v", left, err)
	}
}

// TestManyGroups holds that a table of more groups than memory has room for, and a
// summary of more rows, come whole, in pages and in every format, and that all pages cost
// one reading of each list.
func TestManyGroups(t *testing.T) {
	const n = 3000
	for name, lists := range map[string]int64{"grouped": 1, "counted": 2} {
		t.Run("case="+name, func(t *testing.T) {
			dir := t.TempDir()
			disk := spill.NewDisk(dir, 1<<30)
			w, read := groupedServer(t, n, disk, nil)
			seen, pages, wasAside := map[string]int{}, 0, false
			for path := "/odata/" + name + "?$count=true"; path != ""; pages++ {
				p := w.page(t, path)
				for _, row := range p.Value {
					seen[fmt.Sprint(row["name"], " ", row["n"])]++
				}
				if p.Count == nil || *p.Count != n {
					t.Errorf("page %d counts %v", pages, p.Count)
				}
				used, _ := disk.Used()
				wasAside, path = wasAside || used > 0, p.Next
			}
			for i := range n {
				if row := fmt.Sprintf("n%d 1", i); seen[row] != 1 {
					t.Errorf("the row %s came %d times", row, seen[row])
				}
			}
			if len(seen) != n || pages != 5 || read.Load() != lists || !wasAside {
				t.Errorf("%d rows on %d pages of %d readings, put aside: %v", len(seen), pages, read.Load(), wasAside)
			}
			isEmpty(t, disk, dir)
			plain, _ := groupedServer(t, n, nil, nil)
			for _, format := range []string{"csv", "ndjson", "xlsx", "parquet"} {
				path := "/export/" + name + "." + format
				resp, got, err := w.getAs(t, "v", path)
				if err != nil || resp.StatusCode != http.StatusOK {
					t.Fatalf("%s: %v %s %.200s", format, err, resp.Status, got)
				}
				if _, want, err := plain.getAs(t, "v", path); err != nil || got != want {
					t.Errorf("%s: %d bytes, %d without a disk: %v", format, len(got), len(want), err)
				}
				if format == "csv" && strings.Count(got, "\n") != n+1 {
					t.Errorf("%d lines", strings.Count(got, "\n"))
				}
			}
			isEmpty(t, disk, dir)
		})
	}
}

// TestKeptSumsAreOnesOwn holds that what was added up for one token's page is nobody
// else's, and that pages are the same without.
func TestKeptSumsAreOnesOwn(t *testing.T) {
	disk := spill.NewDisk(t.TempDir(), 1<<30)
	w, read := groupedServer(t, 2000, disk, nil)
	first := w.page(t, "/odata/grouped")
	if _, files := disk.Used(); files != 1 || read.Load() != 1 {
		t.Fatalf("%d files wait, %d readings", files, read.Load())
	}
	want := ""
	for i, token := range []string{"u", "t2", "t", "t"} { // another account, other claims; its own, twice
		resp, body, err := w.getAs(t, token, first.Next)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v %s %.200s", token, err, resp.Status, body)
		}
		rows, _, _ := strings.Cut(body, `"@odata.nextLink"`)
		if want == "" {
			want = rows
		} else if rows != want {
			t.Errorf("%s has another page", token)
		}
		if readings := int64([]int{2, 3, 3, 3}[i]); read.Load() != readings {
			t.Errorf("%s: %d readings, want %d", token, read.Load(), readings)
		}
	}
}

// TestKeptSumsAreFew holds that no account has more waiting than it may, and that an
// answer whose sums gave way goes on all the same.
func TestKeptSumsAreFew(t *testing.T) {
	disk := spill.NewDisk(t.TempDir(), 1<<30)
	w, read := groupedServer(t, 2000, disk, nil)
	next := ""
	for i := range 7 {
		if p := w.page(t, "/odata/grouped"); i == 0 {
			next = p.Next
		}
	}
	if _, files := disk.Used(); files != 4 {
		t.Errorf("%d wait, want 4", files)
	}
	if p := w.page(t, next); len(p.Value) != 700 || p.Next == "" || read.Load() != 8 {
		t.Errorf("%d rows, %d readings", len(p.Value), read.Load())
	}
}

// TestKeptSumsGo holds that what waits for a page goes by itself when none is asked.
func TestKeptSumsGo(t *testing.T) {
	disk := spill.NewDisk(t.TempDir(), 1<<30)
	w, _ := groupedServer(t, 2000, disk, nil)
	synctest.Test(t, func(t *testing.T) {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/odata/grouped", nil)
		req.SetBasicAuth("anybody", "t")
		rec := httptest.NewRecorder()
		w.Config.Handler.ServeHTTP(rec, req)
		if rec.Code != http.StatusOK {
			t.Fatalf("%d %.200s", rec.Code, rec.Body)
		}
		for _, wait := range []struct {
			time.Duration
			files int
		}{{time.Minute, 1}, {time.Minute, 1}, {time.Minute, 0}} {
			time.Sleep(wait.Duration)
			synctest.Wait()
			if _, files := disk.Used(); files != wait.files {
				t.Errorf("%d files wait, want %d", files, wait.files)
			}
		}
	})
}

// TestNoGroupsLeft holds that nothing is left on disk when a source fails, when a client
// goes away, and when reading panics.
func TestNoGroupsLeft(t *testing.T) {
	for name, fail := range map[string]func() error{
		"source": away,
		"client": nil,
		"panic":  func() error { panic("a resolver") },
	} {
		t.Run("case="+name, func(t *testing.T) {
			dir := t.TempDir()
			disk := spill.NewDisk(dir, 1<<30)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var seen atomic.Bool
			w, _ := groupedServer(t, 1<<40, disk, func(x *things) {
				x.on = func(asked context.Context, _ int, _ *schema.Page[thing]) error {
					if used, _ := disk.Used(); used == 0 {
						return asked.Err()
					}
					seen.Store(true)
					if fail != nil {
						return fail()
					}
					cancel()
					<-asked.Done()
					return asked.Err()
				}
			})
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.URL+"/export/grouped.csv", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.SetBasicAuth("anybody", "v")
			if resp, err := w.Client().Do(req); err == nil {
				if resp.StatusCode == http.StatusOK {
					t.Errorf("got %s", resp.Status)
				}
				resp.Body.Close()
			}
			w.Close() // waits for the answer
			if !seen.Load() {
				t.Error("nothing was ever put aside")
			}
			isEmpty(t, disk, dir)
		})
	}
}

// TestNoRoomForGroups holds what is told where groups cannot be put aside: what the
// system says of it is for the log.
func TestNoRoomForGroups(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "secret-place")
	w, _ := groupedServer(t, 3000, spill.NewDisk(missing, 1<<30), nil)
	if log := w.log.String(); !strings.Contains(log, "set TMPDIR") {
		t.Errorf("the start says nothing of it: %s", log)
	}
	for _, path := range []string{"/odata/grouped", "/export/grouped.csv", "/odata/grouped/$count"} {
		resp, body, err := w.getAs(t, "v", path)
		if err != nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") != "60" || !strings.Contains(body, `"code":"LIMITED"`) || strings.Contains(body, "secret-place") || strings.Contains(body, "no such") {
			t.Errorf("%s: %v %s %v %.300s", path, err, resp.Status, resp.Header, body)
		}
	}
	if log := w.log.String(); !strings.Contains(log, "putting groups of a table aside failed") || !strings.Contains(log, "secret-place") {
		t.Errorf("the log is %s", log)
	}
	w, _ = groupedServer(t, 3000, spill.NewDisk(t.TempDir(), 50_000), nil)
	if resp, body, err := w.getAs(t, "v", "/export/grouped.csv"); err != nil || resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, "group by less") {
		t.Errorf("%v %s %s", err, resp.Status, fmt.Sprintf("%.300s", body))
	}
}
