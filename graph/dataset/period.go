package dataset

import (
	"time"
)

// Period is what moments are grouped by.
type Period uint8

// The periods. Whole is no period: the value as it is.
const (
	Whole Period = iota
	Day
	Month
	Quarter
	Year
)

func periodNamed(name string) (Period, bool) {
	switch name {
	case "":
		return Whole, true
	case "DAY":
		return Day, true
	case "MONTH":
		return Month, true
	case "QUARTER":
		return Quarter, true
	case "YEAR":
		return Year, true
	}
	return Whole, false
}

// suffix is what is put behind the name of a column that is grouped by the period.
func (p Period) suffix() string {
	return [...]string{"", "_day", "_month", "_quarter", "_year"}[p]
}

// first is the first day of the period a moment is in by a zone's calendar, as that
// day's midnight in UTC.
func (p Period) first(at time.Time, zone *time.Location) time.Time {
	year, month, day := at.In(zone).Date()
	switch p {
	case Year:
		month, day = time.January, 1
	case Quarter:
		month, day = month-(month-1)%3, 1
	case Month:
		day = 1
	}
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
