package schema

import (
	"time"
)

// Ticket is a ticket of a help desk. CustomerKey is the help desk's customer id.
type Ticket struct {
	Record
	Links
	Number       string
	Title        string
	State        string
	StateType    TicketStateType
	Priority     string
	Queue        string
	Type         string
	Service      string
	Lock         string
	Owner        string
	Responsible  string
	CustomerUser string
	ClosedAt     time.Time
}

// TicketPage is a page of them.
type TicketPage = Page[Ticket]

// TicketEdge is one with its cursor.
type TicketEdge = Edge[Ticket]

// Column returns a column by its SDL name, null when absent or unknown.
func (x *Ticket) Column(name string) Value {
	switch name {
	case "number":
		return String(x.Number)
	case "title":
		return String(x.Title)
	case "state":
		return String(x.State)
	case "stateType":
		return String(string(x.StateType))
	case "priority":
		return String(x.Priority)
	case "queue":
		return String(x.Queue)
	case "type":
		return String(x.Type)
	case "owner":
		return String(x.Owner)
	case "customerNumber":
		return String(x.CustomerKey)
	case "closedAt":
		return Time(x.ClosedAt)
	}
	return either(x.Record.column(name), x.Links.column(name))
}

// CustomerNumber is the customer's key as the help desk holds it.
func (x *Ticket) CustomerNumber() string { return x.CustomerKey }

// TicketStateType is the kind of a ticket's state, the same for every help desk.
type TicketStateType string

// The kinds of states.
const (
	TicketNew     TicketStateType = "NEW"
	TicketOpen    TicketStateType = "OPEN"
	TicketPending TicketStateType = "PENDING"
	TicketClosed  TicketStateType = "CLOSED"
	TicketMerged  TicketStateType = "MERGED"
	TicketRemoved TicketStateType = "REMOVED"
	TicketUnknown TicketStateType = "UNKNOWN"
)

// Article is something written on a ticket. TicketKey is the key of its ticket
// in the same source.
type Article struct {
	Source            string
	Key               string
	TicketKey         string
	Position          *int
	Subject           string
	Body              string
	From              string
	To                string
	Cc                string
	SenderType        string
	Channel           string
	ContentType       string
	VisibleToCustomer *bool
	CreatedAt         time.Time
}

// ArticlePage is a page of them.
type ArticlePage = Page[Article]

// ArticleEdge is one with its cursor.
type ArticleEdge = Edge[Article]

// Identity returns the row's source and key.
func (x *Article) Identity() (source, key string) { return x.Source, x.Key }

// Column returns a column by its SDL name, null when absent or unknown.
func (x *Article) Column(name string) Value {
	switch name {
	case "id":
		return String(x.Key)
	case "ticket":
		return String(x.TicketKey)
	case "position":
		if x.Position != nil {
			return Int(int64(*x.Position))
		}
	case "createdAt":
		return Time(x.CreatedAt)
	}
	return Null
}
