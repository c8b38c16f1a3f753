package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/schema"
)

const tokenColumns = "id, secret_hmac, account, packages, claims, networks, state, created_by, created_at, expires_at, last_used_at, state_by, state_at"

// tokenRow is a token as it lies in its row.
type tokenRow struct {
	t                                tokens.Token
	packages, claims, networks       string
	created, expires, used, statedAt sql.NullInt64
}

func (r *tokenRow) into() []any {
	return []any{
		&r.t.ID, &r.t.SecretHMAC, &r.t.Account, &r.packages, &r.claims, &r.networks, &r.t.State, &r.t.CreatedBy, &r.created, &r.expires, &r.used,
		&r.t.StateBy, &r.statedAt,
	}
}

func (r *tokenRow) token() (tokens.Token, error) {
	t := r.t
	err := errors.Join(json.Unmarshal([]byte(r.packages), &t.Packages), json.Unmarshal([]byte(r.claims), &t.Claims), json.Unmarshal([]byte(r.networks), &t.Networks))
	t.CreatedAt, t.ExpiresAt, t.LastUsedAt, t.StateAt = fromMicros(r.created), fromMicros(r.expires), fromMicros(r.used), fromMicros(r.statedAt)
	return t, err
}

func scanToken(scan func(...any) error) (tokens.Token, error) {
	var r tokenRow
	if err := scan(r.into()...); err != nil {
		return tokens.Token{}, err
	}
	return r.token()
}

// AddToken implements tokens.Tx.
func (a *acts) AddToken(ctx context.Context, t tokens.Token) error {
	packages, err := json.Marshal(orEmpty(t.Packages))
	if err != nil {
		return err
	}
	networks, err := json.Marshal(orEmpty(t.Networks))
	if err != nil {
		return err
	}
	claims := []byte("{}")
	if t.Claims != nil {
		if claims, err = json.Marshal(t.Claims); err != nil {
			return err
		}
	}
	_, err = a.tx.ExecContext(ctx, "INSERT INTO tokens ("+tokenColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		t.ID, t.SecretHMAC, t.Account, string(packages), string(claims), string(networks), string(t.State), t.CreatedBy,
		t.CreatedAt.UnixMicro(), micros(t.ExpiresAt), micros(t.LastUsedAt), t.StateBy, t.StateAt.UnixMicro())
	return err
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// SetState implements tokens.Tx.
func (a *acts) SetState(ctx context.Context, t tokens.Token) error {
	_, err := a.tx.ExecContext(ctx, "UPDATE tokens SET state = ?, expires_at = ?, state_by = ?, state_at = ? WHERE id = ?",
		string(t.State), micros(t.ExpiresAt), t.StateBy, t.StateAt.UnixMicro(), t.ID)
	return err
}

var errNoToken = schema.Errorf(schema.NotFound, "no such token")

// isText reports whether a text can be in the database at all: PostgreSQL takes no
// zero byte and no other encoding, not even in a question.
func isText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// Token implements tokens.Tx.
func (a *acts) Token(ctx context.Context, id string) (tokens.Token, error) {
	if !isText(id) {
		return tokens.Token{}, errNoToken
	}
	t, err := scanToken(a.tx.QueryRowContext(ctx, "SELECT "+tokenColumns+" FROM tokens WHERE id = ?", id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return tokens.Token{}, errNoToken
	}
	return t, err
}

// LetIn implements tokens.Tx.
func (a *acts) LetIn(ctx context.Context, account string) ([]tokens.Token, error) {
	var list []tokens.Token
	err := each(ctx, a.tx, "SELECT "+tokenColumns+" FROM tokens WHERE account = ? AND state IN ('active', 'overlapping') ORDER BY id", func(rows *sql.Rows) error {
		t, err := scanToken(rows.Scan)
		list = append(list, t)
		return err
	}, account)
	return list, err
}

// knownQuery finds a token with its account and its agreement by one look-up.
const knownQuery = `SELECT t.id, t.secret_hmac, t.account, t.packages, t.claims, t.networks, t.state, t.created_by, t.created_at, t.expires_at, t.last_used_at, t.state_by, t.state_at,
	a.role, a.agreement, a.disabled, coalesce(g.terms, '{}')
	FROM tokens t JOIN accounts a ON a.name = t.account LEFT JOIN agreements g ON g.name = a.agreement WHERE t.id = ?`

// Known implements tokens.Store.
func (s *Store) Known(ctx context.Context, id string) (tokens.Known, error) {
	if !isText(id) {
		return tokens.Known{}, errNoToken
	}
	var r tokenRow
	var a tokens.Account
	var text string
	ctx, cancel := context.WithTimeout(ctx, shortCall)
	defer cancel()
	err := s.r.QueryRowContext(ctx, knownQuery, id).Scan(append(r.into(), &a.Role, &a.Agreement, &a.Disabled, &text)...)
	if errors.Is(err, sql.ErrNoRows) {
		return tokens.Known{}, errNoToken
	}
	if err != nil {
		return tokens.Known{}, unavailable(s.failed("read token", err))
	}
	return tokens.Known{
		SecretHMAC: r.t.SecretHMAC, State: r.t.State, ExpiresAt: fromMicros(r.expires), AccountDisabled: a.Disabled,
		Load: func() (tokens.Token, tokens.Account, tokens.Agreement, error) {
			t, err := r.token()
			if err != nil {
				return t, a, tokens.Agreement{}, s.failed("read token", err)
			}
			a.Name = t.Account
			// An agreement that is gone has no packages.
			terms, err := agreement(a.Agreement, text)
			return t, a, terms, s.failed("read agreement", err)
		},
	}, nil
}

// Used implements tokens.Store.
func (s *Store) Used(ctx context.Context, ids []string, hour time.Time) error {
	ids = slices.Sorted(slices.Values(ids)) // two processes lock rows in the same order
	at := hour.UnixMicro()
	return s.write(ctx, "note the use of tokens", func(tx *sql.Tx) error {
		b := &batch{ctx: ctx, tx: tx}
		for _, id := range ids {
			b.exec("UPDATE tokens SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)", at, id, at)
		}
		return b.close()
	})
}

// Tokens returns the tokens of an account, or all with account "", the oldest
// first.
func (s *Store) Tokens(ctx context.Context, account string) ([]tokens.Token, error) {
	list, err := s.ListTokens(ctx, tokens.TokenFilter{Account: account})
	slices.Reverse(list)
	return list, err
}

// ListTokens implements tokens.Store.
func (s *Store) ListTokens(ctx context.Context, f tokens.TokenFilter) ([]tokens.Token, error) {
	if !isText(f.Account) {
		return nil, nil
	}
	text, args := "SELECT "+tokenColumns+" FROM tokens WHERE 1 = 1", []any{}
	if f.Account != "" {
		text += " AND account = ?"
		args = append(args, f.Account)
	}
	now := f.Now.UnixMicro()
	switch f.State {
	case "":
	case tokens.Active, tokens.Overlapping:
		text += " AND state = ? AND (expires_at IS NULL OR expires_at > ?)"
		args = append(args, string(f.State), now)
	case tokens.Expired:
		text += " AND state = 'active' AND expires_at <= ?"
		args = append(args, now)
	case tokens.Replaced:
		text += " AND (state = 'replaced' OR state = 'overlapping' AND expires_at <= ?)"
		args = append(args, now)
	default:
		text += " AND state = ?"
		args = append(args, string(f.State))
	}
	text += " ORDER BY created_at DESC, id DESC"
	if f.First > 0 {
		text += " LIMIT ?"
		args = append(args, f.First)
	}
	var list []tokens.Token
	err := s.read(ctx, "list tokens", func(tx *sql.Tx) error {
		return each(ctx, tx, text, func(rows *sql.Rows) error {
			t, err := scanToken(rows.Scan)
			list = append(list, t)
			return err
		}, args...)
	})
	return list, err
}
