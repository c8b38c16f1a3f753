package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"runtime"
	"sync"
)

// fragments holds the records of one kind as JSON, those of one customer joined
// by commas, without brackets.
type fragments struct {
	text []byte
	off  []uint32
	rows []uint8 // in each fragment
}

func (f *fragments) at(i int) []byte { return f.text[f.off[i]:f.off[i+1]] }

// appendTo appends the records of customer i to a list that is open in b.
func (f *fragments) appendTo(b []byte, i int) []byte {
	if f.off[i] == f.off[i+1] {
		return b
	}
	if b[len(b)-1] != '[' {
		b = append(b, ',')
	}
	return append(b, f.at(i)...)
}

// build serialises what of makes of each of the customers, on all cores.
func build[T any](customers int, of func(i int) []T) (*fragments, error) {
	workers := runtime.GOMAXPROCS(0)
	parts, errs := make([]*fragments, workers), make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { parts[w], errs[w] = buildPart(of, w*customers/workers, (w+1)*customers/workers) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	whole := &fragments{}
	for _, p := range parts {
		base := uint32(len(whole.text))
		for _, o := range p.off {
			whole.off = append(whole.off, base+o)
		}
		whole.text = append(whole.text, p.text...)
		whole.rows = append(whole.rows, p.rows...)
	}
	whole.off = append(whole.off, uint32(len(whole.text)))
	return whole, nil
}

func buildPart[T any](of func(i int) []T, from, to int) (*fragments, error) {
	f := &fragments{}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	// As most systems write texts: an ampersand is itself.
	enc.SetEscapeHTML(false)
	for i := from; i < to; i++ {
		f.off = append(f.off, uint32(len(f.text)))
		rows := of(i)
		f.rows = append(f.rows, uint8(len(rows)))
		for k := range rows {
			if k > 0 {
				f.text = append(f.text, ',')
			}
			buf.Reset()
			if err := enc.Encode(rows[k]); err != nil {
				return nil, err
			}
			f.text = append(f.text, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
		}
	}
	return f, nil
}
