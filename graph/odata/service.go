package odata

// AppendServiceDocument appends the service document (JSON Format §5) of the
// sets, in their order. base is the service root's public address without a
// slash at its end.
func AppendServiceDocument(dst []byte, base string, sets []*Set, level Level) []byte {
	dst = append(dst, '{')
	if level != None {
		dst = append(dst, `"@odata.context":`...)
		dst = appendJSON(dst, base+"/$metadata")
		dst = append(dst, ',')
	}
	dst = append(dst, `"value":[`...)
	for i, s := range sets {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"name":`...)
		dst = appendJSON(dst, s.Name)
		if s.Label != "" && s.Label != s.Name {
			dst = append(dst, `,"title":`...)
			dst = appendJSON(dst, s.Label)
		}
		dst = append(dst, `,"kind":"EntitySet","url":`...)
		dst = appendJSON(dst, s.Name)
		dst = append(dst, '}')
	}
	return append(dst, "]}"...)
}
