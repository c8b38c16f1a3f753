package tokens

import (
	"context"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// Kinds of entries that this package writes. Others write kinds of their own.
const (
	TokenGenerated = "token.generated"
	TokenReplaced  = "token.replaced"
	TokenDisabled  = "token.disabled"
	AccountSaved   = "account.saved"
	AgreementSaved = "agreement.saved"
	Refused        = "refused"
)

// Entry is something that was done or refused. It holds no secret and no value of
// a row; the claims of a token may be in the detail of the act that made it.
type Entry struct {
	ID      int64 // later ones are higher; given by the store
	At      time.Time
	Kind    string
	Account string // by which account; "operator" at the command line
	Token   string // by which token, its public id; "" at the command line
	About   string // the account it is about, "" when it is about none
	Subject string // a token's public id, an account, an agreement, a field
	Detail  string
}

// Bounds of an entry: what was refused may be of any length.
const (
	maxSubject = 200
	maxDetail  = 2000
)

// bounded cuts what is too long, and takes out what no database takes and the
// secrets of tokens that somebody wrote where they do not belong.
func (e Entry) bounded() Entry {
	e.Kind, e.Account, e.Token = cut(e.Kind, maxName), cut(e.Account, maxSubject), cut(e.Token, maxName)
	e.About, e.Subject, e.Detail = cut(e.About, maxSubject), cut(e.Subject, maxSubject), cut(e.Detail, maxDetail)
	return e
}

// cut leaves printable text of at most n bytes, without secrets of tokens.
func cut(text string, n int) string {
	text = redact(text)
	clean := make([]byte, 0, min(len(text), n))
	for _, r := range text {
		if r < ' ' || r == utf8.RuneError {
			r = '?'
		}
		if len(clean)+utf8.RuneLen(r) > n {
			break
		}
		clean = utf8.AppendRune(clean, r)
	}
	return string(clean)
}

// secret finds the id and the secret of a token's text, also in the middle of others.
var secret = regexp.MustCompile(`_([0-9A-Za-z]{10})_[0-9A-Za-z]{32,}`)

// redact leaves of a token's text the public part.
func redact(text string) string { return secret.ReplaceAllString(text, "_${1}_***") }

// nameless stands in the audit for what somebody gave as a name and is none.
const nameless = "(not a name)"

// named returns a name or a token's public id as it was given. Whatever else was
// given in its place may be anything, a secret too.
func named(text string) string {
	isID := len(text) == idLength && strings.Trim(text, alphabet) == ""
	if text != "" && !isID && checkName("account", text) != nil {
		return nameless
	}
	return text
}

// AuditFilter says which entries are asked for.
type AuditFilter struct {
	Kind    string // "" = all
	Account string // by or about it; "" = all
	Before  int64  // ids below this one; 0 = from the newest on
	First   int    // 0 = 50; at most 1,000
}

// Append writes an entry that others observed, such as a denied field. A zero time
// is now.
func (s *Service) Append(ctx context.Context, e Entry) error {
	if e.At.IsZero() {
		e.At = s.now()
	}
	return s.store.Act(ctx, func(tx Tx) error { return tx.Audit(ctx, e.bounded()) })
}

// Audit lists entries, the newest first.
func (s *Service) Audit(ctx context.Context, f AuditFilter) ([]Entry, error) {
	f.First = page(f.First)
	return s.store.Audit(ctx, f)
}

// page is how many rows a list may have.
func page(first int) int {
	if first <= 0 {
		return 50
	}
	return min(first, 1000)
}
