package unknown_test

import (
	"encoding/xml"
	"slices"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/unknown"
)

func TestLedgerMetadata(t *testing.T) {
	type property struct {
		Name     string `xml:"Name,attr"`
		Type     string `xml:"Type,attr"`
		Relation string `xml:"Relationship,attr"`
	}
	type edmx struct {
		Version string `xml:"Version,attr"`
		Schema  struct {
			XMLName xml.Name
			Types   []struct {
				Name  string     `xml:"Name,attr"`
				Keys  []property `xml:"Key>PropertyRef"`
				Props []property `xml:"Property"`
				Navs  []property `xml:"NavigationProperty"`
			} `xml:"EntityType"`
			Associations []property `xml:"Association"`
			Sets         []struct {
				Name string `xml:"Name,attr"`
				Type string `xml:"EntityType,attr"`
			} `xml:"EntityContainer>EntitySet"`
			AssociationSets []property `xml:"EntityContainer>AssociationSet"`
		} `xml:"DataServices>Schema"`
	}
	versions(t, func(t *testing.T, version int) {
		_, c := ledger(t, unknown.LedgerOptions{Version: version})
		a := c.get("$metadata").want(t, 200)
		equal(t, "type", a.header.Get("Content-Type"), "application/xml;charset=utf-8")
		var m edmx
		if err := xml.Unmarshal([]byte(a.body), &m); err != nil {
			t.Fatal(err)
		}
		equal(t, "edmx", m.Version, map[bool]string{true: "4.0", false: "1.0"}[version == 4])
		equal(t, "namespace", m.Schema.XMLName.Space, map[int]string{
			2: "http://schemas.microsoft.com/ado/2008/09/edm", 3: "http://schemas.microsoft.com/ado/2009/11/edm", 4: "http://docs.oasis-open.org/odata/ns/edm",
		}[version])
		relations := 0
		for i, set := range m.Schema.Sets {
			typ := m.Schema.Types[i]
			equal(t, "type of "+set.Name, set.Type, "Ledger.Model."+typ.Name)
			first := listOf(t, version, c.get(set.Name, "$top", "1")).rows[0]
			want := []string{}
			for _, p := range typ.Props {
				want = append(want, p.Name)
				if version < 4 && (p.Type == "Edm.Date" || p.Type == "Edm.DateTimeOffset") || version == 4 && p.Type == "Edm.DateTime" {
					t.Errorf("version %d has no %s", version, p.Type)
				}
			}
			for _, k := range typ.Keys {
				if first[k.Name] == nil {
					t.Errorf("%s has no key %s", set.Name, k.Name)
				}
			}
			for _, n := range typ.Navs {
				relations++
				if version == 2 {
					want = append(want, n.Name)
				}
				if version < 4 && !slices.ContainsFunc(m.Schema.Associations, func(a property) bool { return "Ledger.Model."+a.Name == n.Relation }) {
					t.Errorf("no association %s", n.Relation)
				}
				c.get(set.Name, "$expand", n.Name, "$top", "1").want(t, 200)
			}
			delete(first, "__metadata")
			got := []string{}
			for name := range first {
				got = append(got, name)
			}
			equal(t, "members of "+set.Name, sorted(got), sorted(want))
		}
		if version < 4 {
			equal(t, "association sets", len(m.Schema.AssociationSets), relations)
		}
		if relations != 5 || len(m.Schema.Sets) != 7 {
			t.Errorf("got %d sets and %d navigations", len(m.Schema.Sets), relations)
		}
		service := c.get("").want(t, 200).body
		for _, set := range m.Schema.Sets {
			if !strings.Contains(service, `"`+set.Name+`"`) {
				t.Errorf("the service document does not name %s", set.Name)
			}
		}
	})
}
