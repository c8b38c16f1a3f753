package operand

import (
	"net/http"
	"time"

	"github.com/trama-graph/trama/datasources/rest"
)

// placeholders are the finance paths nobody has confirmed (A5).
var placeholders = map[string]string{
	"Invoice": "/beta/financial/invoices",
	"Payment": "/beta/financial/receivables",
	"Payable": "/beta/financial/payables",
	"Boleto":  "/beta/financial/boletos",
}

// month is the month of a window.
const month = 30 * 24 * time.Hour

// DefaultConfig is the preset: §2 and §4 of the wire page as configuration.
func DefaultConfig() Config {
	r := rest.DefaultConfig()
	r.URL = "https://api.operand.app"
	r.Headers = map[string]string{"Accept": "application/json"}
	// A refused session is tried again after a new login, so that a 403 that remains
	// is what §2 says: the token lacks the module.
	r.Reply = rest.Reply{ListAt: []string{"records", "data", "items", "records.*", "$", "*"}, NotEnabledStatuses: []int{http.StatusForbidden}}
	r.Paging = rest.Paging{Style: rest.PagingOffset, OffsetParam: "offset", SizeParam: "limit", Size: 100}
	r.Locale = rest.Locale{
		Decimals: "auto", Zone: "America/Sao_Paulo",
		Dates: []string{"2006-01-02 15:04:05", "2006-01-02", "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "02/01/2006", "02/01/2006 15:04:05"},
	}
	r.Currency, r.Country = "BRL", "BR"
	r.Entities = map[string]rest.Entity{
		"Customer": {Path: "/beta/entity/clients", Fields: rest.Fields{
			"id":      at("idClient", "id"),
			"name":    at("namePerson", "person", "oficialPerson", "name"),
			"taxId":   at("nationalDocument"),
			"deleted": at("isDeleted"),
		}},
		"Invoice": finance("Invoice", rest.Fields{
			"number":   at("invoiceNumber", "number"),
			"customer": at("partyId", "clientId", "idClient"),
			"kind":     {Value: "TAX"},
			"date":     at("issueDate"),
			"dueDate":  at("dueDate"),
			"total":    at("amount"),
			"paid":     at("paidAmount"),
			"notes":    at("description"),
		}),
		"Payment": windowed(finance("Payment", rest.Fields{
			"number":   at("documentNumber"),
			"customer": at("partyId", "clientId", "idClient"),
			"invoice":  at("invoiceId"),
			"date":     at("paymentDate"),
			"amount":   at("paidAmount"),
			"purpose":  at("description"),
		})),
		"Payable": windowed(finance("Payable", rest.Fields{
			"number":        at("documentNumber"),
			"supplier":      at("partyName"),
			"supplierTaxId": at("partyTaxId"),
			"description":   at("description"),
			"category":      at("category"),
			"date":          at("issueDate"),
			"dueDate":       at("dueDate"),
			"amount":        at("amount"),
			"paid":          at("paidAmount"),
		})),
		"Boleto": finance("Boleto", rest.Fields{
			"number":   at("ourNumber", "documentNumber"),
			"customer": at("partyId", "clientId", "idClient"),
			"invoice":  at("invoiceId"),
			"date":     at("issueDate"),
			"dueDate":  at("dueDate"),
			"amount":   at("amount"),
			"url":      at("boletoUrl"),
		}),
	}
	return Config{Config: r}
}

// login is the exchange of A2, known from the public client.
func login(token string) rest.Exchange {
	return rest.Exchange{
		Method: "GET", Path: "/login", Query: map[string]string{"tokenAccess": token}, Header: "Op-Auth-Token",
		TokenAt: []string{"token", "auth", "data.token", "records.token", "$"},
	}
}

func at(names ...string) rest.Field { return rest.Field{At: names} }

// finance is an entity of the finance module: the normalised FinanceEntry of §3.
func finance(entity string, f rest.Fields) rest.Entity {
	f["id"] = at("id")
	f["status"] = at("status", "situation")
	f["currency"] = at("currency")
	f["deleted"] = at("isDeleted")
	return rest.Entity{Path: placeholders[entity], Placeholder: true, Fields: f}
}

// windowed is read by due date, two years back and one ahead (§5). There is no
// filter by the last change, so a copy reads two months around today often, and the
// whole window by its sweeps.
func windowed(e rest.Entity) rest.Entity {
	e.Window = rest.Window{FromParam: "dueDateStart", ToParam: "dueDateEnd", From: -24 * month, To: 12 * month}
	e.Follow = rest.Follow{Back: 2 * month, Ahead: 2 * month}
	return e
}
