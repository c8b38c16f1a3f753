package odata

import (
	"bytes"
	"strconv"
	"time"
	"unicode/utf8"
)

// clock reads times as any version writes them.
type clock struct {
	zone *time.Location // of those that tell none
}

// maxTime is the longest text that is looked at as a time.
const maxTime = 64

// time reads a time. The zero time is "none": the first of January of the year 1,
// which systems without a null write.
func (c clock) time(k kind, text []byte) (time.Time, bool) {
	if len(text) > maxTime || !utf8.Valid(text) {
		return time.Time{}, false
	}
	at, ok := c.ticks(k, text)
	if !ok {
		at, ok = c.iso(text)
	}
	if ok && at.Year() <= 1 {
		return time.Time{}, true
	}
	return at, ok
}

// ticks reads "/Date(1583280000000)/" and "/Date(1583280000000+0060)/":
// milliseconds since 1970 on the wall clock, with its minutes from UTC behind.
// Edm.DateTime has no zone: its clock is the server's.
func (c clock) ticks(k kind, text []byte) (time.Time, bool) {
	inner, ok := bytes.CutPrefix(text, []byte("/Date("))
	if !ok {
		return time.Time{}, false
	}
	if inner, ok = bytes.CutSuffix(inner, []byte(")/")); !ok {
		return time.Time{}, false
	}
	offset, hasOffset := time.Duration(0), false
	if i := bytes.LastIndexAny(inner, "+-"); i > 0 {
		minutes, err := strconv.Atoi(string(inner[i:]))
		if err != nil || minutes <= -24*60 || minutes >= 24*60 {
			return time.Time{}, false
		}
		offset, hasOffset, inner = time.Duration(minutes)*time.Minute, true, inner[:i]
	}
	ms, err := strconv.ParseInt(string(inner), 10, 64)
	if err != nil || ms < minTicks || ms > maxTicks {
		return time.Time{}, false
	}
	at := time.UnixMilli(ms).UTC()
	if hasOffset || k == kindMoment {
		return at.Add(-offset), true
	}
	return c.wall(at), true
}

// The years 1 and 9999 in milliseconds since 1970.
const (
	minTicks = -62135596800000
	maxTicks = 253402300799999
)

// wall puts a clock without a zone into the server's.
func (c clock) wall(t time.Time) time.Time {
	if t.Year() <= 1 {
		return time.Time{}
	}
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), c.zone)
}

// iso reads what versions 3 and 4 write.
func (c clock) iso(text []byte) (time.Time, bool) {
	if at, ok := c.plain(text); ok {
		return at, true
	}
	s := string(text)
	if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return at, true
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", dayLayout} {
		if at, err := time.Parse(layout, s); err == nil {
			return c.wall(at), true
		}
	}
	return time.Time{}, false
}

// plain reads the usual forms of a day and of a time without a zone, which would cost
// an error value for each layout that does not fit; false = it must be looked at
// closely.
func (c clock) plain(b []byte) (time.Time, bool) {
	if len(b) != 10 && (len(b) < 19 || len(b) > 29) || !isDay(b) {
		return time.Time{}, false
	}
	hour, minute, second, nanos := 0, 0, 0, 0
	if len(b) > 10 {
		if !isHour(b) {
			return time.Time{}, false
		}
		hour, minute, second = number(b[11:13]), number(b[14:16]), number(b[17:19])
		if len(b) == 20 || len(b) > 20 && (b[19] != '.' || !isDigits(b[20:])) {
			return time.Time{}, false
		}
		if len(b) > 20 {
			nanos = number(b[20:])
			for range 29 - len(b) {
				nanos *= 10
			}
		}
	}
	year, month, day := number(b[:4]), number(b[5:7]), number(b[8:10])
	// Days that a month may not have are for package time to judge.
	if year < 2 || month < 1 || month > 12 || day < 1 || day > 28 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanos, c.zone), true
}

// isUsual reports whether a text is a time in UTC as it is written for mapping. That
// it has a day which no month has is for mapping to say.
func isUsual(b []byte) bool {
	switch {
	case len(b) < 20 || len(b) > 30 || !isDay(b) || !isHour(b) || b[len(b)-1] != 'Z' || string(b[:4]) <= "0001":
		return false
	case len(b) == 20:
		return true
	}
	fraction := b[20 : len(b)-1]
	return b[19] == '.' && len(fraction) > 0 && isDigits(fraction) && fraction[len(fraction)-1] != '0'
}

// isDay reports whether a text begins with digits as 2026-03-04 has them.
func isDay(b []byte) bool {
	return b[4] == '-' && b[7] == '-' && isDigits(b[:4]) && isDigits(b[5:7]) && isDigits(b[8:10])
}

// isHour reports whether digits as T10:11:12 has them stand behind the day.
func isHour(b []byte) bool {
	return b[10] == 'T' && b[13] == ':' && b[16] == ':' && isDigits(b[11:13]) && isDigits(b[14:16]) && isDigits(b[17:19])
}

func isDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// number is that of a few digits.
func number(b []byte) int {
	n := 0
	for _, c := range b {
		n = 10*n + int(c-'0')
	}
	return n
}
