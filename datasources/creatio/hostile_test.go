package creatio_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

func TestHostileReplies(t *testing.T) {
	good := `"Id":"` + id("a", 1) + `","AccountId":"` + id("b", 1) + `","Number":"N"`
	for name, c := range map[string]struct {
		status int
		body   string
		code   schema.Code
	}{
		"garbage":          {200, "\x00\x01garbage", schema.SourceInvalid},
		"half a body":      {200, `{"value":[{` + good, schema.SourceInvalid},
		"empty":            {200, "", schema.SourceInvalid},
		"error with 200":   {200, oops("customer Ionescu"), schema.SourceInvalid},
		"value is null":    {200, `{"value":null}`, schema.SourceInvalid},
		"value is object":  {200, `{"value":{}}`, schema.SourceInvalid},
		"row is null":      {200, `{"value":[null]}`, schema.SourceInvalid},
		"row is a list":    {200, `{"value":[[]]}`, schema.SourceInvalid},
		"no id":            {200, `{"value":[{"Number":"N"}]}`, schema.SourceInvalid},
		"zero id":          {200, `{"value":[{"Id":"` + zero + `"}]}`, schema.SourceInvalid},
		"id is a number":   {200, `{"value":[{"Id":7}]}`, schema.SourceInvalid},
		"foreign row":      {200, `{"value":[{` + good + `},{"Id":"` + id("f", 1) + `"}]}`, schema.SourceInvalid},
		"text is object":   {200, `{"value":[{` + good + `,"Number":{}}]}`, schema.SourceInvalid},
		"amount is text":   {200, `{"value":[{` + good + `,"Amount":"12,5"}]}`, schema.SourceInvalid},
		"amount is bool":   {200, `{"value":[{` + good + `,"Amount":true}]}`, schema.SourceInvalid},
		"giant number":     {200, `{"value":[{` + good + `,"Amount":` + strings.Repeat("9", 40) + `}]}`, schema.SourceInvalid},
		"too exact":        {200, `{"value":[{` + good + `,"Amount":0.12345678901234567890123}]}`, schema.SourceInvalid},
		"giant exponent":   {200, `{"value":[{` + good + `,"Amount":1e999999999}]}`, schema.SourceInvalid},
		"tiny exponent":    {200, `{"value":[{` + good + `,"Amount":1e-40}]}`, schema.SourceInvalid},
		"time is a number": {200, `{"value":[{` + good + `,"Date":1700000000}]}`, schema.SourceInvalid},
		"time is garbage":  {200, `{"value":[{` + good + `,"Date":"yesterday"}]}`, schema.SourceInvalid},
		"status no guid":   {200, `{"value":[{` + good + `,"StatusId":"x' or 1 eq 1"}]}`, schema.SourceInvalid},
		"invalid UTF-8":    {200, "{\"value\":[{" + good + ",\"Number\":\"\xff\xfe\"}]}", schema.SourceInvalid},
		"forbidden":        {403, oops("no rights"), schema.SourceInvalid},
		"bad request":      {400, oops("secret detail"), schema.SourceInvalid},
		"server error":     {500, oops("deadlock"), schema.SourceUnavailable},
		"too many":         {429, "", schema.SourceLimited},
		"moved":            {301, "", schema.SourceUnavailable},
		"BOM":              {200, "\xef\xbb\xbf" + `{"value":[{` + good + `}]}`, ""},
		"duplicate rows":   {200, `{"value":[{` + good + `},{` + good + `}]}`, ""},
		"numbers as texts": {200, `{"value":[{` + good + `,"Amount":"12.50","CurrencyId":"` + mdl + `"}]}`, ""},
		"number as number": {200, `{"value":[{` + good + `,"Number":1001}]}`, ""},
		"upper-case ids":   {200, `{"value":[{` + strings.ToUpper(strings.ReplaceAll(good, `"Id"`, "#")) + `}]}`, schema.SourceInvalid},
		"no rows":          {200, `{"value":[]}`, ""},
		"year one":         {200, `{"value":[{` + good + `,"Date":"0001-01-01T00:00:00Z"}]}`, ""},
	} {
		t.Run("case="+name, func(t *testing.T) {
			f := world(t, 3)
			o := f.open(nil)
			o.warm(f)
			f.hook = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/0/odata/Order" {
					return false
				}
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
				return true
			}
			rows, err := orders(t, o).ByKeys(t.Context(), []string{id("a", 1)}, usual)
			wantCode(t, err, c.code)
			if err == nil && name != "no rows" && (len(rows.Items) != 1 || !rows.Items[0].Date.IsZero()) {
				t.Errorf("got %+v", rows.Items)
			}
			if err != nil && len(rows.Items) != 0 {
				t.Error("rows of a reply that cannot be used were used")
			}
			for _, word := range []string{"Ionescu", "secret", "deadlock", "rights of"} {
				if err != nil && strings.Contains(err.Error(), word) && word != "rights of" {
					t.Errorf("the message holds upstream text: %q", err)
				}
			}
			_, err = orders(t, o).ByParent(t.Context(), "customer", []string{id("b", 1)}, datasources.Query{Fields: usual, First: 5})
			if (err == nil) != (c.code == "") {
				t.Errorf("by parent: got %v, want code %q", err, c.code)
			}
		})
	}
}

func TestNextLinkElsewhere(t *testing.T) {
	for name, link := range map[string]string{
		"another host":     "https://evil.example/0/odata/Order?$skiptoken=1",
		"another table":    "/0/odata/Contact?$skiptoken=1",
		"another path":     "/0/odata/../../admin?$skiptoken=1",
		"userinfo":         "http://u:p@HOST/0/odata/Order?$skiptoken=1",
		"protocol":         "//evil.example/0/odata/Order?$skiptoken=1",
		"opaque":           "javascript:alert(1)",
		"nothing":          "Order",
		"itself, for ever": "Order?$skiptoken=1",
	} {
		t.Run("case="+name, func(t *testing.T) {
			f := world(t, 3)
			o := f.open(nil)
			o.warm(f)
			calls := 0
			f.hook = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/0/odata/Order" {
					return false
				}
				if calls++; calls > 9 {
					t.Fatal("followed for ever")
				}
				next := strings.ReplaceAll(link, "HOST", r.Host)
				io.WriteString(w, `{"@odata.nextLink":"`+next+`","value":[{"Id":"`+id("a", 1)+`","AccountId":"`+id("b", 1)+`"}]}`)
				return true
			}
			_, err := orders(t, o).List(t.Context(), datasources.Query{Fields: usual, First: 5})
			wantCode(t, err, schema.SourceInvalid)
		})
	}
}
