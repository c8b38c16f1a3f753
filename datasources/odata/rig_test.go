package odata

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/gather"
	"github.com/trama-graph/trama/datasources/internal/mapping"
)

// canned is a transport that answers without a network, so that what is counted is
// the connector's.
type canned struct {
	body   []byte
	header http.Header
}

func (c *canned) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: c.header, ContentLength: int64(len(c.body)), Body: io.NopCloser(bytes.NewReader(c.body)),
	}, nil
}

func paths(list ...string) mapping.Field { return mapping.Field{At: list} }

// rigConfig has properties of every type, in columns that fit them and in texts.
func rigConfig(v version) Config {
	c := DefaultConfig()
	c.Name, c.URL, c.Zone, c.Currency, c.Version, c.Metadata, c.Retries, c.In = "shop", "http://shop.invalid/svc/", "Europe/Chisinau", "EUR", int(v), "no", -1, wordNo
	c.Entities = map[string]Entity{
		"Order": {
			Set: "Orders", Key: []string{"OrderID"}, Changed: "Modified",
			Types: map[string]string{
				"OrderID": "Edm.Guid", "No": "Edm.String", "PartnerID": "Edm.Int32", "Created": "Edm.DateTimeOffset", "Modified": "Edm.DateTime", "Day": "Edm.DateTime",
				"Amount": "Edm.Decimal", "Paid": "Edm.Double", "Curr": "Edm.String", "State": "Edm.String", "Remark": "Edm.String", "Gone": "Edm.Boolean", "Big": "Edm.Int64", "Other": "Edm.Guid",
				"Partner/Name": "Edm.String", "Partner/results": "Edm.String", "Items": "Collection", "Items/Qty": "Edm.Decimal", "Items/Price": "Edm.Decimal", "Items/Label": "Edm.String",
				"Items/Product/SKU": "Edm.String", "Refs": "Collection", "Refs/No": "Edm.Int64", "Address": "Complex", "Address/City": "Edm.String", "error": "Edm.String",
			},
			Fields: mapping.Fields{
				"number": paths("No"), "customer": paths("PartnerID"), "createdAt": paths("Created"), "updatedAt": paths("Modified"), "date": paths("Day"), "dueDate": paths("NoSuch", "Items.0", "Partner/NoSuch"),
				"total": paths("Amount"), "paid": paths("Paid"), "currency": paths("Curr"), "status": {At: []string{"State"}, Map: map[string]string{"O": "open"}}, "notes": paths("Remark"), "deleted": paths("Gone"),
				"shop": paths("Big"), "paymentStatus": paths("Other"), "customerReference": paths("Partner/Name"),
				"lines":        {At: []string{"Items"}, Fields: mapping.Fields{"sku": paths("Product/SKU"), "name": paths("Label"), "quantity": paths("Qty"), "unitPrice": paths("Price")}},
				"quoteNumbers": paths("Refs/No"), "quote": paths("Address/City"), "invoice": paths("error"), "order": paths("Partner/results"),
			},
		},
		"Invoice": {
			Set: "Invoices", Key: []string{"Company", "Day", "No"},
			Types:  map[string]string{"Company": "Edm.String", "No": "Edm.Int64", "Day": "Edm.DateTime", "Total": "Edm.Decimal"},
			Fields: mapping.Fields{"number": paths("No"), "date": paths("Day"), "total": paths("Total"), "kind": {Value: "BILL"}},
		},
		"Payment": {
			Set: "Payments", Types: map[string]string{"At": "Edm.DateTimeOffset", "Sum": "Edm.Decimal"},
			Fields: mapping.Fields{"id": paths("At"), "date": paths("At"), "amount": paths("Sum")},
		},
		"Product": {
			Set: "Products", Types: map[string]string{"SKU": "Edm.String", "Name": "Edm.String", "Price": "Edm.Decimal"},
			Fields: mapping.Fields{"id": paths("SKU"), "sku": paths("SKU"), "name": paths("Name"), "price": paths("Price")},
		},
		"Contact": {
			Set: "Contacts", Types: map[string]string{"ID": "Edm.Int64", "Name": "Edm.String"},
			Fields: mapping.Fields{"id": paths("ID"), "name": paths("Name")},
		},
	}
	return c
}

// rigReader opens the rig's source over a transport that always answers the same.
func rigReader[T any, P gather.Entity[T]](tb testing.TB, v version, entity string, body []byte) *reader[T, P] {
	tb.Helper()
	src, err := Open(tb.Context(), rigConfig(v), Deps{Transport: &canned{body, http.Header{"Content-Type": {"application/json"}, "Date": {"Sun, 22 Nov 2026 10:00:00 GMT"}}}})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = src.Close() })
	r, ok := src.Reader(entity).(*reader[T, P])
	if !ok {
		tb.Fatalf("no reader of %s", entity)
	}
	return r
}

func rigView[T any, P gather.Entity[T]](tb testing.TB, v version, entity string) *view[T] {
	tb.Helper()
	w, err := rigReader[T, P](tb, v, entity, nil).open(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// reading is what became of a body, in a form that can be compared.
type reading struct {
	Err         string
	First, Last string
	Next        string
	Count, N    int
	Met         []string
	Rows        string
	Coverage    []mapping.Coverage
}

// inTwo reads a body as it was read before.
func inTwo[T any](w *view[T], x wish, stamped bool, plan *mapping.Plan[T], body []byte) (out reading) {
	names := protocolNames()
	if stamped {
		names = append(names, versionNames()...)
	}
	p, err := decodeTwice(body, mapping.NewShape(x.want.names(names)...))
	if err != nil {
		return reading{Err: err.Error()}
	}
	out = reading{N: len(p.rows), Next: p.next, Count: p.count}
	r := rewriter{lit: w.lit, want: x.want, keys: w.keys}
	keys := r.rows(p.rows)
	for i, key := range keys {
		if i == 0 {
			out.First = key
		}
		if key != "" {
			out.Last = key
		}
	}
	if out.N > 0 && out.Last == "" {
		return reading{Err: errNoKey.Error()}
	}
	shape := plan.Shape()
	if stamped {
		shape = nil
	}
	doc, err := shape.Parse(r.out)
	if err != nil {
		return reading{Err: "second: " + err.Error()}
	}
	tally := plan.Tally()
	if !stamped {
		rows, _ := plan.Rows(doc.Root(), tally, nil)
		return out.with(rows, tally)
	}
	var rows []T
	i := 0
	for rec := range doc.Root().Items() {
		var row T
		fate := plan.Row(rec, tally, &row)
		if fate == mapping.Kept {
			rows = append(rows, row)
		}
		out.Met = append(out.Met, fmt.Sprint(keys[i], w.change.of(rec), etagOf(p.rows[i]), fate))
		i++
	}
	return out.with(rows, tally)
}

// inOne reads a body as it is read now.
func inOne[T any](w *view[T], x wish, stamped bool, plan *mapping.Plan[T], body []byte) (out reading) {
	p, err := decodePage(body, x.shape)
	if err != nil {
		return reading{Err: err.Error()}
	}
	out = reading{N: p.n, Next: p.next, Count: p.count}
	var f fetched[T]
	f.n = p.n
	if err := w.amend(p, &request{wish: x, stamped: stamped}, nil, &f); err != nil {
		return reading{Err: errNoKey.Error()}
	}
	out.First, out.Last = f.first, f.last
	tally := plan.Tally()
	var rows []T
	if stamped {
		w.stamp(p.rows, plan, tally, &f)
		for _, m := range f.met {
			out.Met = append(out.Met, fmt.Sprint(m.key, m.at, m.etag, m.fate))
		}
		if rows = f.items; len(rows) == 0 {
			rows = nil
		}
	} else {
		rows, _ = plan.Rows(p.rows, tally, nil)
	}
	p.rows.Free()
	for i := range body {
		body[i] = '#' // rows point nowhere into it
	}
	return out.with(rows, tally)
}

func (r reading) with(rows any, t *mapping.Tally) reading {
	text, err := json.Marshal(rows)
	if err != nil {
		text = []byte(err.Error())
	}
	r.Rows, r.Coverage = string(text), t.Coverage()
	return r
}

// rigBody is a page of orders as a version writes them: 12 columns are asked of them.
func rigBody(v version, n int) []byte {
	var b strings.Builder
	b.WriteString(map[version]string{v2: `{"d":{"results":[`, v3: `{"odata.metadata":"http://shop.invalid/svc/$metadata#Orders","value":[`, v4: `{"@odata.context":"http://shop.invalid/svc/$metadata#Orders","value":[`}[v])
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		id := fmt.Sprintf("%08x-1111-4222-8333-%012x", i*7919, i)
		if v == v2 {
			fmt.Fprintf(&b, `{"__metadata":{"id":"http://shop.invalid/svc/Orders(guid'%s')","uri":"http://shop.invalid/svc/Orders(guid'%s')","type":"Shop.Order"},`, id, id)
			fmt.Fprintf(&b, `"OrderID":"%s","No":"SO-%06d","PartnerID":%d,"Created":"\/Date(%d+0000)\/","Modified":"\/Date(%d)\/","Day":"\/Date(1772582400000)\/","Amount":"%d.50","Paid":"0","Curr":"EUR","State":"O","Remark":"Livraison à l'étage %d","Big":"%d","Partner":{"__deferred":{"uri":"http://shop.invalid/svc/Orders(guid'%s')/Partner"}}}`,
				id, i, i%97, 1772618472000+i*60000, 1772618472000+i*61000, i*7, i, 9000000000+i, id)
			continue
		}
		amount, big, zone, etag := fmt.Sprintf("%d.50", i*7), fmt.Sprint(9000000000+i), "", fmt.Sprintf(`"@odata.etag":"W/\"%d\"",`, i)
		if v == v3 {
			amount, big, etag = `"`+amount+`"`, `"`+big+`"`, `"Amount@odata.type":"Edm.Decimal","Big@odata.type":"Edm.Int64",`
		} else {
			zone = "Z"
		}
		fmt.Fprintf(&b, `{%s"OrderID":"%s","No":"SO-%06d","PartnerID":%d,"Created":"2026-03-04T10:%02d:12Z","Modified":"2026-03-04T11:%02d:12.123%s","Day":"2026-03-04T00:00:00%s","Amount":%s,"Paid":0,"Curr":"EUR","State":"O","Remark":"Livraison à l'étage %d","Big":%s}`,
			etag, id, i, i%97, i%60, i%60, zone, zone, amount, i, big)
	}
	b.WriteString(map[version]string{v2: `],"__count":"99"}}`, v3: `],"odata.count":"99"}`, v4: `],"@odata.count":99}`}[v])
	return []byte(b.String())
}

// rigColumns are twelve, with the key that is always read.
func rigColumns() datasources.Fields {
	return datasources.NewFields("number", "customer", "createdAt", "updatedAt", "date", "total", "paid", "currency", "status", "notes", "shop")
}
