package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/internal/wire"
)

// reply is one answer that holds a list of records.
type reply struct {
	rows  mapping.Value // a list, or nothing
	total int           // -1 = not told
	next  string        // cursor, "" = none
	// byStatus: it is empty only because its status says so.
	byStatus bool
	body     []byte // what rows point into
}

// fetch makes one call of a resource.
//
// Of the records only what shape names is kept, all when it is nil.
func (s *source) fetch(ctx context.Context, r *resource, more []param, shape *mapping.Shape) (reply, error) {
	if !r.isPlain {
		shape = nil
	}
	call, err := r.request(more)
	if err != nil {
		return reply{}, invalid(s.cfg.Name, r.entity, err)
	}
	var got reply
	call.Decode = func(w *wire.Reply) error {
		var err error
		got, err = s.judge(r, w, shape)
		return err
	}
	call.Denied = func(status int) error {
		if slices.Contains(s.cfg.Reply.NotEnabledStatuses, status) {
			return s.notEnabled(r, status)
		}
		return nil
	}
	if err := s.auth.Do(ctx, call); err != nil {
		return reply{}, err
	}
	return got, nil
}

func (s *source) notEnabled(r *resource, status int) error {
	return wire.Refused(notEnabled(s.cfg.Name, r.packageName()).Because(fmt.Errorf("status %d", status)))
}

// judge gives the verdict on an answer. Nothing of its text goes into an error,
// not even for the log.
func (s *source) judge(r *resource, w *wire.Reply, shape *mapping.Shape) (reply, error) {
	got := reply{total: -1}
	s.tick(w.Header.Get("Date"))
	isHTML := wire.LooksLikeHTML(w.Body)
	switch {
	case slices.Contains(s.cfg.Reply.NotEnabledStatuses, w.Status):
		return got, s.notEnabled(r, w.Status)
	case slices.Contains(s.cfg.Reply.EmptyStatuses, w.Status) && !isHTML:
		// A web server's own page for a wrong path is HTML.
		got.byStatus = true
		return got, nil
	}
	if err := wire.StatusVerdict(w); err != nil {
		return got, err
	}
	switch {
	case w.Status == http.StatusNoContent:
		return got, nil
	case isHTML:
		return got, wire.Invalid(errors.New("an HTML page instead of data"))
	}
	doc, err := shape.Parse(w.Body)
	if err != nil {
		return got, wire.Invalid(err)
	}
	root := doc.Root()
	got.body = w.Body
	if s.failed(root) {
		return got, wire.Unavailable(errFailure)
	}
	if got.rows, err = mapping.Rows(root, r.listAt); err != nil {
		return got, wire.Invalid(err)
	}
	if v, _ := mapping.First(r.totalAt, root); v.Kind() != mapping.Absent {
		if n, ok := v.Int(); ok && n >= 0 {
			got.total = n
		}
	}
	for _, p := range r.cursorAt {
		if v := p.Find(root); v.Kind() == mapping.Text || v.Kind() == mapping.Number {
			if got.next = v.String(); got.next != "" {
				break
			}
		}
	}
	return got, nil
}

// failed reports whether a body says that the call failed.
func (s *source) failed(root mapping.Value) bool {
	for _, p := range s.successAt {
		if v, isTwin := p.Only(root); isTwin || isNo(v) {
			return true // of two words the worse one counts
		} else if v.Kind() != mapping.Absent {
			break
		}
	}
	for _, p := range s.errorAt {
		if v, isTwin := p.Only(root); isTwin || !isNothing(v) {
			return true
		}
	}
	return false
}

// isNo reads what stands for failure at a success path.
func isNo(v mapping.Value) bool {
	switch strings.ToLower(strings.TrimSpace(v.String())) {
	case "false", "0", "no", "error", "ko", "fail", "failed":
		return true
	}
	return false
}

// isNothing reports whether there is no error at an error path.
func isNothing(v mapping.Value) bool {
	switch v.Kind() {
	case mapping.Absent, mapping.Null:
		return true
	case mapping.List:
		return v.Len() == 0
	case mapping.Object:
		for range v.Members() {
			return false
		}
		return true
	}
	switch strings.TrimSpace(v.String()) {
	case "", "false", "0":
		return true
	}
	return false
}
