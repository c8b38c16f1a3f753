package directory_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/trama-graph/trama/datasources/directory"
)

// labelled is a world whose truth is known: customers as five careless offices type
// them, made of what wire/identity.md warns of.
type labelled struct {
	rng   *rand.Rand
	world of
	truth map[string]int // "crm:17" → who he is
	next  int
	// known are the pairs a rule can know: they share a valid number (R2), or one
	// stores the other's key (R1), or they have a box of their own (R3), or are to be
	// suggested (R4, R5).
	known map[string][][2]string
}

var labelledSources = []string{"crm", "books", "erp", "agency", "shop"}

func labelledConfig() directory.Config {
	cfg := directory.Config{}
	for i, s := range labelledSources {
		cfg.Sources = append(cfg.Sources, directory.SourceConfig{
			Name: s, Kind: []string{"creatio", "onec", "ecolix", "operand", "odata"}[i], Country: "MD", Indexed: true, OwnTaxIDs: []string{idno(9_999_999)},
		})
	}
	return cfg
}

// add types a record of a customer into a source.
func (l *labelled) add(source string, who int, r rec) string {
	l.next++
	r.ID = strconv.Itoa(l.next)
	name := source + ":" + r.ID
	l.world[source] = append(l.world[source], r)
	l.truth[name] = who
	return name
}

// knows says that a rule can know the records as one.
func (l *labelled) knows(rule string, records ...string) {
	for _, r := range records[1:] {
		l.known[rule] = append(l.known[rule], [2]string{records[0], r})
	}
}

// stores makes the record typed last in a source store the key of another record.
func (l *labelled) stores(source, other string) {
	target, id, _ := strings.Cut(other, ":")
	list := l.world[source]
	list[len(list)-1].ForeignIDs = map[string]string{target: id}
}

var (
	firstWords  = []string{"Vector", "Orizont", "Codru", "Nistru", "Vitis", "Agro", "Electro", "Tehno", "Lumina", "Sigma", "Floreni", "Zimbru", "Struguraș", "Brutăria", "Ștefan", "Țesătura", "Mobila", "Cricova", "Baltic", "Prodexim"}
	secondWords = []string{"Comerț", "Prod", "Construct", "Trans", "Impex", "Service", "Invest", "Grup", "Design", "Logistic", "Farm", "Media", "Lux", "Plus", "Nord"}
	towns       = []string{"Chișinău", "Bălți", "Orhei", "Cahul", "Soroca", "Ungheni", "Edineț", "Comrat"}
	cyrillic    = strings.NewReplacer("Ș", "Ш", "ș", "ш", "Ț", "Ц", "ț", "ц", "ă", "э", "â", "ы", "î", "ы", "A", "А", "B", "Б", "C", "К", "D", "Д", "E", "Э", "F", "Ф", "G", "Г", "I", "И", "L", "Л", "M", "М", "N", "Н",
		"O", "О", "P", "П", "R", "Р", "S", "С", "T", "Т", "V", "В", "Z", "З", "a", "а", "b", "б", "c", "к", "d", "д", "e", "е", "f", "ф", "g", "г", "h", "х", "i", "и", "j", "ж", "k", "к", "l", "л", "m", "м", "n", "н", "o", "о",
		"p", "п", "r", "р", "s", "с", "t", "т", "u", "у", "v", "в", "x", "кс", "z", "з", "U", "У")
)

// name makes a name that nobody else has: towns and numbers of streets are added
// where words run out.
func (l *labelled) name(who int) string {
	return firstWords[who%len(firstWords)] + " " + secondWords[who/len(firstWords)%len(secondWords)] + " " + strings.ToUpper(strconv.FormatInt(int64(who/len(firstWords)/len(secondWords)+10), 36))
}

// typed writes a name as one office or another does.
func (l *labelled) typed(name string) string {
	switch l.rng.IntN(7) {
	case 0:
		return name + " SRL"
	case 1:
		return "S.R.L. «" + strings.ToUpper(name) + "»"
	case 2:
		return strings.ToUpper(name) + " S.R.L."
	case 3:
		return "ООО «" + cyrillic.Replace(name) + "»"
	case 4:
		return "SC " + name + " SA"
	case 5: // a slip of the finger
		b := []rune(name)
		i := 1 + l.rng.IntN(4)
		b[i], b[i+1] = b[i+1], b[i]
		return string(b)
	}
	return name
}

// number writes a fiscal number as one office or another does.
func (l *labelled) number(n string) string {
	switch l.rng.IntN(5) {
	case 0:
		return "MD" + n
	case 1:
		return n[:4] + " " + n[4:8] + " " + n[8:]
	case 2:
		return " " + n + " "
	}
	return n
}

// some returns a few of the sources, at least two, in their order.
func (l *labelled) some() []string {
	var list []string
	for len(list) < 2 {
		list = list[:0]
		for _, s := range labelledSources {
			if l.rng.IntN(2) == 0 {
				list = append(list, s)
			}
		}
	}
	return list
}

// ordinary types a customer into sources, everywhere with his number.
func (l *labelled) ordinary(who int, number string, country string, sources ...string) []string {
	var names []string
	for _, s := range sources {
		names = append(names, l.add(s, who, rec{Name: l.typed(l.name(who)), TaxID: number, Country: country, City: towns[who%len(towns)]}))
	}
	return names
}

// newLabelled makes n customers.
func newLabelled(n int, seed uint64) *labelled {
	l := &labelled{rng: rand.New(rand.NewPCG(seed, 1)), world: of{}, truth: map[string]int{}, known: map[string][][2]string{}}
	kinds := []func(int){
		l.plain, l.plain, l.plain, l.misspelt, l.stored, l.storedOnly, l.sites, l.offices, l.holding, l.accountants, l.placeholder,
		l.shared, l.recycled, l.recycledUnknown, l.ownNumber, l.person, l.twoCountries, l.twice, l.renamed, l.namesakes, l.mailbox,
		l.accountantOnce, l.domain, l.retyped, l.foreignSlip,
	}
	for who := 0; who < n; who += 10 { // each kind has ten customers to itself
		kinds[who/10%len(kinds)](who)
	}
	return l
}

// plain: several offices, one number, written in every way.
func (l *labelled) plain(who int) {
	for i := range 10 {
		sources := l.some()
		var names []string
		for _, s := range sources {
			names = append(names, l.add(s, who+i, rec{Name: l.typed(l.name(who + i)), TaxID: l.number(idno(who + i)), City: towns[i%len(towns)]}))
		}
		l.knows("R2", names...)
	}
}

// misspelt: one office has a wrong digit; the check finds it.
func (l *labelled) misspelt(who int) {
	names := l.ordinary(who, idno(who), "", "books", "erp", "shop")
	l.knows("R2", names...)
	l.add("crm", who, rec{Name: l.typed(l.name(who)), TaxID: spoil(idno(who))})
}

// stored: the CRM stores the books' key, and both have the number.
func (l *labelled) stored(who int) {
	names := l.ordinary(who, idno(who), "", "books", "crm", "agency")
	l.stores("crm", names[0])
	l.knows("R1", names[0], names[1])
	l.knows("R2", names...)
}

// storedOnly: nobody typed a number, but the key is stored.
func (l *labelled) storedOnly(who int) {
	for i := range 5 {
		names := l.ordinary(who+i, "", "", "books", "crm")
		l.stores("crm", names[0])
		l.knows("R1", names...)
	}
}

// sites: the ERP has the sites of a French company, which are two records of it;
// the others have the company.
func (l *labelled) sites(who int) {
	n := siren(who)
	key, _ := strconv.Atoi(n)
	vat := fmt.Sprintf("FR%02d%s", (12+3*(key%97))%97, n)
	a := l.add("crm", who, rec{Name: l.typed(l.name(who)), TaxID: n, Country: "FR"})
	b := l.add("books", who, rec{Name: l.typed(l.name(who)), TaxID: vat})
	l.knows("R2", a, b)
	for site := range 2 {
		l.add("erp", who, rec{Name: l.name(who) + " Site " + strconv.Itoa(site), TaxID: siret(who, site+1), Country: "FR"})
	}
	// Another company, one site only: the site finds the company.
	n = siren(who + 1)
	a = l.add("crm", who+1, rec{Name: l.name(who + 1), TaxID: n, Country: "FR"})
	b = l.add("erp", who+1, rec{Name: l.name(who + 1), TaxID: siret(who+1, 1), Country: "FR"})
	l.knows("R2", a, b)
}

// offices: a Russian company whose books have its branches by KPP.
func (l *labelled) offices(who int) {
	n := inn(who)
	a := l.add("crm", who, rec{Name: l.name(who), TaxID: n, Country: "RU"})
	b := l.add("erp", who, rec{Name: l.name(who), TaxID: n + "/770101001", Country: "RU"})
	l.knows("R2", a, b)
	for i := range 2 {
		l.add("books", who, rec{Name: l.name(who) + " филиал " + strconv.Itoa(i), TaxID: n + fmt.Sprintf(" %04d01001", 7701+i), Country: "RU"})
	}
}

// holding: companies of one group, with one domain, one shared box and names alike.
func (l *labelled) holding(who int) {
	domain := "holding" + strconv.Itoa(who) + ".md"
	for i := range 3 {
		var names []string
		for _, s := range []string{"crm", "books"} {
			names = append(names, l.add(s, who+i, rec{
				Name: l.name(who) + " " + secondWords[i], TaxID: idno(who + i), Email: "office@" + domain, Website: "www." + domain, City: towns[0],
			}))
		}
		l.knows("R2", names...)
	}
	// The fourth is only known by the group's box, in two sources.
	l.add("erp", who+3, rec{Name: l.name(who) + " Holding", Email: "office@" + domain})
	l.add("shop", who+4, rec{Name: l.name(who) + " Management", Email: "office@" + domain})
}

// accountants: one mailbox for many companies.
func (l *labelled) accountants(who int) {
	for i := range 6 {
		s := []string{"books", "books", "books", "crm", "crm", "erp"}[i]
		l.add(s, who+i, rec{Name: l.typed(l.name(who + i)), Email: fmt.Sprintf("maria%d@conta.md", who)})
	}
}

// accountantOnce: the same, but each system has only one of her companies.
func (l *labelled) accountantOnce(who int) {
	a := strings.ToUpper(firstWords[who/10%20]) + " A" + strconv.Itoa(who)
	b := secondWords[who/10%15] + " B" + strconv.Itoa(who)
	l.add("books", who, rec{Name: a, Email: fmt.Sprintf("elena%d@gmail.com", who)})
	l.add("crm", who+1, rec{Name: b, Email: fmt.Sprintf("elena%d@gmail.com", who)})
}

// placeholder: what bookkeepers type when they must type something.
func (l *labelled) placeholder(who int) {
	for i, s := range []string{"crm", "books", "erp", "agency", "shop"} {
		l.add(s, who+i, rec{Name: l.name(who + i), TaxID: []string{"0000000000000", "1111111111111", "1234567890123", "-", "0"}[(who/10+i)%5]})
	}
}

// shared: a valid number that stands for «no number» in one office.
func (l *labelled) shared(who int) {
	for i := range 5 {
		l.add("books", who+i, rec{Name: l.name(who + i), TaxID: idno(who)})
	}
	l.add("crm", who, rec{Name: l.name(who), TaxID: idno(who)})
}

// recycled: the books gave a code again to somebody else; both have numbers.
func (l *labelled) recycled(who int) {
	code := fmt.Sprintf("%09d", who)
	l.add("books", who+1, rec{Name: l.name(who + 1), TaxID: idno(who + 1), Code: code})
	l.add("crm", who, rec{Name: l.name(who), TaxID: idno(who), ForeignIDs: map[string]string{"books": code}})
}

// recycledUnknown: the same without numbers; the record that had the code is there,
// marked as deleted.
func (l *labelled) recycledUnknown(who int) {
	code := fmt.Sprintf("%09d", who)
	l.add("books", who, rec{Name: l.name(who), Code: code, Deleted: true})
	l.add("books", who+1, rec{Name: l.name(who + 1), Code: code})
	l.add("crm", who, rec{Name: l.name(who), ForeignIDs: map[string]string{"books": code}})
}

// ownNumber: the clerk typed his own company's number.
func (l *labelled) ownNumber(who int) {
	for i, s := range []string{"crm", "books"} {
		l.add(s, who+i, rec{Name: l.name(who + i), TaxID: idno(9_999_999)})
	}
}

// person: people by their IDNP, in the CRM as persons and in the books as traders.
func (l *labelled) person(who int) {
	name := "Popa" + strconv.Itoa(who) + " Ion"
	a := l.add("crm", who, rec{Name: name, TaxID: idnp(who), IsPerson: true})
	b := l.add("books", who, rec{Name: "Î.I. «" + name + "»", TaxID: idnp(who)})
	l.knows("R2", a, b)
	// His brother, one digit apart in nothing that counts.
	l.add("crm", who+1, rec{Name: "Popa" + strconv.Itoa(who) + " Ioan", TaxID: spoil(idnp(who)), IsPerson: true})
}

// twoCountries: the same digits are two companies.
func (l *labelled) twoCountries(who int) {
	n := bothCountries(who)
	l.knows("R2", l.ordinary(who, n, "RU", "crm", "books")...)
	l.knows("R2", l.ordinary(who+1, n, "RO", "erp", "shop")...)
}

// twice: one office typed him in twice; the others still meet.
func (l *labelled) twice(who int) {
	names := l.ordinary(who, idno(who), "", "crm", "erp", "shop")
	l.knows("R2", names...)
	l.ordinary(who, idno(who), "", "books", "books")
}

// renamed: no number, two alphabets, one town and telephone.
func (l *labelled) renamed(who int) {
	phone := fmt.Sprintf("22%06d", who)
	a := l.add("crm", who, rec{Name: l.name(who) + " SRL", City: towns[who%8], Phone: "+373 " + phone})
	b := l.add("books", who, rec{Name: "ООО «" + cyrillic.Replace(l.name(who)) + "»", City: "mun. " + towns[who%8], Phone: "(0" + phone[:2] + ") " + phone[2:]})
	l.knows("R5", a, b)
	c := l.add("erp", who+1, rec{Name: "SC " + strings.ToUpper(l.name(who+1)), PostalCode: "MD-20" + phone[6:]})
	d := l.add("shop", who+1, rec{Name: l.name(who+1) + " S.R.L.", PostalCode: "20" + phone[6:]})
	l.knows("R5", c, d)
}

// namesakes: a name that several have, in one town.
func (l *labelled) namesakes(who int) {
	name := "Farmacia " + strconv.Itoa(who)
	l.add("crm", who, rec{Name: name, City: towns[0], TaxID: idno(who)})
	l.add("books", who+1, rec{Name: name + " SRL", City: towns[0], TaxID: idno(who + 1)})
	l.add("erp", who+2, rec{Name: name, City: towns[1]})
}

// mailbox: a person's own box, in two offices that know no number.
func (l *labelled) mailbox(who int) {
	for i := range 5 {
		box := fmt.Sprintf("ion.popa%d@gmail.com", who+i)
		a := l.add("crm", who+i, rec{Name: "Popa Ion", Email: box, IsPerson: true})
		b := l.add("shop", who+i, rec{Name: "ION POPA", Email: strings.ToUpper(box), IsPerson: true})
		l.knows("R3", a, b)
	}
}

// domain: a company's own domain, and nothing else.
func (l *labelled) domain(who int) {
	a := l.add("crm", who, rec{Name: "A" + strconv.Itoa(who), Email: fmt.Sprintf("office@firma%d.md", who)})
	b := l.add("shop", who, rec{Name: "B" + strconv.Itoa(who), Website: fmt.Sprintf("https://firma%d.md/contact", who)})
	l.knows("R4", a, b)
}

// retyped: deleted in the books and entered anew.
func (l *labelled) retyped(who int) {
	l.add("books", who, rec{Name: l.name(who), TaxID: idno(who), Deleted: true})
	l.knows("R2", l.ordinary(who, idno(who), "", "crm", "books", "agency")...)
}

// foreignSlip: the CRM stores the key of the neighbour; the numbers speak against it.
func (l *labelled) foreignSlip(who int) {
	l.knows("R2", l.ordinary(who, idno(who), "", "books", "erp")...)
	other := l.ordinary(who+1, idno(who+1), "", "books", "shop")
	l.knows("R2", other...)
	l.add("crm", who, rec{Name: l.name(who), TaxID: idno(who)})
	l.stores("crm", other[0])
}
