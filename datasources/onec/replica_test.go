package onec_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
)

// stamped gives every record of the base a version.
func (b *base) stamped() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, rows := range b.sets {
		for _, row := range rows {
			b.touch(row)
		}
	}
}

// touch is a write of a record; b.mu is held.
func (b *base) touch(row obj) {
	b.written++
	row["DataVersion"] = fmt.Sprintf("AAAA%07d=", b.written)
}

// edit writes the n-th record of a set, nil removes it.
func (b *base) edit(set string, n int, f func(obj) obj) {
	b.mu.Lock()
	defer b.mu.Unlock()
	row := map[string]any{}
	for k, v := range b.sets[set][n] {
		row[k] = v
	}
	if row = f(row); row == nil {
		b.sets[set] = slices.Delete(slices.Clone(b.sets[set]), n, n+1)
		return
	}
	b.touch(row)
	b.sets[set] = slices.Clone(b.sets[set])
	b.sets[set][n] = row
}

// add copies the n-th record of a set under another key and date.
func (b *base) add(set string, n int, key, date string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	row := map[string]any{}
	for k, v := range b.sets[set][n] {
		row[k] = v
	}
	row["Ref_Key"], row["Date"], row["DeletionMark"] = key, date, false
	b.touch(row)
	b.sets[set] = append(slices.Clone(b.sets[set]), row)
}

// replica is a copy as the loop keeps one, in memory.
type replica[T any] struct {
	t      *testing.T
	r      datasources.Reader[T]
	key    func(*T) string
	rows   map[string]string // their JSON
	vers   map[string]string
	cursor datasources.Cursor
}

func newReplica[T any](t *testing.T, r datasources.Reader[T], key func(*T) string) *replica[T] {
	c := &replica[T]{t: t, r: r, key: key, rows: map[string]string{}, vers: map[string]string{}}
	head, err := r.(datasources.Follower[T]).Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.cursor = head
	c.rows = c.source()
	return c
}

// source is what the source has now.
func (c *replica[T]) source() map[string]string {
	c.t.Helper()
	rows, err := c.r.List(c.t.Context(), datasources.Query{First: 100_000})
	if err != nil {
		c.t.Fatal(err)
	}
	all := map[string]string{}
	for i := range rows.Items {
		all[c.key(&rows.Items[i])] = c.text(&rows.Items[i])
	}
	return all
}

func (c *replica[T]) text(x *T) string {
	text, err := json.Marshal(x)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(text)
}

// follow reads what changed, and returns how many rows came in how many parts.
func (c *replica[T]) follow() (rows, parts int) {
	c.t.Helper()
	for {
		got, err := c.r.(datasources.Follower[T]).Since(c.t.Context(), c.cursor)
		if err != nil {
			c.t.Fatal(err)
		}
		for i := range got.Items {
			c.rows[c.key(&got.Items[i])] = c.text(&got.Items[i])
			delete(c.vers, c.key(&got.Items[i])) // nobody told it
		}
		for _, key := range got.Deleted {
			delete(c.rows, key)
		}
		c.cursor = got.Next
		rows += len(got.Items)
		parts++
		if !got.More {
			return rows, parts
		}
		if parts > 10_000 {
			c.t.Fatal("it never ends")
		}
	}
}

// sweep reads keys and versions, then what differs. It returns how many rows were
// read and how many were removed.
func (c *replica[T]) sweep() (read, removed int) {
	c.t.Helper()
	met := map[string]bool{}
	var stale []string
	err := c.r.(datasources.KeyScanner).ScanKeys(c.t.Context(), "", func(p datasources.Scanned[datasources.Keyed]) error {
		for _, k := range p.Items {
			met[k.Key] = true
			if old, ok := c.vers[k.Key]; !ok || old != k.Version || c.rows[k.Key] == "" {
				stale = append(stale, k.Key)
			}
			c.vers[k.Key] = k.Version
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	if len(stale) > 0 {
		found, err := c.r.ByKeys(c.t.Context(), stale, nil)
		if err != nil {
			c.t.Fatal(err)
		}
		for i := range found.Items {
			c.rows[c.key(&found.Items[i])] = c.text(&found.Items[i])
		}
	}
	for key := range c.rows {
		if !met[key] {
			delete(c.rows, key)
			removed++
		}
	}
	return len(stale), removed
}

// differ tells by key what is not as in the source.
func (c *replica[T]) differ() []string {
	c.t.Helper()
	truth := c.source()
	var list []string
	for key, text := range truth {
		if c.rows[key] != text {
			list = append(list, fmt.Sprintf("%s:\n  have %s\n  want %s", key, c.rows[key], text))
		}
	}
	for key := range c.rows {
		if _, ok := truth[key]; !ok {
			list = append(list, key+" is gone")
		}
	}
	slices.Sort(list)
	return list
}

func (c *replica[T]) wantSame(what string) {
	c.t.Helper()
	if list := c.differ(); len(list) > 0 {
		c.t.Fatalf("%s: %d rows differ:\n%s", what, len(list), strings.Join(list[:min(3, len(list))], "\n"))
	}
}
