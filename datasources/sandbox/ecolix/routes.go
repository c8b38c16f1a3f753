package ecolix

import (
	"net/http"
	"slices"
	"strings"
)

// address is a path taken apart.
type address struct {
	pkg     Package // "" if no package lies there
	pattern string  // crm/clients/:id; "" if the package has nothing there
	id      string
}

// endpoint is what lies at a pattern.
type endpoint struct {
	list   string // name of a table, "" if nothing is listed here
	single string // name of a table whose record is read here
	submit submit // takes an import; nil if none does
	puts   bool   // PUT and PATCH do what POST does
}

// endpoints are the addresses of wire/ecolix.md §3 by pattern. Besides: the delivery notes can be read, and a client is created where
// clients are read, since the vendor says «création / mise à jour Client» (§1).
func endpoints() map[string]endpoint {
	return map[string]endpoint{
		"ecommerce/articles":     {list: "articles"},
		"ecommerce/articles/:id": {single: "articles"},
		"ecommerce/stocks":       {list: "stocks"},
		"ecommerce/clients":      {submit: (*Server).importClient},
		"ecommerce/commandes":    {submit: (*Server).importOrder},

		"ecommerceplus/devis":                {list: "devis"},
		"ecommerceplus/devis/:id":            {single: "devis"},
		"ecommerceplus/devis/:id/validation": {submit: (*Server).acceptQuote},
		"ecommerceplus/commandes":            {list: "commandes"},
		"ecommerceplus/commandes/etats":      {list: "etats"},
		"ecommerceplus/commandes/:id":        {single: "commandes"},

		"crm/clients":       {list: "clients", submit: (*Server).importClient},
		"crm/clients/:id":   {single: "clients", submit: (*Server).updateClient, puts: true},
		"crm/devis":         {list: "devis"},
		"crm/devis/:id":     {single: "devis"},
		"crm/commandes":     {list: "commandes"},
		"crm/commandes/:id": {single: "commandes"},

		"transporteurs/clients":       {list: "clients"},
		"transporteurs/clients/:id":   {single: "clients"},
		"transporteurs/commandes":     {list: "commandes"},
		"transporteurs/commandes/:id": {single: "commandes"},
		"transporteurs/articles":      {list: "articles"},
		"transporteurs/articles/:id":  {single: "articles"},
		"transporteurs/stocks":        {list: "stocks"},
		"transporteurs/bl":            {list: "bl", submit: (*Server).importNote},

		"fournisseurs/commandes":                  {list: "fournisseurs/commandes"},
		"fournisseurs/commandes/:id":              {single: "fournisseurs/commandes"},
		"fournisseurs/commandes/:id/confirmation": {submit: (*Server).confirmPurchase},
		"fournisseurs/factures":                   {submit: (*Server).importInvoice},
	}
}

// packageOf returns the package whose addresses begin with a segment.
func packageOf(segment string) Package {
	if segment == "ecommerceplus" {
		return EcommercePlus
	}
	if p := Package(segment); p != EcommercePlus && slices.Contains(Packages(), p) {
		return p
	}
	return ""
}

// locate takes the path of a request apart, with Base or without it: a switch before the fake may have cut it.
func locate(path string, known map[string]endpoint) address {
	path = strings.TrimPrefix(path, Base)
	parts := strings.Split(strings.Trim(path, "/"), "/")
	a := address{pkg: packageOf(parts[0])}
	if a.pkg == "" {
		return a
	}
	whole := strings.Join(parts, "/")
	if _, ok := known[whole]; ok && !strings.Contains(whole, ":") {
		a.pattern = whole
		return a
	}
	if len(parts) < 3 {
		return a
	}
	a.id, parts[2] = parts[2], ":id"
	if pattern := strings.Join(parts, "/"); a.id != "" {
		if _, ok := known[pattern]; ok {
			a.pattern = pattern
		}
	}
	return a
}

// Route names a request for faults.Options: method and pattern, so few names whatever is asked. Where reads are POSTs, a list and an
// import of the same address have the same name.
func Route(r *http.Request) string {
	if a := locate(r.URL.Path, endpoints()); a.pattern != "" {
		return r.Method + " /" + a.pattern
	}
	return r.Method + " /other"
}
