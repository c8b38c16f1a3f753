package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/schema"
)

// terms is how an agreement lies in its row: what is not there is the server's
// default.
type terms struct {
	Packages        []string `json:"packages,omitempty"`
	CallsPerMinute  int      `json:"callsPerMinute,omitempty"`
	Burst           int      `json:"burst,omitempty"`
	CostPerMinute   int64    `json:"costPerMinute,omitempty"`
	RowsPerDay      int64    `json:"rowsPerDay,omitempty"`
	OverlapSeconds  int64    `json:"overlapSeconds,omitempty"`
	NoIntrospection bool     `json:"noIntrospection,omitempty"`
	NoSuggestions   bool     `json:"noSuggestions,omitempty"`
	MaxCost         int64    `json:"maxCost,omitempty"`
	MaxDepth        int      `json:"maxDepth,omitempty"`
	MaxAliases      int      `json:"maxAliases,omitempty"`
	MaxRootFields   int      `json:"maxRootFields,omitempty"`
	MaxTokens       int      `json:"maxTokens,omitempty"`
	MaxPage         int      `json:"maxPage,omitempty"`
	MaxRows         int      `json:"maxRows,omitempty"`
	MaxMilliseconds int64    `json:"maxMilliseconds,omitempty"`
	AnswerSeconds   int64    `json:"answerCacheSeconds,omitempty"`
}

func termsOf(a *tokens.Agreement) terms {
	return terms{
		Packages: a.Packages, CallsPerMinute: a.CallsPerMinute, Burst: a.Burst, CostPerMinute: a.CostPerMinute, RowsPerDay: a.RowsPerDay,
		OverlapSeconds: int64(a.Overlap / time.Second), NoIntrospection: a.NoIntrospection, NoSuggestions: a.NoSuggestions,
		MaxCost: a.MaxCost, MaxDepth: a.MaxDepth, MaxAliases: a.MaxAliases, MaxRootFields: a.MaxRootFields, MaxTokens: a.MaxTokens,
		MaxPage: a.MaxPage, MaxRows: a.MaxRows, MaxMilliseconds: a.MaxTime.Milliseconds(),
		AnswerSeconds: int64(a.AnswerCache / time.Second),
	}
}

// agreement reads one out of its row.
func agreement(name, text string) (tokens.Agreement, error) {
	var t terms
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return tokens.Agreement{Name: name}, err
	}
	return tokens.Agreement{
		Name: name, Packages: t.Packages, CallsPerMinute: t.CallsPerMinute, Burst: t.Burst, CostPerMinute: t.CostPerMinute, RowsPerDay: t.RowsPerDay,
		Overlap: time.Duration(t.OverlapSeconds) * time.Second, NoIntrospection: t.NoIntrospection, NoSuggestions: t.NoSuggestions,
		MaxCost: t.MaxCost, MaxDepth: t.MaxDepth, MaxAliases: t.MaxAliases, MaxRootFields: t.MaxRootFields, MaxTokens: t.MaxTokens,
		MaxPage: t.MaxPage, MaxRows: t.MaxRows, MaxTime: time.Duration(t.MaxMilliseconds) * time.Millisecond,
		AnswerCache: time.Duration(t.AnswerSeconds) * time.Second,
	}, nil
}

// Agreement implements tokens.Tx.
func (a *acts) Agreement(ctx context.Context, name string) (tokens.Agreement, error) {
	if !isText(name) {
		return tokens.Agreement{}, errNoAgreement
	}
	var text string
	err := a.tx.QueryRowContext(ctx, "SELECT terms FROM agreements WHERE name = ?"+a.hold, name).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return tokens.Agreement{}, errNoAgreement
	}
	if err != nil {
		return tokens.Agreement{}, err
	}
	return agreement(name, text)
}

var errNoAgreement = schema.Errorf(schema.NotFound, "no such agreement")

// PutAgreement implements tokens.Tx.
func (a *acts) PutAgreement(ctx context.Context, agreement tokens.Agreement, by string, at time.Time) error {
	text, err := json.Marshal(termsOf(&agreement))
	if err != nil {
		return err
	}
	_, err = a.tx.ExecContext(ctx, `INSERT INTO agreements (name, terms, saved_by, saved_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET terms = excluded.terms, saved_by = excluded.saved_by, saved_at = excluded.saved_at`,
		agreement.Name, string(text), by, at.UnixMicro())
	return err
}

// Roles implements tokens.Tx.
func (a *acts) Roles(ctx context.Context, agreement string) ([]tokens.Role, error) {
	var list []tokens.Role
	err := each(ctx, a.tx, "SELECT DISTINCT role FROM accounts WHERE agreement = ?", func(rows *sql.Rows) error {
		var r tokens.Role
		err := rows.Scan(&r)
		list = append(list, r)
		return err
	}, agreement)
	return list, err
}

// Agreements implements tokens.Store.
func (s *Store) Agreements(ctx context.Context) ([]tokens.Agreement, error) {
	var list []tokens.Agreement
	err := s.read(ctx, "list agreements", func(tx *sql.Tx) error {
		return each(ctx, tx, "SELECT name, terms FROM agreements ORDER BY name", func(rows *sql.Rows) error {
			var name, text string
			if err := rows.Scan(&name, &text); err != nil {
				return err
			}
			a, err := agreement(name, text)
			list = append(list, a)
			return err
		})
	})
	return list, err
}
