package creatio_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// row is a record of the fake site: nil, string, bool, or json.Number.
type row map[string]any

// fake is a Creatio site written from the wire page "Creatio (Terrasoft
// bpm'online)". It fails the test on whatever that page warns of.
type fake struct {
	t      *testing.T
	server *httptest.Server

	path     string // of the OData service
	columns  map[string][]string
	types    map[string]string // Set.Column → Edm type, when not by its name
	noBatch  bool
	noText   bool // tolower is 400
	oneByOne bool // $batch replies in reverse order
	maxRows  int  // the site's own limit, 0 = none
	pageSize int  // of nextLink paging, 0 = none
	hook     func(w http.ResponseWriter, r *http.Request) bool
	partHook func(u string) (status int, body string, ok bool)

	mu      sync.Mutex // guards the rest
	tables  map[string][]row
	session int
	alive   bool
	logins  int
	calls   []string // "GET Order", "POST $batch"
	urls    []string
}

const (
	user     = "svc"
	password = "s3cret-Pa55word"
)

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{t: t, path: "/0/odata", columns: standardColumns(), types: map[string]string{}, tables: map[string][]row{}}
	f.server = httptest.NewServer(f)
	t.Cleanup(f.server.Close)
	return f
}

// standardColumns are those of "Creatio facts", §6.
func standardColumns() map[string][]string {
	base := []string{"Id", "CreatedOn", "ModifiedOn"}
	sets := map[string]string{
		"Account":              "Name AlternativeName Code Phone Web Address CityId CountryId Zip",
		"AccountBillingInfo":   "AccountId Name LegalUnit CountryId AccountNumber",
		"AccountCommunication": "AccountId CommunicationTypeId Number SearchNumber",
		"Contact":              "Name Surname GivenName Email Phone MobilePhone JobTitle AccountId",
		"Opportunity":          "Title AccountId StageId Amount Probability DueDate",
		"Order":                "Number Date DueDate AccountId OpportunityId StatusId PaymentStatusId DeliveryStatusId CurrencyId Amount PaymentAmount TaxAmount Notes",
		"OrderProduct":         "OrderId ProductId Name CustomProduct Quantity UnitId Price DiscountPercent TaxId TaxAmount TotalAmount",
		"Invoice":              "Number StartDate DueDate AccountId OrderId PaymentStatusId CurrencyId Amount PaymentAmount TaxAmount",
		"Product":              "Name Code Price CurrencyId UnitId CategoryId Active IsArchive TaxId",
		"Case":                 "Number Subject AccountId StatusId PriorityId",
		"Currency":             "Name ShortName Code", "Tax": "Name Percent", "Country": "Name", "City": "Name", "Unit": "Name",
		"OrderStatus": "Name", "OrderPaymentStatus": "Name", "OrderDeliveryStatus": "Name", "InvoicePaymentStatus": "Name",
		"OpportunityStage": "Name", "ProductCategory": "Name", "CaseStatus": "Name", "CasePriority": "Name", "CommunicationType": "Name",
	}
	all := map[string][]string{}
	for set, cols := range sets {
		all[set] = append(slices.Clone(base), strings.Fields(cols)...)
	}
	return all
}

// navigations that do not lead to a table of their own name.
var targets = map[string]string{
	"Order.Status": "OrderStatus", "Order.PaymentStatus": "OrderPaymentStatus", "Order.DeliveryStatus": "OrderDeliveryStatus",
	"Invoice.PaymentStatus": "InvoicePaymentStatus", "Opportunity.Stage": "OpportunityStage", "Product.Category": "ProductCategory",
	"Case.Status": "CaseStatus", "Case.Priority": "CasePriority",
}

func (f *fake) typeOf(set, col string) string {
	if t := f.types[set+"."+col]; t != "" {
		return t
	}
	switch {
	case strings.HasSuffix(col, "Id"):
		return "Edm.Guid"
	case strings.HasSuffix(col, "On") || strings.HasSuffix(col, "Date") || col == "Date":
		return "Edm.DateTimeOffset"
	case strings.HasSuffix(col, "Amount") || col == "Price" || col == "Quantity" || strings.HasSuffix(col, "Percent") || col == "Probability":
		return "Edm.Decimal"
	case col == "Active" || col == "IsArchive":
		return "Edm.Boolean"
	}
	return "Edm.String"
}

func (f *fake) metadata() string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>` +
		`<Schema Namespace="Terrasoft.Configuration" xmlns="http://docs.oasis-open.org/odata/ns/edm">`)
	sets := slices.Sorted(maps.Keys(f.columns))
	for _, set := range sets {
		fmt.Fprintf(&b, `<EntityType Name="%s"><Key><PropertyRef Name="Id"/></Key>`, set)
		for _, col := range f.columns[set] {
			null := ""
			if col == "Id" {
				null = ` Nullable="false"`
			}
			fmt.Fprintf(&b, `<Property Name="%s" Type="%s"%s/>`, col, f.typeOf(set, col), null)
			if nav, ok := strings.CutSuffix(col, "Id"); ok && nav != "" && f.typeOf(set, col) == "Edm.Guid" {
				target := nav
				if t := targets[set+"."+nav]; t != "" {
					target = t
				}
				fmt.Fprintf(&b, `<NavigationProperty Name="%s" Type="Terrasoft.Configuration.%s"/>`, nav, target)
			}
		}
		b.WriteString(`</EntityType>`)
	}
	b.WriteString(`<EntityContainer Name="Container">`)
	for _, set := range sets {
		fmt.Fprintf(&b, `<EntitySet Name="%s" EntityType="Terrasoft.Configuration.%s"/>`, set, set)
	}
	b.WriteString(`</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>`)
	return b.String()
}

func (f *fake) add(set string, rows ...row) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tables[set] = append(f.tables[set], rows...)
}

func (f *fake) bounce() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.alive = false
}

// took returns the calls since the last time, without logins and metadata.
func (f *fake) took() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	calls := f.calls
	f.calls, f.urls = nil, nil
	return calls
}

func (f *fake) addresses() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.urls)
}

func (f *fake) loginCount() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.logins
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.hook != nil && f.hook(w, r) {
		return
	}
	switch {
	case r.URL.Path == "/ServiceModel/AuthService.svc/Login":
		f.login(w, r)
	case !strings.HasPrefix(r.URL.Path, f.path+"/"):
		http.NotFound(w, r)
	case !f.admitted(r):
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == f.path+"/$metadata":
		w.Header().Set("Content-Type", "application/xml")
		io.WriteString(w, f.metadata())
	case r.URL.Path == f.path+"/$batch":
		f.batch(w, r)
	default:
		if n := len(r.URL.RawQuery); n > 2000 {
			f.t.Errorf("query of %d bytes: %s", n, r.URL.RawQuery)
		}
		set := strings.TrimPrefix(r.URL.Path, f.path+"/")
		f.note("GET "+set, r.URL.RawQuery)
		status, body := f.answer(set, r.URL.RawQuery)
		w.Header().Set("Content-Type", "application/json; odata.metadata=minimal")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func (f *fake) note(call, address string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call)
	if plain, err := url.PathUnescape(address); err == nil {
		f.urls = append(f.urls, plain)
	}
}

func (f *fake) login(w http.ResponseWriter, r *http.Request) {
	var in struct{ UserName, UserPassword string }
	if r.Header.Get("ForceUseSession") != "true" || json.NewDecoder(r.Body).Decode(&in) != nil {
		f.t.Error("malformed login")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.logins++
	if in.UserName != user || in.UserPassword != password {
		io.WriteString(w, `{"Code":1,"Message":"wrong password for svc","Exception":{},"PasswordChangeUrl":null,"RedirectUrl":null}`)
		return
	}
	f.session++
	f.alive = true
	for name, value := range f.cookies() {
		http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true})
	}
	io.WriteString(w, `{"Code":0,"Message":"","Exception":null,"PasswordChangeUrl":null,"RedirectUrl":null}`)
}

// cookies is called with mu held.
func (f *fake) cookies() map[string]string {
	n := strconv.Itoa(f.session)
	return map[string]string{"BPMLOADER": "loader-" + n, ".ASPXAUTH": "ticket-" + n, "BPMCSRF": "csrf-value-" + n, "UserName": "svc"}
}

func (f *fake) admitted(r *http.Request) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.alive || r.Header.Get("ForceUseSession") != "true" || r.Header.Get("BPMCSRF") != f.cookies()["BPMCSRF"] {
		return false
	}
	for name, value := range f.cookies() {
		if c, err := r.Cookie(name); err != nil || c.Value != value {
			return false
		}
	}
	return true
}

func (f *fake) batch(w http.ResponseWriter, r *http.Request) {
	f.note("POST $batch", "")
	if f.noBatch {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	var in struct {
		Requests []struct{ ID, Method, URL string }
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || len(in.Requests) == 0 || len(in.Requests) > 100 || r.Header.Get("Prefer") != "continue-on-error" {
		f.t.Errorf("malformed batch of %d: %v", len(in.Requests), err)
	}
	type response struct {
		ID     string          `json:"id"`
		Status int             `json:"status"`
		Body   json.RawMessage `json:"body"`
	}
	var out struct {
		Responses []response `json:"responses"`
	}
	for _, q := range in.Requests {
		set, query, _ := strings.Cut(q.URL, "?")
		if len(query) > 2000 {
			f.t.Errorf("query of %d bytes in a batch", len(query))
		}
		status, body := f.answer(set, query)
		if f.partHook != nil {
			if st, b, ok := f.partHook(q.URL); ok {
				status, body = st, b
			}
		}
		out.Responses = append(out.Responses, response{q.ID, status, json.RawMessage(body)})
	}
	if f.oneByOne {
		slices.Reverse(out.Responses)
	}
	json.NewEncoder(w).Encode(out)
}

// answer evaluates one question.
func (f *fake) answer(set, query string) (int, string) {
	columns, ok := f.columns[set]
	if !ok {
		return 404, oops("no such set")
	}
	v, err := url.ParseQuery(strings.ReplaceAll(query, "+", "%2B"))
	if err != nil {
		return 400, oops("malformed query")
	}
	for _, c := range strings.Split(v.Get("$select"), ",") {
		if !slices.Contains(columns, c) {
			return 400, oops("Could not find a property named " + c)
		}
	}
	f.mu.Lock()
	rows := slices.Clone(f.tables[set])
	f.mu.Unlock()
	if text := v.Get("$filter"); text != "" {
		p := &filterParser{tokens: tokenise(text), f: f, set: set}
		match, err := p.whole()
		if err != nil {
			return 400, oops(err.Error())
		}
		rows = slices.DeleteFunc(rows, func(r row) bool { return !match(r) })
	}
	total := len(rows)
	sortRows(rows, v.Get("$orderby"))
	skip := number(v.Get("$skip")) + number(v.Get("$skiptoken"))
	top := len(rows)
	if v.Get("$top") != "" {
		top = number(v.Get("$top"))
	}
	if f.maxRows > 0 {
		top = min(top, f.maxRows)
	}
	rows = rows[min(skip, len(rows)):]
	out := map[string]any{"@odata.context": "x"}
	if f.pageSize > 0 && min(top, len(rows)) > f.pageSize {
		next := v
		next.Set("$skiptoken", strconv.Itoa(skip+f.pageSize))
		next.Del("$skip")
		if next.Get("$top") != "" {
			next.Set("$top", strconv.Itoa(top-f.pageSize))
		}
		out["@odata.nextLink"] = f.server.URL + f.path + "/" + set + "?" + strings.ReplaceAll(next.Encode(), "+", "%20")
		top = f.pageSize
	}
	rows = rows[:min(top, len(rows))]
	if v.Get("$count") == "true" {
		out["@odata.count"] = total
	}
	list := make([]row, len(rows))
	for i, r := range rows {
		list[i] = row{}
		for _, c := range strings.Split(v.Get("$select"), ",") {
			list[i][c] = r[c]
		}
		if v.Get("$expand") == "Product($select=Code)" {
			list[i]["Product"] = f.find("Product", r["ProductId"])
		}
	}
	out["value"] = list
	b, err := json.Marshal(out)
	if err != nil {
		f.t.Error(err)
	}
	return 200, string(b)
}

func (f *fake) find(set string, id any) any {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.tables[set] {
		if r["Id"] == id {
			return row{"Id": id, "Code": r["Code"]}
		}
	}
	return nil
}

func number(s string) int { n, _ := strconv.Atoi(s); return n }

func oops(text string) string {
	return fmt.Sprintf(`{"error":{"code":"","message":"An error has occurred.","innererror":{"message":"outer","type":"x","internalexception":{"message":%q,"type":"y"}}}}`, text)
}

func sortRows(rows []row, order string) {
	type key struct {
		col  string
		desc bool
	}
	var keys []key
	for part := range strings.SplitSeq(order, ",") {
		if col, desc, _ := strings.Cut(strings.TrimSpace(part), " "); col != "" {
			keys = append(keys, key{col, desc == "desc"})
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		for _, k := range keys {
			x, y := a[k.col], b[k.col]
			var c int
			if k.col == "Id" {
				// Not the order of bytes: databases sort ids in their own way.
				c = strings.Compare(reversed(x), reversed(y))
			} else {
				c = compareAny(x, y)
			}
			if k.desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
}

func reversed(v any) string {
	s, _ := v.(string)
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// compareAny sorts null first.
func compareAny(x, y any) int {
	switch {
	case x == nil && y == nil:
		return 0
	case x == nil:
		return -1
	case y == nil:
		return 1
	}
	if a, ok := x.(json.Number); ok {
		p, _ := a.Float64()
		q, _ := json.Number(fmt.Sprint(y)).Float64()
		return int(max(-1, min(1, (p-q)*1e6)))
	}
	s, isText := x.(string)
	u, _ := y.(string)
	if isText && len(s) == len(u) && len(s) == 20 && s[10] == 'T' {
		return strings.Compare(s, u)
	}
	if a, err := time.Parse(time.RFC3339Nano, fmt.Sprint(x)); err == nil {
		if b, err := time.Parse(time.RFC3339Nano, fmt.Sprint(y)); err == nil {
			return a.Compare(b)
		}
	}
	return strings.Compare(strings.ToLower(fmt.Sprint(x)), strings.ToLower(fmt.Sprint(y)))
}
