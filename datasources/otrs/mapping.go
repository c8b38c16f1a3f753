package otrs

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// timeLayout is the only form of time the server writes and reads; it has no
// zone (#62).
const timeLayout = "2006-01-02 15:04:05"

// linkOrder is the relation whose rules say where a ticket holds order numbers.
const linkOrder = "Ticket.order"

const (
	fieldPrefix = "DynamicField."
	fieldTitle  = "Title"
)

// fieldNames returns the dynamic fields the rules read. Other fields than these
// and the title cannot hold a link.
func fieldNames(rules datasources.LinkRules) ([]string, error) {
	var names []string
	for _, field := range rules.Fields() {
		name, ok := strings.CutPrefix(field, fieldPrefix)
		switch {
		case ok && name != "":
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		case field != fieldTitle:
			return nil, fmt.Errorf("links %s: field %q: expected %s or %sNAME", linkOrder, field, fieldTitle, fieldPrefix)
		}
	}
	return names, nil
}

// ticketMapper turns objects into tickets. It sets the keys, the times lists are
// sorted by, and what is asked for.
type ticketMapper struct {
	source string
	zone   *time.Location
	fields datasources.Fields
	links  datasources.LinkRules
}

// want is what TicketGet must bring for the mapper's fields.
func (m *ticketMapper) want() want {
	w := want{extended: m.fields.Has("closedAt")}
	if m.hasLinks() {
		for _, f := range m.links.Fields() {
			w.dynamic = w.dynamic || f != fieldTitle
		}
	}
	return w
}

func (m *ticketMapper) hasLinks() bool { return m.fields.Has("order") || m.fields.Has("orderNumber") }

func (m *ticketMapper) ticket(o *ticketObject) (schema.Ticket, error) {
	t := schema.Ticket{
		Record: schema.Record{Source: m.source, Key: string(o.TicketID)},
		Links:  schema.Links{CustomerKey: string(o.CustomerID)},
		Number: string(o.TicketNumber),
	}
	for _, c := range []struct {
		name string
		from text
		to   *string
	}{
		{"title", o.Title, &t.Title},
		{"state", o.State, &t.State},
		{"priority", o.Priority, &t.Priority},
		{"queue", o.Queue, &t.Queue},
		{"type", o.Type, &t.Type},
		{"service", o.Service, &t.Service},
		{"lock", o.Lock, &t.Lock},
		{"owner", o.Owner, &t.Owner},
		{"responsible", o.Responsible, &t.Responsible},
		{"customerUser", o.CustomerUserID, &t.CustomerUser},
	} {
		if m.fields.Has(c.name) {
			*c.to = string(c.from)
		}
	}
	if m.fields.Has("stateType") {
		t.StateType = stateType(string(o.StateType))
	}
	var err error
	if t.CreatedAt, err = parseTime(string(o.Created), m.zone); err != nil {
		return t, err
	}
	if t.UpdatedAt, err = parseTime(string(o.Changed), m.zone); err != nil {
		return t, err
	}
	if m.fields.Has("closedAt") {
		if t.ClosedAt, err = parseTime(string(o.Closed), m.zone); err != nil {
			return t, err
		}
	}
	if m.hasLinks() {
		t.OrderNumbers, err = m.orderNumbers(o)
	}
	return t, err
}

// orderNumbers applies the link rules. A field with several values gives several
// candidates.
func (m *ticketMapper) orderNumbers(o *ticketObject) ([]string, error) {
	fields, err := decodeDynamicFields(o.DynamicField)
	if err != nil {
		return nil, err
	}
	held := map[string][]string{fieldTitle: {string(o.Title)}}
	for _, f := range fields {
		held[fieldPrefix+string(f.Name)] = f.Value
	}
	var numbers []string
	for _, rule := range m.links {
		for _, v := range held[rule.Field] {
			for _, n := range (datasources.LinkRules{rule}).Extract(func(string) string { return v }) {
				if !slices.Contains(numbers, n) {
					numbers = append(numbers, n)
				}
			}
		}
	}
	return numbers, nil
}

// articles turns a ticket's articles into the schema's, without those an OTOBO
// agent deleted.
func (m *ticketMapper) articles(o *ticketObject) ([]schema.Article, error) {
	objects, err := decodeArticles(o.Article, m.fields.Has("body"))
	if err != nil {
		return nil, err
	}
	out := make([]schema.Article, 0, len(objects))
	for i := range objects {
		a := &objects[i]
		if a.TicketID != "" && a.TicketID != o.TicketID {
			return nil, errForeign
		}
		if a.ArticleID == "" {
			return nil, errors.New("otrs: article without an id")
		}
		if a.IsDeleted != nil && bool(*a.IsDeleted) {
			continue
		}
		x, err := m.article(a, i+1)
		if err != nil {
			return nil, err
		}
		x.TicketKey = string(o.TicketID)
		out = append(out, x)
	}
	return out, nil
}

func (m *ticketMapper) article(a *articleWithBody, place int) (schema.Article, error) {
	x := schema.Article{Source: m.source, Key: string(a.ArticleID)}
	if a.ArticleNumber != "" {
		n, err := a.ArticleNumber.Int64()
		if err != nil || n < 1 || n > 1<<31 {
			return x, errors.New("otrs: article number is not a small whole number")
		}
		place = int(n)
	}
	x.Position = &place
	for _, c := range []struct {
		name string
		from text
		to   *string
	}{
		{"subject", a.Subject, &x.Subject},
		{"body", a.Body, &x.Body},
		{"from", a.From, &x.From},
		{"to", a.To, &x.To},
		{"cc", a.Cc, &x.Cc},
		{"senderType", a.SenderType, &x.SenderType},
		{"channel", text(channel(a)), &x.Channel},
		{"contentType", text(mediaType(a)), &x.ContentType},
	} {
		if m.fields.Has(c.name) {
			*c.to = string(c.from)
		}
	}
	if a.IsVisibleForCustomer != nil && m.fields.Has("visibleToCustomer") {
		visible := bool(*a.IsVisibleForCustomer)
		x.VisibleToCustomer = &visible
	}
	created := a.CreateTime
	if created == "" {
		created = a.Created
	}
	var err error
	x.CreatedAt, err = parseTime(string(created), m.zone)
	return x, err
}

// channel names the stock channels, of which an article holds the id only; the
// ids of others differ from system to system and say nothing.
func channel(a *articleWithBody) string {
	switch {
	case a.CommunicationChannel != "":
		return string(a.CommunicationChannel)
	case a.ArticleType != "":
		return string(a.ArticleType)
	}
	switch a.CommunicationChannelID {
	case "1":
		return "Email"
	case "2":
		return "Phone"
	case "3":
		return "Internal"
	case "4":
		return "Chat"
	}
	return ""
}

func mediaType(a *articleWithBody) string {
	if a.MimeType != "" {
		return string(a.MimeType)
	}
	kind, _, _ := strings.Cut(string(a.ContentType), ";")
	return strings.TrimSpace(kind)
}

// parseTime reads a time of the server's wall clock; empty is the zero time.
func parseTime(s string, zone *time.Location) (time.Time, error) {
	if s == "" || strings.HasPrefix(s, "0000-00-00") {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(timeLayout, s, zone)
	if err != nil {
		return time.Time{}, errors.New("otrs: time is not of the form " + timeLayout)
	}
	return t.UTC(), nil
}

// stateType is the kind of a state. A kind the server does not name is not
// known; one we do not know is UNKNOWN.
func stateType(s string) schema.TicketStateType {
	switch strings.ToLower(s) {
	case "":
		return ""
	case "new":
		return schema.TicketNew
	case "open":
		return schema.TicketOpen
	case "pending reminder", "pending auto":
		return schema.TicketPending
	case "closed":
		return schema.TicketClosed
	case "merged":
		return schema.TicketMerged
	case "removed":
		return schema.TicketRemoved
	}
	return schema.TicketUnknown
}

// stateTypes are the server's names of a kind, in lower case as it wants them
// (#134, #136); none for one it cannot be asked for.
func stateTypes(kind string) []string {
	switch schema.TicketStateType(kind) {
	case schema.TicketNew:
		return []string{"new"}
	case schema.TicketOpen:
		return []string{"open"}
	case schema.TicketPending:
		return []string{"pending reminder", "pending auto"}
	case schema.TicketClosed:
		return []string{"closed"}
	case schema.TicketMerged:
		return []string{"merged"}
	case schema.TicketRemoved:
		return []string{"removed"}
	}
	return nil
}

// fold makes texts equal which a database with a loose collation takes for
// equal: letter case, accents and space at the ends do not count. A row that
// differs from what was asked for in nothing else is not foreign, just not meant.
func fold(s string) string {
	plain := true
	for i := range len(s) {
		if s[i] >= 0x80 {
			plain = false
			break
		}
	}
	if !plain {
		s = strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Mn, r) {
				return -1
			}
			return r
		}, norm.NFKD.String(s))
	}
	return strings.ToLower(strings.TrimSpace(s))
}

// isPlain reports whether a text has none of the signs the server's query
// language is made of (* % & | ! ( ) + " and others): only such texts mean
// themselves in CustomerID and TicketNumber (#34).
func isPlain(s string) bool {
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.@#/:", r) {
			return false
		}
	}
	return s != ""
}
