package world

import (
	"strconv"
	"strings"
	"time"
)

// String returns the ISO 3166 code.
func (c Country) String() string { return [...]string{"MD", "RO", "RU", "FR", "BR"}[c] }

// Currency returns the ISO 4217 code of the country's money.
func (c Country) Currency() string { return [...]string{"MDL", "RON", "RUB", "EUR", "BRL"}[c] }

// Name returns the country's name in its own language.
func (c Country) Name() string { return lists[c].country }

var caseNames = [...]string{
	"by fiscal number", "by foreign id", "bad checksum", "no key", "twice in books", "twice in CRM", "placeholder",
	"broken foreign id", "fiscal mismatch", "CRM only", "books only", "desk only",
}

// String returns the case in words.
func (c Case) String() string { return caseNames[c] }

// records returns how many records of a customer lie in the CRM and in the books.
func (c Case) records() (crm, books int) {
	switch c {
	case CRMOnly:
		return 1, 0
	case BooksOnly:
		return 0, 1
	case DeskOnly:
		return 0, 0
	case TwiceInCRM:
		return 2, 1
	case TwiceInBooks:
		return 1, 2
	}
	return 1, 1
}

// caseOf returns the case of a customer. The awkward ones come at fixed places of every fifty, so that even a small world has them.
func caseOf(i int) Case {
	switch i % 50 {
	case 7, 43:
		return NoKey
	case 9:
		return Placeholder
	case 11:
		return BadChecksum
	case 13:
		return TwiceInBooks
	case 17, 31:
		return CRMOnly
	case 19, 37:
		return BooksOnly
	case 23:
		return TwiceInCRM
	case 29:
		return BrokenForeignID
	case 41:
		return FiscalMismatch
	case 47:
		return DeskOnly
	}
	if i%3 == 0 {
		return ByForeignID
	}
	return ByFiscalNumber
}

// Case returns how a customer can be recognised, without building the customer.
func (w *World) Case(i int) Case { return caseOf(i) }

// code is the Account.Code of a customer's first account.
func code(i int) string {
	if i == AwkwardCustomer {
		return AwkwardCode
	}
	return "C" + pad(i, 5)
}

func secondCode(i int) string { return "D" + pad(i, 5) }

func itoa(i int) string { return strconv.Itoa(i) }

func pad(i, width int) string {
	s := strconv.Itoa(i)
	if len(s) < width {
		return "0000000000"[:width-len(s)] + s
	}
	return s
}

// identity is the part of a customer from which all else follows; it is cheap.
type identity struct {
	country Country
	person  bool // a sole trader
	russian bool // named in Russian though not in Russia
	created time.Time
	form    string
}

func (w *World) identity(i int) (id identity) {
	r := w.rng(topicCustomer, i, 0)
	id.country = Country(r.weighted(40, 22, 14, 14, 10))
	if i <= 10 { // the named ones are of every country
		id.country = [...]Country{MD, MD, RO, MD, FR, BR, RU, MD, FR, RU, RO}[i]
	}
	l := lists[id.country]
	id.form = l.forms[r.weighted(l.weights...)]
	id.person = id.form == "ИП"
	id.russian = id.country == MD && r.chance(30)
	id.created = moment(&r, Begin, End.AddDate(0, -2, 0))
	return id
}

// fiscal returns the fiscal number of customer i. Brazilian numbers given since July 2026 have letters (wire/identity.md §2).
func (id identity) fiscal(i int) Fiscal {
	return fiscal(id.country, i, id.person, !id.created.Before(time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)))
}

// Customer returns the customer of a number; it panics on a number that does not exist, as a slice would.
func (w *World) Customer(i int) *Customer {
	if !w.Has(i) {
		panic("world: no customer " + strconv.Itoa(i))
	}
	id := w.identity(i)
	l := lists[id.country]
	r := w.rng(topicCustomer, i, 1)
	c := &Customer{Number: i, Case: caseOf(i), Country: id.country, LegalForm: id.form, Currency: id.country.Currency(), Created: id.created}
	c.Fiscal = id.fiscal(i)
	c.Contacts = w.contacts(i, id)

	switch {
	case id.person:
		ru := lists[RU]
		n := len(ru.surnames) * len(ru.men) * len(patronymics)
		k := (i % n * permuter(n)) % n
		c.Base = ru.surnames[k%len(ru.surnames)] + " " + ru.men[k/len(ru.surnames)%len(ru.men)] + " " + patronymics[k/len(ru.surnames)/len(ru.men)]
		if i >= n {
			c.Base += " " + itoa(i/n+1)
		}
	case id.russian:
		ru := lists[RU]
		c.Base = companyName(ru, i)
	default:
		c.Base = companyName(l, i)
	}
	c.Latin = latin(c.Base)
	switch {
	case id.person:
		c.LegalName = "ИП " + c.Base
	case id.country == RU:
		c.LegalName = id.form + " «" + c.Base + "»"
	case id.country == MD && r.chance(25):
		c.LegalName = id.form + " «" + c.Base + "»"
	default:
		c.LegalName = c.Base + " " + id.form
	}

	host := slug(c.Base) + "." + l.domain
	c.Web = "https://www." + host
	c.Email = pick(&r, []string{"office", "info", "contact", "contabilitate", "sales"}) + "@" + host
	if id.country == RU || id.russian {
		c.Email = pick(&r, []string{"info", "mail", "buh", "zakaz"}) + "@" + host
	}
	c.Phone = phone(&r, l.phone)
	at := pick(&r, l.cities)
	c.Address = Address{Street: pick(&r, l.streets) + " " + itoa(1+r.n(180)), City: at.name, Region: at.region, Zip: at.zip, Country: l.country}
	if id.country == FR {
		c.Address.Street = itoa(1+r.n(180)) + " " + pick(&r, l.streets)
	}
	c.Owner = r.n(len(w.Staff))
	c.Modified = modified(&r, c.Created)

	w.fillCRM(c, id, &r)
	w.fillBooks(c, id, &r)
	c.Desk.Key = w.deskKey(i)
	if c.Desk.Key != "" {
		c.Desk.Name = c.Base
	}
	if id.country == BR && r.chance(60) {
		c.Agency = AgencyClient{ID: 400 + i, Name: c.LegalName, NationalDocument: punctuateCNPJ(c.Fiscal.Number)}
	}
	if id.country == FR && r.chance(65) {
		c.ERP = ERPClient{Code: "CL" + pad(i, 5), Name: strings.ToUpper(c.Latin) + " " + id.form, SIRET: c.Fiscal.Number, TVA: c.Fiscal.VAT}
	}
	return c
}

func (w *World) fillCRM(c *Customer, id identity, r *rng) {
	n, _ := c.Case.records()
	for k := range n {
		a := CRMAccount{
			ID:        w.GUID(Key{Kind: KindAccount, Customer: c.Number, Doc: k}),
			BillingID: w.GUID(Key{Kind: KindAccountBilling, Customer: c.Number, Doc: k}),
			Code:      code(c.Number), Name: c.Base, FiscalNumber: typed(c.Country, c.Fiscal, r.n(100)), KPP: c.Fiscal.KPP,
			CreatedOn: c.Created.Add(time.Duration(r.n(1000)) * time.Millisecond), HasOwner: r.chance(92), IsStale: r.chance(4),
		}
		a.ModifiedOn = modified(r, a.CreatedOn)
		switch r.n(10) { // display variants: no legal form for most, Latin letters, the legal name, sloppy case
		case 0, 1:
			a.Name = c.Latin
		case 2:
			a.Name = c.LegalName
		case 3:
			a.Name = strings.ToUpper(c.Base)
		}
		if (c.Country == RU || id.russian) && r.chance(50) {
			a.Name, a.AlternativeName = c.Latin, c.Base
		}
		switch c.Case {
		case ByForeignID:
			a.Uid1C = w.GUID(Key{Kind: KindCounterparty, Customer: c.Number})
		case BrokenForeignID:
			a.Uid1C = w.GUID(Key{Kind: KindDangling, Customer: c.Number})
		case BadChecksum:
			a.FiscalNumber = spoil(c.Fiscal.Number)
		case NoKey:
			a.FiscalNumber, a.KPP = "", ""
		case FiscalMismatch:
			a.Uid1C = w.GUID(Key{Kind: KindCounterparty, Customer: c.Number})
			other := fiscal(c.Country, c.Number+5_000_000, id.person, false)
			a.FiscalNumber, a.KPP = other.Number, other.KPP
		}
		if k == 1 {
			a.Code, a.Name = secondCode(c.Number), c.Latin+" ("+c.Address.City+")"
		}
		c.CRM = append(c.CRM, a)
	}
}

func (w *World) fillBooks(c *Customer, id identity, r *rng) {
	_, n := c.Case.records()
	for k := range n {
		b := Counterparty{
			Ref:         w.GUID(Key{Kind: KindCounterparty, Customer: c.Number, Doc: k}),
			ContractRef: w.GUID(Key{Kind: KindContract, Customer: c.Number, Doc: k}),
			PartnerRef:  w.GUID(Key{Kind: KindPartner, Customer: c.Number, Doc: k}),
			Code:        pad(c.Number+k*500_000_000, 9), FullName: c.LegalName, FiscalNumber: c.Fiscal.Number, KPP: c.Fiscal.KPP,
			Person: id.person, Email: c.Email, Phone: c.Phone, Version: 1000 + uint64(r.n(1<<30)),
		}
		switch r.n(6) {
		case 0, 1:
			b.Description = strings.ToUpper(c.Base) + " " + c.LegalForm
		case 2:
			b.Description = c.LegalForm + " \"" + c.Base + "\""
		case 3:
			b.Description = strings.ToUpper(c.Latin) + " " + dotted(c.LegalForm)
		case 4:
			b.Description = c.Base + ", " + c.LegalForm
		default:
			b.Description = c.LegalName
		}
		switch {
		case id.person:
			b.Description = c.Base + " ИП"
		case c.Country == MD && !id.russian && r.chance(25):
			b.Description = "ООО «" + capital(toCyrillic(c.Base)) + "»" // the bookkeeper writes in Russian
		case c.Country == FR && r.chance(40):
			b.FiscalNumber = c.Fiscal.Number[:9] // the SIREN: same company, other level
		case c.Country == RU && c.LegalForm == "ООО":
			b.FullName = "Общество с ограниченной ответственностью «" + c.Base + "»"
		}
		if c.Case == Placeholder {
			b.FiscalNumber, b.KPP = placeholder(c.Country, r.n(2)), ""
		}
		if c.Case == BooksOnly && r.chance(20) {
			b.DeletionMark = true
		}
		if k == 1 {
			b.Description += " (2)"
		}
		c.Books = append(c.Books, b)
	}
}

func dotted(form string) string {
	switch form {
	case "SRL", "SA", "SARL", "SAS":
		return strings.Join(strings.Split(form, ""), ".") + "."
	}
	return form
}

func capital(s string) string {
	r := []rune(s)
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}

// deskKey returns the OTRS CustomerID of a customer, "" if the help desk does not know it.
func (w *World) deskKey(i int) string {
	r := w.rng(topicDesk, i, 0)
	how := r.n(100)
	switch caseOf(i) {
	case DeskOnly:
		return "EXT-" + pad(i, 5)
	case BooksOnly:
		if how < 50 {
			return ""
		}
		return "KD" + pad(i, 6)
	}
	switch {
	case i == AwkwardCustomer:
		return AwkwardCode
	case i == LowercaseCustomer:
		return strings.ToLower(code(i))
	case i == BusyCustomer, i == TwinCustomer:
		return code(i)
	case how < 3:
		return ""
	case how < 4:
		return strings.ToLower(code(i))
	case how < 8:
		return w.identity(i).fiscal(i).Number
	}
	return code(i)
}

// ContactCount returns the number of a customer's contacts without building them.
func (w *World) ContactCount(i int) int {
	r := w.rng(topicContacts, i, 0)
	return 1 + r.weighted(40, 35, 15, 10)
}

func (w *World) contacts(i int, id identity) []Person {
	people := make([]Person, w.ContactCount(i))
	for k := range people {
		people[k] = w.contact(i, k, id)
	}
	return people
}

func (w *World) contact(i, k int, id identity) Person {
	r := w.rng(topicContacts, i, k+1)
	l := lists[id.country]
	domain, prefix := l.domain, l.phone
	if id.russian {
		l = lists[RU]
	}
	p := person(&r, l, l == lists[RU])
	p.Index = k
	if k < len(l.jobs) {
		p.JobTitle = l.jobs[k]
	}
	first, last := nameSlug(p.First), nameSlug(p.Last)
	p.Login = slug(p.First[:1+runeTail(p.First)]) + "." + last + itoa(i)
	if k > 0 {
		p.Login += "-" + itoa(k)
	}
	p.Email = first + "." + last + "@c" + itoa(i) + "." + domain
	p.Phone = phone(&r, prefix)
	if r.chance(70) {
		p.Mobile = phone(&r, prefix)
	}
	return p
}

// nameSlugs are the slugs of all first and last names: every ticket needs one.
var nameSlugs = func() map[string]string {
	m := map[string]string{}
	for _, l := range lists {
		for _, names := range [][]string{l.men, l.women, l.surnames} {
			for _, name := range names {
				m[name] = slug(name)
				m[name+"а"] = slug(name + "а") // the Russian feminine
			}
		}
	}
	return m
}()

func nameSlug(name string) string {
	if s, ok := nameSlugs[name]; ok {
		return s
	}
	return slug(name)
}

// runeTail returns how many bytes beyond the first the first letter of s takes.
func runeTail(s string) int {
	for k := range s {
		if k > 0 {
			return k - 1
		}
	}
	return len(s) - 1
}

func person(r *rng, l *nameLists, russian bool) Person {
	woman := r.chance(45)
	p := Person{Last: pick(r, l.surnames)}
	if woman {
		p.First = pick(r, l.women)
	} else {
		p.First = pick(r, l.men)
	}
	if russian {
		p.Middle = pick(r, patronymics)
		if woman {
			p.Last += "а"
			p.Middle = strings.TrimSuffix(p.Middle, "ич") + "на"
		}
	}
	return p
}

func phone(r *rng, prefix string) string {
	return prefix + " " + itoa(20+r.n(80)) + " " + pad(r.n(1000), 3) + " " + pad(r.n(1000), 3)
}
