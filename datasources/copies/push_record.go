package copies

import (
	"errors"
	"fmt"
	"strings"

	"github.com/trama-graph/trama/schema"
)

// What can be wrong with a record beside its data.
var (
	errOtherID    = errors.New("is another id than the record's")
	errMissing    = errors.New("missing")
	errNotVersion = fmt.Errorf("not a version: want a whole number of at most %d digits, not below 0, or a time as in RFC 3339", pushDigits)
	errNoData     = errors.New("missing: a record that is not deleted has data")
	errDataGone   = errors.New("a deleted record has no data")
	errNotMark    = errors.New("a record that says full or current has its entity and no id, version or data")
	errNotAccept  = errors.New("only a record that says current accepts deletions")
)

// pushed is one record of a push, read.
type pushed struct {
	entity  string
	id      string
	version string // as it is kept
	deleted bool
	// Marks are no records: everything comes once more, and all that changed is here.
	full, current, accept bool
	row                   Row
}

func (p *pushed) isMark() bool { return p.full || p.current }

// Versions are kept so that their bytes compare as they do. The first of them tells
// numbers from times.
const (
	numberVersion = 'n'
	timeVersion   = 't'
	// PushVersionKinds are both, for the store.
	PushVersionKinds = "nt"
	// versionTime has a fixed width.
	versionTime = "2006-01-02T15:04:05.000000000Z"
)

// versionOf makes the text a version is kept as.
func (r *jsonReader) versionOf() (string, error) {
	var text string
	var err error
	if r.peek() == '"' {
		if text, err = r.text(); err != nil {
			return "", err
		}
		if !isDigits(text) || text == "" {
			t, err := parsePushTime(text)
			if err != nil {
				return "", errNotVersion
			}
			return string(timeVersion) + t.Format(versionTime), nil
		}
	} else if text, err = r.number(); err != nil || !isDigits(text) {
		return "", errNotVersion
	}
	// Leading zeros of a text are not digits of the number.
	text = strings.TrimLeft(text, "0")
	if len(text) > pushDigits {
		return "", errNotVersion
	}
	return string(numberVersion) + strings.Repeat("0", pushDigits-len(text)) + text, nil
}

// envelope reads a record but for its data, whose bytes it returns. What it found
// before an error is in p.
func (r *jsonReader) envelope(p *pushed) (data []byte, err error) {
	if r.peek() != '{' {
		return nil, errNotObject
	}
	var seen, version string
	err = r.object(func(name string) error {
		var err error
		if strings.Contains(seen, ","+name+",") {
			return errTwice
		}
		switch name {
		case "entity":
			p.entity, err = r.key()
		case "id":
			p.id, err = r.key()
		case "version":
			version, err = r.versionOf()
		case "deleted":
			p.deleted, err = r.truthValue()
		case "full":
			p.full, err = r.truthValue()
		case "current":
			p.current, err = r.truthValue()
		case "acceptDeletions":
			p.accept, err = r.truthValue()
		case "data":
			data, err = r.skip()
		default:
			return errUnknownField
		}
		seen += "," + name + ","
		return err
	})
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return nil, err
	}
	p.version = version
	return data, r.checkEnvelope(p, data)
}

func (r *jsonReader) checkEnvelope(p *pushed, data []byte) error {
	wrong := func(field string, err error) error {
		r.path = append(r.path, field)
		return err
	}
	isNull := string(data) == "null"
	switch {
	case p.entity == "":
		return wrong("entity", errMissing)
	case p.accept && !p.current:
		return wrong("acceptDeletions", errNotAccept)
	case p.isMark() && (p.full && p.current || p.id != "" || p.version != "" || p.deleted || data != nil):
		return wrong("entity", errNotMark)
	case p.isMark():
		return nil
	case p.id == "":
		return wrong("id", errMissing)
	case p.version == "":
		return wrong("version", errMissing)
	case p.deleted && data != nil && !isNull:
		return wrong("data", errDataGone)
	case !p.deleted && (data == nil || isNull):
		return wrong("data", errNoData)
	}
	return nil
}

// read reads one record of a push. The error is a *pushError; p has what was found
// before it.
func (x *Pushed) read(raw []byte) (p pushed, err error) {
	r := &jsonReader{b: raw}
	data, err := r.envelope(&p)
	if err != nil {
		return p, r.refusal(err)
	}
	pack := x.packers[p.entity]
	switch {
	case pack == nil:
		r.path = append(r.path, "entity")
		return p, &pushError{code: schema.NotEnabled, path: r.where(), err: errors.New("not an entity that is pushed here")}
	case p.isMark():
		return p, nil
	case p.deleted:
		p.row.Key = p.id
	default:
		r = &jsonReader{b: data, path: []string{"data"}}
		if p.row, err = pack(r, p.id); err == nil {
			err = r.end()
		}
		if err != nil {
			return p, r.refusal(err)
		}
	}
	p.row.Version = p.version
	return p, nil
}

// pushError says why a record was refused. It holds no value.
type pushError struct {
	code schema.Code
	path string
	err  error
}

// Error names the field and what is wrong with it.
func (e *pushError) Error() string {
	if e.path == "" {
		return e.err.Error()
	}
	return e.path + ": " + e.err.Error()
}

// Unwrap returns what is wrong.
func (e *pushError) Unwrap() error { return e.err }

func (r *jsonReader) refusal(err error) error {
	code := schema.BadRequest
	if errors.Is(err, errTooMany) {
		code = schema.Limited
	}
	return &pushError{code: code, path: r.where(), err: err}
}

// where is the path of the value being read. A name that is none of ours is data of
// the sender: it is shown as a name only.
func (r *jsonReader) where() string {
	var b strings.Builder
	for _, name := range r.path {
		if !strings.HasPrefix(name, "[") && b.Len() > 0 {
			b.WriteByte('.')
		}
		if strings.HasPrefix(name, "[") && !isIndex(name) || !strings.HasPrefix(name, "[") && !isName(name) {
			name = "?"
		}
		b.WriteString(name)
	}
	return b.String()
}

func isIndex(s string) bool {
	return len(s) > 2 && s[len(s)-1] == ']' && isDigits(s[1:len(s)-1]) && len(s) < 12
}

// isName reports whether a text is like the name of a field.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || i > 0 && c >= '0' && c <= '9') {
			return false
		}
	}
	return s != "" && len(s) <= 40
}
