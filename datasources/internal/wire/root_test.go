package wire_test

import (
	"testing"

	"github.com/trama-graph/trama/datasources/internal/wire"
)

func TestRoot(t *testing.T) {
	for name, c := range map[string]struct{ text, want, fault string }{
		"with a slash":    {"https://host/odata/", "https://host/odata/", ""},
		"without a slash": {"http://host/odata", "http://host/odata/", ""},
		"host alone":      {"http://host:81", "http://host:81/", ""},
		"escaped":         {"https://host/a%2Fb", "https://host/a%2Fb/", ""},
		"empty":           {"", "", "missing"},
		"no scheme":       {"host/odata", "", "expected an address such as https://host/x/"},
		"another scheme":  {"ftp://host/", "", "expected an address such as https://host/x/"},
		"no host":         {"https:///odata", "", "expected an address such as https://host/x/"},
		"no address":      {"https://u:hunter2@ho st/", "", "is not an address"},
		"a login":         {"https://u:hunter2@host/", "", "may not hold a login: use auth"},
		"a query":         {"https://host/?key=hunter2", "", "may not have a query"},
		"a fragment":      {"https://host/#hunter2", "", "may not have a query"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			u, err := wire.Root(c.text, "https://host/x/", "auth")
			switch {
			case c.fault == "" && (err != nil || u.String() != c.want):
				t.Errorf("got %v, %v", u, err)
			case c.fault != "" && (err == nil || err.Error() != c.fault):
				t.Errorf("got %v, %v", u, err)
			}
		})
	}
}
