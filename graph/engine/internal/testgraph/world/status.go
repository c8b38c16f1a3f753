package world

import (
	"fmt"
	"io"
	"strconv"
)

// Status is an enum with marshal methods, as gqlgen generates them.
type Status string

// The statuses.
const (
	Open    Status = "OPEN"
	Closed  Status = "CLOSED"
	Pending Status = "PENDING"
)

// IsValid reports whether the schema has the status.
func (s Status) IsValid() bool { return s == Open || s == Closed || s == Pending }

// UnmarshalGQL reads a status.
func (s *Status) UnmarshalGQL(v any) error {
	str, ok := v.(string)
	if !ok {
		return fmt.Errorf("enums must be strings")
	}
	*s = Status(str)
	if !s.IsValid() {
		return fmt.Errorf("%s is not a valid Status", str)
	}
	return nil
}

// MarshalGQL writes a status.
func (s Status) MarshalGQL(w io.Writer) { fmt.Fprint(w, strconv.Quote(string(s))) }
