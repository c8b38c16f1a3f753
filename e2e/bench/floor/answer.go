package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The bounds of what a caller can make grow.
const (
	maxQuestion   = 1 << 20
	maxRemembered = 16
)

// What stands around the customers.
const open, shut = `{"data":{"customers":{"nodes":[`, `]}}}`

// floor answers the questions.
type floor struct {
	up          string // http://127.0.0.1:4100
	page, ahead int    // of bulk answers: customers of a page, and pages under way
	client      *http.Client

	bufs, tables sync.Pool

	mu         sync.Mutex
	remembered map[string][]byte // by question
}

func newFloor(up string, page, ahead int) *floor {
	f := &floor{up: "http://" + up, page: page, ahead: ahead, remembered: map[string][]byte{}}
	const connections = 512
	f.client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		MaxIdleConns: connections, MaxIdleConnsPerHost: connections, DisableCompression: true,
	}}
	f.bufs.New = func() any { b := make([]byte, 0, 64<<10); return &b }
	f.tables.New = func() any { return &table{} }
	return f
}

// question is how many customers are asked for, and whether with everything of
// theirs.
type question struct {
	text     string
	first    int
	isJoined bool
}

func read(r *http.Request) (question, error) {
	b, err := io.ReadAll(io.LimitReader(r.Body, maxQuestion))
	if err != nil {
		return question{}, err
	}
	q := question{text: string(b)}
	_, n, ok := strings.Cut(q.text, "first:")
	if !ok {
		return q, errors.New("no first")
	}
	n = strings.TrimSpace(n)
	end := 0
	for end < len(n) && n[end] >= '0' && n[end] <= '9' {
		end++
	}
	q.first, err = strconv.Atoi(n[:end])
	q.isJoined = strings.Contains(q.text, "tickets")
	return q, err
}

func (f *floor) append(ctx context.Context, out []byte, q question) ([]byte, error) {
	out = append(out, open...)
	var err error
	if q.isJoined {
		out, err = f.join(ctx, out, q.first, 0)
	} else {
		out, err = f.small(ctx, out, q.first)
	}
	return append(out, shut...), err
}

// graphql answers anew.
func (f *floor) graphql(w http.ResponseWriter, r *http.Request) {
	q, err := read(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if q.isJoined && q.first > f.page {
		f.bulk(r.Context(), w, q.first)
		return
	}
	held, _ := f.bufs.Get().(*[]byte)
	defer f.bufs.Put(held)
	*held, err = f.append(r.Context(), (*held)[:0], q)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	send(w, *held)
}

// static sends the answer of the first time.
func (f *floor) static(w http.ResponseWriter, r *http.Request) {
	q, err := read(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	b, ok := f.remembered[q.text]
	f.mu.Unlock()
	if !ok {
		if b, err = f.append(r.Context(), nil, q); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		f.mu.Lock()
		if len(f.remembered) < maxRemembered {
			f.remembered[q.text] = b
		}
		f.mu.Unlock()
	}
	send(w, b)
}

func send(w http.ResponseWriter, b []byte) {
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	h["Content-Length"] = []string{strconv.Itoa(len(b))}
	_, _ = w.Write(b) // a caller that went away needs no answer
}
