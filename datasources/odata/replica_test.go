package odata_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/odata"
	"github.com/trama-graph/trama/schema"
)

// newDesk is a service of orders that tell when they were changed.
func newDesk(t *testing.T, version, n int) (*fake, odata.Config) {
	t.Helper()
	moment := "Edm.DateTimeOffset"
	if version == 2 {
		moment = "Edm.DateTime"
	}
	set := &fakeSet{typ: "Order", key: []string{"OrderID"}, props: []fakeProp{
		{"OrderID", "Edm.Guid", true},
		{"OrderNo", "Edm.String", false},
		{"Remark", "Edm.String", false},
		{"Gone", "Edm.Boolean", true},
		{"Changed", moment, false},
	}}
	f := newFake(t, version, map[string]*fakeSet{"Orders": set})
	f.zone = chisinau
	for i := range n {
		f.insert(fmt.Sprintf("%08x-0000-4000-8000-%012x", (i*7919)%1000, i), began.Add(time.Duration(i/9)*time.Hour))
	}
	c := odata.DefaultConfig()
	c.Name, c.URL, c.Zone, c.Currency, c.Page, c.Retries = "shop", f.root(), "Europe/Chisinau", "MDL", 7, -1
	c.Auth.Kind, c.Auth.User, c.Auth.Password = "basic", "svc", "hunter2-secret"
	c.Entities = map[string]odata.Entity{"Order": {Set: "Orders", Changed: "Changed", Fields: mapping.Fields{
		"number": at1("OrderNo"), "notes": at1("Remark"), "updatedAt": at1("Changed"), "deleted": at1("Gone"),
	}}}
	return f, c
}

var began = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

func (f *fake) insert(key string, at time.Time) {
	s := f.sets["Orders"]
	s.rows = append(slices.Clone(s.rows), row{"OrderID": uid(key), "OrderNo": "SO-" + key[:8], "Remark": "", "Gone": false, "Changed": at})
}

// edit changes the n-th order, nil removes it.
func (f *fake) edit(n int, change func(row) row) {
	s := f.sets["Orders"]
	x := row{}
	for k, v := range s.rows[n] {
		x[k] = v
	}
	s.rows = slices.Clone(s.rows)
	if x = change(x); x == nil {
		s.rows = slices.Delete(s.rows, n, n+1)
		return
	}
	s.rows[n] = x
}

// replica is a copy as the loop keeps one, in memory.
type replica struct {
	t      *testing.T
	r      datasources.Reader[schema.Order]
	rows   map[string]string
	vers   map[string]string
	cursor datasources.Cursor
}

func newReplica(t *testing.T, src datasources.Source) *replica {
	c := &replica{t: t, r: orders(src), rows: map[string]string{}, vers: map[string]string{}}
	head, err := c.r.(datasources.Follower[schema.Order]).Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.cursor, c.rows = head, c.source()
	return c
}

func (c *replica) source() map[string]string {
	c.t.Helper()
	all := map[string]string{}
	if err := c.r.(scanner).Scan(c.t.Context(), "", func(p datasources.Scanned[schema.Order]) error {
		for i := range p.Items {
			all[p.Items[i].Key] = text(c.t, &p.Items[i])
		}
		return nil
	}); err != nil {
		c.t.Fatal(err)
	}
	return all
}

func text(t *testing.T, x any) string {
	b, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (c *replica) follow() (rows, parts int) {
	c.t.Helper()
	for {
		n, more := c.part()
		rows, parts = rows+n, parts+1
		if !more {
			return rows, parts
		}
		if parts > 10_000 {
			c.t.Fatal("it never ends")
		}
	}
}

func (c *replica) part() (rows int, more bool) {
	c.t.Helper()
	got, err := c.r.(datasources.Follower[schema.Order]).Since(c.t.Context(), c.cursor)
	if err != nil {
		c.t.Fatal(err)
	}
	for i := range got.Items {
		c.rows[got.Items[i].Key] = text(c.t, &got.Items[i])
		delete(c.vers, got.Items[i].Key)
	}
	for _, key := range got.Deleted {
		delete(c.rows, key)
	}
	c.cursor = got.Next
	return len(got.Items), got.More
}

func (c *replica) sweep() (read, removed int) {
	c.t.Helper()
	met := map[string]bool{}
	var stale []string
	if err := c.r.(datasources.KeyScanner).ScanKeys(c.t.Context(), "", func(p datasources.Scanned[datasources.Keyed]) error {
		for _, k := range p.Items {
			met[k.Key] = true
			if old, ok := c.vers[k.Key]; !ok || k.Version == "" || old != k.Version || c.rows[k.Key] == "" {
				stale = append(stale, k.Key)
			}
			c.vers[k.Key] = k.Version
		}
		return nil
	}); err != nil {
		c.t.Fatal(err)
	}
	if len(stale) > 0 {
		found, err := c.r.ByKeys(c.t.Context(), stale, nil)
		if err != nil {
			c.t.Fatal(err)
		}
		for i := range found.Items {
			c.rows[found.Items[i].Key] = text(c.t, &found.Items[i])
		}
	}
	for key := range c.rows {
		if !met[key] {
			delete(c.rows, key)
			removed++
		}
	}
	return len(stale), removed
}

func (c *replica) wantSame(what string) {
	c.t.Helper()
	var list []string
	truth := c.source()
	for key, x := range truth {
		if c.rows[key] != x {
			list = append(list, fmt.Sprintf("%s: have %s\n want %s", key, c.rows[key], x))
		}
	}
	for key := range c.rows {
		if _, ok := truth[key]; !ok {
			list = append(list, key+" is gone")
		}
	}
	if len(list) > 0 {
		slices.Sort(list)
		c.t.Fatalf("%s: %d rows differ:\n%s", what, len(list), strings.Join(list[:min(3, len(list))], "\n"))
	}
}
