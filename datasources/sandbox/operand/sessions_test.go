package operand_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/operand"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

func TestLogin(t *testing.T) {
	w := world.New(1, 12)
	heads := []string{`{"token":"`, `{"auth":"`, `{"data":{"token":"`, `{"records":{"token":"`, `"s3ss`, `s3ss`}
	for shape, head := range heads {
		t.Run("case="+head, func(t *testing.T) {
			c := start(t, w, operand.Options{Dialect: operand.Dialect{Login: operand.LoginShape(shape)}, Token: "panel"})
			if a := c.get("/login?tokenAccess=panel", nil); !strings.HasPrefix(string(a.body), head) {
				t.Errorf("got %s", a.body)
			}
			if a := c.call(c.path(operand.Clients, nil)); a.status != 200 {
				t.Errorf("clients: %d", a.status)
			}
			for _, query := range []string{"", "?tokenAccess=", "?tokenAccess=wrong", "?token=panel"} {
				if a := c.get("/login"+query, nil); a.status != http.StatusForbidden {
					t.Errorf("login%s: %d", query, a.status)
				}
			}
		})
	}
}

func TestSessions(t *testing.T) {
	w := world.New(1, 12)
	for _, dead := range []int{401, 403} {
		dialect := operand.Dialect{DeadSession: dead}
		for _, v := range []struct {
			name  string
			opts  operand.Options
			act   func(c *client)
			want  []int // of the calls that follow
			login map[string]int
		}{
			{"expired", operand.Options{}, func(c *client) { c.server.ExpireSessions() }, []int{dead, dead}, map[string]int{"panel": 200}},
			{"after three calls", operand.Options{SessionCalls: 3}, func(*client) {}, []int{200, 200, 200, dead, dead}, map[string]int{"panel": 200}},
			{"token replaced", operand.Options{}, func(c *client) { c.server.ReplaceToken("new") }, []int{200}, map[string]int{"panel": 403, "new": 200}},
			{"token replaced and sessions killed", operand.Options{ReplaceKillsSessions: true}, func(c *client) { c.server.ReplaceToken("new") }, []int{dead}, map[string]int{"panel": 403, "new": 200}},
			{"switched off", operand.Options{}, func(c *client) { c.server.SwitchOff() }, []int{403}, map[string]int{"panel": 403}},
			{"switched on again", operand.Options{}, func(c *client) { c.server.SwitchOff(); c.server.SwitchOn() }, []int{dead}, map[string]int{"panel": 200}},
			{"no session", operand.Options{}, func(c *client) { c.session = "" }, []int{dead}, nil},
			{"foreign session", operand.Options{}, func(c *client) { c.session = "s3ssfromelsewhere000000" }, []int{dead}, nil},
		} {
			t.Run(fmt.Sprintf("case=%s, %d", v.name, dead), func(t *testing.T) {
				v.opts.Token, v.opts.Dialect = "panel", dialect
				c := start(t, w, v.opts)
				v.act(c)
				for k, want := range v.want {
					if a := c.call(c.path(operand.Clients, nil)); a.status != want {
						t.Errorf("call %d: %d %s", k, a.status, a.body)
					}
				}
				for token, want := range v.login {
					if got := c.login(token); got != want {
						t.Errorf("login with %s: %d, want %d", token, got, want)
					}
					if want == 200 {
						if a := c.call(c.path(operand.Clients, nil)); a.status != 200 {
							t.Errorf("after the login: %d", a.status)
						}
					}
				}
			})
		}
	}
	t.Run("case=logins are bounded", func(t *testing.T) {
		c := start(t, w, operand.Options{})
		first := c.session
		for range 300 {
			c.login(operand.DefaultToken)
		}
		last := c.session
		if n := c.server.Sessions(); n != 256 {
			t.Errorf("%d sessions", n)
		}
		c.session = first
		if a := c.call(c.path(operand.Clients, nil)); a.status != 401 {
			t.Errorf("the oldest session: %d", a.status)
		}
		c.session = last
		if a := c.call(c.path(operand.Clients, nil)); a.status != 200 {
			t.Errorf("the newest session: %d", a.status)
		}
	})
}
