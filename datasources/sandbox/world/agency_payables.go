package world

import "time"

// AgencySupplier is a Brazilian firm that the agency pays; it is no customer of anybody.
type AgencySupplier struct {
	ID         int
	Name       string
	Document   string // CNPJ with its punctuation, valid
	Category   string // what is bought of it, in the chart of accounts
	CostCenter string
}

// AgencyPayable is one Despesa. Competence and Due are days, as in [AgencyInvoice].
type AgencyPayable struct {
	ID              int
	Supplier        int    // index into AgencySuppliers
	Document        string // the supplier's own number
	Description     string
	Issued          time.Time
	Competence, Due time.Time
	PaidOn          time.Time // zero if not paid
	Amount, Paid    Money
	Status          AgencyStatus
	Account         string
	IsDeleted       bool
}

var agencySuppliers = []struct{ name, category, center string }{
	{"Imobiliária Ipê Branco Ltda", "Aluguel", "Administrativo"},
	{"Luz do Planalto Energia S/A", "Energia elétrica", "Administrativo"},
	{"Nuvem Tropical Hospedagem Ltda", "Software", "Tecnologia"},
	{"Gráfica Três Cores EIRELI", "Produção gráfica", "Produção"},
	{"Estúdio Fotográfico Olhar ME", "Fotografia", "Produção"},
	{"Rádio Serra Azul S/A", "Mídia", "Mídia"},
	{"Painéis e Outdoors Avenida Ltda", "Mídia", "Mídia"},
	{"Café & Copa Distribuidora Ltda", "Copa", "Administrativo"},
	{"Contábil São Jorge S/S", "Contabilidade", "Administrativo"},
	{"Produtora Arara Filmes Ltda", "Vídeo", "Produção"},
}

// AgencySuppliers returns the agency's suppliers, the same in every world.
func (w *World) AgencySuppliers() []AgencySupplier {
	list := make([]AgencySupplier, len(agencySuppliers))
	for k, s := range agencySuppliers {
		list[k] = AgencySupplier{ID: 201 + k, Name: s.name, Document: punctuateCNPJ(agencyCNPJ(1_000 + k)), Category: s.category, CostCenter: s.center}
	}
	return list
}

// AgencyPayables returns what the agency owes: at most one entry for each supplier and month from the world's begin to its end.
func (w *World) AgencyPayables() []AgencyPayable {
	var list []AgencyPayable
	for month := time.Date(Begin.Year(), Begin.Month(), 1, 0, 0, 0, 0, time.UTC); month.Before(End); month = month.AddDate(0, 1, 0) {
		for k := range agencySuppliers {
			serial := month.Year()*12 + int(month.Month())
			r := w.rng(topicAgencyPayable, k, serial)
			if !r.chance(70) {
				continue
			}
			p := AgencyPayable{
				ID: serial*100 + k, Supplier: k, Document: itoa(1000 + r.n(90_000)), Description: agencySuppliers[k].category + " " + month.Format("01/2006"),
				Competence: month, Amount: Money(8_000 + r.n(1_200_000)), Account: pick(&r, agencyAccounts),
			}
			p.Issued = month.Add(time.Duration(12*3600+r.n(20*24*3600)) * time.Second)
			p.Due = day(saoPaulo(p.Issued)).AddDate(0, 0, 10+r.n(30))
			switch r.weighted(88, 4, 5, 3) {
			case 0:
				if paid := p.Due.Add(time.Duration(12+r.n(72)) * time.Hour); paid.Before(End) {
					p.PaidOn, p.Paid, p.Status = paid, p.Amount, AgencyPaid
				}
			case 1:
				if paid := p.Due.Add(15 * time.Hour); paid.Before(End) {
					p.PaidOn, p.Paid, p.Status = paid, p.Amount/3, AgencyPartial
				}
			case 2:
				p.Status = AgencyCancelled
			case 3:
				p.IsDeleted = true
			}
			list = append(list, p)
		}
	}
	return list
}
