package otrs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// The decoders take a whole body and return *replyError for a reply that carries
// an Error, and any other error for one that makes no sense.

// decodeSession reads the answer of SessionCreate: {"SessionID":"…"} (#1).
func decodeSession(body []byte) (string, error) {
	var reply struct {
		Error     *errorObject
		SessionID text
	}
	if err := decodeObject(body, &reply); err != nil {
		return "", err
	}
	if err := reply.Error.asError(); err != nil {
		return "", err
	}
	if reply.SessionID == "" {
		return "", errors.New("otrs: no SessionID in the reply")
	}
	return string(reply.SessionID), nil
}

// decodeSearch reads the answer of TicketSearch: {"TicketID":["210","211"]}, or
// {} when nothing matches (#29). Ids are text or numbers; they are returned as
// text, each once, in the server's order.
func decodeSearch(body []byte) ([]string, error) {
	var reply struct {
		Error    *errorObject
		TicketID json.RawMessage
		Ticket   json.RawMessage
	}
	if err := decodeObject(body, &reply); err != nil {
		return nil, err
	}
	if err := reply.Error.asError(); err != nil {
		return nil, err
	}
	if reply.TicketID == nil {
		if reply.Ticket != nil {
			return nil, errors.New("otrs: tickets in the reply of a search")
		}
		return nil, nil
	}
	var ids []id
	if err := json.Unmarshal(reply.TicketID, &ids); err != nil {
		return nil, fmt.Errorf("otrs: ids: %w", err)
	}
	if ids == nil {
		return nil, errors.New("otrs: ids are null")
	}
	return distinct(ids), nil
}

func distinct(ids []id) []string {
	seen := make(map[string]struct{}, len(ids))
	out := make([]string, 0, len(ids))
	for _, i := range ids {
		if _, again := seen[string(i)]; !again {
			seen[string(i)] = struct{}{}
			out = append(out, string(i))
		}
	}
	return out
}

// ticketObject is a ticket as TicketGet sends it. What is asked for seldom stays
// undecoded until it is.
type ticketObject struct {
	TicketID       id
	TicketNumber   text
	Title          text
	State          text
	StateType      text
	Priority       text
	Queue          text
	Type           text
	Service        text
	Lock           text
	Owner          text
	Responsible    text
	CustomerID     text
	CustomerUserID text
	Created        text
	Changed        text
	Closed         text            // with Extended, when it was closed
	DynamicField   json.RawMessage // with DynamicFields
	Article        json.RawMessage // with AllArticles
}

// decodeTickets reads the answer of TicketGet: {"Ticket":[{…}]}, always an
// array. A ticket that comes twice (#87) is returned once.
func decodeTickets(body []byte) ([]ticketObject, error) {
	var reply struct {
		Error  *errorObject
		Ticket json.RawMessage
	}
	if err := decodeObject(body, &reply); err != nil {
		return nil, err
	}
	if err := reply.Error.asError(); err != nil {
		return nil, err
	}
	if reply.Ticket == nil {
		return nil, errors.New("otrs: no tickets in the reply")
	}
	var all []ticketObject
	if err := json.Unmarshal(reply.Ticket, &all); err != nil {
		return nil, fmt.Errorf("otrs: tickets: %w", err)
	}
	if all == nil {
		return nil, errors.New("otrs: tickets are null")
	}
	seen := make(map[id]struct{}, len(all))
	out := all[:0]
	for i := range all {
		if all[i].TicketID == "" {
			return nil, errors.New("otrs: ticket without an id")
		}
		if _, again := seen[all[i].TicketID]; again {
			continue
		}
		seen[all[i].TicketID] = struct{}{}
		out = append(out, all[i])
	}
	return out, nil
}

// dynamicField is one of a ticket's: {"Name":"OrderNumber","Value":"SO-1"}. The
// value is text, a list of texts or null.
type dynamicField struct {
	Name  text
	Value values
}

func decodeDynamicFields(raw json.RawMessage) ([]dynamicField, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var fields []dynamicField
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, fmt.Errorf("otrs: dynamic fields: %w", err)
	}
	return fields, nil
}

// articleObject is an article as TicketGet sends it, without its text.
type articleObject struct {
	ArticleID              id
	TicketID               id
	ArticleNumber          json.Number
	Subject                text
	From                   text
	To                     text
	Cc                     text
	SenderType             text
	CommunicationChannel   text
	CommunicationChannelID text
	ArticleType            text // OTRS 4 and 5
	MimeType               text
	ContentType            text
	IsVisibleForCustomer   *truth
	IsDeleted              *truth // OTOBO
	CreateTime             text
	Created                text // OTRS 4 and 5
}

// articleWithBody is an article with its text, which is the bulk of it.
type articleWithBody struct {
	articleObject
	Body text
}

func decodeArticles(raw json.RawMessage, withBody bool) ([]articleWithBody, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var articles []articleWithBody
	var err error
	if withBody {
		err = json.Unmarshal(raw, &articles)
	} else {
		var heads []articleObject
		err = json.Unmarshal(raw, &heads)
		for i := range heads {
			articles = append(articles, articleWithBody{articleObject: heads[i]})
		}
	}
	if err != nil {
		return nil, fmt.Errorf("otrs: articles: %w", err)
	}
	return articles, nil
}

// errorObject is {"ErrorCode":"…","ErrorMessage":"…"}.
type errorObject struct{ ErrorCode text }

func (e *errorObject) asError() error {
	if e == nil {
		return nil
	}
	code := string(e.ErrorCode)
	if !isCode(code) {
		// What is no code may be anything, a secret too.
		code = "unknown"
	}
	return &replyError{code: code}
}

// isCode reports whether s looks like "TicketGet.AccessDenied".
func isCode(s string) bool {
	for _, r := range s {
		if r != '.' && r != '_' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return false
		}
	}
	return strings.Contains(s, ".") && len(s) <= 100
}

// decodeObject decodes a body whose root must be an object.
func decodeObject(body []byte, into any) error {
	if b := bytes.TrimLeft(body, " \t\r\n"); len(b) == 0 || b[0] != '{' {
		return errors.New("otrs: reply is not a JSON object")
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("otrs: reply: %w", err)
	}
	return nil
}

// id is the id of a ticket or article: text in some answers and a number in
// others, always a positive whole number.
type id string

// maxIDLength is that of the largest 64-bit number.
const maxIDLength = 19

// UnmarshalJSON takes "6" and 6.
func (i *id) UnmarshalJSON(b []byte) error {
	s := string(b)
	if len(s) >= 2 && s[0] == '"' {
		s = s[1 : len(s)-1]
	}
	if !isID(s) {
		return errors.New("id is not a positive whole number")
	}
	*i = id(s)
	return nil
}

// isID reports whether s is an id as the server writes it. Others are not worth
// asking for: one id that is not a number fails a whole batch (#93).
func isID(s string) bool {
	if s == "" || len(s) > maxIDLength || s[0] == '0' {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// text is a text column. Perl may send what looks like a number as one.
type text string

// UnmarshalJSON takes a text, a number as it is written, and null as "".
func (t *text) UnmarshalJSON(b []byte) error {
	switch {
	case string(b) == "null":
		*t = ""
	case b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*t = text(s)
	case b[0] == '-' || b[0] >= '0' && b[0] <= '9':
		*t = text(b)
	default:
		return errors.New("not a text")
	}
	return nil
}

// values is the value of a dynamic field: one text or several.
type values []string

// UnmarshalJSON takes a text, a number, null, and a list of these. Fields of
// add-ons hold other things, in which no link can be: they are empty.
func (v *values) UnmarshalJSON(b []byte) error {
	*v = nil
	var list []text
	if b[0] == '[' {
		if json.Unmarshal(b, &list) != nil {
			return nil
		}
	} else {
		var one text
		if one.UnmarshalJSON(b) != nil {
			return nil
		}
		list = []text{one}
	}
	for _, t := range list {
		if t != "" {
			*v = append(*v, string(t))
		}
	}
	return nil
}

// truth is 0 or 1, as a number, text or truth value.
type truth bool

// UnmarshalJSON takes 0, 1, "0", "1", true, false; "" and null are false.
func (f *truth) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "1", `"1"`, "true":
		*f = true
	case "0", `"0"`, "false", `""`, "null":
		*f = false
	default:
		return errors.New("not a flag")
	}
	return nil
}
