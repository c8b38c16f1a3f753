package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/schema"
)

var _ tokens.Store = (*Store)(nil)

// acts is one transaction on accounts, agreements, tokens and the audit.
type acts struct {
	tx   *sql.Tx
	hold string
}

// Act implements tokens.Store.
func (s *Store) Act(ctx context.Context, f func(tx tokens.Tx) error) error {
	err := s.write(ctx, "change accounts", func(tx *sql.Tx) error { return f(&acts{tx: tx, hold: s.hold}) })
	var coded *schema.Error
	switch {
	case errors.As(err, &coded):
		return coded // of f, for who asked
	case isUniqueSQLite(err) || isUniquePostgres(err) || gaveWay(err):
		return schema.Errorf(schema.Conflict, "the account was changed by somebody else at the same time").Because(err)
	}
	return err
}

const accountColumns = "name, role, agreement, disabled, created_at, created_by"

func scanAccount(scan func(...any) error) (tokens.Account, error) {
	var a tokens.Account
	var created sql.NullInt64
	err := scan(&a.Name, &a.Role, &a.Agreement, &a.Disabled, &created, &a.CreatedBy)
	a.CreatedAt = fromMicros(created)
	return a, err
}

// Account implements tokens.Tx.
func (a *acts) Account(ctx context.Context, name string) (tokens.Account, error) {
	return a.account(ctx, name, "")
}

// Hold implements tokens.Tx.
func (a *acts) Hold(ctx context.Context, name string) (tokens.Account, error) {
	return a.account(ctx, name, a.hold)
}

func (a *acts) account(ctx context.Context, name, hold string) (tokens.Account, error) {
	if !isText(name) {
		return tokens.Account{}, errNoAccount
	}
	account, err := scanAccount(a.tx.QueryRowContext(ctx, "SELECT "+accountColumns+" FROM accounts WHERE name = ?"+hold, name).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return tokens.Account{}, errNoAccount
	}
	return account, err
}

var errNoAccount = schema.Errorf(schema.NotFound, "no such account")

// AddAccount implements tokens.Tx.
func (a *acts) AddAccount(ctx context.Context, account tokens.Account) error {
	_, err := a.tx.ExecContext(ctx, "INSERT INTO accounts ("+accountColumns+") VALUES (?, ?, ?, ?, ?, ?)",
		account.Name, string(account.Role), account.Agreement, number(account.Disabled), account.CreatedAt.UnixMicro(), account.CreatedBy)
	return err
}

// SetAccount implements tokens.Tx.
func (a *acts) SetAccount(ctx context.Context, account tokens.Account) error {
	_, err := a.tx.ExecContext(ctx, "UPDATE accounts SET role = ?, agreement = ?, disabled = ? WHERE name = ?",
		string(account.Role), account.Agreement, number(account.Disabled), account.Name)
	return err
}

// number is how truth values are stored: the same in every database.
func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Accounts implements tokens.Store.
func (s *Store) Accounts(ctx context.Context) ([]tokens.Account, error) {
	var list []tokens.Account
	err := s.read(ctx, "list accounts", func(tx *sql.Tx) error {
		err := each(ctx, tx, "SELECT "+accountColumns+" FROM accounts ORDER BY name", func(rows *sql.Rows) error {
			a, err := scanAccount(rows.Scan)
			list = append(list, a)
			return err
		})
		if err != nil {
			return err
		}
		at := make(map[string]*tokens.Account, len(list))
		for i := range list {
			at[list[i].Name] = &list[i]
		}
		return each(ctx, tx, "SELECT "+tokenColumns+" FROM tokens WHERE state = 'active'", func(rows *sql.Rows) error {
			t, err := scanToken(rows.Scan)
			if a := at[t.Account]; a != nil && err == nil {
				a.Token = &t
			}
			return err
		})
	})
	return list, err
}
