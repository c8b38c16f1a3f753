package unknown

import (
	"net/http"
	"slices"
	"strings"
)

// format is the form of an answer.
type format struct {
	version int
	json    bool   // without it Atom, the default of versions 2 and 3
	level   string // verbose, minimal or none
	ieee754 bool   // version 4: Edm.Int64 and Edm.Decimal as strings
	fail    *odataError
}

// format reads $format and Accept. Version 2 has JSON of one kind only, which is verbose; version 3 has it, too, if asked.
func (l *Ledger) format(r *http.Request, params []param) format {
	f := format{version: l.opts.Version, level: "minimal"}
	asked, hasFormat := option(params, "$format")
	if !hasFormat {
		asked = r.Header.Get("Accept")
	}
	asked = strings.ToLower(strings.ReplaceAll(asked, " ", ""))
	types := strings.FieldsFunc(asked, func(c rune) bool { return c == ',' || c == ';' })
	f.json = slices.Contains(types, "application/json") || hasFormat && slices.Contains(types, "json")
	isAny := asked == "" || slices.Contains(types, "*/*")
	isAtom := slices.ContainsFunc(types, func(t string) bool {
		return strings.HasPrefix(t, "application/atom") || t == "application/xml" || hasFormat && t == "atom"
	})
	switch {
	case f.version == 4:
		if hasFormat && !f.json {
			f.fail = &odataError{http.StatusUnsupportedMediaType, codeOption, "A supported MIME type could not be found that matches the acceptable MIME types for the request."}
		}
		f.json = true
		if slices.Contains(types, "odata.metadata=none") {
			f.level = "none"
		}
		f.ieee754 = slices.Contains(types, "ieee754compatible=true")
	case !f.json && !isAny && !isAtom:
		f.fail = &odataError{http.StatusUnsupportedMediaType, codeOption, "Unsupported media type requested."}
	case f.version == 2 || slices.Contains(types, "odata=verbose"):
		f.level = "verbose"
	case slices.Contains(types, "odata=nometadata"):
		f.level = "none"
	}
	return f
}

// control is the name of a control member: odata.count in version 3, @odata.count in 4. What is called metadata in 3 is called
// context in 4.
func (f format) control(name string) string {
	if f.version == 4 {
		if name == "metadata" {
			name = "context"
		}
		return "@odata." + name
	}
	return "odata." + name
}

func (f format) contentType() string {
	switch {
	case !f.json:
		return "application/atom+xml;charset=utf-8"
	case f.version == 4:
		t := "application/json; odata.metadata=" + f.level
		if f.ieee754 {
			t += "; IEEE754Compatible=true"
		}
		return t
	case f.version == 2:
		return "application/json;charset=utf-8"
	case f.level == "verbose":
		return "application/json;odata=verbose;charset=utf-8"
	case f.level == "none":
		return "application/json;odata=nometadata;streaming=true;charset=utf-8"
	}
	return "application/json;odata=minimalmetadata;streaming=true;charset=utf-8"
}
