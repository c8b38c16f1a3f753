package web_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/trama-graph/trama/graph/dataset/spill"
)

// keptBytes is what one kept answer of groupedServer has on disk, of so many groups.
func keptBytes(t *testing.T, n int) int64 {
	t.Helper()
	disk := spill.NewDisk(t.TempDir(), 1<<30)
	w, _ := groupedServer(t, n, disk, nil)
	w.page(t, "/odata/grouped")
	size, files := disk.Used()
	if size == 0 || files != 1 {
		t.Fatalf("%d bytes in %d files are kept", size, files)
	}
	return size
}

// occupy takes room on disk, as an answer does that is being made.
func occupy(t *testing.T, disk *spill.Disk, bytes int64) *spill.File {
	t.Helper()
	f, err := disk.Create()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	w := f.Write()
	err = w.Add(make([]byte, bytes))
	if _, ended := w.End(); err != nil || ended != nil {
		t.Fatal(errors.Join(err, ended))
	}
	return f
}

// TestKeptSumsGiveWay holds that what is kept of one account for a page takes no room
// from an answer of another, and that its own next page comes all the same.
func TestKeptSumsGiveWay(t *testing.T) {
	const n = 6000
	size := keptBytes(t, n)
	disk := spill.NewDisk(t.TempDir(), 9*size)
	w, read := groupedServer(t, n, disk, nil)
	busy := occupy(t, disk, 9*size-5*size/2) // an answer needs twice its size to be merged
	taken, _ := disk.Used()
	first := w.page(t, "/odata/grouped")
	if _, files := disk.Used(); files != 2 {
		t.Fatalf("%d files: nothing is kept", files)
	}
	resp, body, err := w.getAs(t, "u", "/odata/grouped")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("another account: %v %s %.300s", err, resp.Status, body)
	}
	if used, files := disk.Used(); files != 2 || used != taken+size {
		t.Errorf("%d bytes in %d files: what was kept first did not go", used, files)
	}
	if p := w.page(t, first.Next); len(p.Value) != 700 || read.Load() != 3 {
		t.Errorf("the next page has %d rows, after %d readings", len(p.Value), read.Load())
	}
	// What is in use by others does not go: there is no room then.
	other := occupy(t, disk, size)
	resp, body, err = w.getAs(t, "u", "/odata/grouped")
	if err != nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("without room: %v %s %.300s", err, resp.Status, body)
	}
	_, _ = busy.Close(), other.Close()
	if used, files := disk.Used(); used != 0 || files != 0 {
		t.Errorf("%d bytes in %d files are left", used, files)
	}
}

// TestKeptSumsOfOneAccount holds that one account keeps an eighth of the disk at most,
// and nothing of what is larger by itself.
func TestKeptSumsOfOneAccount(t *testing.T) {
	const n = 6000
	size := keptBytes(t, n)
	for _, c := range []struct {
		most  int64
		files int
	}{{8*size - 8, 0}, {8 * size, 1}, {16*size - 8, 1}, {16 * size, 2}} {
		t.Run(fmt.Sprint("files=", c.files, " of=", c.most/size), func(t *testing.T) {
			disk := spill.NewDisk(t.TempDir(), c.most)
			w, read := groupedServer(t, n, disk, nil)
			next := ""
			for range 3 {
				next = w.page(t, "/odata/grouped").Next
			}
			if used, files := disk.Used(); files != c.files || used != int64(c.files)*size {
				t.Errorf("%d bytes in %d files are kept, want %d files", used, files, c.files)
			}
			if p := w.page(t, next); len(p.Value) != 700 || read.Load() != 3+int64(1-min(c.files, 1)) {
				t.Errorf("the next page has %d rows, after %d readings", len(p.Value), read.Load())
			}
		})
	}
}

// TestKeptSumsGiveWayAtOnce holds that pages and answers of several accounts at the same
// time are whole while what is kept gives way: each has room for itself.
func TestKeptSumsGiveWayAtOnce(t *testing.T) {
	const n = 6000
	size := keptBytes(t, n)
	disk := spill.NewDisk(t.TempDir(), 9*size)
	w, _ := groupedServer(t, n, disk, nil)
	// Two answers being made at a time have just room, if nothing is kept.
	busy := occupy(t, disk, 9*size-17*size/4)
	var wait sync.WaitGroup
	for _, token := range []string{"t", "u"} {
		wait.Go(func() {
			for range 12 {
				resp, body, err := w.getAs(t, token, "/odata/grouped")
				if err != nil {
					t.Error(err)
				} else if resp.StatusCode != http.StatusOK {
					t.Errorf("%s: %s %.200s", token, resp.Status, body)
				}
			}
		})
	}
	wait.Wait()
	_ = busy.Close()
}
