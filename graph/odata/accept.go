package odata

import (
	"mime"
	"slices"
	"strconv"
	"strings"
)

// maxAccept is how much of an Accept header is looked at.
const maxAccept = 4 << 10

// mediaRange is one item of an Accept header (RFC 9110 §12.5.1).
type mediaRange struct {
	text   string // as it came, with its parameters
	media  string // without them, in small letters
	weight float64
}

// ranges reads an Accept header; what is no media range is left out, and so is
// all of a header that is longer than maxAccept.
func ranges(header string) []mediaRange {
	if len(header) > maxAccept {
		return nil
	}
	var all []mediaRange
	for item := range strings.SplitSeq(header, ",") {
		text := strings.TrimSpace(item)
		media, parameters, err := mime.ParseMediaType(text)
		if err != nil {
			continue
		}
		r := mediaRange{text: text, media: media, weight: 1}
		if q, given := parameters["q"]; given {
			if r.weight, err = strconv.ParseFloat(q, 64); err != nil {
				continue
			}
		}
		all = append(all, r)
	}
	return all
}

// Accept chooses the JSON format that an Accept header prefers. An empty header
// and a range such as */* mean the default, unless a closer range has the weight
// 0: "application/json;q=0, */*" takes anything but JSON. The error is of
// KindNotAcceptable.
func Accept(header string) (Format, error) {
	if strings.TrimSpace(header) == "" {
		return Format{}, nil
	}
	all := ranges(header)
	isRefused := func(by string) bool { // the default, by a closer range than by
		return slices.ContainsFunc(all, func(r mediaRange) bool {
			f, isJSON := jsonFormat(r.text)
			return r.weight <= 0 && (isJSON && f == Format{} || by == "*/*" && r.media == "application/*")
		})
	}
	best, weight := Format{}, 0.0
	for _, r := range all {
		f, ok := jsonFormat(r.text)
		if r.media == "*/*" || r.media == "application/*" {
			f, ok = Format{}, !isRefused(r.media)
		}
		if ok && r.weight > weight {
			best, weight = f, r.weight
		}
	}
	if weight == 0 {
		return Format{}, notAcceptable("the answer is application/json only, with odata.metadata none, minimal or full")
	}
	return best, nil
}

// Accepts says whether an Accept header takes the answer of b, which is of the
// kind of its question. Of a multipart batch application/json is taken as the
// wish for what is in it: OData 4.0 knows no other batch, and clients put there
// what they put everywhere. The error is of KindNotAcceptable.
func (b *Batch) Accepts(header string) error {
	if strings.TrimSpace(header) == "" {
		return nil
	}
	if b.boundary == "" {
		if _, err := Accept(header); err != nil {
			return notAcceptable("the answer to a JSON batch is application/json only")
		}
		return nil
	}
	isAny, isRefused := false, false
	for _, r := range ranges(header) {
		switch r.media {
		case "multipart/mixed":
			if r.weight > 0 {
				return nil
			}
			isRefused = true
		case "multipart/*", "*/*", "application/json":
			isAny = isAny || r.weight > 0
		}
	}
	if !isAny || isRefused {
		return notAcceptable("the answer to a multipart batch is multipart/mixed only")
	}
	return nil
}
