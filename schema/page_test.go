package schema_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/trama-graph/trama/schema"
)

// TestPartsOfAPage holds that the last part says where the whole page stands, whichever
// parts are empty.
func TestPartsOfAPage(t *testing.T) {
	letters := func(s string) (list []*string) {
		for _, r := range s {
			x := string(r)
			list = append(list, &x)
		}
		return list
	}
	for _, tt := range []struct {
		name, start, end string
		parts            []string
	}{
		{"one", "a", "c", []string{"abc"}},
		{"two", "a", "d", []string{"abc", "d"}},
		{"an empty one in between", "a", "d", []string{"ab", "", "cd"}},
		{"an empty first", "a", "b", []string{"", "ab"}},
		{"an empty last", "a", "b", []string{"ab", ""}},
		{"nothing", "", "", []string{"", ""}},
	} {
		t.Run("case="+tt.name, func(t *testing.T) {
			var follow func(before *schema.Page[string], i int) *schema.Page[string]
			follow = func(before *schema.Page[string], i int) *schema.Page[string] {
				page := &schema.Page[string]{Nodes: letters(tt.parts[i]), CursorOf: func(x *string) string { return *x }}
				var next func(context.Context) (*schema.Page[string], error)
				if i+1 < len(tt.parts) {
					next = func(context.Context) (*schema.Page[string], error) { return follow(page, i+1), nil }
				}
				before.Follow(page, next)
				return page
			}
			page, n := follow(&schema.Page[string]{}, 0), 1
			for rest := page.Rest(); rest != nil; rest = page.Rest() {
				next, err := rest(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				page = next.(*schema.Page[string])
				n++
			}
			text := func(s *string) string {
				if s == nil {
					return ""
				}
				return *s
			}
			if info := page.PageInfo(); n != len(tt.parts) || text(info.StartCursor) != tt.start || text(info.EndCursor) != tt.end {
				t.Errorf("after %d parts it is %q to %q", n, text(info.StartCursor), text(info.EndCursor))
			}
			if page.Missing = []string{"crm"}; page.PageInfo().EndCursor != nil {
				t.Error("a page that misses rows has an end")
			}
		})
	}
	lost := errors.New("lost")
	page := &schema.Page[string]{}
	(&schema.Page[string]{}).Follow(page, func(context.Context) (*schema.Page[string], error) { return nil, lost })
	if next, err := page.Rest()(t.Context()); next != nil || !errors.Is(err, lost) {
		t.Errorf("got %v, %v", next, err)
	}
	page = &schema.Page[string]{Nodes: letters("ab"), CursorOf: func(x *string) string { return *x }}
	var cursors []string
	for _, e := range page.Edges() {
		cursors = append(cursors, e.Cursor+*e.Node)
	}
	if !slices.Equal(cursors, []string{"aa", "bb"}) || page.Rest() != nil {
		t.Errorf("edges are %v", cursors)
	}
}
