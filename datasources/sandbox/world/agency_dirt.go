package world

import "time"

// AgencyDirtKind is what is wrong with a row of the agency's ERP.
type AgencyDirtKind uint8

// The kinds. The rows are the agency's own: no invoice, order or customer of the world hangs on them.
const (
	AgencyAmbiguousAmount AgencyDirtKind = iota // amount "1.234", a text in every dialect: one thousand or one and a bit
	AgencyThreeDecimals                         // amount with three decimals
	AgencyNullAmount                            // amount null
	AgencyImpossibleDay                         // due day 31/02
	AgencyNoDue                                 // due day blank: no window finds it
	AgencyUnknownStatus                         // a status text nobody knows
	AgencyMissingFields                         // the keys of party, status and paid amount are absent
	AgencyGhostParty                            // party AgencyGhostID does not exist
	AgencyNoDocument                            // a client without a national document
)

// AgencyDirt is one dirty row.
type AgencyDirt struct {
	Kind AgencyDirtKind
	// ID is that of a receivable, of a client with AgencyNoDocument.
	ID int
	// Field is the field that is wrong, as FinanceEntry names it (wire/operand.md §3); "" with AgencyMissingFields.
	Field string
	// Text is what stands there, where it is the same in every dialect.
	Text string
	// Receivable is the row as it would be if it were clean; nil with AgencyNoDocument.
	Receivable *AgencyReceivable
}

// AgencyDirt returns the dirt of the agency's ERP: dirty receivables, in every world the same, and the clients without a document.
func (w *World) AgencyDirt() []AgencyDirt {
	list := []AgencyDirt{
		{Kind: AgencyAmbiguousAmount, Field: "amount", Text: "1.234"},
		{Kind: AgencyThreeDecimals, Field: "amount"},
		{Kind: AgencyNullAmount, Field: "amount"},
		{Kind: AgencyImpossibleDay, Field: "dueDate"},
		{Kind: AgencyNoDue, Field: "dueDate"},
		{Kind: AgencyUnknownStatus, Field: "status", Text: "EM_ANALISE_JURIDICA"},
		{Kind: AgencyMissingFields},
		{Kind: AgencyGhostParty, Field: "partyId"},
	}
	due := time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC)
	for k := range list {
		d := &list[k]
		d.ID = 91 + k // below every receivable of a customer
		d.Receivable = &AgencyReceivable{
			ID: d.ID, ClientID: AgencyPersonID, Description: "Lançamento avulso " + itoa(k+1), Instalment: 1, Of: 1, Issued: due.Add(-20 * 24 * time.Hour).Add(15 * time.Hour),
			Competence: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), Due: due, Amount: 123_400, Account: agencyAccounts[0], CostCenter: agencyCenters[0], Category: agencyIncome[0],
		}
		switch d.Kind {
		case AgencyGhostParty:
			d.Receivable.ClientID = AgencyGhostID
		case AgencyNoDue:
			d.Receivable.Due = time.Time{}
		}
	}
	for _, a := range w.AgencyClients() {
		if a.NationalDocument == "" {
			list = append(list, AgencyDirt{Kind: AgencyNoDocument, ID: a.ID, Field: "nationalDocument"})
		}
	}
	return list
}
