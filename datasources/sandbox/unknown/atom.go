package unknown

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
)

// Atom is what versions 2 and 3 answer to whoever does not ask for JSON. It holds the rows' own properties; what is expanded
// stands there as a link only.

const atomSpaces = ` xmlns="http://www.w3.org/2005/Atom" xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices" xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"`

func (p printer) feed(set *entitySet, rows []int, total int, q *query, next string) reply {
	var b bytes.Buffer
	b.WriteString(xml.Header + `<feed xml:base="` + p.root + `"` + atomSpaces + `><title type="text">` + set.name + `</title><id>` + p.root + set.name + `</id>`)
	if q.isCount {
		b.WriteString(`<m:count>` + strconv.Itoa(total) + `</m:count>`)
	}
	for _, row := range rows {
		p.writeEntry(&b, set, row, q.shape, "")
	}
	if next != "" {
		b.WriteString(`<link rel="next" href="`)
		_ = xml.EscapeText(&b, []byte(next)) // a buffer does not fail
		b.WriteString(`"/>`)
	}
	b.WriteString(`</feed>`)
	return reply{http.StatusOK, "application/atom+xml;type=feed;charset=utf-8", b.Bytes()}
}

func (p printer) entry(set *entitySet, row int, s *shape) reply {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	p.writeEntry(&b, set, row, s, atomSpaces)
	return reply{http.StatusOK, "application/atom+xml;type=entry;charset=utf-8", b.Bytes()}
}

func (p printer) writeEntry(b *bytes.Buffer, set *entitySet, row int, s *shape, spaces string) {
	b.WriteString(`<entry` + spaces + `><id>`)
	_ = xml.EscapeText(b, []byte(p.uri(set, row))) // a buffer does not fail
	b.WriteString(`</id><category term="` + namespace + `.` + set.typeName + `" scheme="http://schemas.microsoft.com/ado/2007/08/dataservices/scheme"/><content type="application/xml"><m:properties>`)
	for _, i := range s.props {
		prop, v := set.props[i], set.rows[row][i]
		b.WriteString(`<d:` + prop.name)
		if prop.typ != edmString {
			b.WriteString(` m:type="` + prop.typ.name(p.version) + `"`)
		}
		if v.kind == kindNull {
			b.WriteString(` m:null="true"/>`)
			continue
		}
		b.WriteByte('>')
		printed := v.text
		switch v.kind {
		case kindTime:
			printed = v.at.Format("2006-01-02T15:04:05.999")
		case kindString, kindGUID:
		default:
			printed = strings.Trim(string(p.value(v, prop)), `"`)
		}
		_ = xml.EscapeText(b, []byte(printed)) // a buffer does not fail
		b.WriteString(`</d:` + prop.name + `>`)
	}
	b.WriteString(`</m:properties></content></entry>`)
}
