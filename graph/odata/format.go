package odata

import (
	"mime"
	"strings"
)

// Level is how much control information the rows of an answer carry
// (JSON Format §3.1).
type Level uint8

// The levels of metadata.
const (
	Minimal Level = iota // the default: context, count and next link
	None                 // count and next link only
	Full                 // also type, id and edit link of each row, and types of values
)

// Format is a JSON format. The zero Format is the default.
type Format struct {
	Level Level
	// IsIEEE754 asks for Edm.Int64 and Edm.Decimal as strings (JSON Format §3.2).
	IsIEEE754 bool
}

// ContentType returns the Content-Type of an answer in this format.
func (f Format) ContentType() string {
	t := "application/json;odata.metadata=" + f.Level.String()
	if f.IsIEEE754 {
		t += ";IEEE754Compatible=true"
	}
	return t
}

// String returns the value of odata.metadata.
func (l Level) String() string {
	switch l {
	case None:
		return "none"
	case Full:
		return "full"
	}
	return "minimal"
}

// readFormat reads $format: json, xml or a media type (Part 1 §11.2.10).
func (q *Question) readFormat(text string) error {
	f, ok := jsonFormat(text)
	if text == "json" {
		f, ok = Format{}, true
	}
	media, _, _ := strings.Cut(text, ";")
	isXML := text == "xml" || strings.TrimSpace(media) == "application/xml"
	switch {
	case q.Target == Metadata && isXML:
		return nil
	case q.Target == Metadata:
		return notAcceptable("$metadata is application/xml only")
	case !ok:
		return notAcceptable("the answer is application/json only, with odata.metadata none, minimal or full")
	}
	q.format = &f
	return nil
}

func notAcceptable(message string) *Error {
	return &Error{Kind: KindNotAcceptable, Message: message}
}

// jsonFormat reads application/json with its parameters. A parameter that is not
// known is refused, as Part 1 §8.2.1 asks; one of HTTP or of streaming is not.
func jsonFormat(text string) (f Format, ok bool) {
	media, parameters, err := mime.ParseMediaType(text)
	if err != nil || media != "application/json" {
		return f, false
	}
	for name, value := range parameters {
		value = strings.ToLower(value)
		switch name {
		case "odata.metadata", "metadata":
			switch value {
			case "minimal":
				f.Level = Minimal
			case "none":
				f.Level = None
			case "full":
				f.Level = Full
			default:
				return f, false
			}
		case "ieee754compatible":
			if value != "true" && value != "false" {
				return f, false
			}
			f.IsIEEE754 = value == "true"
		case "odata.streaming", "streaming":
			if value != "true" && value != "false" {
				return f, false
			}
		case "charset":
			if value != "utf-8" && value != "utf8" {
				return f, false
			}
		case "q":
		default:
			return f, false
		}
	}
	return f, true
}
