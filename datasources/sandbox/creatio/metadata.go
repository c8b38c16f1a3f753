package creatio

import (
	"strconv"
	"strings"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
)

func itoa(n int) string { return strconv.Itoa(n) }

// printMetadata prints $metadata as the version 4 document of the model.
func printMetadata(tables map[string]*odatafake.Table, names []string) []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>` +
		`<Schema Namespace="Terrasoft.Configuration" xmlns="http://docs.oasis-open.org/odata/ns/edm">`)
	for _, n := range names {
		t := tables[n]
		b.WriteString(`<EntityType Name="` + n + `"><Key><PropertyRef Name="Id" /></Key>`)
		for _, c := range t.Columns {
			b.WriteString(`<Property Name="` + c.Name + `" Type="` + edmType(c.Type) + `"`)
			if c.Name == "Id" {
				b.WriteString(` Nullable="false"`)
			}
			if c.Type == odatafake.TypeDecimal {
				b.WriteString(` Scale="Variable"`)
			}
			b.WriteString(` />`)
		}
		for _, v := range t.Navs {
			b.WriteString(`<NavigationProperty Name="` + v.Name + `" Type="Terrasoft.Configuration.` + v.Target.Name + `"><ReferentialConstraint Property="` + v.FK + `" ReferencedProperty="Id" /></NavigationProperty>`)
		}
		b.WriteString(`</EntityType>`)
	}
	b.WriteString(`</Schema><Schema Namespace="Default" xmlns="http://docs.oasis-open.org/odata/ns/edm"><EntityContainer Name="Container">`)
	for _, n := range names {
		b.WriteString(`<EntitySet Name="` + n + `" EntityType="Terrasoft.Configuration.` + n + `">`)
		for _, v := range tables[n].Navs {
			b.WriteString(`<NavigationPropertyBinding Path="` + v.Name + `" Target="` + v.Target.Name + `" />`)
		}
		b.WriteString(`</EntitySet>`)
	}
	b.WriteString(`</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>`)
	return []byte(b.String())
}

func edmType(t odatafake.Type) string {
	switch t {
	case odatafake.TypeGUID:
		return "Edm.Guid"
	case odatafake.TypeBool:
		return "Edm.Boolean"
	case odatafake.TypeInt:
		return "Edm.Int32"
	case odatafake.TypeDecimal:
		return "Edm.Decimal"
	case odatafake.TypeTime:
		return "Edm.DateTimeOffset"
	}
	return "Edm.String"
}
