package ecolix

import (
	"strconv"
	"strings"
)

// Dialect is how the ERP words its answers: what the interfaces that wire/ecolix.md §2 compares, and its assumptions E1–E12, leave
// open. It is plain data. The zero Dialect gives the example shapes of §3.
type Dialect struct {
	Envelope Envelope
	Reads    Reads

	Paging      Paging
	PageParam   string // "" means page
	OffsetParam string // "" means offset
	SizeParam   string // "" means limit
	FirstPage   int    // number of the first page, 0 or 1
	MaxSize     int    // most rows of a page, whatever was asked; 0 means 100. It does not bound PagingNone
	// IgnorePaging answers every request with the first page. RandomDialect never draws it: whoever reads such a list cannot get more.
	IgnorePaging bool
	// EmptyIs404 answers 404 where a page has no rows, as older Dolibarrs do (§2).
	EmptyIs404 bool

	Auth     Auth
	AuthName string // of the header, the query parameter or the basic user; "" means X-API-KEY, key, DefaultUser

	Decimals   DecimalStyle
	Days       DateStyle // dates of documents: date, dateValidite, dateExpedition, dateLivraisonPrevue
	Moments    DateStyle // instants: dateRdv, dateModification. A style without a time of day cuts them to the day
	BlankDates BlankDate // what stands where there is no date

	// NumericIDs writes the keys of clients and suppliers, and the technical ids, as JSON numbers: 42 for CL00042 (ClientKey).
	// Document numbers and article references stay texts.
	NumericIDs bool
	// DocumentIDs gives documents a technical id beside their number; the single GET takes either.
	DocumentIDs bool
	// Fields names fields otherwise than by default: wire name by "record.field" as in Candidates, e.g. {"client.id": "CT_Num"}.
	// An unknown "record.field" panics in New, since a misspelt switch would prove nothing.
	Fields map[string]string

	// SinceParam filters lists by their change time (≥): its value is read in any DateStyle. "" means that there is no such filter (E7).
	SinceParam string

	// ErrorsInBody sends failures of a read or an import with status 200 (E4). What stands before the application keeps its status:
	// 401, 405, 413, 429 and 404 of EmptyIs404.
	ErrorsInBody bool
	ErrorField   string // holds the text of a failure; "" means error
	NotBought    NotBought
}

// Envelope is what a list is wrapped in. A single record takes the list's place; it stands bare in EnvelopeBare and in a list of one
// in EnvelopeItems.
type Envelope uint8

// The envelopes.
const (
	EnvelopePagination Envelope = iota // {"data":[…],"pagination":{"total":0,"page":0,"page_count":1,"limit":100}}
	EnvelopeData                       // {"data":[…]}
	EnvelopeItems                      // {"items":[…]}
	EnvelopeMetadata                   // {"data":[…],"metadata":{"rowcount":0,"issuccess":true},"error":null}
	EnvelopeBare                       // […]
)

// Reads is how a list is asked for. A single record is always a GET.
type Reads uint8

// The ways.
const (
	ReadsGET Reads = iota // GET, parameters in the query
	// ReadsPOST is POST with the parameters in a JSON body. Where the same address takes an import, a body that holds nothing but
	// known parameters is a read.
	ReadsPOST
)

// Paging is how a list is cut.
type Paging uint8

// The ways.
const (
	PagingPage   Paging = iota // by page number
	PagingOffset               // by number of rows to skip
	PagingNone                 // not at all: every answer is the whole list, whatever is asked
)

// Auth is where the key stands.
type Auth uint8

// The places.
const (
	AuthHeader Auth = iota // a header of its own
	AuthBearer             // Authorization: Bearer
	AuthBasic              // Authorization: Basic, the key as password
	AuthQuery              // a query parameter
)

// DecimalStyle is how numbers with decimals are written.
type DecimalStyle uint8

// The styles. Grouped ones put a separator between thousands: a space, a no-break space (U+00A0) or a narrow no-break space (U+202F).
const (
	DecimalAsShown DecimalStyle = iota // totals and payments "1250,00", all else JSON numbers, as the example of §3 does
	DecimalNumber                      // 1250.00
	DecimalDot                         // "1250.00"
	DecimalComma                       // "1250,00"
	DecimalSpace                       // "1 250,00"
	DecimalNoBreak
	DecimalNarrow
)

// DateStyle is how dates are written.
type DateStyle uint8

// The styles. A day in a style that has a time is its midnight on the server's wall clock.
const (
	DateAsShown DateStyle = iota // days as DateISO, instants as DateRFC3339, as the example of §3 does
	DateISO                      // 2006-01-02
	DateFrench                   // 02/01/2006
	DateTimeISO                  // 2006-01-02T15:04:05, the server's wall clock
	DateUnix                     // seconds, a JSON number
	DateRFC3339                  // 2006-01-02T15:04:05+01:00
)

// BlankDate is what stands for no date.
type BlankDate uint8

// The ways.
const (
	BlankEmpty BlankDate = iota // ""
	BlankNull                   // null
	BlankZero                   // "0000-00-00"
)

// NotBought is how a package answers that was not bought.
type NotBought uint8

// The ways.
const (
	NotBoughtForbidden NotBought = iota // 403 with a failure
	NotBoughtMissing                    // 404 with a failure
	NotBoughtBody                       // 200 with a failure
)

// ClientKey returns the key of a client or supplier as it stands on the wire, without quotes: CL00042, or 42 where ids are numbers.
func (d *Dialect) ClientKey(code string) string {
	if !d.NumericIDs {
		return code
	}
	return strings.TrimLeft(code, "CLF0")
}

// clientCode is the inverse of ClientKey; it takes the code itself, too.
func (d *Dialect) clientCode(key string) string {
	if n, err := strconv.ParseUint(key, 10, 31); err == nil && d.NumericIDs {
		return clientCode(int(n))
	}
	return key
}

func (d Dialect) withDefaults() Dialect {
	set := func(s *string, to string) {
		if *s == "" {
			*s = to
		}
	}
	set(&d.PageParam, "page")
	set(&d.OffsetParam, "offset")
	set(&d.SizeParam, "limit")
	set(&d.ErrorField, "error")
	switch d.Auth {
	case AuthHeader:
		set(&d.AuthName, "X-API-KEY")
	case AuthQuery:
		set(&d.AuthName, "key")
	case AuthBasic:
		set(&d.AuthName, DefaultUser)
	}
	if d.MaxSize <= 0 {
		d.MaxSize = 100
	}
	return d
}
