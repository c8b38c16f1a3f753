package usage_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/policies/usage"
	"github.com/trama-graph/trama/schema"
)

// book is an audit.
type book struct {
	entries []string
	fail    error
}

func (b *book) write(_ context.Context, e usage.Entry) error {
	if b.fail != nil {
		return b.fail
	}
	b.entries = append(b.entries, fmt.Sprintf("%s %s %s/%s %s: %s", e.At.Format("15:04"), e.Kind, e.Account, e.Token, e.Subject, e.Detail))
	return nil
}

func (b *book) expect(t *testing.T, want ...string) {
	t.Helper()
	if got := strings.Join(b.entries, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	b.entries = nil
}

func TestSensitive(t *testing.T) {
	c, b := newClock(), &book{}
	r := usage.New(usage.Config{Store: &memory{}, Now: c.now, Audit: b.write, Max: 2})
	flush := func() {
		t.Helper()
		if err := r.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	o := orders(c)
	o.Fields = []string{"Customer.email", "Customer.name", "Customer.taxId"}
	o.Sensitive = []string{"Customer.taxId", "Customer.email"}
	for range 5 {
		r.Record(o)
	}
	flush()
	r.Record(o)
	flush()
	b.expect(t, "10:00 sensitive shop/t1 aaaaaaaaaaaaaaaa: Customer.email, Customer.taxId")

	// Another set of fields of the same operation says what is new of it only.
	more := o
	more.Fields, more.Sensitive = append(o.Fields, "Customer.phone"), append(o.Sensitive, "Customer.phone")
	r.Record(more)
	flush()
	b.expect(t, "10:00 sensitive shop/t1 aaaaaaaaaaaaaaaa: Customer.phone")

	// Operations that are not counted apart do not escape.
	for i := range 4 {
		o := o
		o.Hash = fmt.Sprint("b", i)
		r.Record(o)
	}
	flush()
	if len(b.entries) != 2 || !strings.Contains(strings.Join(b.entries, "\n"), "shop/t1 other: Customer.email, Customer.taxId") {
		t.Errorf("entries %v", b.entries)
	}
	b.entries = nil

	// In the next hour again; what the audit does not take comes later.
	c.move(time.Hour)
	o.At = c.now()
	r.Record(o)
	b.fail = errDown
	if err := r.Flush(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("error %v", err)
	}
	b.fail = nil
	c.move(time.Minute)
	flush()
	b.expect(t, "11:00 sensitive shop/t1 aaaaaaaaaaaaaaaa: Customer.email, Customer.taxId")
}

func TestDenied(t *testing.T) {
	c, b := newClock(), &book{}
	r := usage.New(usage.Config{Store: &memory{}, Now: c.now, Audit: b.write})
	deny := func(code schema.Code, n int) {
		for range n {
			r.Record(usage.Operation{Token: "t1", Account: "shop", Hash: "a", Denied: code, Errors: 1, At: c.now()})
		}
	}
	flush := func() {
		t.Helper()
		if err := r.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	deny(schema.TooCostly, 1)
	flush()
	b.expect(t, "10:00 denied shop/t1 TOO_COSTLY: 1 time in the hour from 2026-11-22T10:00:00Z")
	deny(schema.TooCostly, 4)
	deny(schema.Limited, 2)
	flush()
	b.expect(t, "10:00 denied shop/t1 LIMITED: 2 times in the hour from 2026-11-22T10:00:00Z")
	c.move(time.Hour)
	flush() // the hour is over
	b.expect(t, "11:00 denied shop/t1 TOO_COSTLY: 5 times in the hour from 2026-11-22T10:00:00Z")
	flush()
	b.expect(t)

	// At the end what is not said yet is said.
	deny(schema.ForbiddenField, 1)
	flush()
	deny(schema.ForbiddenField, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Run(ctx); err != nil {
		t.Fatal(err)
	}
	b.expect(t,
		"11:00 denied shop/t1 FORBIDDEN_FIELD: 1 time in the hour from 2026-11-22T11:00:00Z",
		"11:00 denied shop/t1 FORBIDDEN_FIELD: 2 times in the hour from 2026-11-22T11:00:00Z")
}

// TestAuditDownLong: entries that wait are bounded.
func TestAuditDownLong(t *testing.T) {
	c := newClock()
	b := &book{fail: errDown}
	r := usage.New(usage.Config{Store: &memory{}, Now: c.now, Audit: b.write, Max: 1000})
	for range 15 {
		for i := range 1000 {
			o := orders(c)
			o.Hash, o.Sensitive = fmt.Sprint(i), []string{"Order.id"}
			r.Record(o)
		}
		if err := r.Flush(t.Context()); !errors.Is(err, errDown) {
			t.Fatalf("error %v", err)
		}
		c.move(time.Hour)
	}
	b.fail = nil
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(b.entries) != 10_000 {
		t.Errorf("%d entries waited", len(b.entries))
	}
}
