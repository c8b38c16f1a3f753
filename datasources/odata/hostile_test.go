package odata_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/odata"
	"github.com/trama-graph/trama/schema"
)

// reply is what a hostile server says to everything but $metadata.
type reply struct {
	status int
	header http.Header
	body   string
	cut    bool // the connection breaks behind the body
}

func (x reply) hook(w http.ResponseWriter, r *http.Request) bool {
	if strings.HasSuffix(r.URL.Path, "$metadata") {
		return false
	}
	if x.header.Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	for name, values := range x.header {
		w.Header()[name] = values
	}
	if x.cut {
		w.Header().Set("Content-Length", fmt.Sprint(len(x.body)+10))
	}
	w.WriteHeader(x.status)
	fmt.Fprint(w, x.body)
	return true
}

const secretRow = `secret-of-a-row`

func TestHostileReplies(t *testing.T) {
	html := http.Header{"Content-Type": {"text/html"}}
	xml := http.Header{"Content-Type": {"application/atom+xml"}}
	for _, x := range []struct {
		name    string
		version int
		reply   reply
		want    schema.Code
		calls   int // with one repetition allowed
		retry   bool
	}{
		{"v2 error 400", 2, reply{400, nil, `{"error":{"code":"005056A509B11EE1B9A8FEC11C21D78E","message":{"lang":"en","value":"` + secretRow + `"}}}`, false}, schema.SourceInvalid, 1, false},
		{"v3 error 400", 3, reply{400, nil, `{"odata.error":{"code":"","message":{"lang":"en","value":"` + secretRow + `"}}}`, false}, schema.SourceInvalid, 1, false},
		{"v4 error 400", 4, reply{400, nil, `{"error":{"code":"x","message":"` + secretRow + `"}}`, false}, schema.SourceInvalid, 1, false},
		{"xml error 400", 2, reply{400, xml, `<?xml version="1.0"?><error xmlns="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"><code/><message>` + secretRow + `</message></error>`, false}, schema.SourceInvalid, 1, false},
		{"401", 4, reply{401, nil, `{}`, false}, schema.SourceUnavailable, 1, false},
		{"403", 4, reply{403, nil, `{"error":{}}`, false}, schema.Forbidden, 1, false},
		{"404", 4, reply{404, nil, `{"error":{"code":"","message":"no segment"}}`, false}, schema.NotEnabled, 1, false},
		{"429", 4, reply{429, http.Header{"Retry-After": {"3600"}}, ``, false}, schema.SourceLimited, 1, true},
		{"503 with a wait", 2, reply{503, http.Header{"Retry-After": {"3600"}}, ``, false}, schema.SourceUnavailable, 1, true},
		{"500", 4, reply{500, nil, `{"error":{"message":"` + secretRow + `"}}`, false}, schema.SourceUnavailable, 2, true},
		{"501", 4, reply{501, nil, `{"error":{}}`, false}, schema.SourceInvalid, 1, false},
		{"html with 200", 4, reply{200, html, `<html><body>Sign in ` + secretRow + `</body></html>`, false}, schema.SourceInvalid, 2, false},
		{"redirect to a login page", 4, reply{302, http.Header{"Location": {"https://elsewhere.example/login?x=" + secretRow}}, ``, false}, schema.SourceUnavailable, 1, true},
		{"atom instead of json", 2, reply{200, xml, `<feed xmlns="http://www.w3.org/2005/Atom"></feed>`, false}, schema.SourceInvalid, 2, false},
		{"half a body", 4, reply{200, nil, `{"value":[{"OrderNo":"` + secretRow, true}, schema.SourceInvalid, 2, false},
		{"half a document", 4, reply{200, nil, `{"value":[{"OrderNo":"` + secretRow, false}, schema.SourceInvalid, 2, false},
		{"empty body", 4, reply{200, nil, ``, false}, schema.SourceInvalid, 2, false},
		{"a text", 4, reply{200, nil, `"hello"`, false}, schema.SourceInvalid, 2, false},
		{"value is no list", 4, reply{200, nil, `{"value":{"a":1}}`, false}, schema.SourceInvalid, 2, false},
		{"rows are no records", 4, reply{200, nil, `{"value":[1,2]}`, false}, schema.SourceInvalid, 2, false},
		{"rows without their key", 4, reply{200, nil, `{"value":[{"OrderNo":"x"},{"OrderNo":"y"}]}`, false}, schema.SourceInvalid, 2, false},
		{"nested without end", 4, reply{200, nil, strings.Repeat("[", 100_000), false}, schema.SourceInvalid, 2, false},
		{"v4 error behind the rows", 4, reply{200, nil, `{"value":[{"OrderID":"` + guid0 + `"}],"error":{"message":"` + secretRow + `"}}`, false}, schema.SourceUnavailable, 2, true},
		{"v3 error behind the rows", 3, reply{200, nil, `{"value":[{"OrderID":"` + guid0 + `"}],"odata.error":{"message":{"value":"x"}}}`, false}, schema.SourceUnavailable, 2, true},
		{"v2 error behind the rows", 2, reply{200, nil, `{"d":{"results":[{"OrderID":"` + guid0 + `"}]},"error":{"message":{"value":"x"}}}`, false}, schema.SourceUnavailable, 2, true},
		{"v2 error among the rows", 2, reply{200, nil, `{"d":[{"OrderID":"` + guid0 + `"},{"error":{"code":"","message":{"value":"x"}}}]}`, false}, schema.SourceUnavailable, 2, true},
		{"an error with 200", 4, reply{200, nil, `{"error":{"code":"","message":"` + secretRow + `"}}`, false}, schema.SourceUnavailable, 2, true},
		{"a link to another host", 4, reply{200, nil, `{"value":[],"@odata.nextLink":"https://evil.example/svc/SalesOrders?$skiptoken=1"}`, false}, schema.SourceInvalid, 2, false},
		{"a link out of the service", 4, reply{200, nil, `{"value":[],"@odata.nextLink":"/admin/SalesOrders"}`, false}, schema.SourceInvalid, 2, false},
		{"a link upwards", 4, reply{200, nil, `{"value":[],"@odata.nextLink":"/svc/%2e%2e/admin"}`, false}, schema.SourceInvalid, 2, false},
		{"a link to itself", 4, reply{200, nil, `{"value":[],"@odata.nextLink":"SalesOrders?$skiptoken=1"}`, false}, schema.SourceInvalid, 2, false},
		{"a link in a circle with rows", 2, reply{200, nil, `{"d":{"results":[{"OrderID":"` + guid0 + `"}],"__next":"SalesOrders?$skiptoken=1"}}`, false}, schema.SourceInvalid, 2, false},
	} {
		t.Run("case="+x.name, func(t *testing.T) {
			f := newShop(t, x.version)
			f.hook = x.reply.hook
			c := shopConfig(f)
			c.Retries = 1
			src := open(t, c)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err := orders(src).List(ctx, datasources.Query{First: 10})
			var e *schema.Error
			if !errors.As(err, &e) || e.Code != x.want || e.Source != "shop" || e.Retryable != x.retry {
				t.Fatalf("got %+v", err)
			}
			if got := len(f.calls()); got != x.calls {
				t.Errorf("%d calls instead of %d", got, x.calls)
			}
			text := e.Error()
			for cause := error(e); cause != nil; cause = errors.Unwrap(cause) {
				text += cause.Error()
			}
			for _, s := range []string{secretRow, "hunter2", "127.0.0.1", "evil.example", guid0} {
				if strings.Contains(text, s) {
					t.Errorf("%s is shown in %q", s, text)
				}
			}
			if src.Status().Calls == 0 {
				t.Error("no call was counted")
			}
		})
	}
}

const guid0 = "11111111-2222-4333-8444-555555555555"

// TestRowsNobodyAskedFor plays a proxy that drops the filter: nobody may be given
// another's rows.
func TestRowsNobodyAskedFor(t *testing.T) {
	for _, version := range []int{2, 4} {
		t.Run(fmt.Sprintf("case=v%d", version), func(t *testing.T) {
			f := newShop(t, version)
			f.ignoreFilter = true
			c := shopConfig(f)
			c.Retries, c.In = -1, "no"
			src := open(t, c)
			if rows, err := orders(src).ByKeys(t.Context(), ids(f, 0, 2), nil); schema.CodeOf(err) != schema.SourceInvalid {
				t.Errorf("by keys: %d rows, %v", len(rows.Items), err)
			}
			if rows, err := orders(src).ByParent(t.Context(), "customer", []string{"3"}, datasources.Query{First: 5}); schema.CodeOf(err) != schema.SourceInvalid {
				t.Errorf("by parent: %d rows, %v", len(rows.Items), err)
			}
		})
	}
	t.Run("case=the collation takes other letters for equal", func(t *testing.T) {
		f := newShop(t, 4)
		f.ignoreCase = true
		set := f.sets["Products"]
		set.rows = append(set.rows, row{"SKU": "p-00'0", "Name": "another"})
		got, err := open(t, shopConfig(f)).Reader("Product").(datasources.Reader[schema.Product]).ByKeys(t.Context(), []string{"P-00'0", "P-01'1"}, nil)
		if err != nil || len(got.Items) != 2 {
			t.Errorf("%d rows, %v", len(got.Items), err)
		}
	})
}

// TestInIsTried checks what a service without the operator may answer.
func TestInIsTried(t *testing.T) {
	for _, x := range []struct {
		name   string
		status int
		body   string
		want   int // calls of the first reading; the second takes one
	}{
		{"400", 400, `{"error":{"code":"","message":"in"}}`, 2},
		{"500", 500, `{"error":{"code":"","message":"in"}}`, 2},
		{"501", 501, `{"error":{"code":"","message":"in"}}`, 2},
		{"rows nobody asked for", 200, `{"value":[{"OrderID":"` + guid0 + `"}]}`, 2},
	} {
		t.Run("case="+x.name, func(t *testing.T) {
			f := newShop(t, 4)
			f.hook = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.Contains(r.URL.Query().Get("$filter"), " in (") {
					return false
				}
				return reply{status: x.status, body: x.body}.hook(w, r)
			}
			src := open(t, shopConfig(f))
			for i, want := range []int{x.want, 1} {
				got, err := orders(src).ByKeys(t.Context(), ids(f, 0, 10), nil)
				if err != nil || len(got.Items) != 10 {
					t.Fatalf("%d rows, %v", len(got.Items), err)
				}
				if calls := f.calls(); len(calls) != want {
					t.Errorf("reading %d took %d calls instead of %d", i, len(calls), want)
				}
			}
		})
	}
	t.Run("case=one trial for all who ask", func(t *testing.T) {
		f := newShop(t, 4)
		f.hasIn = false
		src := open(t, shopConfig(f))
		errs := make(chan error)
		for range 8 {
			go func() {
				_, err := orders(src).ByKeys(t.Context(), ids(f, 0, 10), nil)
				errs <- err
			}()
		}
		for range 8 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		tries := 0
		for _, call := range f.calls() {
			if strings.Contains(call, " in (") {
				tries++
			}
		}
		if tries != 1 || f.metas != 1 {
			t.Errorf("%d trials, %d times $metadata", tries, f.metas)
		}
	})
}

// TestTooLong halves what a web server finds too long, and remembers it.
func TestTooLong(t *testing.T) {
	for _, version := range []int{2, 4} {
		t.Run(fmt.Sprintf("case=v%d", version), func(t *testing.T) {
			f := newShop(t, version)
			f.longest = 1100
			c := shopConfig(f)
			c.MaxURL, c.Batch = 8000, 100
			src := open(t, c)
			got, err := orders(src).ByKeys(t.Context(), ids(f, 0, 60), datasources.NewFields())
			if err != nil || len(got.Items) != 60 {
				t.Fatalf("%d rows, %v", len(got.Items), err)
			}
			f.calls()
			if _, err := orders(src).ByKeys(t.Context(), ids(f, 0, 60), datasources.NewFields()); err != nil {
				t.Fatal(err)
			}
			for _, call := range f.calls() {
				if len(call) > f.longest {
					t.Errorf("nothing was learned: %d bytes", len(call))
				}
			}
			rows, err := orders(src).ByParent(t.Context(), "customer", []string{"1", "2", "3", "4"}, datasources.Query{First: 50})
			if err != nil || len(rows.Items) < 20 {
				t.Errorf("%d rows, %v", len(rows.Items), err)
			}
		})
	}
}

// TestSomeKeysFail gives the others their rows.
func TestSomeKeysFail(t *testing.T) {
	f := newShop(t, 2)
	bad := ids(f, 0, 1)[0]
	f.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Query().Get("$filter"), bad) {
			return false
		}
		return reply{status: 400, body: `{"error":{}}`}.hook(w, r)
	}
	c := shopConfig(f)
	c.Batch = 5
	got, err := orders(open(t, c)).ByKeys(t.Context(), ids(f, 0, 20), nil)
	var some *datasources.BatchError
	if !errors.As(err, &some) || len(some.ByKey) != 5 || some.ByKey[bad] == nil || len(got.Items) != 15 {
		t.Errorf("%d rows, %v", len(got.Items), err)
	}
}

// TestMetadataIsReadOnce for all who wait; a failure is remembered for a moment,
// and one who leaves fails nobody.
func TestMetadataIsReadOnce(t *testing.T) {
	f := newShop(t, 4)
	var clock atomic.Int64
	isDown := atomic.Bool{}
	isDown.Store(true)
	f.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "$metadata") || !isDown.Load() {
			return false
		}
		w.WriteHeader(http.StatusBadRequest)
		return true
	}
	src, err := odata.Open(t.Context(), shopConfig(f), odata.Deps{Now: func() time.Time { return time.Unix(1_800_000_000+clock.Load(), 0) }})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	for range 3 {
		if _, err := orders(src).List(t.Context(), datasources.Query{First: 1}); schema.CodeOf(err) != schema.SourceInvalid {
			t.Fatal(err)
		}
	}
	if f.metas != 1 {
		t.Errorf("asked %d times for what failed", f.metas)
	}
	isDown.Store(false)
	clock.Store(6)
	if _, err := orders(src).List(t.Context(), datasources.Query{First: 1}); err != nil || f.metas != 2 {
		t.Errorf("%v after %d readings", err, f.metas)
	}
}
