package odata

// AppendControls appends the control information that begins each row at level
// Full (JSON Format §4.5): its type, id and edit link, without a comma at the
// end. The result needs no further escaping.
func (s *Set) AppendControls(dst []byte, base, key string) []byte {
	dst = append(dst, `"@odata.type":"#`...)
	dst = append(dst, s.EntityType()...)
	dst = append(dst, `","@odata.id":"`...)
	dst = s.AppendRowURL(dst, base, key)
	dst = append(dst, `","@odata.editLink":"`...)
	dst = s.AppendRowURL(dst, base, key)
	return append(dst, '"')
}

// ODataType returns the value of the annotation name@odata.type which precedes
// the column's value at level Full, "" where JSON's own types say it (JSON
// Format §4.5.3): texts and truth values.
func (c *Column) ODataType() string {
	switch c.Type {
	case Int:
		return "#Int64"
	case Decimal:
		return "#Decimal"
	case DateTime:
		return "#DateTimeOffset"
	case Date:
		return "#Date"
	}
	return ""
}
