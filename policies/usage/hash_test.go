package usage_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/trama-graph/trama/policies/usage"
)

func TestHash(t *testing.T) {
	const base = `query Open($n: Int) { orders(first: $n, filter: {number: {in: ["A1", "A2"]}}) { nodes { id total { amount } } } }`
	for _, c := range []struct {
		name, query, operation string
		same                   bool
	}{
		{"itself", base, "", true},
		{"space and commas", strings.ReplaceAll(strings.ReplaceAll(base, " ", "\n\t "), ",", ""), "", true},
		{"comment", "# by ana\n" + base, "", true},
		{"other literals", strings.ReplaceAll(base, `"A1", "A2"`, `"ţ#\"", """B"""`), "", true},
		{"longer list of literals", strings.ReplaceAll(base, `"A1", "A2"`, `"A1" "A2" "A3"`), "", true},
		{"number for a text", strings.ReplaceAll(base, `"A1", "A2"`, "1"), "", false},
		{"other field", strings.ReplaceAll(base, "id", "ids"), "", false},
		{"other variable", strings.ReplaceAll(base, "$n", "$m"), "", false},
		{"other name", base, "Open", false},
		{"names that run together", strings.ReplaceAll(base, "id total", "idtotal"), "", false},
		{"no document", base + `"`, "", false},
		{"empty", "", "", false},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			got, want := usage.Hash(c.query, c.operation), usage.Hash(base, "")
			if (got == want) != c.same {
				t.Errorf("hash %s beside %s of the first, want the same: %t", got, want, c.same)
			}
		})
	}
	// Stored for 400 days: a change would tear operations apart.
	if got := usage.Hash(base, ""); got != "639bfc271cbedf5f" {
		t.Errorf("the hash changed to %s", got)
	}
}

func FuzzHash(f *testing.F) {
	for _, s := range []string{"", "{a}", `{a(b:"c")}`, `{a(b:"""c""")}`, "{a(b:[1,2.5,-3])}", "#", "\"", "\xff{a}", "query($a:Int!=1)@b{...C}fragment C on D{e}"} {
		f.Add(s, "A")
	}
	form := regexp.MustCompile(`^[0-9a-f]{16}$`)
	f.Fuzz(func(t *testing.T, query, operation string) {
		h := usage.Hash(query, operation)
		if !form.MatchString(h) {
			t.Fatalf("hash %q", h)
		}
		if spaced := usage.Hash("\n ,# a\n"+query, operation); !strings.ContainsAny(query, "\"\uFEFF") && isPlain(query) && spaced != h {
			t.Errorf("%q: space before it changes the hash", query)
		}
	})
}

// isPlain reports whether a text has only signs that documents are made of: of
// another the text itself is hashed, and the space is a part of it.
func isPlain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_ {}()[]:!@$", r)
	})
}

func TestInputs(t *testing.T) {
	r := usage.New(usage.Config{Store: &memory{}})
	of := func(id any) uint64 { return r.Inputs("query($id: ID) {}", "A", map[string]any{"id": id, "x": 1}) }
	one, again := of("1"), of("1")
	if one != again || one == of("2") || one == of(1) {
		t.Error("a sum does not follow the variables")
	}
	if r.Inputs("a", "b", nil) == r.Inputs("a", "c", nil) || r.Inputs("a", "b", nil) == r.Inputs("c", "b", nil) {
		t.Error("a sum does not follow text and name")
	}
	if r.Inputs("a", "", nil) == usage.New(usage.Config{Store: &memory{}}).Inputs("a", "", nil) {
		t.Error("a sum means something outside its recorder")
	}
	one, again = r.Digest([]byte("a")), r.Digest([]byte{'a'})
	if one != again || one == r.Digest(nil) || r.Digest(nil) == 0 {
		t.Error("digest")
	}
}
