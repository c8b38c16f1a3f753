package output

import (
	"time"
	"unicode/utf8"

	"github.com/govalues/decimal"
)

const digitPairs = "00010203040506070809" +
	"10111213141516171819" +
	"20212223242526272829" +
	"30313233343536373839" +
	"40414243444546474849" +
	"50515253545556575859" +
	"60616263646566676869" +
	"70717273747576777879" +
	"80818283848586878889" +
	"90919293949596979899"

// appendDecimal appends a decimal with all its places and the given mark between
// the whole and the fraction. It is what Decimal.AppendText does, at a third of
// the time: most cells of a table of documents are amounts.
func appendDecimal(b []byte, d decimal.Decimal, mark byte) []byte {
	var room [24]byte // 19 digits, a sign, a mark and the zero before it
	i := len(room)
	coef, scale := d.Coef(), d.Scale()
	if scale > 0 {
		left := scale
		for ; left >= 2; left -= 2 {
			pair := coef % 100 * 2
			coef /= 100
			i -= 2
			room[i], room[i+1] = digitPairs[pair], digitPairs[pair+1]
		}
		if left == 1 {
			i--
			room[i] = byte('0' + coef%10)
			coef /= 10
		}
		i--
		room[i] = mark
	}
	for coef >= 100 {
		pair := coef % 100 * 2
		coef /= 100
		i -= 2
		room[i], room[i+1] = digitPairs[pair], digitPairs[pair+1]
	}
	if coef >= 10 {
		i -= 2
		room[i], room[i+1] = digitPairs[coef*2], digitPairs[coef*2+1]
	} else {
		i--
		room[i] = byte('0' + coef)
	}
	if d.IsNeg() {
		i--
		room[i] = '-'
	}
	return append(b, room[i:]...)
}

// hasYear reports whether RFC 3339 has words for the moment.
func hasYear(t time.Time) bool {
	// The first second of year 1 and the last of 9999, as Unix counts them.
	s := t.Unix()
	return s >= -62135596800 && s <= 253402300799
}

// appendTime appends a moment in UTC as RFC 3339 has it, with as many places of
// the second as it has, which is how the graph writes a DateTime.
func appendTime(b []byte, t time.Time) []byte {
	sec, nano := t.Unix(), t.Nanosecond()
	day, rest := divide(sec, 86400)
	b = appendDay(b, day)
	h, m, s := rest/3600, rest/60%60, rest%60
	b = append(b,
		'T', digitPairs[h*2], digitPairs[h*2+1],
		':', digitPairs[m*2], digitPairs[m*2+1],
		':', digitPairs[s*2], digitPairs[s*2+1])
	if nano != 0 {
		b = append(b, '.')
		for unit := 100_000_000; nano > 0; unit /= 10 {
			b = append(b, byte('0'+nano/unit))
			nano %= unit
		}
	}
	return append(b, 'Z')
}

// appendDate appends the day of a moment in UTC.
func appendDate(b []byte, t time.Time) []byte {
	day, _ := divide(t.Unix(), 86400)
	return appendDay(b, day)
}

// appendDay appends a day counted from 1970-01-01, of a year from 1 to 9999. It
// is Howard Hinnant's civil_from_days: years begin in March, so that the leap
// day is their last.
func appendDay(b []byte, day int64) []byte {
	z := uint64(day + 719468)
	era := z / 146097
	doe := z % 146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d := doy - (153*mp+2)/5 + 1
	m := mp + 3
	y := yoe + era*400
	if m > 12 {
		m -= 12
		y++
	}
	century, year := y/100, y%100
	return append(b,
		digitPairs[century*2], digitPairs[century*2+1], digitPairs[year*2], digitPairs[year*2+1],
		'-', digitPairs[m*2], digitPairs[m*2+1],
		'-', digitPairs[d*2], digitPairs[d*2+1])
}

// divide divides with a remainder that is never negative.
func divide(n, by int64) (quotient, rest int64) {
	quotient, rest = n/by, n%by
	if rest < 0 {
		quotient--
		rest += by
	}
	return quotient, rest
}

// appendValid appends a text with each byte that is no UTF-8 replaced.
func appendValid(b []byte, s string) []byte {
	if utf8.ValidString(s) {
		return append(b, s...)
	}
	for _, r := range s {
		b = utf8.AppendRune(b, r)
	}
	return b
}
