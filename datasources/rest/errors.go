package rest

import (
	"errors"
	"fmt"

	"github.com/trama-graph/trama/schema"
)

// Kinds of problems that are not a record's own, see mapping for the others.
const (
	pageRepeated  = "page that came twice: the list was ended there"
	cursorTooLong = "cursor too long to be kept: the list was ended there"
	pageLimit     = "more pages than max_pages: the list was ended there"
	fewerThanSaid = "fewer records than the total says"
	emptyByStatus = "list that is empty by its status only"
	sizeIgnored   = "page of more records than asked for"
	notMerged     = "further record without a number to join it by, left out"
	sameKeyTwice  = "further record whose id another record has, left out"
	notEnabledTo  = "further package that is not enabled, left out"
	unconfirmed   = "further path that is not confirmed, left out"
	sinceIgnored  = "since_param is ignored: older records came"
	noChangeTime  = "record without a time of change: found by the sweep only"
	noStockKey    = "stock of an article that is not among the products, left out"
)

var (
	errFailure  = errors.New("the body says that the call failed")
	errNoRecord = errors.New("none of the records has a usable key")
	errForeign  = errors.New("rows came that were not asked for")
	errDoubtful = errors.New("the reply repeats itself or does not end")
	errUnsorted = errors.New("rows came in another order than asked for")
)

// invalid is an answer that makes no sense, found behind the wire.
func invalid(source, entity string, cause error) error {
	what := "that makes no sense"
	switch cause {
	case errNoRecord: //nolint:errorlint // one of those above as it is, or another
		return schema.Garbled(source, entity, "id")
	case errForeign:
		what = "with rows that were not asked for"
	case errDoubtful:
		what = "that repeats itself or does not end"
	case errUnsorted:
		what = "in another order than asked for"
	}
	return schema.SourceErrorf(schema.SourceInvalid, source, "%s gave an answer to %s %s", source, entity, what).Because(cause)
}

func unsupported(source, format string, args ...any) error {
	return schema.SourceErrorf(schema.UnsupportedFilter, source, "%s", source+" "+fmt.Sprintf(format, args...))
}

// notEnabled says that a package was not bought; label is its name, or the
// entity's.
func notEnabled(source, label string) *schema.Error {
	return schema.SourceErrorf(schema.NotEnabled, source, "%s: package %s is not enabled", source, label)
}

// notFollowed says that nothing tells what changed of an entity.
func notFollowed(source, entity string) error {
	return schema.SourceErrorf(schema.NotEnabled, source, "%s cannot be asked for what changed of %s", source, entity)
}

// notConfirmed says that a path is a guess nobody has confirmed.
func notConfirmed(source, entity string) error {
	return schema.SourceErrorf(schema.NotEnabled, source, "%s: %s is not enabled, its path is not confirmed", source, entity)
}

// The mistakes in an address.
var (
	errMissing  = errors.New("missing")
	errAddress  = errors.New("expected an address such as https://host/api")
	errUserinfo = errors.New("may not hold a login: use auth")
	errQuery    = errors.New("may not have a query: use the query of an entity, or auth")
)
