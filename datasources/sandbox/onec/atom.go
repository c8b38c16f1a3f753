package onec

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strconv"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
)

// feed is the collection in the default format, for whoever forgets to ask for JSON. It is plainer than the product's:
// expanded navigations are left out.
func (s *Server) feed(t *odatafake.Table, rows odatafake.Rows, at func(int) int, from, to int, o options, q query) reply {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices" ` +
		`xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata" xml:base="` + q.base + `"><id>` + q.base + t.Name + `</id><title type="text"/>`)
	if o.count {
		b.WriteString(`<m:count>` + strconv.Itoa(rows.Len()) + `</m:count>`)
	}
	for i := from; i < to; i++ {
		s.entryXML(&b, t, rows.At(at(i)), o.shape, q, "")
	}
	b.WriteString(`</feed>`)
	return reply{status: http.StatusOK, contentType: atomType, header: version, body: b.Bytes()}
}

// entry is a single entity in the default format.
func (s *Server) entry(t *odatafake.Table, row int, o options, q query) reply {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>`)
	s.entryXML(&b, t, row, o.shape, q, ` xmlns="http://www.w3.org/2005/Atom" xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices" `+
		`xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata" xml:base="`+q.base+`"`)
	return reply{status: http.StatusOK, contentType: "application/atom+xml;type=entry;charset=utf-8", header: version, body: b.Bytes()}
}

func (s *Server) entryXML(b *bytes.Buffer, t *odatafake.Table, row int, shape *odatafake.Shape, q query, namespaces string) {
	b.WriteString(`<entry` + namespaces + `><category term="StandardODATA.` + t.Name + `" scheme="http://schemas.microsoft.com/ado/2007/08/dataservices/scheme"/><content type="application/xml"><m:properties>`)
	s.properties(b, row, shape)
	b.WriteString(`</m:properties></content></entry>`)
}

func (s *Server) properties(b *bytes.Buffer, row int, shape *odatafake.Shape) {
	f := s.format()
	for _, it := range shape.Items {
		switch {
		case it.Column != nil:
			b.WriteString(`<d:` + it.Column.Name)
			if it.Column.Type != odatafake.TypeString {
				b.WriteString(` m:type="` + edmType(it.Column.Type) + `"`)
			}
			b.WriteByte('>')
			_ = xml.EscapeText(b, bytes.Trim(f.AppendValue(nil, it.Column.Get(row), it.Column.Type), `"`)) // a buffer does not fail
			b.WriteString(`</d:` + it.Column.Name + `>`)
		case it.Part != nil:
			b.WriteString(`<d:` + it.Part.Name + ` m:type="Collection(StandardODATA.` + it.Part.Target.Name + `_RowType)">`)
			from, to := it.Part.Rows(row)
			for r := from; r < to; r++ {
				b.WriteString(`<d:element m:type="StandardODATA.` + it.Part.Target.Name + `_RowType">`)
				s.properties(b, r, it.Sub)
				b.WriteString(`</d:element>`)
			}
			b.WriteString(`</d:` + it.Part.Name + `>`)
		}
	}
}
