package tokens

// Mend puts the right checksum behind a changed token.
func Mend(text string) string {
	p := parts{env: text[4:8], id: text[9:19], secret: text[20 : 20+secretLength]}
	return p.text()
}
