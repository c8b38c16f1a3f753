package engine

import (
	"context"
	"errors"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/trama-graph/trama/schema"
)

// told gathers the errors of a table: the first that is not borne ends its reading,
// unless it may be partial.
type told struct {
	partial bool
	bear    func(*schema.Error) bool

	mu    sync.Mutex // guards the rest: calls that are under way tell it
	errs  []*schema.Error
	more  int
	borne *schema.Error // the first of those that are no failure

	notes []*schema.Error // of garbled cells
}

// Bears are the errors that leave a cell null and are no failure of a table, where
// nothing else is said: a field the row does not show, and a link that leads to several.
func Bears(e *schema.Error) bool {
	return e.Code == schema.ForbiddenField || e.Code == schema.Ambiguous
}

// isFull reports whether no further error is kept. Of an answer that is no table none
// is kept here.
func (t *told) isFull() bool {
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.errs) < maxStreamErrors {
		return false
	}
	t.more++
	return true
}

// presenter tells of the errors that resolvers add to the answer.
func (t *told) presenter(present graphql.ErrorPresenterFunc) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		if shown := present(ctx, err); shown != nil {
			t.add(shown)
		}
		return nil
	}
}

// add keeps an error as it was presented.
func (t *told) add(shown *gqlerror.Error) {
	e := coded(shown)
	isBorne := t.bear(e)
	t.mu.Lock()
	defer t.mu.Unlock()
	if isBorne {
		if t.borne == nil {
			t.borne = e
		}
		return
	}
	if len(t.errs) >= maxStreamErrors {
		t.more++
		return
	}
	t.errs = append(t.errs, e)
}

// coded makes an error with a code of one that was presented: with its message, and with
// what it was made of for the log.
func coded(shown *gqlerror.Error) *schema.Error {
	e := &schema.Error{Code: schema.Internal, Err: shown.Err}
	var own *schema.Error
	if errors.As(shown, &own) {
		*e = *own
	}
	e.Message = shown.Message
	switch code := shown.Extensions["code"].(type) {
	case schema.Code:
		e.Code = code
	case string:
		e.Code = schema.Code(code)
	}
	return e
}

// Coded is what an error of an answer was made of, with its message as it is shown: the
// same that Read returns.
func Coded(shown *gqlerror.Error) *schema.Error { return coded(shown) }

// garble keeps what is said of a cell that its source answered in a form that was not
// agreed: null there, and no failure of all others.
func (t *told) garble(shown *gqlerror.Error) {
	if shown == nil {
		return
	}
	e := coded(shown)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.notes = append(t.notes, e)
	if t.borne == nil {
		t.borne = e
	}
}

// failure is the error that ends the reading, nil when there is none.
func (t *told) failure() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.partial || len(t.errs) == 0 {
		return nil
	}
	return t.errs[0]
}

// unseen is why a list of rows is null where it may be an error that was borne: one of a
// row that is null takes all rows with it where the field may not be null. Other errors
// are told as such.
func (t *told) unseen() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.borne == nil || len(t.errs) > 0 {
		return nil
	}
	return t.borne
}

// last is why there is no answer at all.
func (t *told) last() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.errs) == 0 {
		return schema.Errorf(schema.Internal, "internal error")
	}
	return t.errs[len(t.errs)-1]
}

// into tells a reading of the errors.
func (t *told) into(r *Reading) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r.Notes = t.notes
	if t.partial {
		r.Errors, r.More = t.errs, t.more
	}
}
