package odata_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/schema"
)

func TestMetadata(t *testing.T) {
	small := &odata.Set{Name: "stock", Columns: []odata.Column{
		{Name: "key", Type: odata.String, IsKey: true},
		{Name: "price", Type: odata.Decimal, Scale: 12},
		{Name: "at", Type: odata.DateTime, Precision: 3},
		{Name: "rate", Type: odata.Decimal, Scale: odata.VariableScale},
	}}
	got, err := odata.AppendMetadata(nil, []*odata.Set{invoices(), small})
	if err != nil {
		t.Fatal(err)
	}
	const want = `<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices><Schema Namespace="Trama" xmlns="http://docs.oasis-open.org/odata/ns/edm">
<EntityType Name="invoices_row"><Key><PropertyRef Name="key"/></Key>
<Property Name="key" Type="Edm.String" Nullable="false"/>
<Property Name="customerName" Type="Edm.String" MaxLength="200"/>
<Property Name="city" Type="Edm.String"/>
<Property Name="lines" Type="Edm.Int64"/>
<Property Name="amount" Type="Edm.Decimal" Precision="19" Scale="4"/>
<Property Name="modifiedAt" Type="Edm.DateTimeOffset" Precision="6"/>
<Property Name="invoiceDate" Type="Edm.Date"/>
<Property Name="isDeleted" Type="Edm.Boolean"/>
<Property Name="email" Type="Edm.String"/>
<Property Name="notes" Type="Edm.String"/>
</EntityType>
<EntityType Name="stock_row"><Key><PropertyRef Name="key"/></Key>
<Property Name="key" Type="Edm.String" Nullable="false"/>
<Property Name="price" Type="Edm.Decimal" Precision="31" Scale="12"/>
<Property Name="at" Type="Edm.DateTimeOffset" Precision="3"/>
<Property Name="rate" Type="Edm.Decimal" Precision="19" Scale="variable"/>
</EntityType>
<EntityContainer Name="Container">
<EntitySet Name="invoices" EntityType="Trama.invoices_row"/>
<EntitySet Name="stock" EntityType="Trama.stock_row"/>
</EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>
`
	if string(got) != want {
		t.Errorf("got %s", got)
	}
	for d := xml.NewDecoder(strings.NewReader(string(got))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestInvalidSets(t *testing.T) {
	key := odata.Column{Name: "key", Type: odata.String, IsKey: true}
	for _, c := range []struct {
		name, message string
		set           odata.Set
	}{
		{"name with markup", `set "a\"<b": the name is not an ASCII identifier`, odata.Set{Name: `a"<b`, Columns: []odata.Column{key}}},
		{"cyrillic column", "the name is not an ASCII identifier", odata.Set{Name: "a", Columns: []odata.Column{key, {Name: "Ж", Type: odata.String}}}},
		{"digit first", "the name is not an ASCII identifier", odata.Set{Name: "1a", Columns: []odata.Column{key}}},
		{"reserved", "column null: the name is a word of the filter language", odata.Set{Name: "a", Columns: []odata.Column{key, {Name: "null", Type: odata.String}}}},
		{"twice", "column key is there twice", odata.Set{Name: "a", Columns: []odata.Column{key, key}}},
		{"no type", "column x has no type", odata.Set{Name: "a", Columns: []odata.Column{key, {Name: "x"}}}},
		{"no key", "has 0 key columns, not one", odata.Set{Name: "a", Columns: []odata.Column{{Name: "x", Type: odata.Int}}}},
		{"number as key", "a key is an unmasked Edm.String", odata.Set{Name: "a", Columns: []odata.Column{{Name: "x", Type: odata.Int, IsKey: true}}}},
		{"masked key", "a key is an unmasked Edm.String", odata.Set{Name: "a", Columns: []odata.Column{{Name: "x", Type: odata.String, IsKey: true, IsMasked: true}}}},
		{"scale of a number", "precision or scale is out of range", odata.Set{Name: "a", Columns: []odata.Column{key, {Name: "x", Type: odata.Int, Scale: odata.VariableScale}}}},
		{"scale below variable", "precision or scale is out of range", odata.Set{Name: "a", Columns: []odata.Column{key, {Name: "x", Type: odata.Decimal, Scale: -2}}}},
		{"scale", "precision or scale is out of range", odata.Set{Name: "a", Columns: []odata.Column{key, {Name: "x", Type: odata.Decimal, Precision: 2, Scale: 3}}}},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			got, err := odata.AppendMetadata(nil, []*odata.Set{&c.set})
			if err == nil || got != nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
}

func TestServiceDocument(t *testing.T) {
	all := []*odata.Set{invoices(), {Name: "stock", Label: `Stock "now"`}}
	got := string(odata.AppendServiceDocument(nil, base, all, odata.Minimal))
	want := `{"@odata.context":"https://api.example.md/bi/odata/$metadata","value":[{"name":"invoices","title":"Invoices","kind":"EntitySet","url":"invoices"},{"name":"stock","title":"Stock \"now\"","kind":"EntitySet","url":"stock"}]}`
	if got != want {
		t.Errorf("got %s", got)
	}
	if got := string(odata.AppendServiceDocument(nil, base, nil, odata.None)); got != `{"value":[]}` {
		t.Errorf("got %s", got)
	}
}

func TestControls(t *testing.T) {
	set := invoices()
	got := "{" + string(set.AppendControls(nil, base, `O'N"`)) + "}"
	want := `{"@odata.type":"#Trama.invoices_row","@odata.id":"https://api.example.md/bi/odata/invoices('O''N%22')","@odata.editLink":"https://api.example.md/bi/odata/invoices('O''N%22')"}`
	if got != want || !json.Valid([]byte(got)) {
		t.Errorf("got %s", got)
	}
	var types []string
	for i := range set.Columns {
		types = append(types, set.Columns[i].ODataType())
	}
	if got := strings.Join(types, " "); got != "   #Int64 #Decimal #DateTimeOffset #Date   " {
		t.Errorf("got %q", got)
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct{ name, query, accept, want string }{
		{"nothing", "", "", "application/json;odata.metadata=minimal"},
		{"anything", "", "*/*", "application/json;odata.metadata=minimal"},
		{"browser", "", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json;odata.metadata=minimal"},
		{"power query", "", "application/json;odata.metadata=minimal;q=1.0,application/json;odata=minimalmetadata;q=0.9,application/atomsvc+xml;q=0.8,application/atom+xml;q=0.8,application/xml;q=0.7,text/plain;q=0.7", "application/json;odata.metadata=minimal"},
		{"best of two", "", "application/json;odata.metadata=none;q=0.5, application/json;odata.metadata=full", "application/json;odata.metadata=full"},
		{"best of two, the other last", "", "application/json;odata.metadata=full;q=0.9,application/json;odata.metadata=none;q=0.5", "application/json;odata.metadata=full"},
		{"streaming", "", "application/json;odata.metadata=none;odata.streaming=true;charset=utf-8", "application/json;odata.metadata=none"},
		{"exact numbers", "", "application/json;IEEE754Compatible=true", "application/json;odata.metadata=minimal;IEEE754Compatible=true"},
		{"$format wins", "$format=application/json;odata.metadata=none", "application/json;odata.metadata=full", "application/json;odata.metadata=none"},
		{"$format wins over nothing acceptable", "$format=json", "application/xml", "application/json;odata.metadata=minimal"},
		{"xml", "", "application/xml", ""},
		{"weight zero", "", "application/json;q=0", ""},
		{"anything but json", "", "application/json;q=0, */*", ""},
		{"anything but json, behind", "", "*/*;q=0.5,application/json;q=0", ""},
		{"nothing of application", "", "application/*;q=0, */*", ""},
		{"anything but the default", "", "application/json;odata.metadata=minimal;q=0, */*", ""},
		{"anything but another level", "", "application/json;odata.metadata=full;q=0, */*", "application/json;odata.metadata=minimal"},
		{"no json but of one level", "", "application/json;q=0, application/json;odata.metadata=none, */*", "application/json;odata.metadata=none"},
		{"unknown level", "", "application/json;odata.metadata=some", ""},
		{"unknown parameter", "", "application/json;x=y", ""},
		{"rubbish", "", ";;;,,,", ""},
		{"long", "", "application/json" + strings.Repeat(",a/b", 2000), ""},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			f, err := parse(t, "invoices", c.query).Format(c.accept)
			if c.want == "" {
				if odata.Status(err) != 406 {
					t.Errorf("got %v, %v", f, err)
				}
			} else if err != nil || f.ContentType() != c.want {
				t.Errorf("got %s, %v", f.ContentType(), err)
			}
		})
	}
}

func TestCheckVersion(t *testing.T) {
	for _, c := range []struct {
		version, most string
		isFine        bool
	}{
		{"", "", true},
		{"4.0", "4.0", true},
		{"4.0", "", true},
		{"4.01", "4.01", true},
		{"", "4.0;NetFx", true},
		{"", "4", true},
		{"", "5.0", true},
		{"", "10.0", true},
		{"", "3.0", false},
		{"", "3.0;NetFx", false},
		{"3.0", "", false},
		{"4.02", "", false},
		{"x", "", false},
		{"", "x", false},
		{"", "-4", false},
		{"", "9999", false},
	} {
		if err := odata.CheckVersion(c.version, c.most); (err == nil) != c.isFine || err != nil && odata.Status(err) != 400 {
			t.Errorf("%q, %q: %v", c.version, c.most, err)
		}
	}
}

func TestErrorDocument(t *testing.T) {
	for _, c := range []struct {
		name   string
		err    error
		status int
		want   string
	}{
		{"refusal", refused(t, "invoices", "$select=x", odata.Limits{}), 400, `{"error":{"code":"BAD_REQUEST","message":"$select: invoices has no column \"x\" (at position 1)"}}`},
		{"wrapped", fmt.Errorf("x: %w", refused(t, "invoices", "$expand=x", odata.Limits{})), 501, `{"error":{"code":"NOT_ENABLED","message":"the query option $expand is not supported"}}`},
		{"source", schema.SourceErrorf(schema.SourceTimeout, "books", "books did not answer"), 503, `{"error":{"code":"SOURCE_TIMEOUT","message":"books did not answer"}}`},
		{"other", errors.New("dial tcp 10.0.0.1: secret"), 500, `{"error":{"code":"INTERNAL","message":"internal error"}}`},
		{"signs", schema.Errorf(schema.BadRequest, "a\"\\\n\x00\u2028Ж\xff"), 400, `{"error":{"code":"BAD_REQUEST","message":"a\"\\\n\u0000\u2028Ж�"}}`},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			got := odata.AppendError(nil, c.err)
			if string(got) != c.want || !json.Valid(got) {
				t.Errorf("got %s", got)
			}
			if s := odata.Status(c.err); s != c.status {
				t.Errorf("got %d", s)
			}
		})
	}
}
