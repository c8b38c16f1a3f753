package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/schema"
)

const tokenColumns = "id, secret_hmac, account, packages, claims, networks, state, created_by, created_at, expires_at, last_used_at, state_by, state_at"

// PutToken inserts tokens or replaces those of the same ids, in the given order
// and in one transaction: replacing a token is the old one, no longer active, and
// then the new one. A second active token of an account is a CONFLICT.
func (s *Store) PutToken(ctx context.Context, list ...tokens.Token) error {
	err := s.write(ctx, "save token", func(tx *sql.Tx) error {
		for i := range list {
			if err := putToken(ctx, tx, &list[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if isUnique(err) {
		return schema.Errorf(schema.Conflict, "the account has an active token already").Because(err)
	}
	return err
}

func putToken(ctx context.Context, tx *sql.Tx, t *tokens.Token) error {
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
	_, err = tx.ExecContext(ctx, `INSERT INTO tokens (`+tokenColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET secret_hmac = excluded.secret_hmac, account = excluded.account, packages = excluded.packages,
		claims = excluded.claims, networks = excluded.networks, state = excluded.state, expires_at = excluded.expires_at,
		last_used_at = excluded.last_used_at, state_by = excluded.state_by, state_at = excluded.state_at`,
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

// TokenByID returns a token in whatever state, NOT_FOUND when there is none.
func (s *Store) TokenByID(ctx context.Context, id string) (tokens.Token, error) {
	t, err := scanToken(s.r.QueryRowContext(ctx, "SELECT "+tokenColumns+" FROM tokens WHERE id = ?", id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return tokens.Token{}, schema.Errorf(schema.NotFound, "no such token")
	}
	return t, s.failed("read token", err)
}

// Tokens returns the tokens of an account, or all with account "", the oldest
// first.
func (s *Store) Tokens(ctx context.Context, account string) ([]tokens.Token, error) {
	var list []tokens.Token
	err := s.read(ctx, "list tokens", func(tx *sql.Tx) error {
		return each(ctx, tx, "SELECT "+tokenColumns+" FROM tokens WHERE ? = '' OR account = ? ORDER BY created_at, id", func(rows *sql.Rows) error {
			t, err := scanToken(rows.Scan)
			list = append(list, t)
			return err
		}, account, account)
	})
	return list, err
}

func scanToken(scan func(...any) error) (tokens.Token, error) {
	var t tokens.Token
	var packages, claims, networks, state string
	var created, expires, used, stateAt sql.NullInt64
	err := scan(&t.ID, &t.SecretHMAC, &t.Account, &packages, &claims, &networks, &state, &t.CreatedBy, &created, &expires, &used, &t.StateBy, &stateAt)
	if err != nil {
		return tokens.Token{}, err
	}
	err = errors.Join(json.Unmarshal([]byte(packages), &t.Packages), json.Unmarshal([]byte(claims), &t.Claims), json.Unmarshal([]byte(networks), &t.Networks))
	t.State = tokens.State(state)
	t.CreatedAt, t.ExpiresAt, t.LastUsedAt, t.StateAt = fromMicros(created), fromMicros(expires), fromMicros(used), fromMicros(stateAt)
	return t, err
}
