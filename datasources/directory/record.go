package directory

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources"
)

// record is a customer's record of one source in packed form: one string without
// pointers in it, of which a field is a substring. A hundred thousand of them are
// a few chunks of memory, compare by ==, and are stored as they are.
//
// The form: version, flags, the times that are present, the texts in the order of
// the constants below, the foreign ids as pairs, then, when there are any, the names
// of who made and changed it. Lengths and numbers are varints. Records that were
// stored before names were have no such flag, and are read as they are.
type record string

const recordVersion = 1

// Flags of a record.
const (
	flagDeleted = 1 << iota
	flagPerson
	flagCreated
	flagModified
	flagForeign // has foreign ids
	flagHands   // has the names of who made and changed it
)

// The texts of a record, in their order.
const (
	textID = iota
	textCode
	textName
	textLegalName
	textTaxID
	textCountry
	textEmail
	textPhone
	textWebsite
	textStreet
	textCity
	textPostalCode
	textCount
)

// The longest texts that are kept: a longer one is no name and no key, and memory
// must have a bound.
const (
	maxText    = 2000
	maxKey     = 250
	maxForeign = 16
)

var errRecord = errors.New("directory: a stored record is damaged")

// pack appends the packed form of r to b. ok is false when the record has no
// usable key.
func pack(b []byte, r *datasources.CustomerRecord) (packed []byte, ok bool) {
	if r.ID == "" || len(r.ID) > maxKey {
		return b, false
	}
	foreign := foreignOf(r)
	createdBy, modifiedBy := key(r.CreatedBy), key(r.ModifiedBy)
	var flags byte
	for _, f := range []struct {
		set bool
		bit byte
	}{
		{r.Deleted, flagDeleted},
		{r.IsPerson, flagPerson},
		{!r.CreatedAt.IsZero(), flagCreated},
		{!r.ModifiedAt.IsZero(), flagModified},
		{len(foreign) > 0, flagForeign},
		{createdBy != "" || modifiedBy != "", flagHands},
	} {
		if f.set {
			flags |= f.bit
		}
	}
	b = append(b, recordVersion, flags)
	for _, t := range []time.Time{r.CreatedAt, r.ModifiedAt} {
		if !t.IsZero() {
			b = binary.AppendVarint(b, t.Unix())
			b = binary.AppendUvarint(b, uint64(t.Nanosecond()))
		}
	}
	b = appendText(b, r.ID)
	for _, s := range []string{
		key(r.Code), text(r.Name), text(r.LegalName), key(r.TaxID), key(r.Country), key(r.Email), key(r.Phone), text(r.Website),
		text(r.Street), text(r.City), key(r.PostalCode),
	} {
		b = appendText(b, s)
	}
	b = binary.AppendUvarint(b, uint64(len(foreign)))
	for _, f := range foreign {
		b = appendText(appendText(b, f.target), f.id)
	}
	if flags&flagHands != 0 {
		b = appendText(appendText(b, createdBy), modifiedBy)
	}
	return b, true
}

// key trims a text that is compared; too long, it is none.
func key(s string) string {
	if s = strings.TrimSpace(s); len(s) > maxKey {
		return ""
	}
	return s
}

// text trims a text that is shown, and cuts it at a whole sign.
func text(s string) string {
	if s = strings.TrimSpace(s); len(s) > maxText {
		return strings.ToValidUTF8(s[:maxText], "")
	}
	return s
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

type foreignID struct{ target, id string }

// foreignOf returns the foreign ids that say something, sorted.
func foreignOf(r *datasources.CustomerRecord) []foreignID {
	if len(r.ForeignIDs) == 0 {
		return nil
	}
	var list []foreignID
	for target, id := range r.ForeignIDs {
		if id = key(id); id != "" && !isNilGUID(id) && len(target) <= maxKey {
			list = append(list, foreignID{target, id})
		}
	}
	slices.SortFunc(list, func(a, b foreignID) int { return strings.Compare(a.target, b.target) })
	return list[:min(len(list), maxForeign)]
}

// isNilGUID reports whether s is the GUID that means «none» in Creatio and 1C.
func isNilGUID(s string) bool { return isGUID(s) && strings.Trim(s, "0-{}") == "" }

func isGUID(s string) bool {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "{"), "}")
	return len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-'
}

func (r record) isPerson() bool { return r[1]&flagPerson != 0 }

func (r record) isDeleted() bool { return r[1]&flagDeleted != 0 }

func (r record) id() string {
	s, _ := cutText(string(r[r.textsAt():]))
	return s
}

// textsAt is where the texts begin.
func (r record) textsAt() int {
	at := 2
	for _, flag := range [...]byte{flagCreated, flagModified} {
		if r[1]&flag != 0 {
			for range 2 {
				for r[at] >= 0x80 {
					at++
				}
				at++
			}
		}
	}
	return at
}

// text returns the n-th text.
func (r record) text(n int) string {
	s, rest := cutText(string(r[r.textsAt():]))
	for range n {
		s, rest = cutText(rest)
	}
	return s
}

// times returns when the record was made and changed, zero when not told.
func (r record) times() (created, modified time.Time) {
	rest := string(r[2:])
	if r[1]&flagCreated != 0 {
		created, rest = cutTime(rest)
	}
	if r[1]&flagModified != 0 {
		modified, _ = cutTime(rest)
	}
	return created, modified
}

// foreign calls f with every foreign id.
func (r record) foreign(f func(target, id string)) {
	if r[1]&flagForeign == 0 {
		return
	}
	rest := string(r[r.textsAt():])
	for range textCount {
		_, rest = cutText(rest)
	}
	n, rest := cutUvarint(rest)
	for range n {
		var target, id string
		target, rest = cutText(rest)
		id, rest = cutText(rest)
		f(target, id)
	}
}

// hands returns who made the record and who changed it last, "" when not told.
func (r record) hands() (createdBy, modifiedBy string) {
	if r[1]&flagHands == 0 {
		return "", ""
	}
	rest := r.behindForeign()
	createdBy, rest = cutText(rest)
	modifiedBy, _ = cutText(rest)
	return createdBy, modifiedBy
}

// behindForeign is what comes behind the foreign ids.
func (r record) behindForeign() string {
	rest := string(r[r.textsAt():])
	for range textCount {
		_, rest = cutText(rest)
	}
	n, rest := cutUvarint(rest)
	for range n {
		_, rest = cutText(rest)
		_, rest = cutText(rest)
	}
	return rest
}

// check reports a packed record that is not whole.
func (r record) check() (err error) {
	defer func() {
		if recover() != nil { // an index out of range: it is shorter than it says
			err = errRecord
		}
	}()
	if r[0] != recordVersion {
		return errRecord
	}
	rest := r.behindForeign()
	if r[1]&flagHands != 0 {
		_, rest = cutText(rest)
		_, rest = cutText(rest)
	}
	if rest != "" || r.id() == "" {
		return errRecord
	}
	return nil
}

func cutText(s string) (text, rest string) {
	n, rest := cutUvarint(s)
	return rest[:n], rest[n:]
}

func cutUvarint(s string) (n uint64, rest string) {
	if s[0] < 0x80 { // nearly always
		return uint64(s[0]), s[1:]
	}
	shift := 0
	for i := range len(s) {
		n |= uint64(s[i]&0x7f) << shift
		if s[i] < 0x80 {
			return n, s[i+1:]
		}
		shift += 7
	}
	panic(errRecord)
}

func cutTime(s string) (time.Time, string) {
	u, s := cutUvarint(s)
	sec := int64(u >> 1)
	if u&1 != 0 { // zigzag, as binary.AppendVarint writes it
		sec = ^sec
	}
	nano, s := cutUvarint(s)
	return time.Unix(sec, int64(nano)).UTC(), s
}
