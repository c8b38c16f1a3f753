package onec_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
	"github.com/trama-graph/trama/datasources/sandbox/onec"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// TestEdit changes, dates back, marks, deletes and restores a bill.
func TestEdit(t *testing.T) {
	const set = "Document_СчетНаОплатуПокупателю"
	s := onec.New(world.New(3, 40), onec.Options{QueryLimit: -1})
	get := func(filter string) []map[string]any {
		t.Helper()
		q := strings.ReplaceAll(url.Values{"$format": {"json"}, "$select": {"Ref_Key,DataVersion,DeletionMark,Date,Комментарий"}, "$filter": {filter}, "$orderby": {"Date,Ref_Key"}}.Encode(), "+", "%20")
		r := httptest.NewRequest(http.MethodGet, onec.Base+url.PathEscape(set)+"?"+q, nil)
		r.SetBasicAuth(onec.DefaultUser, onec.DefaultPassword)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		var doc struct{ Value []map[string]any }
		if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%d %v %s", w.Code, err, w.Body)
		}
		return doc.Value
	}
	const every = "Date gt datetime'2000-01-01T00:00:00'"
	all := get(every)
	bill := all[len(all)/2]
	ref := fmt.Sprint(bill["Ref_Key"])
	one := func() map[string]any {
		t.Helper()
		list := get("Ref_Key eq guid'" + ref + "'")
		if len(list) != 1 {
			t.Fatalf("%d bills with the key", len(list))
		}
		return list[0]
	}
	if !s.Edit(set, ref, map[string]odatafake.Value{"Комментарий": odatafake.Text("neu")}) {
		t.Fatal("there is no such bill")
	}
	first := one()
	if first["Комментарий"] != "neu" || first["DataVersion"] == bill["DataVersion"] || first["Date"] != bill["Date"] {
		t.Errorf("edited: %v, before %v", first, bill)
	}
	back := time.Date(2019, 5, 1, 12, 0, 0, 0, time.UTC)
	s.Edit(set, ref, map[string]odatafake.Value{"Date": odatafake.Wall(back, time.UTC)})
	if now := get("Date lt datetime'2019-06-01T00:00:00'"); len(now) != 1 || now[0]["Ref_Key"] != ref || now[0]["DataVersion"] == first["DataVersion"] || now[0]["Комментарий"] != "neu" {
		t.Errorf("dated back: %v", now)
	}
	s.MarkDeleted(set, ref, true)
	if now := one(); now["DeletionMark"] != true {
		t.Errorf("marked: %v", now)
	}
	s.Delete(set, ref)
	if n := len(get(every)); n != len(all)-1 {
		t.Errorf("deleted: %d bills, before %d", n, len(all))
	}
	s.Restore(set, ref)
	if n := len(get(every)); n != len(all) {
		t.Errorf("restored: %d bills, before %d", n, len(all))
	}
	if s.Edit(set, odatafake.ZeroGUID, nil) || s.Delete("Catalog_X", ref) {
		t.Error("what is not there was edited")
	}
}
