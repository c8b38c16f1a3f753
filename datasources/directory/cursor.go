package directory

import (
	"strconv"

	"github.com/trama-graph/trama/schema"
)

// Lists for the administrator are paged by place: they change little while he
// turns the page, and what moves is shown twice or not on that round. It is the
// caller who seals cursors.
func cursorOf(at int) string { return strconv.Itoa(at) }

func cursorAt(after string) (int, error) {
	if after == "" {
		return 0, nil
	}
	at, err := strconv.ParseUint(after, 10, 31)
	if err != nil {
		return 0, schema.Errorf(schema.BadRequest, "the cursor is damaged")
	}
	return int(at), nil
}
