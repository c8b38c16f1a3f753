package policies_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/trama-graph/trama/policies"
)

func TestMasker(t *testing.T) {
	m := policies.NewMasker([]byte("key"))
	for _, c := range []struct {
		name  string
		kind  policies.MaskKind
		value string
		want  string
	}{
		{"last four", policies.MaskLast4, "1003600123456", "3456"},
		{"last four of eight", policies.MaskLast4, "12345678", "5678"},
		{"last half of a short text", policies.MaskLast4, "12345", "45"},
		{"of two signs", policies.MaskLast4, "ab", "b"},
		{"of one sign", policies.MaskLast4, "a", ""},
		{"of signs of several bytes", policies.MaskLast4, "Ștefănescu țâșț", "țâșț"},
		{"of a telephone number", policies.MaskLast4, "+373 22 560 781", "0781"},
		{"of digits with blanks", policies.MaskLast4, "12 34 56 78", "5678"},
		{"of letters and digits", policies.MaskLast4, "MD1013464372843", "2843"},
		{"of dashes", policies.MaskLast4, "----", ""},
		{"nothing", policies.MaskLast4, "", ""},
		{"domain", policies.MaskDomain, "ion@example.com", "example.com"},
		{"domain of a name and an address", policies.MaskDomain, "Ion <ion@example.com>", "example.com"},
		{"domain of another alphabet", policies.MaskDomain, "a@пример.рф", "пример.рф"},
		{"no address", policies.MaskDomain, "069123456", ""},
		{"nothing behind the @", policies.MaskDomain, "ion@", ""},
		{"an address and more", policies.MaskDomain, "ion@example.com, 069123456", ""},
		{"an address and a text", policies.MaskDomain, "ion@example.com call first", ""},
		{"no domain begins with a sign", policies.MaskDomain, "a@-x.com", ""},
		{"nor with one of another alphabet", policies.MaskDomain, "a@＝x", ""},
		{"two addresses", policies.MaskDomain, "a@example.com;b@example.org", "example.org"},
		{"year", policies.MaskYear, "2026-03-04T08:15:00Z", "2026-01-01T00:00:00Z"},
		{"year in UTC", policies.MaskYear, "2026-01-01T01:00:00+02:00", "2025-01-01T00:00:00Z"},
		{"no time", policies.MaskYear, "yesterday", ""},
		{"a day", policies.MaskYear, "22.11.2026", ""},
		{"null", policies.MaskNull, "x", ""},
		{"unknown kind", "reverse", "x", ""},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			if got := m.Mask(c.kind, "account", "Customer.taxId", c.value); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// No hash begins with what a spreadsheet takes for a formula, and each is one value's.
func TestMaskHashesBeginNoFormula(t *testing.T) {
	m := policies.NewMasker([]byte("key"))
	seen, moved := map[string]bool{}, 0
	for i := range 4000 {
		h := m.Mask(policies.MaskHash, "a", "Customer.taxId", strconv.Itoa(i))
		if strings.ContainsAny(h[:1], "-+=@'") || seen[h] || len(h) != 22 && (len(h) != 23 || !strings.HasPrefix(h, "_-")) {
			t.Fatalf("%q", h)
		}
		seen[h] = true
		if len(h) == 23 {
			moved++
		}
	}
	if moved == 0 || moved > 4000/32 {
		t.Errorf("%d of 4000 have a sign in front, one of 64 should", moved)
	}
}

// A hash is the same for the same key, account, field and value, and for nothing else.
func TestMaskHash(t *testing.T) {
	m := policies.NewMasker([]byte("key"))
	mask := func(account, field, value string) string {
		return m.Mask(policies.MaskHash, account, field, value)
	}
	first := mask("a", "Customer.taxId", "1003600123456")
	if len(first) != 22 || strings.Contains(first, "1003") {
		t.Errorf("got %q", first)
	}
	if again := policies.NewMasker([]byte("key")).Mask(policies.MaskHash, "a", "Customer.taxId", "1003600123456"); again != first {
		t.Error("another server with the same key has another hash: reports could not join")
	}
	for name, other := range map[string]string{
		"another value":      mask("a", "Customer.taxId", "1003600123457"),
		"another field":      mask("a", "Customer.name", "1003600123456"),
		"another account":    mask("b", "Customer.taxId", "1003600123456"),
		"parts run together": mask("aC", "ustomer.taxId", "1003600123456"),
		"another key":        policies.NewMasker([]byte("yek")).Mask(policies.MaskHash, "a", "Customer.taxId", "1003600123456"),
	} {
		if other == first {
			t.Errorf("case=%s: the same hash", name)
		}
	}
	if mask("a", "Customer.taxId", "") != "" {
		t.Error("nothing has a hash")
	}
	var none *policies.Masker
	if none.Mask(policies.MaskHash, "a", "f", "v") != "" {
		t.Error("a hash without a key")
	}
}

// The key is the Masker's own.
func TestMaskerKeepsItsKey(t *testing.T) {
	key := []byte("key")
	m := policies.NewMasker(key)
	first := m.Mask(policies.MaskHash, "a", "f", "v")
	key[0] = 'x'
	if policies.NewMasker([]byte("key")).Mask(policies.MaskHash, "a", "f", "v") != first || m.Mask(policies.MaskHash, "a", "f", "w") != policies.NewMasker([]byte("key")).Mask(policies.MaskHash, "a", "f", "w") {
		t.Error("the key changed")
	}
}

func TestAccess(t *testing.T) {
	e := open(t, newGraph(t), dir("p.json", document(
		allow("a", list("Order.<id>"), "read", conditions(equalsClaim("row.shop", "shop"))),
		allow("b", list("Order.number"), "mask:last4", conditions(equalsClaim("row.shop", "shop"))),
		allow("c", list("Order.total"), "read", conditions(equalsClaim("row.shop", "shop"), equals("row.status", "open"))),
	)), allScopes)
	p := holder(map[string]string{"shop": "web"})
	a := &policies.Access{Principal: p, View: view(t, e, p), Masker: policies.NewMasker([]byte("k"))}
	mine, other := columns{"shop": text("web"), "status": text("open")}, columns{"shop": text("paris"), "status": text("open")}
	if rows := a.Rows("Order"); !rows.Match(mine) || rows.Match(other) || rows.Match(columns{}) {
		t.Errorf("rows %v", rows)
	}
	if f := a.Field("Order", "number"); f.Verdict != policies.Mask || f.Kind != policies.MaskLast4 || f.Mask("0123456789") != "6789" {
		t.Errorf("number %+v", f)
	}
	if f := a.Field("Order", "total"); f.Verdict != policies.Row || !f.Full.Match(mine) || f.Full.Match(columns{"shop": text("web")}) || f.Masked.Match(mine) {
		t.Errorf("total %+v", f)
	}
	ctx := policies.WithAccess(t.Context(), a)
	if policies.AccessFrom(ctx) != a || policies.From(ctx) != p || policies.AccessFrom(t.Context()) != nil {
		t.Error("the context keeps something else")
	}
}
