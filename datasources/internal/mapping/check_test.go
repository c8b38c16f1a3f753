package mapping_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

func TestCheck(t *testing.T) {
	type fields = mapping.Fields
	for name, c := range map[string]struct {
		entity string
		fields fields
		want   []string
	}{
		"good":               {"Order", commande().Fields, nil},
		"no such entity":     {"Ordre", fields{}, []string{"Ordre is no entity that can be mapped, did you mean Order?"}},
		"no key":             {"Order", fields{"number": at("ref")}, []string{"id: missing: a record without a key"}},
		"unknown column":     {"Order", fields{"id": at("id"), "numbr": at("ref")}, []string{"numbr: unknown column, did you mean number?"}},
		"unknown, far off":   {"Order", fields{"id": at("id"), "frobnication": at("x")}, []string{"frobnication: unknown column"}},
		"nothing said":       {"Order", fields{"id": at("id"), "number": {}}, []string{"number: says neither at nor value"}},
		"both said":          {"Order", fields{"id": at("id"), "status": {At: []string{"x"}, Value: "y"}}, []string{"status: at and value exclude each other"}},
		"no path":            {"Order", fields{"id": at("id", "a..b", "id")}, []string{"id.at[1]: a step of the path is empty", "id.at[2]: is there twice"}},
		"inverse text":       {"Order", fields{"id": at("id"), "status": {At: []string{"x"}, Inverse: true}}, []string{"status.inverse: does not fit a column that is a text"}},
		"decimals of a date": {"Order", fields{"id": at("id"), "date": {At: []string{"x"}, Decimals: "dot"}}, []string{"date.decimals: does not fit"}},
		"dates of an amount": {"Order", fields{"id": at("id"), "total": {At: []string{"x"}, Dates: []string{"2006-01-02"}}}, []string{"total.dates: does not fit"}},
		"a wrong layout":     {"Order", fields{"id": at("id"), "date": {At: []string{"x"}, Dates: []string{"dd/mm"}}}, []string{"date.dates[0]: is no layout"}},
		"a wrong style":      {"Order", fields{"id": at("id"), "total": {At: []string{"x"}, Decimals: "point"}}, []string{"total.decimals: expected auto, dot or comma"}},
		"lines without":      {"Order", fields{"id": at("id"), "lines": at("lines")}, []string{"lines.fields: missing"}},
		"unknown in lines":   {"Order", fields{"id": at("id"), "lines": {At: []string{"l"}, Fields: fields{"qty": at("q")}}}, []string{"lines.fields.qty: unknown column"}},
		"fields of a text":   {"Order", fields{"id": at("id"), "status": {At: []string{"l"}, Fields: fields{"a": at("q")}}}, []string{"status.fields: does not fit"}},
		"an unknown kind":    {"Invoice", fields{"id": at("id"), "kind": {Value: "PROFORMA"}}, []string{`kind.value: "PROFORMA" is not one of [BILL SALE TAX]`}},
		"a map to no kind":   {"Invoice", fields{"id": at("id"), "kind": {At: []string{"k"}, Map: map[string]string{"0": "BILL", "1": "CREDIT"}}}, []string{`kind.map["1"]: "CREDIT" is not one of`}},
		"a map to no truth":  {"Invoice", fields{"id": at("id"), "posted": {At: []string{"k"}, Map: map[string]string{"V": "oui"}}}, []string{`posted.map["V"]: expected true or false`}},
		"no currency":        {"Invoice", fields{"id": at("id"), "currency": {Value: "EURO"}}, []string{"currency.value: expected an ISO 4217 code"}},
		"foreign ids":        {"Customer", fields{"id": at("id"), "foreignIds": at("uid")}, []string{"foreignIds: expected fields: a path for each system"}},
		"stock without sku":  {"stock", fields{"available": at("dispo")}, []string{"sku: missing"}},
	} {
		t.Run("case="+name, func(t *testing.T) { wantErrors(t, mapping.Check(c.entity, c.fields), c.want...) })
	}
}

// TestColumnsAreReadable holds the tables against the row types: a column that
// predicates may name is answered by the row, once it was read from a record.
func TestColumnsAreReadable(t *testing.T) {
	fields := func(entity string) mapping.Fields {
		f := mapping.Fields{}
		for _, c := range mapping.Columns(entity) {
			switch {
			case c.Type == mapping.Nested:
				sub := mapping.Fields{}
				for _, n := range c.Nested {
					sub[n.Name] = at(n.Name)
				}
				f[c.Name] = mapping.Field{At: []string{c.Name}, Fields: sub}
			case c.Type == mapping.TextMap:
				f[c.Name] = mapping.Field{Fields: mapping.Fields{"crm": at("crm")}}
			case c.Values != nil:
				f[c.Name] = mapping.Field{Value: c.Values[0]}
			case c.Name == "deleted":
			case c.Name == "country":
				f[c.Name] = mapping.Field{Value: "MD"}
			default:
				f[c.Name] = at(string(c.Type))
			}
		}
		return f
	}
	record := `{"text":"EUR","time":"2026-03-04","amount":"5.00","number":2,"truth value":true,"whole number":3,"list of texts":["N1"],"crm":"c",
		"lines":[{"sku":"A"}],"states":[{"status":"x"}],"stock":[{"warehouse":"w"}]}`
	checkRow[schema.Boleto](t, "Boleto", fields("Boleto"), record)
	checkRow[schema.Contact](t, "Contact", fields("Contact"), record)
	checkRow[schema.DeliveryNote](t, "DeliveryNote", fields("DeliveryNote"), record)
	checkRow[schema.Invoice](t, "Invoice", fields("Invoice"), record)
	checkRow[schema.Order](t, "Order", fields("Order"), record)
	checkRow[schema.Payable](t, "Payable", fields("Payable"), record)
	checkRow[schema.Payment](t, "Payment", fields("Payment"), record)
	checkRow[schema.Product](t, "Product", fields("Product"), record)
	checkRow[schema.PurchaseOrder](t, "PurchaseOrder", fields("PurchaseOrder"), record)
	checkRow[schema.Quote](t, "Quote", fields("Quote"), record)
	checkRow[schema.Ticket](t, "Ticket", fields("Ticket"), record)
	if n := len(mapping.Entities()); n != 12 {
		t.Errorf("%d entities: the list above is not whole", n)
	}
}

// unanswered are the columns no predicate may name today: no row answers them.
func unanswered() []string {
	return []string{
		"firstName", "lastName", "phone", "mobile", "jobTitle", "service", "lock", "responsible", "customerUser", "title", "validUntil", "probability", "net",
		"tax", "paid", "customerReference", "paymentStatus", "deliveryStatus", "dueDate", "notes", "lines", "states", "posted", "method", "purpose",
		"description", "url", "unit", "taxRate", "stock", "appointment", "shippedAt", "parcels", "weight", "expectedDate", "category",
	}
}

func checkRow[T any, P datasources.EntityOf[T]](t *testing.T, entity string, f mapping.Fields, record string) {
	t.Run("case="+entity, func(t *testing.T) {
		plan, err := mapping.Compile[T](mapping.Options{Entity: entity, Source: "s", Fields: f})
		if err != nil {
			t.Fatal(err)
		}
		var row T
		tally := plan.Tally()
		if plan.Row(parse(t, record), tally, &row) != mapping.Kept {
			t.Fatal("not kept")
		}
		for _, c := range tally.Coverage() {
			if len(c.Problems) > 0 && c.Problems[mapping.TooExact] == 0 {
				t.Errorf("%s: %v", c.Field, c.Problems)
			}
		}
		for _, c := range mapping.Columns(entity) {
			if c.Column == "" || slices.Contains(unanswered(), c.Name) {
				continue
			}
			if P(&row).Column(c.Column).IsNull() {
				t.Errorf("%s.%s was read from the record, but the row does not answer %q", entity, c.Name, c.Column)
			}
		}
	})
}

func TestSelect(t *testing.T) {
	plan, err := mapping.Compile[schema.Order](commande())
	if err != nil {
		t.Fatal(err)
	}
	rec := parse(t, `{"numero":"1","codeClient":"C","totalHT":"100,00","totalTVA":"20,00","totalTTC":"120,00","etat":"LIVREE","lignes":[{"reference":"A"}],"devis":{"numero":"D"}}`)
	read := func(f datasources.Fields) schema.Order {
		p := plan.Select(f)
		var row schema.Order
		if p.Row(rec, p.Tally(), &row) != mapping.Kept {
			t.Fatal("not kept")
		}
		return row
	}
	few := read(datasources.NewFields("status"))
	if few.Key != "1" || few.Number != "1" || few.CustomerKey != "C" || few.Status != "delivered" || few.Total != nil || few.Lines != nil {
		t.Errorf("with a status only: %+v", few)
	}
	if x := read(datasources.NewFields("total")); x.Total == nil || x.Status != "" || x.Lines != nil {
		t.Errorf("with a total only: %+v", x)
	}
	if x := read(nil); x.Total == nil || x.Lines == nil || len(x.QuoteNumbers) != 1 {
		t.Errorf("with everything: %+v", x)
	}
}

func TestComplete(t *testing.T) {
	money := func(n string) *schema.Money {
		d, _, _ := mapping.ParseDecimal(n, "dot")
		return schema.NewMoney(d, "EUR")
	}
	row := schema.Order{Record: schema.Record{Key: "1"}, Number: "N", Status: "open", Total: money("12"), Computed: []string{"total"}}
	more := schema.Order{
		Record: schema.Record{Key: "other", UpdatedAt: time.Unix(5, 0)}, Links: schema.Links{CustomerKey: "C"}, Number: "N", Status: "closed",
		Total: money("99"), Tax: money("2"), Computed: []string{"tax"}, Lines: []*schema.OrderLine{{SKU: "A"}},
	}
	mapping.Complete(&row, &more)
	if row.Key != "1" || row.Status != "open" || row.CustomerKey != "C" || row.UpdatedAt.Unix() != 5 || len(row.Lines) != 1 ||
		row.Total.Amount.String() != "12.00" || row.Tax.Amount.String() != "2.00" || fmt.Sprint(row.Computed) != "[total tax]" {
		t.Errorf("got %+v", row)
	}
}

func TestLedger(t *testing.T) {
	plan, err := mapping.Compile[schema.Contact](contact())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	l := mapping.NewLedger(func() time.Time { return now })
	reading := func() {
		tally := plan.Tally()
		for range 3 {
			var row schema.Contact
			plan.Row(parse(t, `{"id":1,"name":[1],"made":"31/02/2026","orders":[{"ref":{}},{"ref":{}}]}`), tally, &row)
		}
		l.Take(tally)
		tally.Absent()
		l.Take(tally)
	}
	show := func() string {
		var list []string
		for _, p := range l.Problems() {
			if p.LastAt != now {
				t.Errorf("%s was last met at %s", p.Field, p.LastAt)
			}
			list = append(list, fmt.Sprintf("%s %s %d", p.Field, p.Kind, p.Count))
		}
		return strings.Join(list, "; ")
	}
	want := "createdAt date in no declared form 3; customer none of its candidates occurs 3; email none of its candidates occurs 3; name not of the expected type 3; orderNumbers not of the expected type 3"
	reading()
	if got := show(); got != want {
		t.Errorf("once per record: got %s", got)
	}
	l.Restart("Contact")
	reading()
	l.Restart("Order")
	if got := show(); got != want {
		t.Errorf("after a new reading: got %s", got)
	}
}
