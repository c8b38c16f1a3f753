package ecolix

import (
	"encoding/json"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// Import is one accepted import, as it came.
type Import struct {
	Serial  int    // from 1, ever growing; a repeated import gets the next one (E10)
	Number  string // what the answer named: the number of the document, the code of the client
	Package Package
	Kind    string // client, client_update, commande, devis, bl, confirmation or facture
	Target  string // the record in the address, "" if none
	Key     string // the header Idempotency-Key, which the ERP does not look at
	Body    json.RawMessage
	At      time.Time
}

// memory is what imports have changed. Server.mu guards it.
type memory struct {
	imports   []Import
	bytes     int // of all their bodies
	clients   []client
	updates   map[int]clientChange // by position in ERP.Clients
	orders    []order
	notes     []note
	accepted  map[int]time.Time // by position in ERP.Quotes
	purchases map[int]purchaseChange
}

type purchaseChange struct {
	state    string
	expected time.Time // midnight UTC, zero if nothing was said
	modified time.Time
}

// view is what a request sees: the world and the memory, which must not change meanwhile.
type view struct {
	erp    *world.ERP
	flaws  map[flawAt]*world.ERPFlaw
	memory *memory

	// The quotes of the customer last asked for: the world makes all of a customer's at once, and a page asks for them one after another.
	quotesOf int
	quotes   []world.Quote
}

type flawAt struct {
	record string
	pos    int
}

func (v *view) flaw(record string, pos int) *world.ERPFlaw { return v.flaws[flawAt{record, pos}] }

func (v *view) quote(i int) *world.ERPQuote {
	if of := int(v.erp.Quotes[i].Customer); of != v.quotesOf {
		v.quotesOf, v.quotes = of, v.erp.World().Quotes(of)
	}
	return v.erp.QuoteOf(i, v.quotes)
}
