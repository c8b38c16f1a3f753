package policies_test

import (
	"testing"

	"github.com/trama-graph/trama/policies"
)

func TestMasker(t *testing.T) {
	m := policies.NewMasker([]byte("one key of this test"))
	for name, c := range map[string]struct {
		kind        policies.MaskKind
		value, want string
	}{
		"a telephone number":      {policies.MaskLast4, "+373 22 560 781", "0781"},
		"its blanks are no signs": {policies.MaskLast4, "12 34 56 78", "5678"},
		"a short text":            {policies.MaskLast4, "abcd", "cd"},
		"one sign":                {policies.MaskLast4, "7", ""},
		"nothing but dashes":      {policies.MaskLast4, "----", ""},
		"letters":                 {policies.MaskLast4, "MD1013464372843", "2843"},
		"an address":              {policies.MaskDomain, "petru@c332.example.md", "c332.example.md"},
		"no address":              {policies.MaskDomain, "petru", ""},
		"two addresses":           {policies.MaskDomain, "a@b.md, c d", ""},
		"a moment":                {policies.MaskYear, "2026-11-22T05:14:06Z", "2026-01-01T00:00:00Z"},
		"no moment":               {policies.MaskYear, "22.11.2026", ""},
		"null":                    {policies.MaskNull, "anything", ""},
		"an unknown kind":         {"first4", "anything", ""},
		"nothing":                 {policies.MaskHash, "", ""},
	} {
		t.Run("case="+name, func(t *testing.T) {
			if got := m.Mask(c.kind, "bi", "Customer.phone", c.value); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	hash := func(m *policies.Masker, account, field, value string) string {
		return m.Mask(policies.MaskHash, account, field, value)
	}
	first := hash(m, "bi", "Customer.taxId", "123")
	if len(first) != 22 || first != hash(policies.NewMasker([]byte("one key of this test")), "bi", "Customer.taxId", "123") {
		t.Errorf("%q is not stable", first)
	}
	for what, other := range map[string]string{
		"value": hash(m, "bi", "Customer.taxId", "124"), "account": hash(m, "bj", "Customer.taxId", "123"),
		"field": hash(m, "bi", "Customer.email", "123"), "key": hash(policies.NewMasker([]byte("another")), "bi", "Customer.taxId", "123"),
		"border": hash(m, "b", "iCustomer.taxId", "123"),
	} {
		if other == first {
			t.Errorf("another %s gives the same hash", what)
		}
	}
}
