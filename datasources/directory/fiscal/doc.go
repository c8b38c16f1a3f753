// Package fiscal understands fiscal numbers: it normalises them, checks their
// check digits and tells the company a number belongs to. Its rules are those of
// wire/identity.md, section Fiscal numbers (MD, RU, BR, FR, RO). It is pure: no
// look-ups, no state. Package directory calls it for every record.
//
// A valid number here is one whose check digits are right and that is not an
// obvious placeholder. Whether it was ever given to anybody, it cannot know.
package fiscal
