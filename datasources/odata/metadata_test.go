package odata

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestParseMetadata(t *testing.T) {
	for _, x := range []struct {
		file    string
		version version
		in      bool
		set     string
		paths   map[string]string // path → type and what is known of it
	}{
		{"metadata.v2.xml", v2, false, "SalesOrderSet", map[string]string{
			"SalesOrderID": "Edm.String required", "CreatedAt": "Edm.DateTime", "GrossAmount": "Edm.Decimal nosort",
			"Note": "Edm.String nofilter", "Address/City": "Edm.String", "ToPartner/CompanyName": "Edm.String", "ToLines": "-> Z.SalesOrderLineItem many", "ToPartner/Nothing": "",
		}},
		{"metadata.v3.xml", v3, false, "Orders", map[string]string{"ID": "Edm.Int64 required", "Kind": "Edm.Int16", "Customer/Name": "Edm.String"}},
		{"metadata.v4.xml", v4, true, "salesOrders", map[string]string{
			"id": "Edm.Guid required", "orderDate": "Edm.Date", "status": "NS.orderStatus", "customer/displayName": "Edm.String",
			"lines/quantity": "Edm.Decimal nofilter nosort", "billTo/city": "Edm.String", "tags": "Edm.String nofilter nosort",
		}},
	} {
		t.Run("case="+x.file, func(t *testing.T) {
			body, err := os.ReadFile("testdata/" + x.file)
			if err != nil {
				t.Fatal(err)
			}
			m, err := parseMetadata(body)
			if err != nil {
				t.Fatal(err)
			}
			if m.version != x.version || m.in != x.in {
				t.Errorf("version %d, in %t", m.version, m.in)
			}
			typ, ok := m.typeOfSet(x.set)
			if !ok {
				t.Fatal("no set")
			}
			for path, want := range x.paths {
				got := ""
				if f, ok := m.find(typ, splitPath(path)); ok {
					got = f.typ.name
					if f.name == "" {
						got = "-> " + f.target
					}
					for _, mark := range []struct {
						isSet bool
						text  string
					}{{f.isRequired, " required"}, {f.name != "" && !f.canFilter, " nofilter"}, {f.name != "" && !f.canSort, " nosort"}, {f.name == "" && f.steps[0].isMany, " many"}} {
						if mark.isSet {
							got += mark.text
						}
					}
				}
				if got != want {
					t.Errorf("%s is %q, want %q", path, got, want)
				}
			}
		})
	}
	t.Run("case=sets by a path", func(t *testing.T) {
		body, err := os.ReadFile("testdata/metadata.v4.xml")
		if err != nil {
			t.Fatal(err)
		}
		m, err := parseMetadata(body)
		if err != nil {
			t.Fatal(err)
		}
		if typ, ok := m.typeOfSet("companies(11111111-2222-4333-8444-555555555555)/salesOrders"); !ok || typ != "NS.salesOrder" {
			t.Errorf("got %q", typ)
		}
		if _, ok := m.typeOfSet("companies(1)/nothing"); ok {
			t.Error("a set that is not there")
		}
	})
	for name, text := range map[string]string{
		"empty": "", "html": "<html><body/></html>", "half": `<edmx:Edmx Version="4.0"><Schema`, "text": "hello",
		"a ring of types": "", "too many elements": "",
	} {
		t.Run("case="+name, func(t *testing.T) {
			switch name {
			case "a ring of types":
				m, err := parseMetadata([]byte(`<Edmx Version="4.0"><Schema Namespace="A"><EntityType Name="X" BaseType="A.Y"/><EntityType Name="Y" BaseType="A.X"/><EntitySet Name="S" EntityType="A.X"/></Schema></Edmx>`))
				if err != nil {
					t.Fatal(err)
				}
				if _, ok := m.find("A.X", []string{"p"}); ok || m.keys("A.X") != nil {
					t.Error("found something in a ring")
				}
				return
			case "too many elements":
				text = "<Edmx>" + strings.Repeat("<a/>", maxElements+1)
			}
			if _, err := parseMetadata([]byte(text)); !errors.Is(err, errMetadata) {
				t.Errorf("got %v", err)
			}
		})
	}
}
