package wire_test

import (
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/internal/wire"
)

func TestRedact(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"", ""},
		{"plain text, key 5", "plain text, key 5"},
		{"session expired", "session expired"},
		{"dial tcp 127.0.0.1:80: connect: connection refused", "dial tcp 127.0.0.1:80: connect: connection refused"},
		{"https://desk.test/a/b", "https://desk.test/a/b"},
		{"https://u:p@desk.test:8443/a/b?x=y#z", "https://***@desk.test:8443/a/b?***"},
		{"https://u:p@w@desk.test", "https://***@desk.test"},
		{"https://u:p/w@desk.test/x", "https://***"},
		{"http://desk.test:80, then", "http://desk.test:80, then"},
		{"http://[::1]:80/x?y", "http://[::1]:80/x?***"},
		{"https://h/Catalog_X(guid'1')?$filter=a", "https://h/Catalog_X(guid'1')?***"},
		{`Get "http://h/p?Password=x": EOF`, `Get "http://h/p?***": EOF`},
		{`Get "/p?a=x y": EOF`, `Get "/p?*** y": EOF`},
		{"Password=x&a=b", "Password=***&a=b"},
		{`{"UserLogin":"u","Password":"a\"b","n":1}`, `{"UserLogin":"u","Password":"***","n":1}`},
		{`{"SessionID": "abc", "access_token":"t"}`, `{"SessionID": "***", "access_token":"***"}`},
		{`body {\"Password\":\"x\"} end`, `body {\"Password\":\"***\"} end`},
		{`{"Password":"cut he`, `{"Password":"***`},
		{"<Password>x</Password>", "<Password>***</Password>"},
		{`<t:UserPassword type="s">x y</t:UserPassword>`, `<t:UserPassword type="s">***</t:UserPassword>`},
		{"Authorization: Bearer abc.def", "Authorization: ***"},
		{"sent Bearer abcdef1", "sent Bearer ***"},
		{"Cookie: a=b; c=d\nnext", "Cookie: ***\nnext"},
		{"map[X-Api-Key:[k1] Accept:[a]]", "map[X-Api-Key:[***] Accept:[a]]"},
		{"password token=abc", "password token=***"},
		{"api key=abc", "api key=***"},
	} {
		if got := wire.Redact(tc.in); got != tc.want {
			t.Errorf("Redact(%q) = %q, want %q", tc.in, got, tc.want)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("https://u:p@h/x?y", "Password=x")
	f.Fuzz(func(t *testing.T, before, after string) {
		const secret = "S3CR3TS3CR3T"
		for _, s := range []string{
			before + " https://u:" + secret + "@host/ " + after,
			before + " https://host/?a=" + secret + " " + after,
			before + "\nPassword=" + secret + " " + after,
		} {
			if strings.Contains(before+after, "S3CR") {
				return
			}
			if got := wire.Redact(s); strings.Contains(got, secret) {
				t.Errorf("%q in %q", secret, got)
			}
		}
	})
}
