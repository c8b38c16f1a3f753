package otrs

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// ticketGet answers tickets in the order of the ids, duplicates included (#87, #88). One id that does not exist or may not be
// seen fails the whole call and is not named (#94, #96).
func (s *Server) ticketGet(r *request) reply {
	u := s.who(r)
	if u == nil {
		return s.failed(r.op, "AuthFail", "Authorization failing!")
	}
	var ids []string
	switch v := r.params["TicketID"].(type) {
	case nil:
	case []any:
		if ids = texts(v); len(ids) != len(v) || len(ids) == 0 {
			return s.failed(r.op, "WrongStructure", "Structure for TicketID is not correct!") // #171
		}
	case map[string]any:
		return s.failed(r.op, "WrongStructure", "Structure for TicketID is not correct!")
	default:
		if one, _ := asText(v); one != "" {
			ids = strings.Split(one, ",")
		}
	}
	if len(ids) == 0 {
		return s.failed(r.op, "MissingParameter", "TicketID parameter is missing!") // #97
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	heads := make([]*world.TicketHead, len(ids))
	for i, text := range ids {
		id, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32) // "6, 7" is two good ids (#89)
		if err == nil {
			heads[i] = s.head(int32(id))
		}
		if heads[i] == nil || !s.mayRead(u, heads[i]) {
			return s.failed(r.op, "AccessDenied", "User does not have access to the ticket!")
		}
	}
	show := s.shown(r)
	show.onlyVisible = u.isCustomer()
	e := s.encoder()
	e.b = make([]byte, 0, 1024*len(heads)+64)
	e.begin()
	e.key("Ticket")
	e.list(len(heads), func(i int) { s.writeTicket(e, heads[i], &show) })
	e.end()
	return ok(e.b)
}

// shown are the flags of a TicketGet.
type shown struct {
	fields, extended, articles bool
	attachments, contents      bool
	onlyVisible, descending    bool
	senders                    []string
	articleLimit               int
}

func (s *Server) shown(r *request) shown {
	v := shown{
		fields: r.isSet("DynamicFields"), extended: r.isSet("Extended"), articles: r.isSet("AllArticles"), attachments: r.isSet("Attachments"),
		senders: r.list("ArticleSenderType"),
	}
	contents, asked := r.scalar("GetAttachmentContents")
	v.contents = !asked || contents != "0"
	if order, _ := r.scalar("ArticleOrder"); strings.EqualFold(order, "DESC") {
		v.descending = true
	}
	if limit, ok := r.scalar("ArticleLimit"); ok {
		v.articleLimit, _ = strconv.Atoi(limit)
	}
	return v
}

// clock prints an instant as the server's wall clock; the wire carries no zone.
func (s *Server) clock(sec int64) string {
	return time.Unix(sec, 0).In(s.opts.Zone).Format(time.DateTime)
}

// writeTicket writes one ticket; the members must stay sorted.
func (s *Server) writeTicket(e *encoder, h *world.TicketHead, show *shown) {
	t := s.ticket(h, show.articles || show.extended)
	now := s.opts.Now().Unix()
	queue, state := &s.world.Queues[h.Queue], &s.world.States[h.State]
	pending := s.pendingUntil(h)
	firstResponse := int64(0)
	for _, a := range t.Articles {
		if a.Sender == world.SenderAgent && firstResponse == 0 {
			firstResponse = a.Created.Unix()
		}
	}

	e.begin()
	e.num("Age", now-h.Created) // moves with every call
	e.str("ArchiveFlag", "n")
	if show.articles {
		s.writeArticles(e, t, show)
	}
	e.num("ChangeBy", 2)
	e.str("Changed", s.clock(h.Changed))
	if show.extended && s.isClosed(h) {
		e.str("Closed", s.clock(h.Changed))
	}
	e.num("CreateBy", 2)
	e.str("Created", s.clock(h.Created))
	e.null("CustomerID", t.CustomerID)
	e.null("CustomerUserID", t.CustomerUser)
	if show.fields {
		e.key("DynamicField")
		e.list(len(fieldNames), func(i int) {
			e.begin()
			e.str("Name", fieldNames[i])
			e.key("Value")
			switch v := s.field(h, t, fieldNames[i]); {
			case len(v) == 0:
				e.b = append(e.b, "null"...)
			case fieldNames[i] == "InvoiceIDs": // a multiselect is a list, even of one
				e.list(len(v), func(k int) { e.text(v[k]) })
			default:
				e.text(v[0])
			}
			e.end()
		})
	}
	e.num("EscalationResponseTime", 0)
	e.num("EscalationSolutionTime", 0)
	e.num("EscalationTime", 0)
	e.num("EscalationUpdateTime", 0)
	if show.extended && h.Flags&world.TicketLocked != 0 {
		e.str("FirstLock", s.clock(h.Created))
	}
	if show.extended && firstResponse > 0 {
		e.str("FirstResponse", s.clock(firstResponse))
	}
	e.num("GroupID", int64(queue.GroupID))
	e.str("Lock", [...]string{"unlock", "lock"}[lockID(h)-1])
	e.num("LockID", int64(lockID(h)))
	e.str("Owner", s.world.Staff[h.Owner].Login)
	e.num("OwnerID", int64(ownerID(h)))
	e.str("Priority", world.PriorityName(h.Priority))
	e.num("PriorityID", int64(h.Priority))
	e.str("Queue", queue.Name)
	e.num("QueueID", int64(queue.ID))
	e.num("RealTillTimeNotUsed", pending)
	e.str("Responsible", "root@localhost")
	e.num("ResponsibleID", 1)
	e.str("SLAID", "")
	e.str("ServiceID", "")
	if show.extended && s.isClosed(h) {
		e.num("SolutionInMin", (h.Changed-h.Created)/60)
	}
	e.str("State", state.Name)
	e.num("StateID", int64(state.ID))
	e.str("StateType", state.Type)
	e.num("TicketID", int64(h.ID))
	e.str("TicketNumber", t.Number)
	e.num("TimeUnit", int64(t.TimeUnit))
	e.str("Title", t.Title)
	e.str("Type", "Unclassified")
	e.num("TypeID", 1)
	e.num("UnlockTimeout", h.Changed)
	until := int64(0)
	if pending > 0 {
		until = pending - now
	}
	e.num("UntilTime", until)
	e.end()
}

func (s *Server) writeArticles(e *encoder, t *world.Ticket, show *shown) {
	list := make([]*world.Article, 0, len(t.Articles))
	for i := range t.Articles {
		a := &t.Articles[i]
		if show.onlyVisible && !a.IsVisible || len(show.senders) > 0 && !slices.Contains(show.senders, senderName(a.Sender)) {
			continue
		}
		list = append(list, a)
	}
	if show.descending {
		slices.Reverse(list)
	}
	if show.articleLimit > 0 && len(list) > show.articleLimit {
		list = list[:show.articleLimit]
	}
	if len(list) == 0 {
		return
	}
	e.key("Article")
	e.list(len(list), func(i int) { s.writeArticle(e, t, list[i], show) })
}

func senderName(a world.ArticleSender) string {
	return [...]string{"", "agent", "system", "customer"}[a]
}

func (s *Server) writeArticle(e *encoder, t *world.Ticket, a *world.Article, show *shown) {
	created := s.clock(a.Created.Unix())
	channel := int64(1) // Email
	if !a.IsVisible {
		channel = 3 // Internal
	}
	visible := int64(0)
	if a.IsVisible {
		visible = 1
	}
	e.begin()
	e.num("ArticleID", int64(a.ID))
	e.num("ArticleNumber", int64(a.Number))
	if show.attachments && a.Attachment != nil {
		f := a.Attachment
		e.key("Attachment")
		e.list(1, func(int) {
			e.begin()
			content := ""
			if show.contents {
				content = base64.StdEncoding.EncodeToString(f.Content)
			}
			e.str("Content", content)
			e.str("ContentAlternative", "")
			e.str("ContentID", "")
			e.str("ContentType", f.ContentType)
			e.str("Disposition", "attachment")
			e.str("FileID", "1")
			e.str("Filename", f.Filename)
			e.str("FilesizeRaw", itoa(len(f.Content)))
			e.end()
		})
	}
	e.str("Bcc", "")
	e.str("Body", a.Body)
	e.str("Cc", "")
	e.num("ChangeBy", 2)
	e.str("ChangeTime", created)
	e.str("Charset", "utf8")
	e.num("CommunicationChannelID", channel)
	e.str("ContentCharset", "utf8")
	e.str("ContentType", "text/plain; charset=utf8")
	e.num("CreateBy", 2)
	e.str("CreateTime", created)
	e.str("From", a.From)
	e.str("InReplyTo", "")
	e.num("IncomingTime", a.Created.Unix())
	if s.opts.Variant == OTOBO11 {
		e.num("IsDeleted", 0)
		e.num("IsEdited", 0)
	}
	e.num("IsVisibleForCustomer", visible)
	e.str("MessageID", "")
	e.str("MimeType", "text/plain")
	e.str("References", "")
	e.str("ReplyTo", "")
	e.str("SenderType", senderName(a.Sender))
	e.str("SenderTypeID", itoa(int(a.Sender))) // a string, unlike the other ids
	e.str("Subject", a.Subject)
	e.num("TicketID", int64(t.ID))
	e.num("TimeUnit", int64(a.TimeUnit))
	e.str("To", a.To)
	e.end()
}
