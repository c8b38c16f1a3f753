package odata_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/odata"
	"github.com/trama-graph/trama/schema"
)

type scanner = datasources.Scanner[schema.Order]

// scanned runs a scan to its end and returns the keys, in order, and its pages'
// marks.
func scanned(ctx context.Context, s scanner, from datasources.Mark) (keys []string, marks []datasources.Mark, last datasources.Scanned[schema.Order], err error) {
	err = s.Scan(ctx, from, func(p datasources.Scanned[schema.Order]) error {
		for i := range p.Items {
			keys = append(keys, p.Items[i].Key)
		}
		marks = append(marks, p.Mark)
		last = p
		return nil
	})
	return keys, marks, last, err
}

// TestScanGoesOnFromEachMark stops a scan behind every page and goes on with
// another source, as another process would.
func TestScanGoesOnFromEachMark(t *testing.T) {
	for _, version := range []int{2, 3, 4} {
		for _, x := range []struct {
			name     string
			with     func(*fake)
			shifting bool
		}{
			{"plain", func(*fake) {}, false},
			{"links", func(f *fake) { f.pageCap = 4 }, false},
			{"pages cut off without a link", func(f *fake) { f.silentCap = 3 }, false},
			{"keys cannot be compared", func(f *fake) { f.noGUIDOrder = true }, true},
			{"keys cannot be compared, pages cut off", func(f *fake) { f.noGUIDOrder, f.silentCap = true, 3 }, true},
		} {
			t.Run(fmt.Sprintf("case=v%d %s", version, x.name), func(t *testing.T) {
				f := newShop(t, version)
				x.with(f)
				c := shopConfig(f)
				c.Page = 7
				whole, marks, last, err := scanned(t.Context(), orders(open(t, c)).(scanner), "")
				if err != nil {
					t.Fatal(err)
				}
				if len(whole) != 60 || !last.Last || last.Doubtful || last.Shifting != x.shifting {
					t.Fatalf("%d rows, end %+v", len(whole), last)
				}
				for i, mark := range marks {
					rest, _, last, err := scanned(t.Context(), orders(open(t, c)).(scanner), mark)
					if err != nil || !last.Last {
						t.Fatalf("from mark %d: %v", i, err)
					}
					// A scan by key that must change to counting begins anew.
					done := len(whole) - len(rest)
					if !slices.Equal(rest, whole[done:]) {
						t.Fatalf("from mark %d other rows came", i)
					}
					if !x.shifting && i == 0 && len(rest) == len(whole) {
						t.Errorf("the mark is of no use")
					}
				}
			})
		}
	}
}

// TestScanDoesNotShift adds and removes rows between the pages: a row that is there
// all the time comes once.
func TestScanDoesNotShift(t *testing.T) {
	f := newShop(t, 4)
	c := shopConfig(f)
	c.Page = 10
	set := f.sets["SalesOrders"]
	there := map[string]bool{}
	for _, r := range set.rows[:50] {
		there[string(r["OrderID"].(uid))] = true
	}
	var got []string
	err := orders(open(t, c)).(scanner).Scan(t.Context(), "", func(p datasources.Scanned[schema.Order]) error {
		for i := range p.Items {
			if there[p.Items[i].Key] {
				got = append(got, p.Items[i].Key)
			}
		}
		if len(set.rows) > 50 {
			set.rows = set.rows[:len(set.rows)-2]
		}
		set.rows = append([]row{{"OrderID": uid(fmt.Sprintf("00000000-0000-4000-8000-aaaaaaaaaa%02d", len(got))), "OrderNo": "new", "Gone": false, "Items": []row{}}}, set.rows...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	if n := len(slices.Compact(slices.Clone(got))); n != len(got) || n != len(there) {
		t.Errorf("%d rows, %d distinct, want %d", len(got), n, len(there))
	}
}

func TestScanOfHostileServers(t *testing.T) {
	for _, x := range []struct {
		name string
		with func(*fake, *odata.Config)
		want schema.Code
	}{
		{"the filter is ignored", func(f *fake, _ *odata.Config) { f.ignoreFilter = true }, schema.SourceInvalid},
		{"skip is ignored", func(f *fake, _ *odata.Config) { f.noGUIDOrder, f.ignoreSkip = true, true }, schema.SourceInvalid},
		{"gone", func(f *fake, _ *odata.Config) { f.Close() }, schema.SourceUnavailable},
	} {
		t.Run("case="+x.name, func(t *testing.T) {
			f := newShop(t, 4)
			c := shopConfig(f)
			c.Page, c.Retries = 10, -1
			x.with(f, &c)
			src := open(t, c)
			keys, _, _, err := scanned(t.Context(), orders(src).(scanner), "")
			if schema.CodeOf(err) != x.want {
				t.Errorf("got %v after %d rows", err, len(keys))
			}
			if len(f.calls()) > 10 {
				t.Error("it went on and on")
			}
		})
	}
}

func TestScanReportsProblems(t *testing.T) {
	f := newShop(t, 2)
	f.silentCap = 30
	src := open(t, shopConfig(f))
	find := func(field, kind string) int {
		for _, p := range src.(datasources.Reporter).Problems() {
			if p.Entity == "Order" && p.Field == field && p.Kind == kind {
				return p.Count
			}
		}
		return 0
	}
	for range 2 { // the counts are of the last scan, not of both
		if _, _, _, err := scanned(t.Context(), orders(src).(scanner), ""); err != nil {
			t.Fatal(err)
		}
		if n := find("dueDate", "none of its candidates occurs"); n != 60 {
			t.Errorf("a field no property has: %d records", n)
		}
		if n := find("", "page cut off without a link"); n == 0 {
			t.Error("pages cut off in silence are not reported")
		}
	}
	enough := errors.New("enough")
	if err := orders(src).(scanner).Scan(t.Context(), "", func(datasources.Scanned[schema.Order]) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("the listener's error became %v", err)
	}
	for _, mark := range []datasources.Mark{"x", "k:no-guid", "s:-1", "s:x", "k:"} {
		if _, _, _, err := scanned(t.Context(), orders(src).(scanner), mark); schema.CodeOf(err) != schema.BadRequest {
			t.Errorf("a mark that makes no sense: %v", err)
		}
	}
	_, marks, _, err := scanned(t.Context(), orders(src).(scanner), "")
	if err != nil || !strings.HasPrefix(string(marks[0]), "k:") {
		t.Errorf("marks %v, %v", marks[0], err)
	}
}
