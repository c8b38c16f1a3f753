package tokens

import (
	"context"
	"errors"
	"time"

	"github.com/trama-graph/trama/schema"
)

// attempts is how often an act is tried that the database refuses because of
// another one at the same time.
const attempts = 10

// act runs f in a transaction as by, and writes a refusal into the audit. about is
// what is known of the act beforehand; its Detail says what was tried.
func (s *Service) act(ctx context.Context, by Actor, about Entry, f func(tx Tx, now time.Time) error) error {
	var err error
	for range attempts {
		err = s.store.Act(ctx, func(tx Tx) error {
			if err := s.checkActor(ctx, tx, by); err != nil {
				return err
			}
			return f(tx, s.now())
		})
		if schema.CodeOf(err) != schema.Conflict {
			break
		}
	}
	// What was stopped is stopped at once in this process. Also after an error: when
	// the connection broke, it may be done all the same.
	s.cache.clear()
	var refused *schema.Error
	if !errors.As(err, &refused) || refused.Code == schema.Internal {
		return err
	}
	e := by.entry(Refused, s.now())
	e.About, e.Subject, e.Detail = named(about.About), named(about.Subject), about.Detail+": "+refused.Message
	if failed := s.store.Act(ctx, func(tx Tx) error { return tx.Audit(ctx, e.bounded()) }); failed != nil {
		return schema.Errorf(schema.Internal, "the refusal could not be written into the audit").Because(errors.Join(failed, err))
	}
	return err
}

// Authorize checks that the actor may administer as he is now, for what is done
// elsewhere, such as reading the policies again; act says what that is, for the
// audit. Anybody but a root or an administrator whose token still lets in is
// FORBIDDEN, and that is in the audit.
func (s *Service) Authorize(ctx context.Context, by Actor, act string) error {
	return s.act(ctx, by, Entry{Detail: act}, func(Tx, time.Time) error { return nil })
}

// AppendBy writes what an actor did elsewhere. The entry's account and token are
// his.
func (s *Service) AppendBy(ctx context.Context, by Actor, e Entry) error {
	e.Account, e.Token = by.account, by.token
	return s.Append(ctx, e)
}

// EntryBy is an entry as AppendBy would write it now, for a store that writes what was
// done and its entry at once.
func (s *Service) EntryBy(by Actor, e Entry) Entry {
	e.At, e.Account, e.Token = s.now(), by.account, by.token
	return e.bounded()
}

func (a Actor) entry(kind string, at time.Time) Entry {
	return Entry{At: at, Kind: kind, Account: a.account, Token: a.token}
}

var errNotAllowed = schema.Errorf(schema.Forbidden, "only administrators do this")

// checkActor decides by what the store knows now: the principal may be a second
// old, and its token or its role gone since.
func (s *Service) checkActor(ctx context.Context, tx Tx, by Actor) error {
	if by.local {
		return nil
	}
	if by.role != Root && by.role != Admin {
		return errNotAllowed
	}
	a, err := tx.Account(ctx, by.account)
	if schema.CodeOf(err) == schema.NotFound {
		return errNotAllowed
	}
	if err != nil {
		return err
	}
	t, err := tx.Token(ctx, by.token)
	if schema.CodeOf(err) == schema.NotFound {
		return errNotAllowed
	}
	if err != nil {
		return err
	}
	state := t.StateNow(s.now())
	if a.Disabled || a.Role != by.role || t.Account != a.Name || (state != Active && state != Overlapping) {
		return errNotAllowed
	}
	return nil
}
