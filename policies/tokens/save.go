package tokens

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/trama-graph/trama/schema"
)

// SaveAccount makes an account or changes it. change gets it as it is, or a new
// member with the default agreement, and sets its Role, Agreement and Disabled; it
// may be called more than once. Tokens of a disabled account are refused at once.
// The own role and whether the own account is disabled are FORBIDDEN to change.
func (s *Service) SaveAccount(ctx context.Context, by Actor, name string, change func(*Account)) (Account, error) {
	var a Account
	err := s.act(ctx, by, Entry{About: name, Subject: name, Detail: "save an account"}, func(tx Tx, now time.Time) error {
		old, err := tx.Hold(ctx, name)
		isNew := schema.CodeOf(err) == schema.NotFound
		if err != nil && !isNew {
			return err
		}
		if isNew {
			old = Account{Name: name, Role: Member, Agreement: DefaultAgreement, CreatedAt: now, CreatedBy: by.account}
		}
		a = old
		change(&a)
		a.Name, a.CreatedAt, a.CreatedBy, a.Token = old.Name, old.CreatedAt, old.CreatedBy, nil
		if !isNew && !by.may(old.Role) {
			return errAdministrators
		}
		if by.isHolder(old.Name) && (a.Role != old.Role || a.Disabled != old.Disabled) {
			return errOneself
		}
		if a.Agreement == "" {
			a.Agreement = DefaultAgreement
		}
		if _, err := agreementOf(ctx, tx, a.Agreement); err != nil {
			return err
		}
		if isNew {
			return s.addAccount(ctx, tx, by, &a)
		}
		if err := checkRole(by, a.Role); err != nil {
			return err
		}
		if err := tx.SetAccount(ctx, a); err != nil {
			return err
		}
		return auditAccount(ctx, tx, by, &a, now)
	})
	return a, err
}

var errAdministrators = schema.Errorf(schema.Forbidden, "only root makes and changes administrators")

// errOneself keeps the last root from shutting everybody out by a slip. Who works
// on the server's own machine can undo it and is not kept from it.
var errOneself = schema.Errorf(schema.Forbidden, "nobody changes the role of the own account or disables it: another administrator or the command line does")

func checkRole(by Actor, role Role) error {
	if role != Root && role != Admin && role != Member {
		return schema.Errorf(schema.BadRequest, "a role is root, admin or member")
	}
	if !by.may(role) {
		return errAdministrators
	}
	return nil
}

// addAccount makes an account whose agreement was checked.
func (s *Service) addAccount(ctx context.Context, tx Tx, by Actor, a *Account) error {
	if err := checkName("account", a.Name); err != nil {
		return err
	}
	if a.Name == operatorName {
		return schema.Errorf(schema.BadRequest, "%q is the name of whoever works at the command line", a.Name)
	}
	if err := checkRole(by, a.Role); err != nil {
		return err
	}
	if err := tx.AddAccount(ctx, *a); err != nil {
		return err
	}
	return auditAccount(ctx, tx, by, a, a.CreatedAt)
}

func auditAccount(ctx context.Context, tx Tx, by Actor, a *Account, now time.Time) error {
	e := by.entry(AccountSaved, now)
	e.About, e.Subject, e.Detail = a.Name, a.Name, "role "+string(a.Role)+"; agreement "+a.Agreement
	if a.Disabled {
		e.Detail += "; disabled"
	}
	return tx.Audit(ctx, e.bounded())
}

// agreementOf returns an agreement by name, BAD_REQUEST when there is none.
func agreementOf(ctx context.Context, tx Tx, name string) (Agreement, error) {
	if name == DefaultAgreement {
		return Agreement{Name: DefaultAgreement}, nil
	}
	a, err := tx.Agreement(ctx, name)
	if schema.CodeOf(err) == schema.NotFound {
		return a, schema.Errorf(schema.BadRequest, "there is no agreement %q", named(name))
	}
	return a, err
}

// SaveAgreement makes an agreement or changes it. change gets it as it is, or with
// its name only, and may be called more than once. What an administrator agreed to
// is changed by root only: nobody raises his own limits.
func (s *Service) SaveAgreement(ctx context.Context, by Actor, name string, change func(*Agreement)) (Agreement, error) {
	var a Agreement
	err := s.act(ctx, by, Entry{Subject: name, Detail: "save an agreement"}, func(tx Tx, now time.Time) error {
		if name == DefaultAgreement {
			return schema.Errorf(schema.BadRequest, "the agreement %s is built in; make another one", name)
		}
		old, err := tx.Agreement(ctx, name)
		if err != nil && schema.CodeOf(err) != schema.NotFound {
			return err
		}
		old.Name = name
		a = old
		a.Packages = slices.Clone(old.Packages)
		change(&a)
		a.Name, a.Packages = name, unique(a.Packages)
		if err := checkAgreement(&a, s.known()); err != nil {
			return err
		}
		roles, err := tx.Roles(ctx, name)
		if err != nil {
			return err
		}
		for _, r := range roles {
			if !by.may(r) {
				return schema.Errorf(schema.Forbidden, "only root changes the agreement of administrators")
			}
		}
		if err := tx.PutAgreement(ctx, a, by.account, now); err != nil {
			return err
		}
		e := by.entry(AgreementSaved, now)
		e.Subject, e.Detail = name, describeAgreement(&a)
		return tx.Audit(ctx, e.bounded())
	})
	return a, err
}

// describeAgreement is what the audit keeps of an agreement: what is not the
// server's default.
func describeAgreement(a *Agreement) string {
	text := "packages " + strings.Join(a.Packages, ", ")
	add := func(name string, value int64) {
		if value != 0 {
			text += fmt.Sprintf("; %s %d", name, value)
		}
	}
	add("callsPerMinute", int64(a.CallsPerMinute))
	add("burst", int64(a.Burst))
	add("costPerMinute", a.CostPerMinute)
	add("rowsPerDay", a.RowsPerDay)
	add("overlapMinutes", int64(a.Overlap/time.Minute))
	add("maxCost", a.MaxCost)
	add("maxDepth", int64(a.MaxDepth))
	add("maxAliases", int64(a.MaxAliases))
	add("maxRootFields", int64(a.MaxRootFields))
	add("maxTokens", int64(a.MaxTokens))
	add("maxPageSize", int64(a.MaxPage))
	add("maxRows", int64(a.MaxRows))
	add("maxMilliseconds", a.MaxTime.Milliseconds())
	add("answerCacheSeconds", int64(a.AnswerCache/time.Second))
	if a.NoIntrospection {
		text += "; no introspection"
	}
	if a.NoSuggestions {
		text += "; no suggestions"
	}
	return text
}
