package world

// The agency's ERP (Operand) keeps the Brazilian customers that have an [AgencyClient], and clients of its own that no other
// system knows. What it calls things follows wire/operand.md §2 and §3; names, amounts and proportions are invented.
//
// Everything here is a pure function of (seed, customer, index) on random streams of its own, so that adding it changed
// nothing that the world held before.

// The streams of the agency. They lie far above those of rand.go.
const (
	topicAgencyClient topic = 0x6167_0000 + iota
	topicAgencyInvoice
	topicAgencyFee
	topicAgencySupplier
	topicAgencyPayable
	topicAgencyJob
)

// Clients that are in the agency's ERP alone; every world has them.
const (
	// AgencyUndocumentedID has no tax number at all.
	AgencyUndocumentedID = 301
	// AgencyPersonID is a person with a valid CPF; the dirty entries are its.
	AgencyPersonID = 302
	// AgencyInactiveID is a former client: situation inactive.
	AgencyInactiveID = 303
	// AgencyDeletedID is marked as deleted.
	AgencyDeletedID = 304
	// AgencyGhostID is named by finance entries, but no such client exists.
	AgencyGhostID = 399
)

// AgencyAccount is one client of the agency's ERP (entity/clients, wire/operand.md §2).
type AgencyAccount struct {
	ID               int
	PersonID         int // the person record behind the client; its contacts' numbers follow
	Customer         int // 0 for a client no other system knows
	Name             string
	NationalDocument string // CNPJ or CPF as typed: mostly punctuated, sometimes bare or with blanks, "" on a few
	IsInactive       bool
	IsDeleted        bool
}

// agencyAccount returns the agency's account of a customer; ok is false if he is no client of the agency.
func (w *World) agencyAccount(i int) (a AgencyAccount, ok bool) {
	if !w.Has(i) || w.identity(i).country != BR { // spares building the nine of ten that cannot be
		return a, false
	}
	c := w.Customer(i)
	if c.Agency.ID == 0 {
		return a, false
	}
	a = AgencyAccount{ID: c.Agency.ID, PersonID: c.Agency.ID * 10, Customer: i, Name: c.Agency.Name, NationalDocument: c.Agency.NationalDocument}
	r := w.rng(topicAgencyClient, i, 0)
	switch how := r.n(100); {
	case how < 4:
		a.NationalDocument = ""
	case how < 14:
		a.NationalDocument = c.Fiscal.Number
	case how < 18:
		a.NationalDocument = " " + punctuateCNPJ(c.Fiscal.Number) + " "
	}
	a.IsInactive = r.chance(5)
	return a, true
}

// AgencyClients returns all clients of the agency's ERP by ascending id, the ones of its own first. It scans the world: keep the result.
func (w *World) AgencyClients() []AgencyAccount {
	own := func(id int, name, document string) AgencyAccount {
		return AgencyAccount{ID: id, PersonID: id * 10, Name: name, NationalDocument: document}
	}
	list := []AgencyAccount{
		own(AgencyUndocumentedID, "Coletivo Sem Cadastro", ""),
		own(AgencyPersonID, "Conceição Magalhães", punctuateCPF(cpf(AgencyPersonID))),
		own(AgencyInactiveID, "Gráfica Antiga Ltda", punctuateCNPJ(agencyCNPJ(AgencyInactiveID))),
		own(AgencyDeletedID, "Cadastro Duplicado ME", punctuateCNPJ(agencyCNPJ(AgencyDeletedID))),
	}
	list[2].IsInactive = true
	list[3].IsDeleted = true
	for i := 1; i <= w.n; i++ {
		if a, ok := w.agencyAccount(i); ok {
			list = append(list, a)
		}
	}
	return list
}

// AgencyClient returns the customer of a client id; ok is false for clients no other system knows and for ids that do not exist.
func (w *World) AgencyClient(id int) (customer int, ok bool) {
	a, ok := w.agencyAccount(id - 400)
	return a.Customer, ok
}

// agencyCNPJ gives a valid CNPJ that no customer has: their ordinals end below 20,000,000.
func agencyCNPJ(k int) string { return fiscal(BR, 20_000_000+k, false, false).Number }

// cpf makes the valid CPF of an ordinal: nine digits and two check digits, which are made as those of a CNPJ.
func cpf(k int) string {
	body := "3" + pad(k*7_368_787%100_000_000, 8)
	body += digit(check11(weighted(body, 10, 9, 8, 7, 6, 5, 4, 3, 2)))
	return body + digit(check11(weighted(body, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)))
}

// punctuateCPF prints a CPF as people write it: 123.456.789-09.
func punctuateCPF(n string) string { return n[:3] + "." + n[3:6] + "." + n[6:9] + "-" + n[9:] }
