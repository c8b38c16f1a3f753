package unknown_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/unknown"
)

func shop(t *testing.T, o unknown.ShopOptions) (*unknown.Shop, *client) {
	t.Helper()
	s := unknown.NewShop(demo, o)
	c := serve(t, s, unknown.ShopBase)
	c.header.Set("DOLAPIKEY", unknown.ShopKey)
	return s, c
}

func ids(records []unknown.Record) []string {
	list := []string{}
	for _, r := range records {
		list = append(list, r.ID)
	}
	return list
}

// where are the records that pass.
func where(records []unknown.Record, pass func(unknown.Record) bool) []unknown.Record {
	return slices.DeleteFunc(slices.Clone(records), func(r unknown.Record) bool { return !pass(r) })
}

// restErr reads {"error":{"code","message"}}.
func restErr(t *testing.T, a answer) (code int, message string) {
	t.Helper()
	e := as[struct {
		Error struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}](t, a)
	return e.Error.Code, e.Error.Message
}

func TestShopAuth(t *testing.T) {
	for _, tc := range []struct {
		name   string
		auth   unknown.ShopAuth
		header http.Header
		query  []string
		want   int
	}{
		{"header", unknown.HeaderKey, http.Header{"Dolapikey": {"secret"}}, nil, 200},
		{"header wrong", unknown.HeaderKey, http.Header{"Dolapikey": {"other"}}, nil, 401},
		{"header missing", unknown.HeaderKey, nil, nil, 401},
		{"header wants no bearer", unknown.HeaderKey, http.Header{"Authorization": {"Bearer secret"}}, nil, 401},
		{"bearer", unknown.BearerKey, http.Header{"Authorization": {"Bearer secret"}}, nil, 200},
		{"bearer wrong", unknown.BearerKey, http.Header{"Authorization": {"Bearer other"}}, nil, 401},
		{"bearer wants no header", unknown.BearerKey, http.Header{"Dolapikey": {"secret"}}, nil, 401},
		{"query", unknown.QueryKey, nil, []string{"DOLAPIKEY", "secret"}, 200},
		{"query wrong", unknown.QueryKey, nil, []string{"DOLAPIKEY", "other"}, 401},
		{"query missing", unknown.QueryKey, http.Header{"Dolapikey": {"secret"}}, nil, 401},
		{"session wants no key", unknown.SessionLogin, http.Header{"Dolapikey": {"secret"}}, nil, 401},
		{"session missing", unknown.SessionLogin, nil, nil, 401},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			_, c := shop(t, unknown.ShopOptions{Auth: tc.auth, Key: "secret"})
			c.header = tc.header
			a := c.get("/products", tc.query...).want(t, tc.want)
			if tc.want != 200 {
				code, message := restErr(t, a)
				equal(t, "code", code, 401)
				if !strings.HasPrefix(message, "Unauthorized: ") || strings.Contains(message, "secret") {
					t.Errorf("message: got %q", message)
				}
			}
		})
	}
}

func TestShopSession(t *testing.T) {
	s, c := shop(t, unknown.ShopOptions{Auth: unknown.SessionLogin, User: "me", Password: "pass"})
	c.header = http.Header{}
	login := func(body string) answer {
		return c.do(http.MethodPost, c.url+"/login", strings.NewReader(body))
	}
	for _, tc := range []struct {
		name, body string
		want       int
	}{
		{"wrong password", `{"login":"me","password":"no"}`, 403},
		{"no password", `{"login":"me"}`, 400},
		{"no login", `{"password":"pass"}`, 400},
		{"no JSON", `login=me&password=pass`, 400},
		{"too long", `{"login":"` + strings.Repeat("m", 5000) + `"}`, 400},
	} {
		t.Run("case="+tc.name, func(t *testing.T) { login(tc.body).want(t, tc.want) })
	}
	c.get("/login").want(t, 405)
	equal(t, "logins", s.Logins(), 0)

	token := func() string {
		got := as[struct{ Success struct{ Token string } }](t, login(`{"login":"me","password":"pass"}`).want(t, 200)).Success.Token
		if got == "" {
			t.Fatal("no token")
		}
		return got
	}
	first := token()
	c.header.Set("DOLAPIKEY", first)
	c.get("/orders").want(t, 200)
	s.ExpireSessions()
	c.get("/orders").want(t, 401)
	second := token()
	if second == first {
		t.Error("the token of an expired session was given again")
	}
	c.header.Set("DOLAPIKEY", second)
	c.get("/orders").want(t, 200)
	equal(t, "logins", s.Logins(), 2)
	for range 64 { // a stranger cannot grow the list of sessions, only push others out
		login(`{"login":"me","password":"pass"}`).want(t, 200)
	}
	c.get("/orders").want(t, 401)

	_, plain := shop(t, unknown.ShopOptions{})
	plain.do(http.MethodPost, plain.url+"/login", strings.NewReader(`{"login":"api","password":"shop-sandbox"}`)).want(t, 403)
}

func TestShopOne(t *testing.T) {
	s, c := shop(t, unknown.ShopOptions{})
	draft := where(s.Records("orders"), func(r unknown.Record) bool { return strings.HasPrefix(r.Number, "(") })[0]
	for _, tc := range []struct {
		name, path string
		want       int
	}{
		{"by id", "/orders/" + draft.ID, 200},
		{"by number", "/orders/ref/" + url.PathEscape(draft.Number), 200},
		{"lines", "/orders/" + draft.ID + "/lines", 200},
		{"trailing slash", "/orders/" + draft.ID + "/", 200},
		{"status", "/status", 200},
		{"no such id", "/orders/1", 404},
		{"no such number", "/orders/ref/CO9999-0001", 404},
		{"id of another set", "/invoices/" + draft.ID + "/nothing", 404},
		{"not an id", "/orders/abc", 400},
		{"payments of an order", "/orders/" + draft.ID + "/payments", 404},
		{"lines of a product", "/products/3/lines", 404},
		{"no such resource", "/customers", 404},
		{"bad encoding", "/orders?x=%zz", 400},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			a := c.get(tc.path).want(t, tc.want)
			equal(t, "type", a.header.Get("Content-Type"), "application/json; charset=utf-8")
			if tc.want != 200 {
				code, _ := restErr(t, a)
				equal(t, "code", code, tc.want)
			}
		})
	}
	c.do(http.MethodPost, c.url+"/orders", strings.NewReader("{}")).want(t, 405)
	equal(t, "message", c.get("/orders/1").body, `{"error":{"code":404,"message":"Not Found: Order not found"}}`)
	if got := c.do(http.MethodGet, strings.TrimSuffix(c.url, unknown.ShopBase)+"/elsewhere", http.NoBody); got.status != 404 {
		t.Errorf("outside the base: got %d, want 404", got.status)
	}
	if s.Records("customers") != nil {
		t.Error("records of a set that does not exist")
	}
	if _, ok := s.Record("customers", "1"); ok {
		t.Error("a record of a set that does not exist")
	}
}

func TestShopErrorsInBody(t *testing.T) {
	s, c := shop(t, unknown.ShopOptions{ErrorsInBody: true})
	for _, tc := range []struct {
		name, path, key string
		params          []string
		success         bool
	}{
		{"list", "/orders", unknown.ShopKey, nil, true},
		{"empty list", "/orders", unknown.ShopKey, []string{"thirdparty_ids", "999999"}, true},
		{"one", "/orders/" + s.Records("orders")[0].ID, unknown.ShopKey, nil, true},
		{"not found", "/orders/1", unknown.ShopKey, nil, false},
		{"bad filter", "/orders", unknown.ShopKey, []string{"sqlfilters", "x"}, false},
		{"wrong key", "/orders", "other", nil, false},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			c.header.Set("DOLAPIKEY", tc.key)
			got := as[row](t, c.get(tc.path, tc.params...).want(t, 200))
			equal(t, "issuccess", got["metadata"].(row)["issuccess"], tc.success)
			equal(t, "no data", got["data"] == nil, !tc.success)
			equal(t, "no error", got["error"] == nil, tc.success)
		})
	}
}

func TestShopAtOnce(t *testing.T) {
	s := unknown.NewShop(demo, unknown.ShopOptions{Auth: unknown.SessionLogin})
	c := serve(t, s, unknown.ShopBase)
	token := as[struct{ Success struct{ Token string } }](t, c.do(http.MethodPost, c.url+"/login",
		strings.NewReader(`{"login":"`+unknown.ShopUser+`","password":"`+unknown.ShopPassword+`"}`)).want(t, 200)).Success.Token
	c.header.Set("DOLAPIKEY", token)
	ask := []string{"limit", "20", "sortfield", "t.tms"}
	c.atOnce(c.get("/orders", ask...).want(t, 200).body, "/orders", ask, func(i int) error {
		if _, ok := s.Record("orders", s.Records("orders")[i].ID); !ok {
			return fmt.Errorf("no record %d", i)
		}
		_, err := c.try(http.MethodPost, c.url+"/login", strings.NewReader(`{"login":"`+unknown.ShopUser+`","password":"`+unknown.ShopPassword+`"}`))
		return err
	})
}
