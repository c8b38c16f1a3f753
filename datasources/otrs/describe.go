package otrs

import (
	"strings"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// Kind is the name of this connector in the configuration.
const Kind = "otrs"

// The parents in one search. Two thousand customers took the server 78 ms; a
// search finds FoundBound tickets, so that more parents would only be halved.
const (
	customerBatch = 100
	numberBatch   = 100
)

// Describe returns what a help desk of this configuration has. The configuration
// must be valid.
func Describe(cfg Config, links map[string]datasources.LinkRules) datasources.Description {
	cfg = cfg.withDefaults()
	return datasources.Description{
		Name: cfg.Name, Kind: Kind, Zone: cfg.zone(),
		Entities: []datasources.Entity{describeTicket(cfg, links[linkOrder]), describeArticle(cfg)},
	}
}

func describeTicket(cfg Config, links datasources.LinkRules) datasources.Entity {
	equal := []schema.Op{schema.Eq, schema.In}
	span := []schema.Op{schema.Eq, schema.Lt, schema.Le, schema.Gt, schema.Ge}
	e := datasources.Entity{
		Name: "Ticket", Upstream: opSearch + "+" + opGet,
		Columns: []datasources.Column{
			{Name: "id", Upstream: "TicketID", Ops: equal, Comparable: true},
			{Name: "source", Ops: equal},
			{Name: "number", Upstream: "TicketNumber", Ops: equal},
			{Name: "title", Upstream: "Title"},
			{Name: "state", Upstream: "State", Ops: equal},
			{Name: "stateType", Upstream: "StateType", Ops: equal},
			{Name: "priority", Upstream: "Priority", Ops: equal},
			{Name: "queue", Upstream: "Queue", Ops: equal},
			{Name: "type", Upstream: "Type", Ops: equal},
			{Name: "service", Upstream: "Service"},
			{Name: "lock", Upstream: "Lock"},
			{Name: "owner", Upstream: "Owner"},
			{Name: "responsible", Upstream: "Responsible"},
			{Name: "customerNumber", Upstream: "CustomerID", Ops: equal},
			{Name: "customer", Upstream: "CustomerID", Ops: equal},
			{Name: "customerUser", Upstream: "CustomerUserID"},
			{Name: "createdAt", Upstream: "Created", Ops: span, Sortable: true, Comparable: true},
			{Name: "updatedAt", Upstream: "Changed", Ops: span, Sortable: true, Comparable: true},
			{Name: "closedAt", Upstream: "Closed", Comparable: true},
		},
		Relations: []datasources.RelationAbility{
			{Relation: relCustomer, Upstream: paramCustomerRaw, Batch: customerBatch},
			{Relation: relNumber, Upstream: paramNumber, Batch: numberBatch},
		},
		KeyBatch: cfg.Batch, PageLimit: cfg.Batch, LocalBound: cfg.LocalBound,
		Default:   schema.Sort{Column: "createdAt", Desc: true},
		RateClass: Kind,
		Notes: "A page costs one search, which gives ids, and a TicketGet for each batch of tickets. " +
			"Filters that hold a negation or alternatives over several columns are checked here. " +
			"stateType does not find states the administrator disabled. Deleted tickets leave no trace.",
	}
	if len(links) > 0 {
		upstream := strings.Join(links.Fields(), ", ")
		e.Columns = append(e.Columns,
			datasources.Column{Name: "order", Upstream: upstream},
			datasources.Column{Name: "orderNumber", Upstream: upstream})
	}
	if isSearchable(links) {
		e.Relations = append(e.Relations, datasources.RelationAbility{Relation: relOrderNumber, Upstream: strings.Join(links.Fields(), ", "), Batch: numberBatch})
	}
	return e
}

// isSearchable reports whether tickets can be searched for by order numbers:
// when all rules are whole dynamic fields.
func isSearchable(links datasources.LinkRules) bool {
	if !links.Exact() {
		return false
	}
	for _, f := range links.Fields() {
		if !strings.HasPrefix(f, fieldPrefix) {
			return false
		}
	}
	return true
}

func describeArticle(cfg Config) datasources.Entity {
	return datasources.Entity{
		Name: "Article", Upstream: opGet + " AllArticles",
		Columns: []datasources.Column{
			{Name: "id", Upstream: "ArticleID", Comparable: true},
			{Name: "ticket", Upstream: "TicketID"},
			{Name: "position", Upstream: "ArticleNumber", Sortable: true, Comparable: true},
			{Name: "subject", Upstream: "Subject"},
			{Name: "body", Upstream: "Body"},
			{Name: "from", Upstream: "From"},
			{Name: "to", Upstream: "To"},
			{Name: "cc", Upstream: "Cc"},
			{Name: "senderType", Upstream: "SenderType"},
			{Name: "channel", Upstream: "CommunicationChannelID"},
			{Name: "contentType", Upstream: "MimeType"},
			{Name: "visibleToCustomer", Upstream: "IsVisibleForCustomer"},
			{Name: "createdAt", Upstream: "CreateTime", Sortable: true, Comparable: true},
		},
		Relations: []datasources.RelationAbility{{Relation: relTicket, Upstream: "TicketID", Batch: cfg.ArticleBatch}},
		PageLimit: cfg.ArticleBatch,
		// All articles of a ticket are read, so that any filter can be checked.
		LocalBound: cfg.LocalBound,
		Default:    schema.Sort{Column: "position"},
		RateClass:  Kind,
		Notes:      "Read by their tickets only. The server sends the text of all articles of a ticket, whatever is asked for.",
	}
}
