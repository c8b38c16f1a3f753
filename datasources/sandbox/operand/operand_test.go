package operand_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/faults"
	"github.com/trama-graph/trama/datasources/sandbox/operand"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// The example of wire/operand.md §2, character by character.
func TestShapes(t *testing.T) {
	w := world.New(1, 300)
	c := start(t, w, operand.Options{})
	var client world.AgencyAccount
	for _, a := range w.AgencyClients() {
		if a.Customer != 0 && a.NationalDocument != "" {
			client = a
			break
		}
	}
	jobs := c.all(operand.Clients, nil)
	k := slices.IndexFunc(jobs, func(row map[string]any) bool { return fmt.Sprint(row["idClient"]) == strconv.Itoa(client.ID) })
	a := c.call(c.path(operand.Clients, url.Values{"limit": {"1"}, "offset": {strconv.Itoa(k)}}))
	name, _ := json.Marshal(client.Name)
	want := fmt.Sprintf(`{"records":[{"idClient":%d,"idPerson":%d,"namePerson":%s,"nationalDocument":"%s","situation":"active",`, client.ID, client.PersonID, name, client.NationalDocument)
	if !strings.HasPrefix(string(a.body), want) || a.header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("got\n%s\nwant\n%s", a.body, want)
	}
	// An unpaid receivable with its blank date, midnight of a due day, and an amount that is a number.
	for _, row := range c.all(operand.Receivables, nil) {
		if row["status"] != "OPEN" {
			continue
		}
		if row["paymentDate"] != "0000-00-00 00:00:00" || !strings.HasSuffix(row["competenceDate"].(string), "-01 00:00:00") {
			t.Errorf("dates of %v", row)
		}
		break
	}
	// A number ends with its last figure that says something, as 1234.5 does (wire/operand.md §4, A6).
	short := 0
	for _, row := range c.all(operand.Receivables, nil) {
		amount := fmt.Sprint(row["amount"])
		if _, part, dot := strings.Cut(amount, "."); dot && (part == "" || strings.HasSuffix(part, "0")) {
			t.Errorf("amount %s", amount)
		} else if len(part) < 2 {
			short++
		}
	}
	if short < 3 {
		t.Errorf("%d amounts with fewer than two decimals", short)
	}
	if got := c.rows(operand.Jobs, nil)[0]; got["id"] == got["itemId"] || got["statusName"] == "" {
		t.Errorf("job %v", got)
	}
	if a := c.call("/beta/jobs?limit=1"); !bytes.HasPrefix(a.body, []byte(`{"jobs":[{"id":`)) {
		t.Errorf("jobs: %s", a.body)
	}
}

func TestPaging(t *testing.T) {
	w := world.New(1, 2000)
	c := start(t, w, operand.Options{})
	for _, r := range operand.Resources() {
		t.Run("case="+string(r), func(t *testing.T) {
			seen := map[string]bool{}
			all := c.all(r, nil)
			for _, row := range all {
				seen[c.id(r, row)] = true
			}
			if len(all) != c.server.Count(r) || len(seen) != len(all) || len(all) == 0 {
				t.Errorf("%d rows, %d ids, of %d", len(all), len(seen), c.server.Count(r))
			}
			for _, v := range []struct {
				limit, offset string
				want          int
			}{
				{"7", "0", 7},
				{"", "", min(100, len(all))},
				{"500", "0", min(100, len(all))},
				{"0", "", min(100, len(all))},
				{"-3", "-3", min(100, len(all))},
				{"x", "y", min(100, len(all))},
				{"10", strconv.Itoa(len(all) - 4), 4},
				{"10", strconv.Itoa(len(all)), 0},
				{"10", "999999999", 0},
				{"99999999999999999999", "0", min(100, len(all))},
			} {
				q := url.Values{"limit": {v.limit}, "offset": {v.offset}}
				if got := c.rows(r, q); len(got) != v.want {
					t.Errorf("limit %q, offset %q: %d rows, want %d", v.limit, v.offset, len(got), v.want)
				}
			}
			if len(all) < 12 {
				return
			}
			if got := c.rows(r, url.Values{"limit": {"5"}, "offset": {"7"}}); !reflect.DeepEqual(got, all[7:12]) {
				t.Errorf("a page is no slice of the whole")
			}
		})
	}
	c.server.IgnoreOffset(true)
	first, again := c.rows(operand.Receivables, nil), c.rows(operand.Receivables, url.Values{"offset": {"100"}})
	if len(first) != 100 || !reflect.DeepEqual(first, again) {
		t.Error("the page does not repeat itself")
	}
	c.server.IgnoreOffset(false)
	if again := c.rows(operand.Receivables, url.Values{"offset": {"100"}}); reflect.DeepEqual(first, again) {
		t.Error("the page still repeats itself")
	}
}

func TestWindow(t *testing.T) {
	w := world.New(1, 2000)
	for name, d := range map[string]operand.Dialect{
		"zero":      {},
		"Brazilian": {WindowLayout: "02/01/2006", WindowFrom: "de", WindowTo: "ate"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			c := start(t, w, operand.Options{Dialect: d})
			for _, r := range []operand.Resource{operand.Receivables, operand.Payables, operand.Invoices, operand.Boletos, operand.Payments} {
				all := c.all(r, nil)
				due := func(row map[string]any) string { v, _ := c.field(r, row, "dueDate"); return v.(string)[:10] }
				for _, v := range []struct{ from, to string }{
					{"2025-03-01", "2025-03-31"},
					{"2026-02-28", "2026-02-28"},
					{"2024-11-22", ""},
					{"", "2024-11-22"},
					{"2025-04-01", "2025-03-01"},
					{"2031-01-01", "2032-01-01"},
				} {
					q := url.Values{}
					for param, day := range map[string]string{c.d.WindowFrom: v.from, c.d.WindowTo: v.to} {
						if day != "" {
							at, _ := time.Parse(time.DateOnly, day)
							q.Set(param, at.Format(c.d.WindowLayout))
						}
					}
					want := []map[string]any{}
					for _, row := range all {
						day := due(row)
						if day == "2026-02-31" { // the database that let this in keeps it as the month's last day
							day = "2026-02-28"
						}
						if day != "0000-00-00" && (v.from == "" || day >= v.from) && (v.to == "" || day <= v.to) {
							want = append(want, row)
						}
					}
					got := c.all(r, q)
					if len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
						t.Errorf("%s %v: %d rows, want %d", r, v, len(got), len(want))
					}
				}
			}
			for _, bad := range []string{"yesterday", "2025-13-01", "31/02/2025", "2025-02-31", "20250101"} {
				if a := c.call(c.path(operand.Receivables, url.Values{c.d.WindowFrom: {bad}})); a.status != 400 {
					t.Errorf("window from %s: %d", bad, a.status)
				}
			}
			if got := c.rows(operand.Clients, url.Values{c.d.WindowFrom: {time.Unix(0, 0).Format(c.d.WindowLayout)}}); len(got) < 4 {
				t.Error("clients know no window")
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	w := world.New(1, 12)
	c := start(t, w, operand.Options{Paths: map[operand.Resource]string{operand.Receivables: "/financeiro/v2/lancamentos"}})
	for path, want := range map[string]int{
		"/financeiro/v2/lancamentos":             200,
		"/v1/financeiro/receitas":                404,
		"/beta/financial/receivables":            404,
		"/":                                      404,
		"/beta/entity/clients/":                  404,
		"/beta/jobs/x/tasks":                     404,
		"/beta/jobs/5/tasks":                     200,
		operand.DefaultPath(operand.Invoices):    200,
		operand.DefaultPath(operand.Boletos):     200,
		operand.DefaultPath(operand.Payables):    200,
		operand.DefaultPath(operand.Receivables): 404,
	} {
		if a := c.call(path); a.status != want {
			t.Errorf("%s: %d, want %d", path, a.status, want)
		}
	}
	c.server.Forbid(operand.Invoices, operand.Boletos)
	for r, want := range map[operand.Resource]int{operand.Invoices: 403, operand.Boletos: 403, operand.Payables: 200} {
		if a := c.call(c.path(r, nil)); a.status != want {
			t.Errorf("%s: %d, want %d", r, a.status, want)
		}
	}
	c.server.Forbid()
	if a := c.call(c.path(operand.Invoices, nil)); a.status != 200 {
		t.Errorf("given back: %d", a.status)
	}
	for _, status := range []int{200, 502} {
		c.server.HTMLError(status)
		for _, path := range []string{"/beta/entity/clients", "/login?tokenAccess=" + operand.DefaultToken} {
			if a := c.call(path); a.status != status || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || !bytes.Contains(a.body, []byte("<html")) {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
		}
	}
	c.server.HTMLError(0)
	if a := c.call("/beta/entity/clients"); a.status != 200 {
		t.Errorf("after the HTML: %d", a.status)
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, "PURGE"} {
		r, _ := http.NewRequestWithContext(t.Context(), method, c.url+operand.DefaultPath(operand.Invoices), nil)
		r.Header.Set("Op-Auth-Token", c.session)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 405 {
			t.Errorf("%s: %d", method, res.StatusCode)
		}
	}
}

func TestJobs(t *testing.T) {
	w := world.New(1, 2000)
	c := start(t, w, operand.Options{})
	all := c.all(operand.Jobs, nil)
	client := fmt.Sprint(all[0]["clientId"])
	other := fmt.Sprint(all[len(all)-1]["clientId"])
	closed := func(row map[string]any) bool {
		return row["statusName"] == "Concluído" || row["statusName"] == "Cancelado"
	}
	for _, v := range []struct {
		name string
		q    url.Values
		want func(row map[string]any) bool
	}{
		{"one client", url.Values{"clientIds[]": {client}}, func(row map[string]any) bool { return fmt.Sprint(row["clientId"]) == client }},
		{"two clients", url.Values{"clientIds[]": {client, other}}, func(row map[string]any) bool {
			return fmt.Sprint(row["clientId"]) == client || fmt.Sprint(row["clientId"]) == other
		}},
		{"active", url.Values{"situations[]": {"active"}}, func(row map[string]any) bool { return !closed(row) }},
		{"closed of one client", url.Values{"situations[]": {"closed"}, "clientIds[]": {client}}, func(row map[string]any) bool { return closed(row) && fmt.Sprint(row["clientId"]) == client }},
		{"nobody", url.Values{"clientIds[]": {"1"}}, func(map[string]any) bool { return false }},
	} {
		t.Run("case="+v.name, func(t *testing.T) {
			want := slices.DeleteFunc(slices.Clone(all), func(row map[string]any) bool { return !v.want(row) })
			if got := c.all(operand.Jobs, v.q); len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
				t.Errorf("got %d, want %d", len(got), len(want))
			}
		})
	}
	states := map[string]int{}
	for _, task := range c.all(operand.Tasks, nil) {
		states[task["statusName"].(string)]++
	}
	for state, field := range map[string]string{"Aberta": "openedTasks", "Concluída": "closedTasks", "Cancelada": "canceledTasks"} {
		sum := 0
		for _, job := range all {
			n, _ := strconv.Atoi(fmt.Sprint(job[field]))
			sum += n
		}
		if sum == 0 || states[state] != sum {
			t.Errorf("%s: %d tasks, the jobs say %d", state, states[state], sum)
		}
	}
	tasks := 0
	for _, job := range all[:20] {
		id := fmt.Sprint(job["id"])
		list := parse(t, c.call("/beta/jobs/"+id+"/tasks").body).(map[string]any)["records"].([]any)
		tasks += len(list)
		want := 0
		for _, field := range []string{"openedTasks", "closedTasks", "canceledTasks"} {
			n, _ := strconv.Atoi(fmt.Sprint(job[field]))
			want += n
		}
		if len(list) != want {
			t.Errorf("job %s: %d tasks, want %d", id, len(list), want)
		}
		for _, task := range list {
			if fmt.Sprint(task.(map[string]any)["jobId"]) != id {
				t.Errorf("task %v of job %s", task, id)
			}
		}
	}
	if tasks == 0 {
		t.Error("no tasks")
	}
	hours := start(t, w, operand.Options{Dialect: operand.Dialect{HourTexts: true, IDs: operand.IDPrefixed}})
	for k, row := range hours.all(operand.Jobs, nil) {
		n, _ := strconv.Atoi(fmt.Sprint(all[k]["workedTime"]))
		if want := fmt.Sprintf("%02d:%02d", n/60, n%60); row["workedTime"] != want {
			t.Errorf("worked %v, want %s", row["workedTime"], want)
		}
	}
	if a := hours.call("/beta/jobs/job-" + fmt.Sprint(all[0]["id"]) + "/tasks"); a.status != 200 || len(a.body) < 10 {
		t.Errorf("prefixed: %d", a.status)
	}
}

func TestDeletions(t *testing.T) {
	w := world.New(1, 500)
	c := start(t, w, operand.Options{})
	for _, r := range []operand.Resource{operand.Receivables, operand.Clients, operand.Tasks} {
		before := c.all(r, nil)
		id, err := strconv.Atoi(c.id(r, before[4]))
		if err != nil {
			t.Fatal(err)
		}
		c.server.MarkDeleted(r, id)
		if got := c.rows(r, nil)[4]; got["isDeleted"] != true || before[4]["isDeleted"] != false {
			t.Errorf("%s: %v", r, got)
		}
		if !c.server.Remove(r, id) || c.server.Remove(r, id) {
			t.Errorf("%s: removed never or twice", r)
		}
		if got := c.all(r, nil); !reflect.DeepEqual(got, slices.Delete(before, 4, 5)) {
			t.Errorf("%s: %d rows are left of %d", r, len(got), len(before))
		}
	}
	task := c.rows(operand.Tasks, nil)[0]
	path := "/beta/jobs/" + fmt.Sprint(task["jobId"]) + "/tasks"
	id, _ := strconv.Atoi(fmt.Sprint(task["id"]))
	before := len(parse(t, c.call(path).body).(map[string]any)["records"].([]any))
	c.server.Remove(operand.Tasks, id)
	if got := len(parse(t, c.call(path).body).(map[string]any)["records"].([]any)); got != before-1 {
		t.Errorf("the job of the removed task has %d tasks, had %d", got, before)
	}
	if c.server.Remove("nothing", 1) || c.server.Count("nothing") != 0 {
		t.Error("there is nothing")
	}
}

// The switches of the sandbox stand before this server, too.
func TestFaults(t *testing.T) {
	server := operand.New(world.New(1, 12), operand.Options{})
	sw := faults.New(faults.Options{Route: server.Route, ErrorBody: operand.ErrorBody, ContentType: "application/json; charset=utf-8"})
	listening := httptest.NewServer(sw.Wrap(server))
	defer listening.Close()
	defer sw.Close()
	c := &client{t: t, server: server, url: listening.URL, d: operand.Dialect{}.Filled()}
	c.login(operand.DefaultToken)
	sw.SetMode(faults.ErrorBody)
	a := c.call("/beta/entity/clients")
	if m, _ := parse(t, a.body).(map[string]any); a.status != 200 || m["success"] != false {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if got := sw.Calls(); got["GET /login"] != 1 || got["GET /beta/entity/clients"] != 1 {
		t.Errorf("calls %v", got)
	}
}

// A world too small to have a Brazilian client still answers, and every world has the agency's own rows.
func TestSmallWorlds(t *testing.T) {
	for seed := range uint64(8) {
		c := start(t, world.New(seed, 12), operand.Options{Dialect: operand.RandomDialect(seed)})
		for _, r := range operand.Resources() {
			c.all(r, nil)
		}
		if len(c.all(operand.Clients, nil)) < 4 || len(c.all(operand.Payables, nil)) < 100 {
			t.Errorf("seed %d lacks clients or payables", seed)
		}
	}
}
