package onec

import (
	"strings"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
)

// printMetadata prints $metadata in 1C's style: namespace StandardODATA, associations, a row type per tabular part, and the
// virtual tables and posting as bound function imports.
func (s *Server) printMetadata() []byte {
	var b, assoc, sets, asets, funcs strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"><edmx:DataServices m:DataServiceVersion="3.0" m:MaxDataServiceVersion="3.0" ` +
		`xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"><Schema Namespace="StandardODATA" xmlns="http://schemas.microsoft.com/ado/2009/11/edm">`)
	list := s.build.list
	if s.opts.EmptyComposition {
		list = nil
	}
	for _, name := range list {
		t := s.build.sets[name]
		b.WriteString(`<EntityType Name="` + name + `"><Key>`)
		for _, k := range t.Keys {
			b.WriteString(`<PropertyRef Name="` + k + `"/>`)
		}
		b.WriteString(`</Key>`)
		properties(&b, t)
		for _, p := range t.Parts {
			b.WriteString(`<Property Name="` + p.Name + `" Type="Collection(StandardODATA.` + p.Target.Name + `_RowType)" Nullable="true"/>`)
		}
		for _, n := range t.Navs {
			if n.Cast != "" {
				continue // a composite reference is no association
			}
			rel := name + "_" + n.Name
			b.WriteString(`<NavigationProperty Name="` + n.Name + `" Relationship="StandardODATA.` + rel + `" FromRole="Begin" ToRole="End"/>`)
			assoc.WriteString(`<Association Name="` + rel + `"><End Role="Begin" Type="StandardODATA.` + name + `" Multiplicity="*"/><End Role="End" Type="StandardODATA.` + n.Target.Name + `" Multiplicity="0..1"/></Association>`)
			asets.WriteString(`<AssociationSet Name="` + rel + `" Association="StandardODATA.` + rel + `"><End Role="Begin" EntitySet="` + name + `"/><End Role="End" EntitySet="` + n.Target.Name + `"/></AssociationSet>`)
		}
		b.WriteString(`</EntityType>`)
		sets.WriteString(`<EntitySet Name="` + name + `" EntityType="StandardODATA.` + name + `"/>`)
		functions(&funcs, name)
	}
	for _, name := range list {
		for _, p := range s.build.sets[name].Parts {
			b.WriteString(`<ComplexType Name="` + p.Target.Name + `_RowType">`)
			properties(&b, p.Target)
			b.WriteString(`</ComplexType>`)
		}
	}
	b.WriteString(assoc.String() + `<EntityContainer Name="EnterpriseV8" m:IsDefaultEntityContainer="true">` + sets.String() + asets.String() + funcs.String() + `</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>`)
	return []byte(b.String())
}

func properties(b *strings.Builder, t *odatafake.Table) {
	for _, c := range t.Columns {
		nullable := "true"
		for _, k := range t.Keys {
			if k == c.Name {
				nullable = "false"
			}
		}
		b.WriteString(`<Property Name="` + c.Name + `" Type="` + edmType(c.Type) + `" Nullable="` + nullable + `"/>`)
	}
}

func functions(b *strings.Builder, name string) {
	add := func(list ...string) {
		for _, f := range list {
			b.WriteString(`<FunctionImport Name="` + f + `" IsBindable="true" m:HttpMethod="`)
			if f == "Post" || f == "Unpost" {
				b.WriteString(`POST"><Parameter Name="bindingParameter" Type="StandardODATA.` + name + `" Mode="In"/></FunctionImport>`)
				continue
			}
			b.WriteString(`GET" ReturnType="Collection(StandardODATA.` + name + `)" EntitySet="` + name + `"><Parameter Name="bindingParameter" Type="Collection(StandardODATA.` + name + `)" Mode="In"/><Parameter Name="Condition" Type="Edm.String" Mode="In"/></FunctionImport>`)
		}
	}
	switch {
	case strings.HasPrefix(name, "InformationRegister_"):
		add("SliceLast", "SliceFirst")
	case strings.HasPrefix(name, "AccumulationRegister_"):
		add("Balance", "Turnovers", "BalanceAndTurnovers")
	case strings.HasPrefix(name, "Document_") && strings.Count(name, "_") == 1:
		add("Post", "Unpost")
	}
}

func edmType(t odatafake.Type) string {
	switch t {
	case odatafake.TypeGUID:
		return "Edm.Guid"
	case odatafake.TypeBool:
		return "Edm.Boolean"
	case odatafake.TypeInt:
		return "Edm.Int32"
	case odatafake.TypeLong:
		return "Edm.Int64"
	case odatafake.TypeDecimal:
		return "Edm.Double"
	case odatafake.TypeTime:
		return "Edm.DateTime"
	}
	return "Edm.String" // a composite reference is a string with its type beside it
}
