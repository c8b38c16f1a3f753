package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ory/ladon"
)

// listener takes what a test would have said against the product.
type listener struct {
	testing.TB
	told []string
}

func (l *listener) Errorf(format string, args ...any) {
	l.told = append(l.told, fmt.Sprintf(format, args...))
}

func (l *listener) heard(part string) bool {
	return strings.Contains(strings.Join(l.told, "\n"), part)
}

const secretGrant = `{"id": "secret-grant", "description": "d", "subjects": ["package:supplier"], "effect": "allow", "actions": ["read"],
	"resources": ["graph:Query.payables", "graph:Payable.<id|number|supplier|amount>"]}`

// TestTheMatrixIsAwake lets the server and the oracle disagree, each way: the matrix
// must notice.
func TestTheMatrixIsAwake(t *testing.T) {
	l := leakWorld(t, false, "")
	l.known(t)
	var supplier *partner
	for _, p := range l.partners {
		if p.name == "supplier" {
			supplier = p
		}
	}
	run := func() *listener {
		ear := &listener{TB: t}
		x := l.probeAs(ear, supplier)
		for _, x.typ = range []string{"Query", "Payable", "PurchaseOrder"} {
			x.shownFields()
			x.hiddenFields()
		}
		x.nothingWithheld()
		x.schemaIsRight()
		return ear
	}
	t.Run("case=they agree", func(t *testing.T) {
		ear := run()
		if ear.heard("must not be seen") || ear.heard("it may never read") {
			t.Errorf("it says %q", ear.told)
		}
	})
	t.Run("case=more is granted than the oracle knows", func(t *testing.T) {
		file := filepath.Join(l.policies, "secret.json")
		if err := os.WriteFile(file, []byte(`{"policies": [`+secretGrant+`]}`), 0o600); err != nil {
			t.Fatal(err)
		}
		deadline := time.Now().Add(20 * time.Second)
		for !l.probeAs(&listener{TB: t}, supplier).has("Query", "payables") {
			if time.Now().After(deadline) {
				t.Fatal("the new policy is not in force")
			}
			time.Sleep(50 * time.Millisecond)
		}
		ear := run()
		for _, want := range []string{"Payable.number of payable-b2 must not be seen", "the schema shows Payable.amount, which it may never read"} {
			if !ear.heard(want) {
				t.Errorf("%q is not noticed: %q", want, ear.told)
			}
		}
	})
	t.Run("case=the oracle knows of more than is granted", func(t *testing.T) {
		var p ladon.DefaultPolicy
		if err := json.Unmarshal([]byte(strings.ReplaceAll(secretGrant, `"graph:Payable.<id|number|supplier|amount>"`, `"graph:Payable.<id|number|status|supplier|amount>"`)), &p); err != nil {
			t.Fatal(err)
		}
		l.oracle.all = append(l.oracle.all, &p)
		clear(l.oracle.known)
		ear := run()
		for _, want := range []string{"canaries it may see never came", "the schema hides Payable.status, which it may read"} {
			if !ear.heard(want) {
				t.Errorf("%q is not noticed: %q", want, ear.told)
			}
		}
	})
}
