package operand

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// Dialect is everything about the wire that wire/operand.md does not know for certain, as plain data: a test reads it to write
// the configuration of a client that must understand it. The zero Dialect is the examples of §2 and §4. Do not change one that a
// server was given.
type Dialect struct {
	LoginPath  string // "" means /login
	LoginParam string // "" means tokenAccess
	Login      LoginShape
	AuthHeader string // "" means Op-Auth-Token
	// DeadSession is the status of a call whose session has ended or never was: 0 means 401; 403 is the other one seen.
	DeadSession int

	LimitParam, OffsetParam string // "" means limit, offset
	WindowFrom, WindowTo    string // due days, both included; "" means dueDateStart, dueDateEnd
	WindowLayout            string // Go layout of their values; "" means 2006-01-02

	Envelopes map[Resource]Envelope // of a resource that is not named: EnvelopeNamed for jobs, else EnvelopeRecords
	Keys      map[Resource]string   // the key of EnvelopeNamed and EnvelopeRecordsNamed; one that is not named is the resource's own name

	Portuguese bool                           // names and texts that are not given below are Portuguese
	Fields     map[Resource]map[string]string // wire name by FinanceEntry's name; a dot nests: "cliente.id". Read it through Name
	// OrderNumberIn is the field in which an invoice names its order: "" means documentNumber; orderNumber is the other one, and
	// documentNumber then holds the agency's own number.
	OrderNumberIn string

	Amounts    AmountStyle
	IDs        IDStyle
	DayLayout  string // Go layout of days; "" means 2006-01-02 15:04:05, as all dates of the public client are
	TimeLayout string // Go layout of instants; "" means 2006-01-02 15:04:05
	BlankDates BlankStyle
	BlankTexts BlankStyle // BlankZeros counts as BlankEmpty
	Statuses   [4]string  // by world.AgencyStatus; "" means the language's word
	Situations [2]string  // active, inactive; "" means the language's word
	Deleted    DeletedStyle
	HourTexts  bool // estimatedTime and workedTime are "HH:MM" instead of minutes
}

// LoginShape is the reply to a login (wire/operand.md §4, A2).
type LoginShape uint8

// The shapes.
const (
	LoginToken        LoginShape = iota // {"token":…}
	LoginAuth                           // {"auth":…}
	LoginDataToken                      // {"data":{"token":…}}
	LoginRecordsToken                   // {"records":{"token":…}}
	LoginString                         // a bare JSON string
	LoginPlain                          // text/plain without quotes
)

// Envelope is what stands around the rows of a page (wire/operand.md §2).
type Envelope uint8

// The envelopes.
const (
	EnvelopeRecords      Envelope = iota // {"records":[…]}
	EnvelopeBare                         // […]
	EnvelopeRecordsNamed                 // {"records":{"jobs":[…]}}
	EnvelopeData                         // {"data":[…]}
	EnvelopeItems                        // {"items":[…]}
	EnvelopeNamed                        // {"jobs":[…]}
)

// AmountStyle is how an amount is written (wire/operand.md §4, A6).
type AmountStyle uint8

// The styles.
const (
	AmountNumber    AmountStyle = iota // 1234.5
	AmountDot                          // "1234.50"
	AmountComma                        // "1.234,50"
	AmountCommaBare                    // "1234,50"
)

// IDStyle is how an id is written (wire/operand.md §4, A7).
type IDStyle uint8

// The styles.
const (
	IDNumber   IDStyle = iota // 486
	IDText                    // "486"
	IDPrefixed                // "cli-486": opaque, and different for each resource
)

// BlankStyle is how a value that is not there is written.
type BlankStyle uint8

// The styles.
const (
	BlankZeros BlankStyle = iota // the date's layout in zeros: 0000-00-00 00:00:00
	BlankNull                    // null
	BlankEmpty                   // ""
)

// DeletedStyle is how isDeleted is written.
type DeletedStyle uint8

// The styles.
const (
	DeletedBool   DeletedStyle = iota // false, true
	DeletedNumber                     // 0, 1
	DeletedText                       // "0", "1"
)

const wallClock = "2006-01-02 15:04:05"

// withDefaults fills in the scalars whose zero value stands for something else.
func (d Dialect) withDefaults() Dialect {
	d.LoginPath = cmp.Or(d.LoginPath, "/login")
	d.LoginParam = cmp.Or(d.LoginParam, "tokenAccess")
	d.AuthHeader = cmp.Or(d.AuthHeader, "Op-Auth-Token")
	d.DeadSession = cmp.Or(d.DeadSession, http.StatusUnauthorized)
	d.LimitParam, d.OffsetParam = cmp.Or(d.LimitParam, "limit"), cmp.Or(d.OffsetParam, "offset")
	d.WindowFrom, d.WindowTo = cmp.Or(d.WindowFrom, "dueDateStart"), cmp.Or(d.WindowTo, "dueDateEnd")
	d.WindowLayout = cmp.Or(d.WindowLayout, "2006-01-02")
	d.OrderNumberIn = cmp.Or(d.OrderNumberIn, "documentNumber")
	d.DayLayout, d.TimeLayout = cmp.Or(d.DayLayout, wallClock), cmp.Or(d.TimeLayout, wallClock)
	return d
}

// Filled returns the dialect with every default of a scalar written out, so that a reader need not know them.
func (d Dialect) Filled() Dialect {
	d = d.withDefaults()
	for s := range d.Statuses {
		d.Statuses[s] = d.Status(world.AgencyStatus(s))
	}
	d.Situations = [2]string{d.Situation(true), d.Situation(false)}
	return d
}

// Envelope returns what stands around the rows of a resource.
func (d Dialect) Envelope(r Resource) Envelope {
	if e, ok := d.Envelopes[r]; ok {
		return e
	}
	if r == Jobs {
		return EnvelopeNamed
	}
	return EnvelopeRecords
}

// ListAt returns where the rows of a resource lie in the reply: "records", "records.jobs", "data" …; "$" is the reply itself.
func (d Dialect) ListAt(r Resource) string {
	key := cmp.Or(d.Keys[r], string(r))
	return [...]string{"records", "$", "records." + key, "data", "items", key}[d.Envelope(r)]
}

// TokenAt returns where the session token lies in the reply to a login: "token", "data.token" …; "$" is the reply itself.
func (d Dialect) TokenAt() string {
	return [...]string{"token", "auth", "data.token", "records.token", "$", "$"}[d.Login]
}

// Status returns the text of a status.
func (d Dialect) Status(s world.AgencyStatus) string {
	words := [4]string{"OPEN", "PAID", "PARTIAL", "CANCELLED"}
	if d.Portuguese {
		words = [4]string{"Em aberto", "Pago", "Parcial", "Cancelado"}
	}
	return cmp.Or(d.Statuses[s], words[s])
}

// Situation returns the text of the situation of a row that is active or not.
func (d Dialect) Situation(isActive bool) string {
	switch {
	case isActive && d.Portuguese:
		return cmp.Or(d.Situations[0], "ativo")
	case isActive:
		return cmp.Or(d.Situations[0], "active")
	case d.Portuguese:
		return cmp.Or(d.Situations[1], "inativo")
	}
	return cmp.Or(d.Situations[1], "inactive")
}

// ID returns an id of a resource as its text; with IDNumber the wire has it without quotes.
func (d Dialect) ID(r Resource, id int) string {
	if d.IDs == IDPrefixed {
		return string(r[:3]) + "-" + strconv.Itoa(id)
	}
	return strconv.Itoa(id)
}

// Zeros returns a blank date of a layout as BlankZeros writes it.
func Zeros(layout string) string {
	return strings.Map(func(c rune) rune {
		if '0' <= c && c <= '9' {
			return '0'
		}
		return c
	}, layout)
}
