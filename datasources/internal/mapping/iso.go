package mapping

import (
	"slices"
	"time"
)

// isoForms says which of the usual forms of ISO 8601 the layouts take, so that they
// can be read without package time's layouts, which costs an error value for each
// that does not fit. No other layout that could be declared beside them may read
// the same text as another time.
type isoForms struct{ zoned, local, spaced, day bool }

func isoFormsOf(layouts []string) isoForms {
	for _, l := range layouts {
		switch l {
		case time.RFC3339, "2006-01-02T15:04:05", time.DateTime, time.DateOnly:
		default:
			return isoForms{}
		}
	}
	return isoForms{
		zoned: slices.Contains(layouts, time.RFC3339), local: slices.Contains(layouts, "2006-01-02T15:04:05"),
		spaced: slices.Contains(layouts, time.DateTime), day: slices.Contains(layouts, time.DateOnly),
	}
}

// plain reads a time in one of the forms, of which only the one with a zone may have
// fractions of seconds; false = it must be looked at closely.
func (r *dateReader) plain(b []byte) (time.Time, bool) {
	zone := r.zone
	switch {
	case len(r.blank) > 0:
		return time.Time{}, false
	case len(b) == 10 && r.iso.day:
	case len(b) == 19 && (b[10] == 'T' && r.iso.local || b[10] == ' ' && r.iso.spaced):
	case len(b) >= 20 && b[10] == 'T' && b[len(b)-1] == 'Z' && r.iso.zoned:
		zone = time.UTC
	default:
		return time.Time{}, false
	}
	if b[4] != '-' || b[7] != '-' {
		return time.Time{}, false
	}
	year, month, day := two(b, 0)*100+two(b, 2), two(b, 5), two(b, 8)
	hour, minute, second, nanos := 0, 0, 0, 0
	if len(b) > 10 {
		if b[13] != ':' || b[16] != ':' {
			return time.Time{}, false
		}
		hour, minute, second = two(b, 11), two(b, 14), two(b, 17)
		if len(b) > 20 {
			if nanos = fraction(b[19 : len(b)-1]); nanos < 0 {
				return time.Time{}, false
			}
		}
	}
	// The first years and the last are where a zone may lead out of the calendar.
	if year < 2 || year > 9998 || month < 1 || month > 12 || day < 1 || day > 28 && day > daysIn(year, month) ||
		uint(hour) > 23 || uint(minute) > 59 || uint(second) > 59 {
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanos, zone).UTC(), true
}

// fraction is the nanoseconds of a point and up to nine digits, negative when it is
// something else.
func fraction(b []byte) int {
	if len(b) < 2 || len(b) > 10 || b[0] != '.' {
		return -1
	}
	n := 0
	for i := 1; i < 10; i++ {
		n *= 10
		if i >= len(b) {
			continue
		}
		if b[i]-'0' > 9 {
			return -1
		}
		n += int(b[i] - '0')
	}
	return n
}

// two is the number of two digits, far below zero when they are none.
func two(b []byte, i int) int {
	x, y := b[i]-'0', b[i+1]-'0'
	if x > 9 || y > 9 {
		return -1 << 20
	}
	return int(x)*10 + int(y)
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
