package mapping

import (
	"testing"
	"time"
)

// FuzzPlainDecimal holds the short way of reading decimals against the long one.
func FuzzPlainDecimal(f *testing.F) {
	for _, s := range []string{"0", "-0", "12.50", "-12,5", "1.234", "1,234", "0.125", ".5", "5.", "1.2.3", "007", "999999999999999999", "9999999999999999.99", "-", "1e3", "0.000000000000000001"} {
		f.Add(s, uint8(0))
		f.Add(s, uint8(1))
		f.Add(s, uint8(2))
	}
	f.Fuzz(func(t *testing.T, text string, style uint8) {
		s := decimalStyle(style % 3)
		got, ok := plainDecimal([]byte(text), s)
		if !ok {
			return
		}
		want, kind := parseDecimal(text, s)
		if kind != "" || got != want {
			t.Fatalf("%q in style %d: %s, but %s %q", text, s, got, want, kind)
		}
	})
}

// FuzzPlainDate holds the short way of reading times against package time.
func FuzzPlainDate(f *testing.F) {
	for _, s := range []string{
		"2026-03-04", "2026-02-29", "2024-02-29", "2026-03-04T05:06:07Z", "2026-03-04T05:06:07", "2026-03-04 05:06:07", "2026-03-29T02:30:00", "0001-01-01", "9999-12-31T23:59:59",
		"2026-13-01", "2026-03-04T24:00:00Z", "2026-03-04T05:06:60Z", "2026-3-04", "2026-03-04T05:06:07z", "26-03-2004", "0000-00-00", "2026-10-25 02:30:00",
		"2026-03-04T05:06:07.5Z", "2026-03-04T05:06:07.123456789Z", "2026-03-04T05:06:07.1234567891Z", "2026-03-04T05:06:07.Z", "2026-03-04T05:06:07,5Z", "2026-03-04T05:06:07.5xZ",
	} {
		f.Add(s)
	}
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		f.Fatal(err)
	}
	var readers []*dateReader
	for _, zone := range []*time.Location{time.UTC, paris} {
		readers = append(readers, newDateReader(DefaultDates(), zone, nil), newDateReader([]string{time.DateOnly, time.RFC3339}, zone, nil),
			newDateReader([]string{"2006-02-01", time.DateOnly}, zone, nil), newDateReader(DefaultDates(), zone, []string{"2026-03-04"}))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for i, r := range readers {
			got, ok := r.plain([]byte(text))
			if !ok {
				continue
			}
			if want, kind := r.read(text); kind != "" || !got.Equal(want) || got.Location() != want.Location() {
				t.Fatalf("%q with reader %d: %s, but %s %q", text, i, got, want, kind)
			}
		}
	})
}
