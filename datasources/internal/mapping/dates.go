package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The styles of dates that are no layouts.
const (
	Unix      = "unix"
	UnixMilli = "unix_ms"
	DotNet    = "dotnet"
)

// DefaultDates are the layouts of a Locale that names none: ISO 8601 as most
// systems write it.
func DefaultDates() []string {
	return []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly}
}

// maxDate is the longest text that is looked at as a date.
const maxDate = 64

// locale is a Locale that was understood.
type locale struct {
	style decimalStyle
	dates *dateReader
}

func compileLocale(l Locale) (*locale, error) {
	style, err := styleOf(l.Decimals)
	if err != nil {
		return nil, fmt.Errorf("decimals: %w", err)
	}
	zone, err := ZoneOf(l.Zone)
	if err != nil {
		return nil, fmt.Errorf("zone: %w", err)
	}
	layouts := l.Dates
	if len(layouts) == 0 {
		layouts = DefaultDates()
	}
	for i, layout := range layouts {
		if err := CheckLayout(layout); err != nil {
			return nil, fmt.Errorf("dates[%d]: %w", i, err)
		}
	}
	return &locale{style: style, dates: newDateReader(layouts, zone, l.BlankDates)}, nil
}

// ZoneOf finds a zone by its IANA name, UTC for "".
func ZoneOf(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, errors.New("unknown, expected a name such as Europe/Paris")
	}
	return zone, nil
}

// CheckLayout tells whether a text is a layout that holds year, month and day, or
// unix, unix_ms or dotnet; its error says what was expected.
func CheckLayout(layout string) error {
	switch layout {
	case Unix, UnixMilli, DotNet:
		return nil
	case "":
		return errors.New("is empty")
	}
	if len(layout) > maxDate {
		return errors.New("is too long")
	}
	want := time.Date(2031, 11, 23, 0, 0, 0, 0, time.UTC)
	got, err := time.Parse(layout, want.Format(layout))
	if err != nil || got.Year() != want.Year() || got.YearDay() != want.YearDay() {
		return errors.New(`is no layout of a date: expected one such as "02/01/2006", or unix, unix_ms or dotnet`)
	}
	return nil
}

// dateReader reads dates by layouts.
type dateReader struct {
	layouts []string
	zone    *time.Location
	blank   []string
	iso     isoForms
}

func newDateReader(layouts []string, zone *time.Location, blank []string) *dateReader {
	return &dateReader{layouts: layouts, zone: zone, blank: blank, iso: isoFormsOf(layouts)}
}

func (r *dateReader) with(layouts []string) *dateReader {
	return newDateReader(layouts, r.zone, r.blank)
}

// ParseDate reads a date as a text holds it. The zero time without a kind is a
// blank date; kind is NoSuchDay or UnknownDate. The error is a mistake in the
// Locale.
func ParseDate(text string, l Locale) (t time.Time, kind string, err error) {
	loc, err := compileLocale(l)
	if err != nil {
		return t, "", err
	}
	t, kind = loc.dates.read(text)
	return t, kind, nil
}

func (r *dateReader) read(text string) (time.Time, string) {
	text = strings.TrimSpace(text)
	if r.isBlank(text) {
		return time.Time{}, ""
	}
	if len(text) > maxDate {
		return time.Time{}, UnknownDate
	}
	kind := UnknownDate
	for _, layout := range r.layouts {
		t, err := r.one(layout, text)
		if err == nil {
			if t.IsZero() {
				return time.Time{}, "" // .NET's way to say nothing
			}
			t = t.UTC()
			if y := t.Year(); y >= 1 && y <= 9999 {
				return t, ""
			}
			continue
		}
		// The form was right, the day was not.
		var parse *time.ParseError
		if errors.As(err, &parse) && strings.HasSuffix(parse.Message, "out of range") {
			kind = NoSuchDay
		}
	}
	return time.Time{}, kind
}

func (r *dateReader) one(layout, text string) (time.Time, error) {
	switch layout {
	case Unix, UnixMilli:
		n, err := strconv.ParseInt(strings.TrimSuffix(text, ".0"), 10, 64)
		if err != nil {
			return time.Time{}, err
		}
		if layout == Unix {
			return time.Unix(n, 0), nil
		}
		return time.UnixMilli(n), nil
	case DotNet:
		return dotNet(text)
	}
	return time.ParseInLocation(layout, text, r.zone)
}

// dotNet reads "/Date(1583280000000+0100)/", milliseconds in UTC; the offset is
// for display only.
func dotNet(text string) (time.Time, error) {
	inner, ok := strings.CutPrefix(strings.ReplaceAll(text, `\/`, "/"), "/Date(")
	inner, closed := strings.CutSuffix(inner, ")/")
	if !ok || !closed || inner == "" {
		return time.Time{}, strconv.ErrSyntax
	}
	if i := strings.LastIndexAny(inner, "+-"); i > 0 {
		if !isDigits(inner[i+1:]) || len(inner)-i != 5 {
			return time.Time{}, strconv.ErrSyntax
		}
		inner = inner[:i]
	}
	n, err := strconv.ParseInt(inner, 10, 64)
	if err != nil {
		return time.Time{}, err
	}
	if n == -62135596800000 {
		return time.Time{}, nil
	}
	return time.UnixMilli(n), nil
}

func (r *dateReader) isBlank(text string) bool {
	if text == "" || slices.Contains(r.blank, text) {
		return true
	}
	if text[0] != '0' || strings.Trim(text, "0-/.:TZ ") != "" {
		return false
	}
	// All zeros, as MySQL writes no date, in the order and with the signs of any layout;
	// "0" and "00:00" are moments to some.
	day, _, _ := strings.Cut(strings.ReplaceAll(text, "T", " "), " ")
	return strings.Count(day, "-")+strings.Count(day, "/")+strings.Count(day, ".") == 2 || len(day) == len("20060102") && strings.Trim(day, "0") == ""
}
