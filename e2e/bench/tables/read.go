//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// reading is what one reader took.
type reading struct {
	first time.Duration // until the first byte of the table
	bytes int64
	pages int
}

// read reads a whole table into w: a file, or in OData all pages one after another.
func (s *service) read(ctx context.Context, format string, w io.Writer) (reading, error) {
	var r reading
	options := ""
	if s.filter != "" {
		options = "?" + url.Values{"$filter": {s.filter}}.Encode()
	}
	begun := time.Now()
	if format != "odata" {
		err := s.page(ctx, "http://"+s.Address+"/export/"+s.dataset+"."+format+options, w, begun, &r)
		return r, err
	}
	next := "http://" + s.Address + "/odata/" + s.dataset + options
	for next != "" {
		var end tail
		if err := s.page(ctx, next, io.MultiWriter(w, &end), begun, &r); err != nil {
			return r, err
		}
		var err error
		if next, err = end.link(); err != nil {
			return r, err
		}
	}
	return r, nil
}

// page reads one answer.
func (s *service) page(ctx context.Context, address string, w io.Writer, begun time.Time, r *reading) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.reader)
	req.Header.Set("Accept-Encoding", "identity") // what is measured is the table, not the packing
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 500))
		return fmt.Errorf("status %d: %s", resp.StatusCode, text)
	}
	buf := make([]byte, 64<<10)
	n, err := resp.Body.Read(buf)
	if r.pages++; r.pages == 1 {
		r.first = time.Since(begun)
	}
	for {
		r.bytes += int64(n)
		if _, wrong := w.Write(buf[:n]); wrong != nil {
			return wrong
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		n, err = resp.Body.Read(buf)
	}
}

// tail keeps the end of a page, where the next link stands.
type tail struct{ kept []byte }

const tailBytes = 8 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - tailBytes; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(p), nil
}

// link is the address of the next page, "" after the last.
func (t *tail) link() (string, error) {
	at := bytes.LastIndex(t.kept, []byte(`"@odata.nextLink":`))
	if at < 0 {
		return "", nil
	}
	var link string
	if err := json.NewDecoder(bytes.NewReader(t.kept[at+len(`"@odata.nextLink":`):])).Decode(&link); err != nil {
		return "", fmt.Errorf("the next link: %w", err)
	}
	_, err := url.Parse(link)
	return link, err
}

// count reads a table once and holds its rows against those that were pushed.
func count(ctx context.Context, s *service, o *options, format, dir string) error {
	rows, err := rowsOf(ctx, s, format, dir)
	if err != nil {
		return err
	}
	if want := s.rows; rows != want {
		return errors.New(strconv.Itoa(rows) + " rows, want " + strconv.Itoa(want))
	}
	return nil
}
