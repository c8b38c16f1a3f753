package usage

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Entry is something the audit must have of a token.
type Entry struct {
	At      time.Time // when it was gathered
	Kind    string    // Sensitive or Denied
	Account string
	Token   string
	Subject string // of Sensitive the operation's hash; of Denied the error code
	Detail  string // the fields; how often
}

// The kinds of entries.
const (
	Sensitive = "sensitive"
	Denied    = "denied"
)

// maxEntries is how many entries wait while the audit fails; later ones are lost.
const maxEntries = 10_000

// sensitiveEntry tells which sensitive fields an operation read for the first time
// in an hour.
func sensitiveEntry(t *tokenUse, at time.Time, op *opUse) Entry {
	return Entry{At: at, Kind: Sensitive, Account: t.account, Token: t.token, Subject: op.hash, Detail: strings.Join(op.owed, ", ")}
}

// deniedEntry tells how often a token was refused something within an hour.
func deniedEntry(t *tokenUse, at, hour time.Time, n denial) Entry {
	times := "times"
	if n.n == 1 {
		times = "time"
	}
	return Entry{
		At: at, Kind: Denied, Account: t.account, Token: t.token, Subject: string(n.code),
		Detail: fmt.Sprintf("%d %s in the hour from %s", n.n, times, hour.Format(time.RFC3339)),
	}
}

// tell writes the entries, and keeps those that could not be written.
func (w *waiting) tell(ctx context.Context, audit func(context.Context, Entry) error) error {
	if audit == nil {
		w.entries = nil
		return nil
	}
	for i, e := range w.entries {
		if err := audit(ctx, e); err != nil {
			w.entries = w.entries[i:]
			return fmt.Errorf("write audit: %w", err)
		}
	}
	w.entries = nil
	return nil
}
