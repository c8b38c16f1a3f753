package unknown_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/unknown"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// FuzzLedger sends any query to each version: whatever it is, the answer is JSON, and a mistake is the caller's.
func FuzzLedger(f *testing.F) {
	for _, seed := range [][2]string{
		{"SalesOrders", "$filter=Number eq 'O''x' and not (StatusCode ge 3)&$top=2&$count=true"},
		{"SalesInvoices(9007199254740993L)", "$select=DocEntry,Items/LineNumber&$expand=Items"},
		{"SalesInvoices", "$filter=DocDate gt datetime'2026-01-01T00:00:00' and GrossAmount gt 1.5M and substringof('x',Status)&$inlinecount=allpages"},
		{"SalesInvoices", "$filter=DocEntry in (1,2) or contains(Status,'a') and DocDate lt 2026-01-01T00:00:00.5%2B02:00&$orderby=DocDate desc"},
		{"SalesOrderItems(SalesOrderNumber='x',LineNumber=10)", "$expand=Items($select=LineNumber;$select=x)"},
		{"BusinessPartners(guid'11111111-2222-4333-8444-555555555555')/Items", "$skiptoken=MTIz"},
	} {
		f.Add(seed[0], seed[1])
	}
	small := world.New(3, 12)
	ledgers := map[int]*unknown.Ledger{}
	for _, v := range []int{2, 3, 4} {
		ledgers[v] = unknown.NewLedger(small, unknown.LedgerOptions{Version: v, PageSize: 5})
	}
	f.Fuzz(func(t *testing.T, path, query string) {
		for version, l := range ledgers {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, unknown.LedgerBase, http.NoBody)
			r.URL = &url.URL{Path: unknown.LedgerBase + path, RawQuery: query}
			r.RequestURI = ""
			r.SetBasicAuth(unknown.LedgerUser, unknown.LedgerPassword)
			r.Header.Set("Accept", "application/json")
			w := httptest.NewRecorder()
			l.ServeHTTP(w, r)
			switch w.Code {
			case 200, 204, 400, 404, 414, 415, 501:
			default:
				t.Errorf("version %d answers %d", version, w.Code)
			}
			if kind := w.Header().Get("Content-Type"); len(kind) > 16 && kind[:16] == "application/json" && w.Code != 204 && !json.Valid(w.Body.Bytes()) {
				t.Errorf("version %d answers %s", version, w.Body)
			}
		}
	})
}

// FuzzShop sends any query to the shop.
func FuzzShop(f *testing.F) {
	for _, seed := range [][2]string{
		{"/orders", "sqlfilters=(t.ref:like:'CO%25') and ((t.tms:>:'20260101') or (t.rowid:in:1,2))&limit=3"},
		{"/orders", "sortfield=t.rowid,t.tms&sortorder=DESC&page=1&pagination_data=true"},
		{"/orders/ref/(PROV104)", "properties=id,ref"},
		{"/invoices/14/payments", "thirdparty_ids=1,,2"},
	} {
		f.Add(seed[0], seed[1])
	}
	shop := unknown.NewShop(world.New(3, 12), unknown.ShopOptions{})
	f.Fuzz(func(t *testing.T, path, query string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, unknown.ShopBase, http.NoBody)
		r.URL = &url.URL{Path: unknown.ShopBase + path, RawQuery: query}
		r.Header.Set("DOLAPIKEY", unknown.ShopKey)
		w := httptest.NewRecorder()
		shop.ServeHTTP(w, r)
		switch w.Code {
		case 200, 400, 403, 404, 500, 503:
		default:
			t.Errorf("answers %d", w.Code)
		}
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("answers %s", w.Body)
		}
	})
}
