package odata_test

import (
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/odata"
	"github.com/trama-graph/trama/schema"
)

// TestFewColumns asks for one column at a time: it has the value it has when all
// are asked for.
func TestFewColumns(t *testing.T) {
	f := newShop(t, 4)
	src := open(t, shopConfig(f))
	keys := ids(f, 7, 8)
	full, err := orders(src).ByKeys(t.Context(), keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	for column, of := range map[string]func(*schema.Order) any{
		"number": func(o *schema.Order) any { return o.Number }, "date": func(o *schema.Order) any { return o.Date }, "createdAt": func(o *schema.Order) any { return o.CreatedAt },
		"total": func(o *schema.Order) any { return o.Total }, "currency": func(o *schema.Order) any { return o.Number }, "status": func(o *schema.Order) any { return o.Status },
		"notes": func(o *schema.Order) any { return o.Notes }, "customerReference": func(o *schema.Order) any { return o.CustomerReference },
		"lines": func(o *schema.Order) any { return o.Lines }, "customer": func(o *schema.Order) any { return o.CustomerKey },
	} {
		t.Run("case="+column, func(t *testing.T) {
			got, err := orders(src).ByKeys(t.Context(), keys, datasources.NewFields(column))
			if err != nil || len(got.Items) != 1 {
				t.Fatal(err)
			}
			if have, want := of(&got.Items[0]), of(&full.Items[0]); !reflect.DeepEqual(have, want) {
				t.Errorf("got %v, want %v", have, want)
			}
			if column != "lines" && got.Items[0].Lines != nil || column != "notes" && got.Items[0].Notes != "" {
				t.Error("more came than was asked for")
			}
		})
	}
}

// TestTypesThatCannotBePushed reads what the service cannot filter or sort as the
// graph does, within the bound, and says so beyond it.
func TestTypesThatCannotBePushed(t *testing.T) {
	f := newShop(t, 4)
	c := shopConfig(f)
	e := c.Entities["Order"]
	e.Types = map[string]string{"Amount": "Edm.Double"}
	c.Entities["Order"] = e
	c.Page = 25
	src := open(t, c)
	q := datasources.Query{First: 10, Order: schema.Sort{Column: "total"}, Where: schema.Compare("total", schema.Gt, schema.Int(100)), Total: true}
	got, err := orders(src).List(t.Context(), q)
	if err != nil || len(got.Items) != 10 || got.Totals[0] != 49 || got.Items[0].Total.Amount.String() != "100.99" {
		t.Fatalf("%d rows of %v, %v", len(got.Items), got.Totals, err)
	}
	for _, call := range f.calls() {
		if strings.Contains(call, "Amount gt") || strings.Contains(call, "orderby=Amount") {
			t.Errorf("binary fractions were left to the service: %s", call)
		}
	}
	c.LocalBound = 30
	if _, err := orders(open(t, c)).List(t.Context(), q); schema.CodeOf(err) != schema.UnsupportedFilter {
		t.Errorf("beyond the bound: %v", err)
	}
	for _, q := range []datasources.Query{
		{First: 1, Order: schema.Sort{Column: "number"}}, {First: 1, Order: schema.Sort{Column: "nothing"}},
	} {
		if _, err := orders(src).List(t.Context(), q); schema.CodeOf(err) != schema.UnsupportedFilter {
			t.Errorf("sorted by %s: %v", q.Order.Column, err)
		}
	}
	for _, rel := range []datasources.Relation{"quote", "orderNumber", "product"} {
		if _, err := orders(src).ByParent(t.Context(), rel, []string{"1"}, datasources.Query{First: 1}); schema.CodeOf(err) != schema.UnsupportedFilter {
			t.Errorf("by %s: %v", rel, err)
		}
	}
}

// TestLinkRules finds documents by the numbers of others: by a whole field at the
// service, by a part of one not.
func TestLinkRules(t *testing.T) {
	f := newShop(t, 4)
	c := shopConfig(f)
	src, err := odata.Open(t.Context(), c, odata.Deps{Links: map[string]datasources.LinkRules{
		"Invoice.order": {{Field: "Ref", Pattern: regexp.MustCompile(`SO'(\d+)`)}, {Field: "Nothing"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	r := src.Reader("Invoice").(datasources.Reader[schema.Invoice])
	got, err := r.ByKeys(t.Context(), []string{`A\,B,9000000004`}, datasources.NewFields("order"))
	if err != nil || !slices.Equal(got.Items[0].OrderNumbers, []string{"004"}) {
		t.Errorf("%+v, %v", got.Items, err)
	}
	if _, err := r.ByParent(t.Context(), "orderNumber", []string{"004"}, datasources.Query{First: 1}); schema.CodeOf(err) != schema.UnsupportedFilter {
		t.Errorf("by a part of a field: %v", err)
	}
	d := src.Describe()
	if d.Entity("Invoice").Relation("orderNumber") != nil {
		t.Error("it is declared all the same")
	}
}

// TestDeletedAreNoRows counts them neither here nor there.
func TestDeletedAreNoRows(t *testing.T) {
	f := newShop(t, 2)
	c := shopConfig(f)
	e := c.Entities["Order"]
	e.Types = map[string]string{"Gone": "Edm.Binary"} // of no type a filter knows
	c.Entities["Order"] = e
	src := open(t, c)
	got, err := orders(src).List(t.Context(), datasources.Query{First: 20, Total: true})
	if err != nil || got.Totals[0] != -1 {
		t.Errorf("totals %v, %v", got.Totals, err)
	}
	keys, _, _, err := scanned(t.Context(), orders(src).(scanner), "")
	if err != nil || len(keys) != 60 {
		t.Errorf("%d rows, %v", len(keys), err)
	}
}

// TestKeyInTheQuery follows links that repeat the key of the query without
// sending it twice.
func TestKeyInTheQuery(t *testing.T) {
	f := newShop(t, 4)
	f.pageCap = 5
	f.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if got := r.URL.Query()["api_key"]; len(got) != 1 || got[0] != "hunter2-secret" {
			t.Errorf("the key was sent %d times", len(got))
		}
		return false
	}
	c := shopConfig(f)
	c.Auth.Kind, c.Auth.User, c.Auth.Password, c.Auth.Name, c.Auth.Value = "query", "", "", "api_key", "hunter2-secret"
	got, err := orders(open(t, c)).ByKeys(t.Context(), ids(f, 0, 20), nil)
	if err != nil || len(got.Items) != 20 {
		t.Errorf("%d rows, %v", len(got.Items), err)
	}
}

// TestPathsAndFilters reads a set by a path, with a filter of the config.
func TestPathsAndFilters(t *testing.T) {
	f := newShop(t, 4)
	f.metadata = `<Edmx Version="4.0"><Schema Namespace="N"><EntityType Name="Company"><Key><PropertyRef Name="id"/></Key><Property Name="id" Type="Edm.Guid"/><NavigationProperty Name="Products" Type="Collection(N.Product)"/></EntityType>
		<EntityType Name="Product"><Key><PropertyRef Name="SKU"/></Key><Property Name="SKU" Type="Edm.String" Nullable="false"/><Property Name="Blocked" Type="Edm.Boolean"/></EntityType>
		<EntitySet Name="companies" EntityType="N.Company"/></Schema></Edmx>`
	f.sets["companies('A b')/Products"] = f.sets["Products"]
	c := shopConfig(f)
	c.Entities = map[string]odata.Entity{"Product": {Set: "companies('A b')/Products", Filter: "Blocked eq true or Blocked eq null", Fields: mapping.Fields{"sku": at1("SKU")}}}
	src := open(t, c)
	got, err := src.Reader("Product").(datasources.Reader[schema.Product]).List(t.Context(), datasources.Query{First: 50, Where: schema.Compare("sku", schema.In, schema.String("P-00'0"), schema.String("P-01'1"))})
	if err != nil || len(got.Items) != 1 {
		t.Errorf("%d rows, %v", len(got.Items), err)
	}
	want := "companies('A b')/Products?$select=SKU&$filter=(Blocked eq true or Blocked eq null) and (SKU eq 'P-00''0' or SKU eq 'P-01''1')&$orderby=SKU&$top=51"
	if calls := f.calls(); len(calls) != 1 || calls[0] != want {
		t.Errorf("asked %v", calls)
	}
	if _, ok := src.(datasources.CustomerIndexer); ok {
		t.Error("there are customers, which nobody configured")
	}
}

// TestDescribedColumnsAnswer holds what is declared against what rows can answer:
// a comparison of a column no row answers would find nothing.
func TestDescribedColumnsAnswer(t *testing.T) {
	f := newShop(t, 4)
	for _, name := range mapping.Entities() {
		if name == "Customer" {
			continue
		}
		t.Run("case="+name, func(t *testing.T) {
			fields, record := mapping.Fields{}, row{"ID": "1"}
			var types []string
			for _, col := range mapping.Columns(name) {
				value := map[mapping.Type]any{mapping.Texts: "x", mapping.TextList: "x", mapping.Moment: "2026-03-01T00:00:00Z", mapping.Money: 1, mapping.Decimal: 1, mapping.Truth: true, mapping.Whole: 1}[col.Type]
				switch {
				case col.Name == "id" || col.Name == "deleted" || value == nil:
					continue
				case len(col.Values) > 0:
					value = col.Values[0]
				case col.Name == "currency":
					value = "EUR"
				}
				prop := "P_" + col.Name
				fields[col.Name], record[prop] = at1(prop), value
				types = append(types, fmt.Sprintf(`<Property Name="%s" Type="Edm.String"/>`, prop))
			}
			f.metadata = `<Edmx Version="4.0"><Schema Namespace="N"><EntityType Name="E"><Key><PropertyRef Name="ID"/></Key><Property Name="ID" Type="Edm.String"/>` + strings.Join(types, "") + `</EntityType><EntitySet Name="S" EntityType="N.E"/></Schema></Edmx>`
			set := &fakeSet{typ: "E", key: []string{"ID"}, props: []fakeProp{{"ID", "Edm.String", true}}, rows: []row{record}}
			for prop := range record {
				set.props = append(set.props, fakeProp{prop, "Edm.String", false})
			}
			f.sets["S"] = set
			c := shopConfig(f)
			c.Entities = map[string]odata.Entity{name: {Set: "S", Fields: fields}}
			src := open(t, c)
			d := src.Describe()
			e := d.Entity(name)
			got := listOf(t, src, name)
			for _, col := range e.Columns {
				if (len(col.Ops) > 0 || col.Sortable) && got.Column(col.Name).IsNull() {
					t.Errorf("%s can be compared, but no row answers it", col.Name)
				}
			}
			if name != "Product" && name != "Contact" && name != "Ticket" && (e.Default.Column != "date" || !e.Default.Desc) {
				t.Errorf("sorted by %+v", e.Default)
			}
		})
	}
}

func listOf(t *testing.T, src datasources.Source, name string) schema.Row {
	t.Helper()
	switch r := src.Reader(name).(type) {
	case datasources.Reader[schema.Boleto]:
		return one[schema.Boleto](t, r)
	case datasources.Reader[schema.Contact]:
		return one[schema.Contact](t, r)
	case datasources.Reader[schema.DeliveryNote]:
		return one[schema.DeliveryNote](t, r)
	case datasources.Reader[schema.Invoice]:
		return one[schema.Invoice](t, r)
	case datasources.Reader[schema.Order]:
		return one[schema.Order](t, r)
	case datasources.Reader[schema.Payable]:
		return one[schema.Payable](t, r)
	case datasources.Reader[schema.Payment]:
		return one[schema.Payment](t, r)
	case datasources.Reader[schema.Product]:
		return one[schema.Product](t, r)
	case datasources.Reader[schema.PurchaseOrder]:
		return one[schema.PurchaseOrder](t, r)
	case datasources.Reader[schema.Quote]:
		return one[schema.Quote](t, r)
	case datasources.Reader[schema.Ticket]:
		return one[schema.Ticket](t, r)
	}
	t.Fatalf("no reader of %s", name)
	return nil
}

func one[T any, P datasources.EntityOf[T]](t *testing.T, r datasources.Reader[T]) schema.Row {
	t.Helper()
	got, err := r.List(t.Context(), datasources.Query{First: 5})
	if err != nil || len(got.Items) != 1 {
		t.Fatalf("%d rows, %v", len(got.Items), err)
	}
	return P(&got.Items[0])
}

// TestWhatACollationOverlooks leaves the opposite of an equality here, where the
// server's equality is not the graph's, and reads on behind the pages that has
// cost: a link's end is not the list's.
func TestWhatACollationOverlooks(t *testing.T) {
	for _, version := range []int{2, 3, 4} {
		t.Run(fmt.Sprintf("case=v%d", version), func(t *testing.T) {
			f := newShop(t, version)
			f.ignoreCase, f.pageCap = true, 9
			r := orders(open(t, shopConfig(f)))
			for text, want := range map[string]int{"x": 60, "X": 40, "shipped": 40, "SHIPPED": 60} {
				got, seen := 0, map[string]bool{}
				q := datasources.Query{First: 9, Where: schema.Negate(schema.Compare("status", schema.Eq, schema.String(text)))}
				for {
					page, err := r.List(t.Context(), q)
					if err != nil {
						t.Fatal(err)
					}
					for i := range page.Items {
						seen[page.Items[i].Key] = true
					}
					if got += len(page.Items); !page.More[0] {
						break
					}
					last := &page.Items[len(page.Items)-1]
					q.After = &datasources.After{Value: last.Column("date"), ID: last.Key}
				}
				if got != want || len(seen) != want {
					t.Errorf("not %s: %d rows, %d distinct, want %d", text, got, len(seen), want)
				}
			}
		})
	}
}
