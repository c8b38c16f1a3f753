package copies

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/schema"
)

// What can be wrong with a value. The field's path is said beside it.
var (
	errUnknownField = errors.New("unknown field")
	errNotText      = errors.New("not a text")
	errNotDecimal   = fmt.Errorf("not a decimal of at most %d digits, written without an exponent", pushDigits)
	errNotTime      = errors.New("not a time as in RFC 3339 with its zone, from 1900 on and with at most 9 digits of a second")
	errNotMoney     = errors.New("not money: want an object of amount and currency")
	errNoAmount     = errors.New("the amount is missing")
	errNoCurrency   = errors.New("the currency is missing")
	errNotCurrency  = errors.New("not a currency: want three capital letters (ISO 4217)")
	errNotCountry   = errors.New("not a country: want two capital letters (ISO 3166-1)")
	errNotInt       = errors.New("not a whole number of 32 bits")
	errNotTruth     = errors.New("neither true nor false")
	errNotObject    = errors.New("not an object")
	errNotList      = errors.New("not a list")
	errTooMany      = errors.New("too many elements")
	errControl      = errors.New("a control sign in a key or number")
	errEmptyKey     = errors.New("empty")
)

// record reads an object into a struct. A null, like an empty text, leaves its field
// absent.
func (r *jsonReader) record(fields []pushField, into reflect.Value, extra func(name string) (bool, error)) error {
	if r.peek() != '{' {
		return errNotObject
	}
	var seen uint64
	return r.object(func(name string) error {
		i := slices.IndexFunc(fields, func(f pushField) bool { return f.name == name })
		if i < 0 {
			if extra != nil {
				if known, err := extra(name); known || err != nil {
					return err
				}
			}
			return errUnknownField
		}
		if seen&(1<<i) != 0 {
			return errTwice
		}
		seen |= 1 << i
		if r.null() {
			return nil
		}
		return r.field(&fields[i], into)
	})
}

func (r *jsonReader) field(f *pushField, into reflect.Value) error {
	v := into.FieldByIndex(f.index)
	switch f.kind {
	case pushTime:
		return readInto(v, r.time)
	case pushDecimal:
		return readInto(v, pointed(r.decimal))
	case pushMoney:
		return readInto(v, r.money)
	case pushInt:
		return readInto(v, pointed(r.int32))
	case pushTruth:
		return readInto(v, pointed(r.truthValue))
	case pushKeys:
		return readInto(v, r.keys)
	case pushKeyMap:
		return readInto(v, r.keyMap)
	case pushRecord:
		x := reflect.New(f.elem)
		v.Set(x)
		return r.record(f.inside, x.Elem(), nil)
	case pushRecords:
		return r.records(f, v)
	}
	s, err := r.string(f)
	if err == nil {
		v.SetString(s)
	}
	return err
}

func readInto[T any](v reflect.Value, read func() (T, error)) error {
	x, err := read()
	if err == nil {
		*v.Addr().Interface().(*T) = x
	}
	return err
}

func pointed[T any](read func() (T, error)) func() (*T, error) {
	return func() (*T, error) {
		x, err := read()
		return &x, err
	}
}

func (r *jsonReader) records(f *pushField, v reflect.Value) error {
	if r.peek() != '[' {
		return errNotList
	}
	list := reflect.MakeSlice(v.Type(), 0, 4)
	err := r.array(func(i int) error {
		if i >= pushListMost {
			return errTooMany
		}
		x := reflect.New(f.elem)
		list = reflect.Append(list, x)
		return r.record(f.inside, x.Elem(), nil)
	})
	v.Set(list)
	return err
}

// string reads a text of any kind.
func (r *jsonReader) string(f *pushField) (string, error) {
	if r.peek() != '"' {
		return "", errNotText
	}
	s, err := r.text()
	switch {
	case err != nil:
		return "", err
	case f.kind == pushEnum:
		if s != "" && !slices.Contains(f.words, s) {
			return "", errors.New("not one of " + strings.Join(f.words, ", "))
		}
	case len(s) > f.most && f.kind != pushCountry:
		return "", tooLong(f.most)
	case f.kind == pushKey && hasControl(s):
		return "", errControl
	case f.kind == pushCountry && s != "" && !isCapitals(s, 2):
		return "", errNotCountry
	}
	return s, nil
}

func tooLong(most int) error { return fmt.Errorf("longer than %d bytes", most) }

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f })
}

func isCapitals(s string, n int) bool {
	for i := range len(s) {
		if s[i] < 'A' || s[i] > 'Z' {
			return false
		}
	}
	return len(s) == n
}

// key reads a key that is not empty.
func (r *jsonReader) key() (string, error) {
	s, err := r.string(&pushField{kind: pushKey, most: pushKeyMost})
	if err == nil && s == "" {
		err = errEmptyKey
	}
	return s, err
}

func (r *jsonReader) keys() ([]string, error) {
	if r.peek() != '[' {
		return nil, errNotList
	}
	var out []string
	err := r.array(func(i int) error {
		if i >= pushNamesMost {
			return errTooMany
		}
		s, err := r.key()
		out = append(out, s)
		return err
	})
	return out, err
}

func (r *jsonReader) keyMap() (map[string]string, error) {
	if r.peek() != '{' {
		return nil, errNotObject
	}
	out := map[string]string{}
	err := r.object(func(name string) error {
		if _, again := out[name]; again {
			return errTwice
		}
		switch {
		case len(out) >= pushNamesMost:
			return errTooMany
		case name == "":
			return errEmptyKey
		case len(name) > pushKeyMost:
			return tooLong(pushKeyMost)
		case hasControl(name):
			return errControl
		}
		s, err := r.key()
		out[name] = s
		return err
	})
	return out, err
}

func (r *jsonReader) truthValue() (bool, error) {
	x, err := r.truth()
	if err != nil {
		err = errNotTruth
	}
	return x, err
}

func (r *jsonReader) int32() (int, error) {
	text, err := r.number()
	if err != nil {
		return 0, errNotInt
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < math.MinInt32 || n > math.MaxInt32 {
		return 0, errNotInt
	}
	return int(n), nil
}

// time reads a time. What zoneless clocks and empty dates of old systems become is
// the sender's to decide: a year before 1900 is refused.
func (r *jsonReader) time() (time.Time, error) {
	if r.peek() != '"' {
		return time.Time{}, errNotTime
	}
	s, err := r.text()
	if err != nil {
		return time.Time{}, err
	}
	return parsePushTime(s)
}

func parsePushTime(s string) (time.Time, error) {
	var t time.Time
	// UnmarshalText is strict where Parse is not; more than 9 digits of a second it
	// would cut silently, so that two versions would be one.
	if len(s) > len("2006-01-02T15:04:05.999999999+00:00") {
		return t, errNotTime
	}
	_, fraction, _ := strings.Cut(s, ".")
	if len(fraction)-len(strings.TrimLeft(fraction, "0123456789")) > 9 {
		return t, errNotTime
	}
	if err := t.UnmarshalText([]byte(s)); err != nil {
		return t, errNotTime
	}
	if t = t.UTC(); t.Year() < 1900 || t.Year() > 9999 {
		return time.Time{}, errNotTime
	}
	return t, nil
}

// decimal reads a number or a text of one, exactly as it is written.
func (r *jsonReader) decimal() (decimal.Decimal, error) {
	var text string
	var err error
	if r.peek() == '"' {
		if text, err = r.text(); err != nil {
			return decimal.Decimal{}, err
		}
	} else if text, err = r.number(); err != nil {
		return decimal.Decimal{}, errNotDecimal
	}
	if !isPlainDecimal(text) {
		return decimal.Decimal{}, errNotDecimal
	}
	d, err := decimal.Parse(text)
	if err != nil {
		return decimal.Decimal{}, errNotDecimal
	}
	return d, nil
}

// isPlainDecimal reports whether a text is a sign, digits and a point, few enough to
// be kept exactly: the library would round others.
func isPlainDecimal(s string) bool {
	whole, fraction, hasPoint := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	if whole == "" || hasPoint && fraction == "" || len(whole)+len(fraction) > pushDigits {
		return false
	}
	return isDigits(whole) && isDigits(fraction)
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func (r *jsonReader) money() (*schema.Money, error) {
	if r.peek() != '{' {
		return nil, errNotMoney
	}
	var amount *decimal.Decimal
	var currency *string
	err := r.object(func(name string) error {
		switch name {
		case moneyAmount:
			if amount != nil {
				return errTwice
			}
			d, err := r.decimal()
			amount = &d
			return err
		case moneyCurrency:
			if currency != nil {
				return errTwice
			}
			if r.peek() != '"' {
				return errNotCurrency
			}
			s, err := r.text()
			if err == nil && !isCapitals(s, 3) {
				err = errNotCurrency
			}
			currency = &s
			return err
		}
		return errUnknownField
	})
	switch {
	case err != nil:
		return nil, err
	case amount == nil:
		return nil, errNoAmount
	case currency == nil:
		return nil, errNoCurrency
	}
	return schema.NewMoney(*amount, *currency), nil
}
