package rest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/rest"
	"github.com/trama-graph/trama/schema"
)

func shop(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		size, from := intOf(r, "limit"), intOf(r, "offset")
		switch r.URL.Query().Get("style") {
		case "page":
			from = intOf(r, "page") * size
		case "cursor":
			from = intOf(r, "after")
			out := map[string]any{"data": records(min(from, n), max(0, min(size, n-from)))}
			if from+size < n {
				out["next"] = from + size
			}
			write(w, out)
			return
		}
		write(w, records(min(from, n), max(0, min(size, n-from))))
	}
}

func pagings() map[string]rest.Paging {
	return map[string]rest.Paging{
		"page":   {Style: "page", PageParam: "page", SizeParam: "limit", Size: 10},
		"offset": {Style: "offset", OffsetParam: "offset", SizeParam: "limit", Size: 10},
		"cursor": {Style: "cursor", CursorParam: "after", CursorAt: []string{"next"}, SizeParam: "limit", Size: 10},
	}
}

func paged(s *system, style string) rest.Config {
	cfg := config(s)
	cfg.Paging = pagings()[style]
	order(&cfg, func(e *rest.Entity) { e.Query = map[string]string{"style": style} })
	return cfg
}

// TestResume ends a scan behind each page and goes on in another source from the
// mark: every row comes, and no page is asked for twice.
func TestResume(t *testing.T) {
	for style := range pagings() {
		t.Run("case="+style, func(t *testing.T) {
			s := serve(t, shop(47))
			whole, err := scan(t, open(t, s, paged(s, style)), "Order", "")
			if err != nil || len(whole.keys) != 47 {
				t.Fatalf("%d rows, %v", len(whole.keys), err)
			}
			all := s.calls()
			enough := errors.New("enough")
			for stop := 1; stop < whole.pages; stop++ {
				s.forget()
				var keys []string
				var mark datasources.Mark
				first := open(t, s, paged(s, style))
				n := 0
				err := first.Reader("Order").(datasources.Scanner[schema.Order]).Scan(t.Context(), "", func(p datasources.Scanned[schema.Order]) error {
					if n++; n > stop {
						return enough
					}
					for i := range p.Items {
						keys = append(keys, p.Items[i].Key)
					}
					mark = p.Mark
					return nil
				})
				if !errors.Is(err, enough) {
					t.Fatalf("the listener's error became %v", err)
				}
				rest, err := scan(t, open(t, s, paged(s, style)), "Order", mark)
				if err != nil {
					t.Fatal(err)
				}
				if got := append(keys, rest.keys...); !slices.Equal(got, whole.keys) {
					t.Errorf("stopped behind page %d: %v", stop, got)
				}
				// The page on which the listener stopped is asked again.
				if got := len(s.calls()); got != len(all)+1 {
					t.Errorf("stopped behind page %d: %d calls instead of %d", stop, got, len(all)+1)
				}
			}
		})
	}
	t.Run("case=a mark of another kind", func(t *testing.T) {
		s := serve(t, shop(15))
		for _, mark := range []datasources.Mark{"nonsense", `{"p":-1}`, `[]`} {
			if got, err := scan(t, open(t, s, paged(s, "page")), "Order", mark); err != nil || len(got.keys) != 15 {
				t.Errorf("%s: %d rows, %v", mark, len(got.keys), err)
			}
		}
	})
}

// TestResumeStillSeesARepeatedPage: the guard is in the mark.
func TestResumeStillSeesARepeatedPage(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { write(w, records(0, 10)) })
	cfg := paged(s, "offset")
	enough := errors.New("enough")
	var mark datasources.Mark
	_ = open(t, s, cfg).Reader("Order").(datasources.Scanner[schema.Order]).Scan(t.Context(), "", func(p datasources.Scanned[schema.Order]) error {
		mark = p.Mark
		return enough
	})
	got, err := scan(t, open(t, s, cfg), "Order", mark)
	if err != nil || len(got.keys) != 0 || !got.doubtful {
		t.Errorf("%d rows, doubtful %t, %v", len(got.keys), got.doubtful, err)
	}
}

// TestThousandPages reads a list of 1,000 pages within the memory of a few.
func TestThousandPages(t *testing.T) {
	const pages, size = 1000, 100
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		from := intOf(r, "offset")
		if from >= pages*size {
			fmt.Fprint(w, `[]`)
			return
		}
		var b strings.Builder
		for i := range size {
			fmt.Fprintf(&b, `,{"id":%d,"ref":"N%d","total":1.5,"notes":"%0200d"}`, from+i, from+i, i)
		}
		fmt.Fprintf(w, "[%s]", b.String()[1:])
	})
	cfg := config(s)
	cfg.Paging = rest.Paging{Style: "offset", OffsetParam: "offset", SizeParam: "limit", Size: size}
	order(&cfg, func(e *rest.Entity) { e.Fields["notes"] = at("notes") })
	src, err := rest.Open(t.Context(), cfg, rest.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var most, before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	rows, page := 0, 0
	err = src.Reader("Order").(datasources.Scanner[schema.Order]).Scan(t.Context(), "", func(p datasources.Scanned[schema.Order]) error {
		rows += len(p.Items)
		if page++; page%100 == 0 {
			s.forget()
			runtime.GC()
			runtime.ReadMemStats(&most)
			if grown := int64(most.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
				t.Fatalf("%d KiB more are in use behind page %d", grown>>10, page)
			}
		}
		return nil
	})
	if err != nil || rows != pages*size {
		t.Errorf("%d rows, %v", rows, err)
	}
}

func TestScanIsGivenUp(t *testing.T) {
	s := serve(t, shop(100))
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	err := open(t, s, paged(s, "page")).Reader("Order").(datasources.Scanner[schema.Order]).Scan(ctx, "", func(datasources.Scanned[schema.Order]) error {
		n++
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || n != 1 || len(s.calls()) != 1 {
		t.Errorf("%d pages, %d calls, %v", n, len(s.calls()), err)
	}
}

// TestScanWaitsForItsTurn: a rate that is used up is no failure of a scan.
func TestScanWaitsForItsTurn(t *testing.T) {
	s := serve(t, shop(25))
	cfg := paged(s, "page")
	cfg.Rate = rest.Rate{PerMinute: 600, Burst: 1} // a call each 100ms
	cfg.Timeout = 50 * time.Millisecond            // no call waits that long
	src := open(t, s, cfg)
	if got, err := scan(t, src, "Order", ""); err != nil || len(got.keys) != 25 {
		t.Errorf("%d rows, %v", len(got.keys), err)
	}
	// A query does not wait.
	_, err := orders(src).List(t.Context(), datasources.Query{First: 5})
	wantError(t, err, schema.SourceLimited)
}

func TestWindow(t *testing.T) {
	now := time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		window rest.Window
		want   string
	}{
		"days":    {rest.Window{FromParam: "dueDateStart", ToParam: "dueDateEnd", From: -48 * time.Hour, To: 24 * time.Hour}, "dueDateEnd=2026-11-22&dueDateStart=2026-11-19"},
		"seconds": {rest.Window{FromParam: "since", From: -time.Hour, Format: "unix"}, "since=1795305600"},
		"layout":  {rest.Window{ToParam: "to", To: 0, Format: "02/01/2006 15:04"}, "to=21/11/2026%2022:00"},
	} {
		t.Run("case="+name, func(t *testing.T) {
			s := serve(t, shop(0))
			cfg := config(s)
			cfg.Locale.Zone = "America/Sao_Paulo"
			order(&cfg, func(e *rest.Entity) { e.Window = c.window })
			if _, err := scan(t, openWith(t, s, cfg, rest.Deps{Now: func() time.Time { return now }}), "Order", ""); err != nil {
				t.Fatal(err)
			}
			got := strings.TrimPrefix(s.calls()[0], "GET /orders?")
			parts := strings.Split(got, "&")
			slices.Sort(parts)
			if strings.Join(parts, "&") != c.want {
				t.Errorf("asked %q, want %q", got, c.want)
			}
		})
	}
}
