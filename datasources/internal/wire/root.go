package wire

import (
	"errors"
	"net/url"
	"strings"
)

// Root reads the configured address of a service whose names are joined to it, with
// a slash at its end: http or https, without a login and a query. example is an address
// as it should be, login where a login belongs ("user and password"): both are for the
// error, which repeats nothing of text, as that may hold a password.
func Root(text, example, login string) (*url.URL, error) {
	if text == "" {
		return nil, errors.New("missing")
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("is not an address")
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, errors.New("expected an address such as " + example)
	case u.User != nil:
		return nil, errors.New("may not hold a login: use " + login)
	case u.RawQuery != "", u.Fragment != "":
		return nil, errors.New("may not have a query")
	}
	if !strings.HasSuffix(u.Path, "/") {
		u = u.JoinPath("/")
	}
	return u, nil
}
