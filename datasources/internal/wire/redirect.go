package wire

import (
	"fmt"
	"net/http"
	"strings"
)

// redirect is the cause of a verdict on a reply that sends the call to another
// address. The client of Trama is told that it does, not where to: the address is
// the upstream's text.
type redirect struct {
	status int
	to     string // redacted
}

// Redirect is the cause of a Decode's verdict on a reply of 3xx: with Invalid, the
// client learns that the answer is a redirect. Redirects are never followed, since
// the credentials are for the configured address only.
func Redirect(r *Reply) error {
	to := r.Header.Get("Location")
	if to == "" || r.Status == http.StatusNotModified {
		return fmt.Errorf("status %d, which leads nowhere", r.Status)
	}
	return &redirect{status: r.Status, to: Redact(to)}
}

// Error is for the log.
func (d *redirect) Error() string { return fmt.Sprintf("status %d to %s", d.status, d.to) }

// Reason implements Reasoned.
func (d *redirect) Reason() string { return "sends it elsewhere: redirects are not followed" }

// isLogin looks at the path of a redirect for the words login pages have there.
func isLogin(location string) bool {
	path, _, _ := strings.Cut(strings.ToLower(location), "?")
	for _, word := range []string{"login", "logon", "signin", "sign-in", "sign_in", "/auth", "/sso", "/oauth"} {
		if strings.Contains(path, word) {
			return true
		}
	}
	return false
}
