package unknown

import (
	"bytes"
	"encoding/xml"
	"strconv"
)

// namespace is that of the entity types.
const namespace = "Ledger.Model"

// printMetadata writes $metadata. Versions 2 and 3 describe a navigation by an association, version 4 by its type alone.
func (l *Ledger) printMetadata() []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	switch l.opts.Version {
	case 4:
		b.WriteString(`<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices><Schema Namespace="` + namespace + `" xmlns="http://docs.oasis-open.org/odata/ns/edm">`)
	case 3:
		b.WriteString(`<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"><edmx:DataServices m:DataServiceVersion="3.0" m:MaxDataServiceVersion="3.0" xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"><Schema Namespace="` + namespace + `" xmlns="http://schemas.microsoft.com/ado/2009/11/edm">`)
	default:
		b.WriteString(`<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"><edmx:DataServices m:DataServiceVersion="2.0" xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"><Schema Namespace="` + namespace + `" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">`)
	}
	for _, t := range l.sets {
		l.writeType(&b, t)
	}
	if l.opts.Version < 4 {
		for _, t := range l.sets {
			for _, n := range t.navs {
				b.WriteString(`<Association Name="` + association(t, n) + `"><End Type="` + namespace + `.` + t.typeName + `" Multiplicity="` + map[bool]string{true: "1", false: "*"}[n.isMany] +
					`" Role="` + fromRole(t) + `"/><End Type="` + namespace + `.` + n.target.typeName + `" Multiplicity="` + map[bool]string{true: "*", false: "0..1"}[n.isMany] + `" Role="` + toRole(n) + `"/></Association>`)
			}
		}
	}
	b.WriteString(`<EntityContainer Name="LedgerEntities"`)
	if l.opts.Version < 4 {
		b.WriteString(` m:IsDefaultEntityContainer="true"`)
	}
	b.WriteByte('>')
	for _, t := range l.sets {
		b.WriteString(`<EntitySet Name="` + t.name + `" EntityType="` + namespace + `.` + t.typeName + `"`)
		if l.opts.Version < 4 || len(t.navs) == 0 {
			b.WriteString(`/>`)
			continue
		}
		b.WriteByte('>')
		for _, n := range t.navs {
			b.WriteString(`<NavigationPropertyBinding Path="` + n.name + `" Target="` + n.target.name + `"/>`)
		}
		b.WriteString(`</EntitySet>`)
	}
	if l.opts.Version < 4 {
		for _, t := range l.sets {
			for _, n := range t.navs {
				b.WriteString(`<AssociationSet Name="` + association(t, n) + `Set" Association="` + namespace + `.` + association(t, n) + `"><End EntitySet="` + t.name + `" Role="` + fromRole(t) +
					`"/><End EntitySet="` + n.target.name + `" Role="` + toRole(n) + `"/></AssociationSet>`)
			}
		}
	}
	b.WriteString(`</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>`)
	return b.Bytes()
}

func association(t *entitySet, n *navigation) string { return t.typeName + "_" + n.name }

func fromRole(t *entitySet) string { return "From" + t.typeName }

func toRole(n *navigation) string { return "To" + n.target.typeName }

func (l *Ledger) writeType(b *bytes.Buffer, t *entitySet) {
	b.WriteString(`<EntityType Name="` + t.typeName + `"><Key>`)
	for _, k := range t.keys {
		b.WriteString(`<PropertyRef Name="` + k + `"/>`)
	}
	b.WriteString(`</Key>`)
	for _, p := range t.props {
		b.WriteString(`<Property Name="` + p.name + `" Type="` + p.typ.name(l.opts.Version) + `"`)
		if !p.isNullable {
			b.WriteString(` Nullable="false"`)
		}
		switch p.typ {
		case edmString:
			b.WriteString(` MaxLength="` + strconv.Itoa(p.size) + `"`)
		case edmDecimal:
			b.WriteString(` Precision="19" Scale="` + strconv.Itoa(p.size) + `"`)
		case edmTime:
			b.WriteString(` Precision="3"`)
		}
		b.WriteString(`/>`)
	}
	for _, n := range t.navs {
		switch {
		case l.opts.Version < 4:
			b.WriteString(`<NavigationProperty Name="` + n.name + `" Relationship="` + namespace + `.` + association(t, n) + `" FromRole="` + fromRole(t) + `" ToRole="` + toRole(n) + `"/>`)
		case n.isMany:
			b.WriteString(`<NavigationProperty Name="` + n.name + `" Type="Collection(` + namespace + `.` + n.target.typeName + `)"/>`)
		default:
			b.WriteString(`<NavigationProperty Name="` + n.name + `" Type="` + namespace + `.` + n.target.typeName + `"/>`)
		}
	}
	b.WriteString(`</EntityType>`)
}
