package unknown_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/unknown"
)

// envelope is whatever a list may be wrapped in.
type envelope struct {
	Data, Items []row
	Pagination  *struct {
		Total, Page, Limit int
		PageCount          int `json:"page_count"`
	}
	Count      *int
	HasMore    *bool   `json:"has_more"`
	NextCursor *string `json:"next_cursor"`
	Metadata   *struct {
		Rowcount   int
		IsSuccess  bool
		Count      *int
		NextCursor *string `json:"next_cursor"`
		Pagination *struct{ Total int }
	}
	Error any
}

// shopOrders is the number of orders of customers whom the books know, counted without the shop.
func shopOrders() (n int) {
	for i := 1; i <= demo.Customers(); i++ {
		if len(demo.Customer(i).Books) > 0 {
			n += len(demo.Orders(i))
		}
	}
	return n
}

func TestShopPagesAreWhole(t *testing.T) {
	const limit = 7
	for _, tc := range []struct {
		name string
		opts unknown.ShopOptions
		// next reads a page and says with which parameter the next one is asked for; nil at the end.
		next func(t *testing.T, c *client, a answer, n int) ([]row, []string)
	}{
		{"page, bare", unknown.ShopOptions{}, func(t *testing.T, _ *client, a answer, n int) ([]row, []string) {
			if a.status == 404 {
				return nil, nil
			}
			return as[[]row](t, a.want(t, 200)), []string{"page", strconv.Itoa(n + 1)}
		}},
		{"page, bare, no 404", unknown.ShopOptions{EmptyArray: true}, func(t *testing.T, _ *client, a answer, n int) ([]row, []string) {
			rows := as[[]row](t, a.want(t, 200))
			if len(rows) == 0 {
				equal(t, "body", a.body, "[]")
				return nil, nil
			}
			return rows, []string{"page", strconv.Itoa(n + 1)}
		}},
		{"offset", unknown.ShopOptions{Paging: unknown.Offset, EmptyArray: true}, func(t *testing.T, _ *client, a answer, n int) ([]row, []string) {
			e := as[envelope](t, a.want(t, 200))
			equal(t, "count", *e.Count, shopOrders())
			if len(e.Items) == 0 {
				return nil, nil
			}
			return e.Items, []string{"offset", strconv.Itoa((n + 1) * limit)}
		}},
		{"cursor", unknown.ShopOptions{Paging: unknown.Cursor}, func(t *testing.T, _ *client, a answer, _ int) ([]row, []string) {
			e := as[envelope](t, a.want(t, 200))
			equal(t, "has_more", *e.HasMore, e.NextCursor != nil)
			if e.NextCursor == nil {
				return e.Data, nil
			}
			return e.Data, []string{"starting_after", *e.NextCursor}
		}},
		{"cursor, errors in body", unknown.ShopOptions{Paging: unknown.Cursor, ErrorsInBody: true}, func(t *testing.T, _ *client, a answer, _ int) ([]row, []string) {
			e := as[envelope](t, a.want(t, 200))
			equal(t, "rowcount", e.Metadata.Rowcount, len(e.Data))
			if e.Metadata.NextCursor == nil {
				return e.Data, nil
			}
			return e.Data, []string{"starting_after", *e.Metadata.NextCursor}
		}},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			s, c := shop(t, tc.opts)
			var got []string
			params := []string{}
			for n := 0; ; n++ {
				a := c.get("/orders", append([]string{"limit", strconv.Itoa(limit)}, params...)...)
				rows, next := tc.next(t, c, a, n)
				got = append(got, column(rows, "id")...)
				if next == nil {
					break
				}
				if len(rows) > limit || n > 100 {
					t.Fatalf("page %d has %d rows", n, len(rows))
				}
				params = next
			}
			want := ids(s.Records("orders"))
			if len(want) <= 3*limit {
				t.Fatalf("%d orders are too few for a test of pages", len(want))
			}
			equal(t, "ids", got, want)
		})
	}
}

func TestShopLists(t *testing.T) {
	s, c := shop(t, unknown.ShopOptions{})
	total := len(s.Records("orders"))

	t.Run("case=default limit", func(t *testing.T) {
		equal(t, "rows", len(as[[]row](t, c.get("/products").want(t, 200))), 100)
	})
	t.Run("case=no limit", func(t *testing.T) {
		equal(t, "rows", len(as[[]row](t, c.get("/orders", "limit", "0").want(t, 200))), total)
	})
	t.Run("case=envelope", func(t *testing.T) {
		e := as[envelope](t, c.get("/orders", "limit", "10", "page", "2", "pagination_data", "true").want(t, 200))
		equal(t, "pagination", fmt.Sprint(*e.Pagination), fmt.Sprintf("{%d 2 10 %d}", total, (total+9)/10))
		equal(t, "ids", column(e.Data, "id"), ids(s.Records("orders"))[20:30])
	})
	t.Run("case=envelope without limit divides by nought", func(t *testing.T) {
		c.get("/orders", "limit", "0", "pagination_data", "true").want(t, 500)
	})
	t.Run("case=empty page", func(t *testing.T) {
		a := c.get("/orders", "page", "1000").want(t, 404)
		equal(t, "body", a.body, `{"error":{"code":404,"message":"Not Found: No order found"}}`)
		c.get("/orders", "page", "1000", "pagination_data", "true").want(t, 404)
	})
	t.Run("case=negative page is the first", func(t *testing.T) {
		equal(t, "ids", column(as[[]row](t, c.get("/orders", "page", "-1", "limit", "2").want(t, 200)), "id"), ids(s.Records("orders"))[:2])
	})
	t.Run("case=overflow", func(t *testing.T) {
		c.get("/orders", "page", "2147483647", "limit", "2147483647").want(t, 404)
	})
	t.Run("case=not a number", func(t *testing.T) {
		c.get("/orders", "limit", "ten").want(t, 400)
		c.get("/orders", "page", "1.5").want(t, 400)
	})
	t.Run("case=sorted down", func(t *testing.T) {
		rows := as[[]row](t, c.get("/orders", "sortfield", "t.rowid", "sortorder", "DESC", "limit", "3").want(t, 200))
		want := ids(s.Records("orders"))
		slices.Reverse(want)
		equal(t, "ids", column(rows, "id"), want[:3])
	})
	t.Run("case=sorted by two", func(t *testing.T) {
		rows := as[[]row](t, c.get("/orders", "sortfield", "t.fk_soc,t.rowid", "sortorder", "ASC,DESC", "limit", "0").want(t, 200))
		for i := 1; i < len(rows); i++ {
			a, b := rows[i-1], rows[i]
			sa, sb := atoi(t, a["socid"]), atoi(t, b["socid"])
			if sa > sb || sa == sb && atoi(t, a["id"]) < atoi(t, b["id"]) {
				t.Fatalf("%v/%v stands before %v/%v", sa, a["id"], sb, b["id"])
			}
		}
	})
	t.Run("case=sorted by the name in JSON", func(t *testing.T) {
		c.get("/orders", "sortfield", "id").want(t, 503)
		c.get("/orders", "sortfield", "t.socid").want(t, 503)
	})
	t.Run("case=properties", func(t *testing.T) {
		for _, r := range as[[]row](t, c.get("/orders", "properties", "id,ref,nothing", "limit", "4").want(t, 200)) {
			equal(t, "members", len(r), 2)
		}
	})
	t.Run("case=unknown parameters are ignored", func(t *testing.T) {
		equal(t, "rows", len(as[[]row](t, c.get("/orders", "customer", "1", "limit", "0").want(t, 200))), total)
	})
	t.Run("case=limit cut without a word", func(t *testing.T) {
		_, c := shop(t, unknown.ShopOptions{MaxLimit: 5})
		equal(t, "rows", len(as[[]row](t, c.get("/orders", "limit", "50").want(t, 200))), 5)
		equal(t, "rows", len(as[[]row](t, c.get("/orders", "limit", "0").want(t, 200))), 5)
		equal(t, "rows", len(as[[]row](t, c.get("/orders", "limit", "3").want(t, 200))), 3)
	})
	t.Run("case=cursors", func(t *testing.T) {
		_, c := shop(t, unknown.ShopOptions{Paging: unknown.Cursor})
		next := *as[envelope](t, c.get("/orders", "limit", "3").want(t, 200)).NextCursor
		c.get("/orders", "limit", "3", "starting_after", next).want(t, 200)
		c.get("/orders", "limit", "3", "starting_after", next, "sortorder", "DESC").want(t, 400)
		c.get("/invoices", "limit", "3", "starting_after", next).want(t, 400)
		c.get("/orders", "limit", "3", "starting_after", next+"x").want(t, 400)
		c.get("/orders", "starting_after", s.Records("orders")[0].ID).want(t, 400)
	})
	t.Run("case=negative offset", func(t *testing.T) {
		_, c := shop(t, unknown.ShopOptions{Paging: unknown.Offset})
		c.get("/orders", "offset", "-1").want(t, 400)
	})
}

func atoi(t *testing.T, v any) int {
	t.Helper()
	n, err := strconv.Atoi(v.(string))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
