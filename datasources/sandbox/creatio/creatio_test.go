package creatio_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/creatio"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

var demo = world.New(7, 120)

// client is a client with a jar, and with the headers that a logged-in caller sends.
type client struct {
	t      *testing.T
	server *creatio.Server
	http   *http.Client
	url    string
	header http.Header
}

func start(t *testing.T, opts creatio.Options) *client {
	t.Helper()
	s := creatio.New(demo, opts)
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, server: s, url: h.URL, header: http.Header{}, http: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func loggedIn(t *testing.T, opts creatio.Options) *client {
	t.Helper()
	c := start(t, opts)
	c.login(creatio.DefaultUser, creatio.DefaultPassword)
	return c
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) kind() string { return a.header.Get("Content-Type") }

func (c *client) send(method, path, contentType, body string) answer {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for k, v := range c.header {
		r.Header[k] = v
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(b)}
}

// get asks for an address whose query may hold spaces.
func (c *client) get(path string) answer {
	c.t.Helper()
	return c.send(http.MethodGet, strings.ReplaceAll(path, " ", "%20"), "", "")
}

func (c *client) login(user, password string) answer {
	c.t.Helper()
	body, _ := json.Marshal(map[string]string{"UserName": user, "UserPassword": password})
	a := c.send(http.MethodPost, "/ServiceModel/AuthService.svc/Login", "application/json", string(body))
	u, _ := url.Parse(c.url)
	c.header.Set("ForceUseSession", "true")
	for _, k := range c.http.Jar.Cookies(u) {
		if k.Name == "BPMCSRF" {
			c.header.Set("BPMCSRF", k.Value)
		}
	}
	return a
}

// page is a collection.
type page struct {
	Context string           `json:"@odata.context"`
	Count   *int             `json:"@odata.count"`
	Next    string           `json:"@odata.nextLink"`
	Value   []map[string]any `json:"value"`
}

func (c *client) page(path string) page {
	c.t.Helper()
	a := c.get(path)
	if a.status != http.StatusOK || !strings.HasPrefix(a.kind(), "application/json") {
		c.t.Fatalf("%s: %d %s %s", path, a.status, a.kind(), a.body)
	}
	return decode[page](c.t, a.body)
}

func decode[T any](t *testing.T, body string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return v
}

func (p page) column(name string) []string {
	var out []string
	for _, v := range p.Value {
		out = append(out, fmt.Sprint(v[name]))
	}
	return out
}

// customer returns a customer of a case.
func customer(t *testing.T, want world.Case) *world.Customer {
	t.Helper()
	for i := 1; i <= demo.Customers(); i++ {
		if demo.Case(i) == want {
			return demo.Customer(i)
		}
	}
	t.Fatalf("no customer %s", want)
	return nil
}

func TestLogin(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name    string
		opts    creatio.Options
		cookies string
	}{
		{"framework", creatio.Options{}, ".ASPXAUTH BPMCSRF BPMLOADER UserName"},
		{"core", creatio.Options{Core: true}, ".AspNetCore.Cookies BPMCSRF BPMSESSIONID UserName"},
		{"core without CSRF", creatio.Options{Core: true, CSRFOff: true}, ".AspNetCore.Cookies BPMSESSIONID UserName"},
	} {
		t.Run("case="+v.name, func(t *testing.T) {
			t.Parallel()
			c := start(t, v.opts)
			a := c.login(creatio.DefaultUser, "wrong")
			if got := decode[struct{ Code int }](t, a.body); a.status != http.StatusOK || got.Code == 0 {
				t.Errorf("a wrong password answers %d %s", a.status, a.body)
			}
			if a.header["Set-Cookie"] != nil {
				t.Error("a wrong password gets cookies")
			}
			a = c.login(creatio.DefaultUser, creatio.DefaultPassword)
			if a.status != http.StatusOK || a.body != `{"Code":0,"Message":"","Exception":null,"PasswordChangeUrl":null,"RedirectUrl":null}` {
				t.Errorf("login answers %d %s", a.status, a.body)
			}
			u, _ := url.Parse(c.url)
			names := map[string]bool{}
			for _, k := range c.http.Jar.Cookies(u) {
				names[k.Name] = true
			}
			if len(names) != len(strings.Fields(v.cookies)) {
				t.Errorf("got cookies %v, want %s", names, v.cookies)
			}
			base := "/0/odata/"
			if v.opts.Core {
				base = "/odata/"
			}
			c.page(base + "Account?$top=1")
			other := map[string]string{"/0/odata/": "/odata/", "/odata/": "/0/odata/"}[base]
			if a := c.get(other + "$metadata"); a.status != http.StatusNotFound || a.kind() != "text/html" {
				t.Errorf("the other build's address answers %d %s", a.status, a.kind())
			}
		})
	}
}

func TestSession(t *testing.T) {
	t.Parallel()
	const path = "/0/odata/Account?$top=1"
	t.Run("case=no CSRF header", func(t *testing.T) {
		t.Parallel()
		c := loggedIn(t, creatio.Options{})
		c.header.Del("BPMCSRF")
		if a := c.get(path); a.status != http.StatusForbidden {
			t.Errorf("got %d", a.status)
		}
	})
	t.Run("case=no ForceUseSession", func(t *testing.T) {
		t.Parallel()
		c := loggedIn(t, creatio.Options{})
		c.header.Del("ForceUseSession")
		if a := c.get(path); a.status != http.StatusUnauthorized {
			t.Errorf("got %d", a.status)
		}
	})
	for _, b := range []struct {
		name   string
		bounce creatio.Bounce
		status int
		kind   string
	}{
		{"401", creatio.Bounce401, 401, "text/html"},
		{"redirect", creatio.BounceRedirect, 302, "text/html; charset=utf-8"},
		{"login page", creatio.BounceHTML, 200, "text/html; charset=utf-8"},
	} {
		t.Run("case=bounced with "+b.name, func(t *testing.T) {
			t.Parallel()
			c := loggedIn(t, creatio.Options{Bounce: b.bounce})
			c.page(path)
			c.server.ExpireSessions()
			a := c.get(path)
			if a.status != b.status || a.kind() != b.kind {
				t.Errorf("got %d %s", a.status, a.kind())
			}
			if at := a.header.Get("Location"); at != "" {
				if a := c.get(at); a.status != 200 || !strings.Contains(a.body, "loginForm") {
					t.Errorf("the login page answers %d", a.status)
				}
			}
			c.login(creatio.DefaultUser, creatio.DefaultPassword)
			c.page(path)
		})
	}
	t.Run("case=life of a session", func(t *testing.T) {
		t.Parallel()
		now := world.End
		c := loggedIn(t, creatio.Options{SessionLife: time.Minute, Now: func() time.Time { return now }})
		c.page(path)
		now = now.Add(time.Minute)
		if a := c.get(path); a.status != http.StatusUnauthorized {
			t.Errorf("got %d", a.status)
		}
	})
}

func TestOAuth(t *testing.T) {
	t.Parallel()
	now := world.End
	c := start(t, creatio.Options{ClientID: "trama", ClientSecret: "s3cret", Now: func() time.Time { return now }})
	const form = "application/x-www-form-urlencoded"
	good := "grant_type=client_credentials&client_id=trama&client_secret=s3cret"
	for _, v := range []struct {
		name, path, kind, body, want string
		status                       int
	}{
		{"wrong secret", "/connect/token", form, "grant_type=client_credentials&client_id=trama&client_secret=no", `{"error":"invalid_client"}`, 400},
		{"wrong grant", "/connect/token", form, "grant_type=password", `{"error":"unsupported_grant_type"}`, 400},
		{"JSON", "/connect/token", "application/json", "{}", `{"error":"invalid_request"}`, 400},
		{"application host", "/0/connect/token", form, good, "<!DOCTYPE html>", 200},
	} {
		t.Run("case="+v.name, func(t *testing.T) {
			if a := c.send(http.MethodPost, v.path, v.kind, v.body); a.status != v.status || !strings.HasPrefix(a.body, v.want) {
				t.Errorf("got %d %s", a.status, a.body)
			}
		})
	}
	a := c.send(http.MethodPost, "/connect/token", form, good)
	tok := decode[struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int    `json:"expires_in"`
	}](t, a.body)
	if tok.TokenType != "Bearer" || tok.ExpiresIn != 3600 {
		t.Errorf("got %s", a.body)
	}
	c.header = http.Header{"Authorization": {"Bearer " + tok.AccessToken}}
	c.page("/0/odata/Account?$top=1") // neither cookies nor CSRF
	now = now.Add(time.Hour)
	if a := c.get("/0/odata/Account?$top=1"); a.status != http.StatusUnauthorized {
		t.Errorf("an old token answers %d", a.status)
	}
	off := start(t, creatio.Options{})
	if a := off.send(http.MethodPost, "/connect/token", form, good); !strings.HasPrefix(a.body, "<!DOCTYPE html>") {
		t.Errorf("without an identity service: %s", a.body)
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	c := loggedIn(t, creatio.Options{})
	a := c.get("/0/odata/$metadata")
	if a.status != 200 || a.kind() != "application/xml" {
		t.Fatalf("got %d %s", a.status, a.kind())
	}
	var doc struct {
		Schemas []struct {
			Namespace string `xml:",attr"`
			Types     []struct {
				Name       string `xml:",attr"`
				Properties []struct {
					Name string `xml:",attr"`
					Type string `xml:",attr"`
				} `xml:"Property"`
				Navigations []struct {
					Name string `xml:",attr"`
				} `xml:"NavigationProperty"`
			} `xml:"EntityType"`
			Sets []struct {
				Name string `xml:",attr"`
			} `xml:"EntityContainer>EntitySet"`
		} `xml:"DataServices>Schema"`
	}
	if err := xml.Unmarshal([]byte(a.body), &doc); err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, s := range doc.Schemas {
		for _, e := range s.Types {
			for _, p := range e.Properties {
				have[e.Name+"."+p.Name+" "+p.Type] = true
			}
			for _, n := range e.Navigations {
				have[e.Name+"/"+n.Name] = true
			}
		}
		for _, e := range s.Sets {
			have[e.Name] = true
		}
	}
	for _, want := range strings.Fields(`Account AccountBillingInfo AccountCommunication Contact Opportunity Order OrderProduct Invoice Product Case
		Activity OrderStatus OrderPaymentStatus InvoicePaymentStatus Currency OpportunityStage AccountType Country City CommunicationType Unit
		Account/Type Account/Owner Account/City Order/Account Order/Status Invoice/Order OrderProduct/Order AccountBillingInfo/Account`) {
		if !have[want] {
			t.Errorf("%s is missing", want)
		}
	}
	for _, want := range []string{"Account.Id Edm.Guid", "Account.Uid1C Edm.Guid", "AccountBillingInfo.INN Edm.String", "Order.Amount Edm.Decimal", "Order.ModifiedOn Edm.DateTimeOffset", "Product.Active Edm.Boolean"} {
		if !have[want] {
			t.Errorf("%s is missing", want)
		}
	}
}

// fields are those of the vendor's standard objects which connectors read.
var fields = map[string]string{
	"Account": `Id Name AlternativeName Code TypeId OwnerId PrimaryContactId ParentId IndustryId AccountCategoryId Phone AdditionalPhone Fax Web
		Address CityId RegionId CountryId Zip Notes CreatedOn CreatedById ModifiedOn ModifiedById Completeness Uid1C IntegratedOn`,
	"AccountBillingInfo":   "Id AccountId Name LegalUnit BillingInfo CountryId AccountNumber INN KPP VatId IntegrationCode LegalAddress",
	"AccountCommunication": "Id AccountId CommunicationTypeId Number SearchNumber",
	"Contact":              "Id Name Surname GivenName MiddleName Email Phone MobilePhone HomePhone JobTitle AccountId TypeId",
	"Opportunity":          "Id Title AccountId ContactId StageId Amount Budget Probability DueDate OwnerId CloseReasonId",
	"Order": `Id Number Date DueDate ActualDate AccountId ContactId OpportunityId StatusId PaymentStatusId DeliveryStatusId CurrencyId CurrencyRate
		Amount PrimaryAmount PaymentAmount TaxAmount Notes`,
	"OrderProduct": `Id OrderId ProductId Name CustomProduct Quantity BaseQuantity UnitId Price Amount DiscountPercent DiscountAmount TaxId TaxAmount TotalAmount`,
	"Invoice": `Id Number StartDate DueDate AccountId ContactId OrderId OpportunityId PaymentStatusId CurrencyId Amount PaymentAmount TaxAmount
		SupplierId CustomerBillingInfoId Uid1C`,
	"Product":  "Id Name Code Price CurrencyId UnitId CategoryId Active IsArchive TaxId Uid1C",
	"Activity": "Id Title StartDate DueDate TypeId ActivityCategoryId StatusId PriorityId OwnerId AuthorId AccountId ContactId OpportunityId",
	"Case":     "Id Number Subject Symptoms Solution RegisteredOn AccountId ContactId StatusId PriorityId ModifiedOn",
}

func TestFields(t *testing.T) {
	t.Parallel()
	c := loggedIn(t, creatio.Options{})
	for set, names := range fields {
		t.Run("set="+set, func(t *testing.T) {
			t.Parallel()
			want := strings.Fields(names)
			p := c.page("/0/odata/" + set + "?$top=3&$select=" + strings.Join(want, ","))
			if len(p.Value) == 0 {
				t.Fatal("no rows")
			}
			if got := p.Context; !strings.HasSuffix(got, "/0/odata/$metadata#"+set+"("+strings.Join(want, ",")+")") {
				t.Errorf("context is %s", got)
			}
			for _, n := range want {
				if _, ok := p.Value[0][n]; !ok {
					t.Errorf("no %s", n)
				}
			}
			if len(p.Value[0]) != len(want) {
				t.Errorf("%d columns, asked %d", len(p.Value[0]), len(want))
			}
			// A key of the list finds the same record, as a bare object.
			a := c.get(fmt.Sprintf("/0/odata/%s(%s)?$select=Id", set, p.Value[0]["Id"]))
			one := decode[map[string]any](t, a.body)
			if a.status != 200 || one["Id"] != p.Value[0]["Id"] || one["value"] != nil {
				t.Errorf("entity answers %d %s", a.status, a.body)
			}
		})
	}
}

func TestQuirks(t *testing.T) {
	t.Parallel()
	c := loggedIn(t, creatio.Options{})
	acc := demo.Customer(world.BusyCustomer).CRM[0]
	id := acc.ID.String()
	const jsonError = "application/json; charset=utf-8"
	for _, v := range []struct {
		name, path string
		status     int
		kind       string
		contains   string
	}{
		{"scalar foreign key", "Order?$filter=AccountId eq " + id, 500, jsonError, `"internalexception"`},
		{"guid of version 3", "Order?$filter=Account/Id eq guid'" + id + "'", 400, jsonError, "Syntax error"},
		{"quoted guid", "Account?$filter=Id eq '" + id + "'", 400, jsonError, "incompatible types"},
		{"quoted date", "Account?$filter=ModifiedOn gt '2026-03-01T00:00:00Z'", 400, jsonError, "incompatible types was detected. Found operand types 'Edm.DateTimeOffset' and 'Edm.String'"},
		{"in", "Account?$filter=Id in (" + id + ")", 400, jsonError, `{"error":{"code":"",`},
		{"unknown property", "Account?$filter=Email eq 'x'", 400, jsonError, "Could not find a property named 'Email' on type 'Terrasoft.Configuration.Account'"},
		{"unknown column", "Account?$select=Id,INN", 400, jsonError, "'INN'"},
		{"unknown navigation", "Account?$expand=TypeId", 400, jsonError, "'TypeId'"},
		{"unknown option", "Account?$search=x", 400, jsonError, "$search"},
		{"bad top", "Account?$top=x", 400, jsonError, "$top"},
		{"unknown set", "Accounts", 404, "text/html", "404"},
		{"no such record", "Account(" + "11111111-2222-4333-8444-555555555555" + ")", 404, jsonError, `{"error":`},
		{"bad key", "Account('x')", 400, jsonError, "Edm.Guid"},
		{"count", "Account/$count?$filter=Id eq " + id, 200, "text/plain; charset=utf-8", "1"},
		{"long address", "Account?$filter=Name eq '" + strings.Repeat("x", 2048) + "'", 404, "text/html", "<html"},
	} {
		t.Run("case="+v.name, func(t *testing.T) {
			t.Parallel()
			a := c.get("/0/odata/" + v.path)
			if a.status != v.status || a.kind() != v.kind || !strings.Contains(a.body, v.contains) {
				t.Errorf("got %d %s %s", a.status, a.kind(), a.body)
			}
		})
	}
	t.Run("case=write", func(t *testing.T) {
		t.Parallel()
		if a := c.send(http.MethodPost, "/0/odata/Account", "application/json", `{"Name":"x"}`); a.status != 403 || a.kind() != jsonError {
			t.Errorf("got %d %s", a.status, a.body)
		}
	})
	t.Run("case=no limit", func(t *testing.T) {
		t.Parallel()
		c := loggedIn(t, creatio.Options{QueryLimit: -1})
		if p := c.page("/0/odata/Account?$filter=Name eq '" + strings.Repeat("x", 3000) + "'"); len(p.Value) != 0 {
			t.Errorf("got %d rows", len(p.Value))
		}
	})
	t.Run("case=hidden by rights", func(t *testing.T) {
		t.Parallel()
		c := loggedIn(t, creatio.Options{Hidden: []string{"Invoice"}})
		if p := c.page("/0/odata/Invoice?$count=true"); len(p.Value) != 0 || p.Count == nil || *p.Count != 0 {
			t.Errorf("got %v", p)
		}
	})
}

func TestFilter(t *testing.T) {
	t.Parallel()
	c := loggedIn(t, creatio.Options{})
	busy := demo.Customer(world.BusyCustomer)
	id := busy.CRM[0].ID.String()
	inCRM := 0
	var first *world.Order
	for _, o := range demo.Orders(world.BusyCustomer) {
		if o.InCRM {
			inCRM++
			if first == nil {
				first = &o
			}
		}
	}
	var all []string
	for i := 1; i <= 25; i++ {
		for _, a := range demo.Customer(i).CRM {
			all = append(all, a.ID.String())
		}
	}
	twin := demo.Orders(world.TwinCustomer)
	for _, v := range []struct {
		name, path string
		want       int
	}{
		{"navigation", "Order?$select=Id,AccountId&$filter=Account/Id eq " + id, inCRM},
		{"navigation, upper case", "Order?$filter=Account/Id eq " + strings.ToUpper(id), inCRM},
		{"navigation column", "Order?$filter=Account/Code eq '" + busy.CRM[0].Code + "'", inCRM},
		{"number", "Order?$filter=Number eq '" + first.Number + "'", 1},
		{"twins", "Order?$filter=Number eq '" + twin[0].Number + "'", 2},
		{"lines", "OrderProduct?$filter=Order/Id eq " + first.ID.String(), len(first.Lines)},
		{"chain of keys", "Account?$select=Id&$filter=Id eq " + strings.Join(all, " or Id eq "), len(all)},
		{"code", "Account?$filter=Code eq 'R%26D%2BCo'", 1},
		{"quote", "Contact?$filter=Name eq 'O''Neil'", 0},
		{"communications", "AccountCommunication?$filter=Account/Id eq " + id + " and contains(Number,'@')", 1},
		{"uid", "Account?$filter=Uid1C eq " + busy.Books[0].Ref.String(), 1},
		{"empty lookup", "Account?$filter=Parent/Id eq null and Id eq " + id, 1},
		{"plus as space", "Account?$filter=Id+eq+" + id, 1},
	} {
		t.Run("case="+v.name, func(t *testing.T) {
			t.Parallel()
			if p := c.page("/0/odata/" + v.path); len(p.Value) != v.want {
				t.Errorf("got %d rows, want %d", len(p.Value), v.want)
			}
		})
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	c := loggedIn(t, creatio.Options{})
	cust := demo.Customer(world.BusyCustomer)
	a := cust.CRM[0]
	got := c.page("/0/odata/Account?$filter=Id eq " + a.ID.String() + "&$expand=Type($select=Name),Country($select=Code),City($select=Name),Parent,PrimaryContact($select=Email;$expand=Type($select=Name))").Value[0]
	if got["Name"] != a.Name || got["Code"] != a.Code || got["ParentId"] != "00000000-0000-0000-0000-000000000000" || got["Parent"] != nil {
		t.Errorf("got %v", got)
	}
	if got["ModifiedOn"] != a.ModifiedOn.Format("2006-01-02T15:04:05.999Z07:00") {
		t.Errorf("ModifiedOn is %v, want %v", got["ModifiedOn"], a.ModifiedOn)
	}
	if got, want := fmt.Sprint(got["Country"], got["City"]), fmt.Sprintf("map[Code:%s] map[Name:%s]", cust.Country, cust.Address.City); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(got["PrimaryContact"]), fmt.Sprintf("map[Email:%s Type:map[Name:Contact person]]", cust.Contacts[0].Email); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	bill := c.page("/0/odata/AccountBillingInfo?$select=INN,AccountId&$filter=Account/Id eq " + a.ID.String()).Value
	if len(bill) != 1 || bill[0]["INN"] != a.FiscalNumber || bill[0]["AccountId"] != a.ID.String() {
		t.Errorf("got %v", bill)
	}

	var o world.Order
	for _, o = range demo.Orders(world.BusyCustomer) {
		if o.InCRM {
			break
		}
	}
	body := c.get("/0/odata/Order(" + o.ID.String() + ")?$select=Number,Amount,TaxAmount,CurrencyId&$expand=Currency($select=ShortName)").body
	if want := fmt.Sprintf(`"Number":"%s","Amount":%d.%02d,"TaxAmount":%d.%02d,`, o.Number, o.Total/100, o.Total%100, o.VAT/100, o.VAT%100); !strings.Contains(body, want) || !strings.Contains(body, `"Currency":{"ShortName":"`+o.Currency+`"}`) {
		t.Errorf("got %s, want %s", body, want)
	}
	c.header.Set("Accept", "application/json;IEEE754Compatible=true")
	body = c.get("/0/odata/Order(" + o.ID.String() + ")?$select=Amount").body
	if !strings.Contains(body, fmt.Sprintf(`"Amount":"%d.%02d"`, o.Total/100, o.Total%100)) {
		t.Errorf("got %s", body)
	}
}

func TestTaxID(t *testing.T) {
	t.Parallel()
	cust := customer(t, world.ByFiscalNumber)
	a := cust.CRM[0]
	c := loggedIn(t, creatio.Options{TaxID: "Account.UsrIDNO", NoUid1C: true})
	if p := c.page("/0/odata/Account?$filter=UsrIDNO eq '" + url.QueryEscape(a.FiscalNumber) + "'"); len(p.Value) == 0 || p.Value[0]["UsrIDNO"] != a.FiscalNumber {
		t.Errorf("got %v", p.Value)
	}
	if p := c.page("/0/odata/AccountBillingInfo?$filter=Account/Id eq " + a.ID.String()); p.Value[0]["INN"] != "" {
		t.Errorf("INN is %v", p.Value[0]["INN"])
	}
	if a := c.get("/0/odata/Account?$select=Uid1C"); a.status != 400 {
		t.Errorf("Uid1C answers %d", a.status)
	}
	c = loggedIn(t, creatio.Options{TaxID: "AccountBillingInfo.UsrFiscalCode"})
	if p := c.page("/0/odata/AccountBillingInfo?$select=UsrFiscalCode&$filter=Account/Id eq " + a.ID.String()); p.Value[0]["UsrFiscalCode"] != a.FiscalNumber {
		t.Errorf("got %v", p.Value)
	}
}

// TestSameAsWorld checks that every account of the world is served, and nothing else.
func TestSameAsWorld(t *testing.T) {
	t.Parallel()
	c := loggedIn(t, creatio.Options{})
	want := map[string]bool{}
	for i := 1; i <= demo.Customers(); i++ {
		for _, a := range demo.Customer(i).CRM {
			want[a.ID.String()] = true
		}
	}
	p := c.page("/0/odata/Account?$select=Id&$count=true")
	if *p.Count != len(want) {
		t.Errorf("%d accounts, want %d", *p.Count, len(want))
	}
	for _, id := range p.column("Id") {
		if !want[id] {
			t.Errorf("%s is not in the world", id)
		}
	}
	orders := 0
	for i := 1; i <= demo.Customers(); i++ {
		for _, o := range demo.Orders(i) {
			if o.InCRM {
				orders++
			}
		}
	}
	if a := c.get("/0/odata/Order/$count"); a.body != fmt.Sprint(orders) {
		t.Errorf("%s orders, want %d", a.body, orders)
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	t.Run("case=top and skip", func(t *testing.T) {
		t.Parallel()
		c := loggedIn(t, creatio.Options{})
		whole := c.page("/0/odata/Order?$select=Id,ModifiedOn&$orderby=ModifiedOn,Id").column("Id")
		var got []string
		for skip := 0; ; skip += 50 {
			p := c.page(fmt.Sprintf("/0/odata/Order?$select=Id&$orderby=ModifiedOn,Id&$top=50&$skip=%d", skip)).column("Id")
			got = append(got, p...)
			if len(p) < 50 {
				break
			}
		}
		if strings.Join(got, " ") != strings.Join(whole, " ") || len(got) == 0 {
			t.Errorf("%d rows in pages, %d at once", len(got), len(whole))
		}
		times := c.page("/0/odata/Order?$select=ModifiedOn&$orderby=ModifiedOn desc").column("ModifiedOn")
		for i := 1; i < len(times); i++ {
			a, _ := time.Parse(time.RFC3339, times[i-1])
			b, _ := time.Parse(time.RFC3339, times[i])
			if a.Before(b) {
				t.Fatalf("%s before %s", times[i-1], times[i])
			}
		}
	})
	t.Run("case=changed since", func(t *testing.T) {
		t.Parallel()
		c := loggedIn(t, creatio.Options{})
		since := "2026-03-01T00:00:00Z"
		p := c.page("/0/odata/Order?$select=Id,ModifiedOn&$filter=ModifiedOn gt " + since + "&$orderby=ModifiedOn,Id&$top=500")
		want := 0
		from, _ := time.Parse(time.RFC3339, since)
		for i := 1; i <= demo.Customers(); i++ {
			for _, o := range demo.Orders(i) {
				if o.InCRM && o.ModifiedOn.After(from) {
					want++
				}
			}
		}
		if len(p.Value) != want || want == 0 {
			t.Errorf("got %d, want %d", len(p.Value), want)
		}
	})
	t.Run("case=server page", func(t *testing.T) {
		t.Parallel()
		c := loggedIn(t, creatio.Options{PageSize: 40})
		next := "/0/odata/Account?$select=Id&$orderby=Id&$top=90&$count=true"
		var got []string
		for pages := 1; next != ""; pages++ {
			p := c.page(next)
			got = append(got, p.column("Id")...)
			next = strings.TrimPrefix(p.Next, c.url)
			if next != "" && !strings.Contains(next, "$skiptoken=") {
				t.Fatalf("next link is %s", next)
			}
			if pages > 3 {
				t.Fatal("too many pages")
			}
		}
		seen := map[string]bool{}
		for _, id := range got {
			seen[id] = true
		}
		if len(got) != 90 || len(seen) != 90 {
			t.Errorf("%d rows, %d different", len(got), len(seen))
		}
	})
	t.Run("case=most rows", func(t *testing.T) {
		t.Parallel()
		c := loggedIn(t, creatio.Options{MaxRows: 7})
		if p := c.page("/0/odata/Account?$top=50&$count=true"); len(p.Value) != 7 || p.Next != "" || *p.Count <= 7 {
			t.Errorf("got %d rows, next %q", len(p.Value), p.Next)
		}
	})
}

func TestOrderOfGUIDs(t *testing.T) {
	t.Parallel()
	ids := func(opts creatio.Options, base string) []string {
		return loggedIn(t, opts).page(base + "Account?$select=Id&$orderby=Id").column("Id")
	}
	text := ids(creatio.Options{Core: true}, "/odata/")
	for i := 1; i < len(text); i++ {
		if text[i-1] >= text[i] {
			t.Fatalf("%s before %s", text[i-1], text[i])
		}
	}
	sql := ids(creatio.Options{}, "/0/odata/")
	for i := 1; i < len(sql); i++ {
		if sql[i-1][24:] > sql[i][24:] {
			t.Fatalf("%s before %s", sql[i-1], sql[i])
		}
	}
}

type batchAnswer struct {
	Responses []struct {
		ID     string          `json:"id"`
		Status int             `json:"status"`
		Body   json.RawMessage `json:"body"`
	} `json:"responses"`
}

func TestBatch(t *testing.T) {
	t.Parallel()
	c := loggedIn(t, creatio.Options{})
	id := demo.Customer(world.BusyCustomer).CRM[0].ID.String()
	request := func(urls ...string) string {
		var parts []string
		for i, u := range urls {
			parts = append(parts, fmt.Sprintf(`{"id":"%d","method":"GET","url":%q,"headers":{"Accept":"application/json"}}`, i+1, u))
		}
		return `{"requests":[` + strings.Join(parts, ",") + `]}`
	}
	good := "Account?$select=Id&$filter=Id eq " + id
	bad := "Order?$filter=AccountId eq " + id
	t.Run("case=order of answers", func(t *testing.T) {
		t.Parallel()
		var urls []string
		for range 100 {
			urls = append(urls, good)
		}
		a := c.send(http.MethodPost, "/0/odata/$batch", "application/json", request(urls...))
		got := decode[batchAnswer](t, a.body)
		seen := map[string]bool{}
		inOrder := true
		for i, r := range got.Responses {
			seen[r.ID] = true
			inOrder = inOrder && r.ID == fmt.Sprint(i+1)
			if p := decode[page](t, string(r.Body)); r.Status != 200 || len(p.Value) != 1 {
				t.Errorf("got %d %s", r.Status, r.Body)
			}
		}
		if a.status != 200 || len(seen) != 100 || inOrder {
			t.Errorf("%d answers, in order: %v", len(seen), inOrder)
		}
	})
	t.Run("case=too many", func(t *testing.T) {
		t.Parallel()
		if a := c.send(http.MethodPost, "/0/odata/$batch", "application/json", request(make([]string, 101)...)); a.status != 400 {
			t.Errorf("got %d", a.status)
		}
	})
	t.Run("case=stops", func(t *testing.T) {
		t.Parallel()
		a := c.send(http.MethodPost, "/0/odata/$batch", "application/json", request(good, bad, good))
		if got := decode[batchAnswer](t, a.body); len(got.Responses) != 2 {
			t.Errorf("got %s", a.body)
		}
	})
	t.Run("case=goes on", func(t *testing.T) {
		t.Parallel()
		c := loggedIn(t, creatio.Options{})
		c.header.Set("Prefer", "continue-on-error")
		a := c.send(http.MethodPost, "/0/odata/$batch", "application/json", request(good, bad, good))
		got := decode[batchAnswer](t, a.body)
		status := map[string]int{}
		for _, r := range got.Responses {
			status[r.ID] = r.Status
		}
		if fmt.Sprint(status) != "map[1:200 2:500 3:200]" {
			t.Errorf("got %s", a.body)
		}
	})
	t.Run("case=long address inside", func(t *testing.T) {
		t.Parallel()
		long := good
		for range 80 {
			long += " or Id eq " + id
		}
		a := c.send(http.MethodPost, "/0/odata/$batch", "application/json", request(long, strings.ReplaceAll(long, " ", "%20"), c.url+"/0/odata/"+good, "/0/odata/"+good))
		for _, r := range decode[batchAnswer](t, a.body).Responses {
			if p := decode[page](t, string(r.Body)); len(p.Value) != 1 {
				t.Errorf("got %s", r.Body)
			}
		}
	})
	t.Run("case=multipart", func(t *testing.T) {
		t.Parallel()
		if a := c.send(http.MethodPost, "/0/odata/$batch", "multipart/mixed; boundary=x", "--x--"); a.status != 415 {
			t.Errorf("got %d", a.status)
		}
	})
}
