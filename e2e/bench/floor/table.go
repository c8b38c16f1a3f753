package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/trama-graph/trama/e2e/bench/scan"
)

var errMalformed = errors.New("malformed JSON")

// table is what one call gave, chained by the parent's place.
type table struct {
	text *[]byte
	rows []scan.Record
	// head is the first row of each parent, next the one behind a row; -1 ends.
	head, next []int32
}

// relation says where a row's parent and time stand.
type relation struct {
	path   string
	keys   []string
	parent int // index in keys of the parent's id
	time   int // of the time by which the newest comes first; -1 = as they come
}

// get fills b with the body of a reply.
func (f *floor) get(ctx context.Context, b []byte, path []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.up+string(path), http.NoBody)
	if err != nil {
		return b, err
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return b, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return b, fmt.Errorf("upstream answered %s", resp.Status)
	}
	if n := int(resp.ContentLength); n > 0 {
		if cap(b) < n {
			b = make([]byte, 0, n)
		}
		_, err = io.ReadFull(resp.Body, b[:n])
		return b[:n], err
	}
	w := bytes.NewBuffer(b[:0])
	_, err = w.ReadFrom(resp.Body)
	return w.Bytes(), err
}

// table reads one reply: its rows, and with a relation the chains of the parents
// in places. free has to be called whatever came.
func (f *floor) table(ctx context.Context, path []byte, keys []string, rel *relation, places map[string]int32) (*table, error) {
	t, _ := f.tables.Get().(*table)
	t.text, _ = f.bufs.Get().(*[]byte)
	b, err := f.get(ctx, *t.text, path)
	*t.text = b
	if err != nil {
		return t, err
	}
	t.rows, t.next, t.head = t.rows[:0], t.next[:0], t.head[:0]
	for range places {
		t.head = append(t.head, -1)
	}
	isWhole := scan.Rows(b, keys, func(r *scan.Record) {
		if rel == nil {
			t.rows = append(t.rows, *r)
			return
		}
		if at, ok := places[string(r[rel.parent])]; ok {
			t.rows, t.next = append(t.rows, *r), append(t.next, -1)
			t.chain(at, int32(len(t.rows)-1), rel.time)
		}
	})
	if !isWhole {
		return t, errMalformed
	}
	return t, nil
}

// chain puts a row among its parent's, the newest first; of two with one time the
// one that came first. A parent has a handful.
func (t *table) chain(parent, row int32, time int) {
	at := &t.head[parent]
	for *at >= 0 && (time < 0 || bytes.Compare(t.rows[*at][time], t.rows[row][time]) >= 0) {
		at = &t.next[*at]
	}
	t.next[row], *at = *at, row
}

func (f *floor) free(t *table) {
	if t.text != nil {
		f.bufs.Put(t.text)
		t.text = nil
	}
	f.tables.Put(t)
}
