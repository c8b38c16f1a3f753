package otrs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/datasources/otrs"
	"github.com/trama-graph/trama/datasources/otrs/otrstest"
	"github.com/trama-graph/trama/schema"
)

func answer(r *http.Request, status int, kind, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)), Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
}

// What comes instead of an answer to TicketGet, and what a caller is told.
func TestHostile(t *testing.T) {
	ticket := `{"TicketID":1,"TicketNumber":"N1","Title":"x","CustomerID":"ACME","Created":"2026-11-01 08:00:00","Changed":"2026-11-01 08:00:00"}`
	for _, c := range []struct {
		name   string
		status int
		kind   string
		body   string
		code   schema.Code // "" = the ticket is read
	}{
		{"good", 200, "application/json", `{"Ticket":[` + ticket + `]}`, ""},
		{"byte order mark", 200, "application/json", "\xef\xbb\xbf" + `{"Ticket":[` + ticket + `]}`, ""},
		{"twice", 200, "application/json", `{"Ticket":[` + ticket + `,` + ticket + `]}`, ""},
		{"id as text", 200, "application/json", `{"Ticket":[` + strings.Replace(ticket, `:1,`, `:"1",`, 1) + `]}`, ""},
		{"invalid UTF-8 in a text", 200, "application/json", `{"Ticket":[` + strings.Replace(ticket, `"x"`, "\"a\xffb\"", 1) + `]}`, ""},
		{"number for a text", 200, "application/json", `{"Ticket":[` + strings.Replace(ticket, `"x"`, `1e400`, 1) + `]}`, ""},
		{"login page", 200, "text/html", "<html><body>Login</body></html>", schema.SourceInvalid},
		{"page without a type", 200, "", "<!DOCTYPE html><title>x</title>", schema.SourceInvalid},
		{"page that says JSON", 200, "application/json", "<html>", schema.SourceInvalid},
		{"garbage", 200, "application/json", "\x00\x01\x02", schema.SourceInvalid},
		{"nothing", 200, "application/json", "", schema.SourceInvalid},
		{"half a body", 200, "application/json", `{"Ticket":[{"TicketID":1,`, schema.SourceInvalid},
		{"two bodies", 200, "application/json", `{"Ticket":[` + ticket + `]}{}`, schema.SourceInvalid},
		{"no tickets", 200, "application/json", `{}`, schema.SourceInvalid},
		{"null", 200, "application/json", `{"Ticket":null}`, schema.SourceInvalid},
		{"an object", 200, "application/json", `{"Ticket":` + ticket + `}`, schema.SourceInvalid},
		{"an array", 200, "application/json", `[` + ticket + `]`, schema.SourceInvalid},
		{"foreign", 200, "application/json", `{"Ticket":[` + ticket + `,` + strings.Replace(ticket, `:1,`, `:2,`, 1) + `]}`, schema.SourceInvalid},
		{"without id", 200, "application/json", `{"Ticket":[{"TicketNumber":"1"}]}`, schema.SourceInvalid},
		{"giant id", 200, "application/json", `{"Ticket":[{"TicketID":99999999999999999999999999}]}`, schema.SourceInvalid},
		{"broken id", 200, "application/json", `{"Ticket":[{"TicketID":1.5}]}`, schema.SourceInvalid},
		{"object for a text", 200, "application/json", `{"Ticket":[` + strings.Replace(ticket, `"x"`, `{"a":1}`, 1) + `]}`, schema.SourceInvalid},
		{"other time", 200, "application/json", `{"Ticket":[` + strings.Replace(ticket, `08:00:00`, `08:00`, 1) + `]}`, schema.SourceInvalid},
		{"fields that are none", 200, "application/json", `{"Ticket":[` + strings.Replace(ticket, `}`, `,"DynamicField":{"a":1}}`, 1) + `]}`, schema.SourceInvalid},
		{"a field that is an object", 200, "application/json", `{"Ticket":[` + strings.Replace(ticket, `}`, `,"DynamicField":[{"Name":"OrderNumber","Value":{"a":1}}]}`, 1) + `]}`, ""},
		{"unknown error", 200, "application/json", `{"Error":{"ErrorCode":"TicketGet.SomethingNew","ErrorMessage":"secret text"}}`, schema.SourceInvalid},
		{"error without a code", 200, "application/json", `{"Error":{}}`, schema.SourceInvalid},
		{"error that is a text", 200, "application/json", `{"Error":"secret text"}`, schema.SourceInvalid},
		{"error beside tickets", 200, "application/json", `{"Error":{"ErrorCode":"TicketGet.X"},"Ticket":[` + ticket + `]}`, schema.SourceInvalid},
		{"denied", 200, "application/json", `{"Error":{"ErrorCode":"TicketGet.AccessDenied","ErrorMessage":"secret text"}}`, "-"},
		{"no route", 500, "text/plain; charset=UTF-8", "HTTP::REST Error while determine Operation for request URI '/secret text'.", schema.SourceInvalid},
		{"server error", 500, "text/html", "secret text", schema.SourceUnavailable},
		{"busy", 503, "text/html", "secret text", schema.SourceUnavailable},
		{"too many", 429, "text/html", "secret text", schema.SourceLimited},
		{"too long", 414, "text/html", "secret text", schema.SourceInvalid},
		{"redirect", 302, "text/html", "", schema.SourceInvalid},
		{"forbidden", 403, "text/html", "secret text", schema.SourceInvalid},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			desk := otrstest.NewDesk(t, otrstest.Made(3, 1, "ACME"))
			inner := &http.Transport{}
			t.Cleanup(inner.CloseIdleConnections)
			hostile := false
			o := open(t, desk, func(_ *otrs.Config, d *otrs.Deps) {
				d.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
					if hostile && strings.HasSuffix(r.URL.Path, "/TicketGet") {
						return answer(r, c.status, c.kind, c.body), nil
					}
					return inner.RoundTrip(r)
				})
			}).warm(t, desk)
			hostile = true
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			rows, err := o.tickets.ByKeys(ctx, []string{"1"}, nil)
			switch c.code {
			case "", "-":
				if err != nil {
					t.Fatal(err)
				}
				if want := map[schema.Code]int{"": 1, "-": 0}[c.code]; len(rows.Items) != want {
					t.Errorf("%d rows, want %d", len(rows.Items), want)
				}
			default:
				wantCode(t, err, c.code)
				if len(rows.Items) != 0 {
					t.Errorf("%d rows beside an error", len(rows.Items))
				}
				if strings.Contains(err.Error(), "secret") {
					t.Errorf("the message holds upstream text: %s", err)
				}
			}
		})
	}
}

// What comes instead of an answer to TicketSearch.
func TestHostileSearch(t *testing.T) {
	for _, c := range []struct{ name, body string }{
		{"a text", `{"TicketID":"1"}`},
		{"an object", `{"TicketID":{"a":1}}`},
		{"null", `{"TicketID":null}`},
		{"no id", `{"TicketID":["1","abc"]}`},
		{"negative", `{"TicketID":[-1]}`},
		{"tickets", `{"Ticket":[]}`},
		{"an array", `["1"]`},
		{"half", `{"TicketID":["1"`},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			desk := otrstest.NewDesk(t, otrstest.Made(3, 1, "ACME"))
			o := open(t, desk, nil).warm(t, desk)
			desk.Do(func(*[]otrstest.Ticket, map[string]bool) {
				desk.Hook = func(w http.ResponseWriter, a otrstest.Asked) bool {
					if a.Op != "TicketSearch" {
						return false
					}
					w.Header().Set("Content-Type", "application/json")
					fmt.Fprint(w, c.body)
					return true
				}
			})
			_, err := o.tickets.List(t.Context(), datasources.Query{First: 1})
			wantCode(t, err, schema.SourceInvalid)
		})
	}
}

// Only a part of a request fails: the others have their rows.
func TestPartialFailure(t *testing.T) {
	desk := otrstest.NewDesk(t, otrstest.Made(60, 1, "A", "B", "C"))
	o := open(t, desk, func(cfg *otrs.Config, _ *otrs.Deps) { cfg.Batch = 20 }).warm(t, desk)
	desk.Do(func(*[]otrstest.Ticket, map[string]bool) {
		desk.Hook = func(w http.ResponseWriter, a otrstest.Asked) bool {
			if a.Op != "TicketGet" || a.Params["TicketID"][0] != "21" {
				return false
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"Error":{"ErrorCode":"TicketGet.InvalidParameter"}}`)
			return true
		}
	})
	rows, err := o.tickets.ByKeys(t.Context(), ids(1, 60), nil)
	var some *datasources.BatchError
	if !errors.As(err, &some) || len(some.ByKey) != 20 || len(rows.Items) != 40 {
		t.Fatalf("%d rows, %v", len(rows.Items), err)
	}
	wantCode(t, some.ByKey["25"], schema.SourceInvalid)
}

// The page asks for one row more than it shows; when one of its tickets is
// deleted between search and get, the page is made of the others.
func TestDeletedMeanwhile(t *testing.T) {
	desk := otrstest.NewDesk(t, otrstest.Made(60, 1, "A"))
	o := open(t, desk, nil).warm(t, desk)
	desk.Do(func(*[]otrstest.Ticket, map[string]bool) {
		desk.Hook = func(_ http.ResponseWriter, a otrstest.Asked) bool {
			if a.Op == "TicketGet" {
				desk.Do(func(_ *[]otrstest.Ticket, denied map[string]bool) { denied["58"] = true })
			}
			return false
		}
	})
	rows := list(t, o, datasources.Query{First: 4, Total: true})
	wantKeys(t, rows.Items, "60", "59", "57", "56")
	if rows.Totals[0] != 59 {
		t.Errorf("total %d", rows.Totals[0])
	}
}

func TestCancelled(t *testing.T) {
	desk := otrstest.NewDesk(t, otrstest.Made(60, 1, "A", "B"))
	o := open(t, desk, func(cfg *otrs.Config, _ *otrs.Deps) { cfg.Batch = 10 }).warm(t, desk)
	ctx, cancel := context.WithCancel(t.Context())
	desk.Do(func(*[]otrstest.Ticket, map[string]bool) {
		desk.Hook = func(http.ResponseWriter, otrstest.Asked) bool { cancel(); return false }
	})
	_, err := o.tickets.List(ctx, datasources.Query{First: 50})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	wantCode(t, err, schema.SourceUnavailable)
	if _, err = o.tickets.ByKeys(ctx, ids(1, 60), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err = o.tickets.ByParent(ctx, "customer", []string{"A", "B"}, datasources.Query{First: 5}); err == nil {
		t.Error("rows after the end")
	}
}

// Neither errors nor the log hold a password, a session or what the upstream said.
func TestSecrets(t *testing.T) {
	for _, auth := range []string{"session", "password", "header"} {
		for _, post := range []bool{true, false} {
			t.Run(fmt.Sprintf("auth=%s/post=%v", auth, post), func(t *testing.T) {
				desk := otrstest.NewDesk(t, otrstest.Made(20, 1, "A", "B"))
				desk.Quirks.NoPost = !post
				var seen []wire.Observation
				o := open(t, desk, func(cfg *otrs.Config, d *otrs.Deps) {
					cfg.Auth = auth
					d.Observe = func(o wire.Observation) { seen = append(seen, o) }
				}).warm(t, desk)
				texts := []string{}
				for _, body := range []string{
					`{"Error":{"ErrorCode":"TicketGet.AccessDenied","ErrorMessage":"secret text"}}`,
					`{"Error":{"ErrorCode":"TicketGet.Odd apipw","ErrorMessage":"secret text"}}`, `garbage apipw`, "hang up",
				} {
					desk.Do(func(*[]otrstest.Ticket, map[string]bool) {
						desk.Hook = func(w http.ResponseWriter, a otrstest.Asked) bool {
							if a.Op == "SessionCreate" {
								return false
							}
							if body == "hang up" {
								panic(http.ErrAbortHandler)
							}
							w.Header().Set("Content-Type", "application/json")
							fmt.Fprint(w, body)
							return true
						}
					})
					if _, err := o.tickets.ByKeys(t.Context(), ids(1, 2), nil); err != nil {
						texts = append(texts, err.Error(), fmt.Sprintf("%+v", err), causes(err))
					}
				}
				findings, err := o.Probe(t.Context())
				texts = append(texts, fmt.Sprint(findings), fmt.Sprint(err), o.log.String(), fmt.Sprint(seen), fmt.Sprint(o.Status()))
				for _, text := range texts {
					if m := secretPattern.FindString(text); m != "" {
						t.Errorf("%q in %.300s", m, text)
					}
				}
				if !strings.Contains(o.log.String(), "TicketGet") {
					t.Error("nothing was logged")
				}
			})
		}
	}
}

func causes(err error) string {
	var b strings.Builder
	for err != nil {
		b.WriteString(err.Error())
		b.WriteString("; ")
		var e *schema.Error
		if !errors.As(err, &e) {
			break
		}
		err = e.Err
	}
	return b.String()
}
