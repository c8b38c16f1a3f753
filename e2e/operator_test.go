package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// operate runs a command of the binary with a configuration for the systems.
func operate(t *testing.T, yaml string, args ...string) (out string, ok bool) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "trama.yaml")
	yaml += "\nstore: {url: \"sqlite:" + filepath.Join(dir, "trama.db") + "\"}\ncache_dir: " + dir + "\n"
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := exec.Command(binary, append(args, "--config", path)...).CombinedOutput()
	return string(b), err == nil
}

// TestCheck prints what was found in each system, how well customers are joined,
// and the hit rate of each link.
func TestCheck(t *testing.T) {
	box := systems(t, 120)
	yaml := configuration(box) + `
links:
  - {source: helpdesk, relation: Ticket.order, by: [DynamicField.OrderNumber]}
  - {source: books, relation: Invoice.order, by: [НомерЗаказа, {field: Комментарий, pattern: 'Order (SO-[0-9-]+)'}]}
`
	out, ok := operate(t, yaml, "check")
	if !ok {
		t.Fatal(out)
	}
	for _, want := range []string{
		`configuration +ok, 3 sources`, `crm \(creatio\)`, `books \(onec\)`, `helpdesk \(otrs\)`,
		`customers .*records +linked +unmatched +ambiguous`, `\n +crm +\d+ +\d+ +\d+ +\d+`,
		`helpdesk Ticket.order +\d+ +[1-9]\d* `, `books Invoice.order +\d+ +[1-9]\d* `, `All checks passed`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for _, s := range box.Sources {
		if strings.Contains(out, s.Password) {
			t.Errorf("the password of %s is shown", s.Name)
		}
	}
}

func TestCheckSaysWhatFails(t *testing.T) {
	box := systems(t, 60)
	if err := box.Source("crm").Down(); err != nil {
		t.Fatal(err)
	}
	yaml := strings.Replace(configuration(box), "password: "+box.Source("helpdesk").Password, "password: wrong", 1)
	out, ok := operate(t, yaml, "check")
	if ok {
		t.Error("the check passed")
	}
	for _, want := range []string{`FAIL.*SOURCE_UNAVAILABLE`, `crm +could not be read: SOURCE_UNAVAILABLE`, `(?s)helpdesk \(otrs\).*FAIL`, `Some checks failed`} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if out, ok := operate(t, yaml, "check", "--offline"); !ok || strings.Contains(out, "crm (creatio)") {
		t.Errorf("offline: %s", out)
	}
}

func TestQueryCommand(t *testing.T) {
	box := systems(t, 60)
	file := filepath.Join(t.TempDir(), "q.graphql")
	if err := os.WriteFile(file, []byte(joined(5)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, ok := operate(t, configuration(box), "query", file)
	if !ok || !strings.Contains(out, `"tickets"`) || !json.Valid([]byte(out)) {
		t.Errorf("got %.500s", out)
	}
	out, ok = operate(t, configuration(box), "query", "--plan", file)
	var plan struct {
		Kind    string
		Calls   int
		Sources []string
		Roots   []struct{ Field string }
	}
	if err := json.Unmarshal([]byte(out), &plan); !ok || err != nil || plan.Kind != "query" || len(plan.Sources) != 3 || plan.Calls == 0 || plan.Roots[0].Field != "customers" {
		t.Errorf("%v %+v: %.300s", err, plan, out)
	}
	if out, ok := operate(t, configuration(box), "query", filepath.Join(t.TempDir(), "none")); ok || !strings.Contains(out, "no such file") {
		t.Errorf("got %s", out)
	}
}

// TestForeignCursorsAndIDs sends cursors to lists they do not come from, changed
// ones, and ids of another type.
func TestForeignCursorsAndIDs(t *testing.T) {
	s := demo(t, "--customers", "60")
	a := s.ask(t, `{ customers(first: 2) { pageInfo { endCursor } nodes { id } } orders(first: 2) { pageInfo { endCursor } nodes { id } } }`, nil)
	customers, orders := at(t, a.Data, "customers.pageInfo.endCursor").(string), at(t, a.Data, "orders.pageInfo.endCursor").(string)
	order, customer := at(t, a.Data, "orders.nodes.0.id").(string), at(t, a.Data, "customers.nodes.0.id").(string)
	changed := []byte(orders)
	changed[5] ^= 1
	for name, c := range map[string]struct {
		query string
		ok    bool
	}{
		"the list's own cursor":    {`{ orders(first: 1, after: "` + orders + `") { nodes { id } } }`, true},
		"another page size":        {`{ orders(first: 5, after: "` + orders + `") { nodes { id } } }`, true},
		"another list's":           {`{ orders(first: 1, after: "` + customers + `") { nodes { id } } }`, false},
		"changed":                  {`{ orders(first: 1, after: "` + string(changed) + `") { nodes { id } } }`, false},
		"with another filter":      {`{ orders(first: 1, after: "` + orders + `", filter: {source: {eq: "crm"}}) { nodes { id } } }`, false},
		"with another order":       {`{ orders(first: 1, after: "` + orders + `", orderBy: {field: TOTAL}) { nodes { id } } }`, false},
		"below another parent":     {`{ customer(id: "` + customer + `") { orders(first: 1, after: "` + orders + `") { nodes { id } } } }`, false},
		"empty":                    {`{ orders(first: 1, after: "") { nodes { id } } }`, false},
		"an id":                    {`{ orders(first: 1, after: "` + order + `") { nodes { id } } }`, false},
		"an order by its id":       {`{ order(id: "` + order + `") { id } }`, true},
		"a ticket by an order's":   {`{ ticket(id: "` + order + `") { id } }`, false},
		"a customer by an order's": {`{ customer(id: "` + order + `") { id } }`, false},
		"a node":                   {`{ node(id: "` + order + `") { id ... on Order { number } } }`, true},
		"a cursor as an id":        {`{ node(id: "` + orders + `") { id } }`, false},
		"id and number":            {`{ order(id: "` + order + `", number: "x") { id } }`, false},
		"neither":                  {`{ order { id } }`, false},
		"an unknown source":        {`{ order(number: "x", source: "nobody") { id } }`, false},
		"two keys of a customer":   {`{ customer(taxId: "1", email: "a@b.c") { id } }`, false},
	} {
		t.Run("case="+name, func(t *testing.T) {
			a := s.ask(t, c.query, nil)
			switch {
			case c.ok && len(a.Errors) > 0:
				t.Errorf("got %v", a.Errors)
			case !c.ok && (len(a.Errors) != 1 || a.codes()[0] != "BAD_REQUEST"):
				t.Errorf("got %v", a.Errors)
			}
		})
	}
}
