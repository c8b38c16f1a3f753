package unknown

import (
	"bytes"
	"encoding/xml"
	"net/http"
)

// odataError is a refusal of the ledger. code is the service's own; only version 2 prints one, as SAP Gateway does.
type odataError struct {
	status int
	code   string
	text   string
}

// Codes in the manner of SAP Gateway, which puts message class and number or a GUID there.
const (
	codeSyntax   = "005056A509B11EE1B9A8FEC11C21D78E"
	codeProperty = "005056A509B11EE1B9A8FEC11C22578E"
	codeType     = "0050569259751EE4BA9710043F8A5115"
	codeMissing  = "/IWBEP/CM_MGW_RT/020"
	codeOption   = "/IWBEP/CM_MGW_RT/176"
)

func badSyntax(text string) *odataError { return &odataError{http.StatusBadRequest, codeSyntax, text} }

func badType(text string) *odataError { return &odataError{http.StatusBadRequest, codeType, text} }

func badOption(text string) *odataError { return &odataError{http.StatusBadRequest, codeOption, text} }

// noProperty names the property and the type, as all services do.
func noProperty(name string, set *entitySet) *odataError {
	return &odataError{http.StatusBadRequest, codeProperty, "Could not find a property named '" + name + "' on type '" + namespace + "." + set.typeName + "'."}
}

func noSegment(name string) *odataError {
	return &odataError{http.StatusNotFound, codeMissing, "Resource not found for the segment '" + name + "'."}
}

// failure prints an error in the form of the version: {"error":{"code","message":{"lang","value"}}} in 2, "odata.error" in 3,
// a plain message in 4; XML for callers of 2 and 3 who did not ask for JSON.
func (l *Ledger) failure(e *odataError, f format) reply {
	message := object(nil, []member{text("lang", "en"), text("value", e.text)})
	switch {
	case l.opts.Version == 4:
		inner := object(nil, []member{text("code", ""), text("message", e.text)})
		return reply{e.status, f.contentType(), object(nil, []member{{"error", inner}})}
	case !f.json:
		var b bytes.Buffer
		b.WriteString(xml.Header + `<error xmlns="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"><code>` + e.code + `</code><message xml:lang="en">`)
		_ = xml.EscapeText(&b, []byte(e.text)) // a buffer does not fail
		b.WriteString(`</message></error>`)
		return reply{e.status, "application/xml;charset=utf-8", b.Bytes()}
	case l.opts.Version == 2 || f.level == "verbose":
		inner := object(nil, []member{text("code", e.code), {"message", message}, {"innererror", []byte(`{"transactionid":"5FA1E2B40D2A0180E0060A8C1C5B1C3F","errordetails":[]}`)}})
		return reply{e.status, f.contentType(), object(nil, []member{{"error", inner}})}
	}
	inner := object(nil, []member{text("code", ""), {"message", message}})
	return reply{e.status, f.contentType(), object(nil, []member{{"odata.error", inner}})}
}

// page is what a web server or a logon page answers: HTML, whatever was asked for.
func page(status int, title string) reply {
	return reply{status, "text/html; charset=utf-8", []byte("<!DOCTYPE html>\n<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\n")}
}

func (l *Ledger) tooLong() reply {
	if l.opts.LongURL == IISNotFound {
		return page(http.StatusNotFound, "404 - File or directory not found.")
	}
	return page(http.StatusRequestURITooLong, "414 Request-URI Too Long")
}
