package world

import (
	"fmt"
	"time"
)

// queues and states are an OTRS's as delivered plus the ones a small company adds; ids below 5 are OTRS's own.
var queues = []Queue{
	{ID: 2, GroupID: 1, Name: "Raw"},
	{ID: 5, GroupID: 1, Name: "Support"},
	{ID: 6, GroupID: 4, Name: "Billing"},
	{ID: 7, GroupID: 1, Name: "Support::Level2"},
	{ID: 8, GroupID: 1, Name: "Orders"},
	{ID: 9, GroupID: 1, Name: "Доставка"},
	{ID: 3, GroupID: 1, Name: "Junk"},
}

var queueWeights = []int{8, 34, 16, 12, 18, 10, 2}

var states = []State{
	{ID: 1, Name: "new", Type: "new"},
	{ID: 4, Name: "open", Type: "open"},
	{ID: 2, Name: "closed successful", Type: "closed"},
	{ID: 3, Name: "closed unsuccessful", Type: "closed"},
	{ID: 6, Name: "pending reminder", Type: "pending reminder"},
	{ID: 7, Name: "pending auto close+", Type: "pending auto"},
	{ID: 9, Name: "merged", Type: "merged"},
	{ID: 8, Name: "pending auto close-", Type: "pending auto"},
	{ID: 5, Name: "removed", Type: "removed"},
}

// priorities are OTRS's names, by Priority − 1.
var priorities = [...]string{"1 very low", "2 low", "3 normal", "4 high", "5 very high"}

// PriorityName returns OTRS's name of a priority, 1 … 5.
func PriorityName(p uint8) string { return priorities[p-1] }

func (w *World) makeStaff() []Person {
	r := w.rng(topicStaff, 0, 0)
	staff := make([]Person, 12)
	for k := range staff {
		l := lists[Country(k%3)]
		p := person(&r, l, Country(k%3) == RU)
		p.Index = k
		p.Login = slug(p.Last) + itoa(k+1)
		p.Email = slug(p.First) + "." + slug(p.Last) + "@trama-demo.example"
		p.Phone = phone(&r, "+373")
		p.JobTitle = []string{"Account manager", "Support agent", "Accountant"}[k%3]
		staff[k] = p
	}
	return staff
}

type article struct {
	sku, en, ru, ro, fr string
	category            string
	unit                string
	cents               int64
	service, reduced    bool
}

var articles = []article{
	{"CAB", "Patch cable Cat6", "Патч-корд Cat6", "Cablu patch Cat6", "Câble de brassage Cat6", "Cables", "pcs", 320, false, false},
	{"FIB", "Fibre cable LC-LC", "Оптический шнур LC-LC", "Cablu optic LC-LC", "Jarretière optique LC-LC", "Cables", "pcs", 990, false, false},
	{"SWI", "Network switch", "Сетевой коммутатор", "Comutator de rețea", "Commutateur réseau", "Network", "pcs", 8900, false, false},
	{"RTR", "Router", "Маршрутизатор", "Ruter", "Routeur", "Network", "pcs", 12900, false, false},
	{"WAP", "Wi-Fi access point", "Точка доступа Wi-Fi", "Punct de acces Wi-Fi", "Borne Wi-Fi", "Network", "pcs", 7450, false, false},
	{"SRV", "Rack server", "Стоечный сервер", "Server rack", "Serveur rack", "Servers", "pcs", 189900, false, false},
	{"SSD", "SSD drive", "Твердотельный накопитель", "Disc SSD", "Disque SSD", "Storage", "pcs", 6999, false, false},
	{"HDD", "Hard drive", "Жёсткий диск", "Hard disc", "Disque dur", "Storage", "pcs", 8450, false, false},
	{"RAM", "Memory module", "Модуль памяти", "Modul de memorie", "Barrette mémoire", "Parts", "pcs", 4875, false, false},
	{"NBK", "Notebook", "Ноутбук", "Laptop", "Ordinateur portable", "Computers", "pcs", 74900, false, false},
	{"DSK", "Desktop computer", "Настольный компьютер", "Calculator de birou", "Ordinateur de bureau", "Computers", "pcs", 52900, false, false},
	{"MON", "Monitor", "Монитор", "Monitor", "Écran", "Computers", "pcs", 17990, false, false},
	{"KBD", "Keyboard", "Клавиатура", "Tastatură", "Clavier", "Accessories", "pcs", 1990, false, false},
	{"MOU", "Mouse", "Мышь", "Maus", "Souris", "Accessories", "pcs", 1249, false, false},
	{"HST", "Headset", "Гарнитура", "Căști", "Casque", "Accessories", "pcs", 3999, false, false},
	{"PRN", "Laser printer", "Лазерный принтер", "Imprimantă laser", "Imprimante laser", "Printing", "pcs", 21900, false, false},
	{"TON", "Toner cartridge", "Картридж с тонером", "Cartuș de toner", "Cartouche de toner", "Printing", "pcs", 5637, false, false},
	{"PAP", "Paper A4, 500 sheets", "Бумага A4, 500 листов", "Hârtie A4, 500 coli", "Papier A4, 500 feuilles", "Printing", "pack", 449, false, false},
	{"BOK", "Reference manual", "Справочник", "Manual", "Manuel", "Books", "pcs", 2450, false, true},
	{"UPS", "UPS", "Источник бесперебойного питания", "UPS", "Onduleur", "Power", "pcs", 13990, false, false},
	{"BAT", "Battery pack", "Аккумуляторная батарея", "Baterie", "Batterie", "Power", "pcs", 5190, false, false},
	{"LIC", "Software licence, 1 year", "Лицензия ПО, 1 год", "Licență software, 1 an", "Licence logicielle, 1 an", "Software", "pcs", 11999, true, false},
	{"SUP", "Support, hour", "Техподдержка, час", "Suport tehnic, oră", "Assistance, heure", "Services", "hour", 4500, true, false},
	{"INS", "Installation", "Монтаж", "Instalare", "Installation", "Services", "hour", 3850, true, false},
	{"DEL", "Delivery", "Доставка", "Livrare", "Livraison", "Services", "pcs", 1500, true, false},
	{"WIR", "Power cord, metre", "Кабель силовой, метр", "Cablu de alimentare, metru", "Câble d'alimentation, mètre", "Cables", "m", 187, false, false},
}

func (w *World) makeProducts() []Product {
	variants := []string{"", " S", " M", " L", " XL", " Pro", " Plus", " Eco", " 2.0"}
	products := make([]Product, 0, len(articles)*len(variants))
	for a, base := range articles {
		for v, suffix := range variants {
			k := len(products)
			r := w.rng(topicProduct, a, v)
			p := Product{
				Index: k, SKU: fmt.Sprintf("%s-%03d", base.sku, 100+v*7), Name: base.en + suffix, NameRU: base.ru + suffix, NameRO: base.ro + suffix,
				NameFR: base.fr + suffix, Category: base.category, Unit: base.unit, Price: Money(base.cents + base.cents*int64(v*17)/100 + int64(r.n(37))),
				IsService: base.service, IsActive: !r.chance(4), Reduced: base.reduced,
				ID: w.GUID(Key{Kind: KindProduct, Doc: k}), Ref: w.GUID(Key{Kind: KindItem, Doc: k}),
			}
			if !base.service {
				p.Stock = Qty(r.n(400)) * 1000
				p.Reserved = min(p.Stock, Qty(r.n(30))*1000)
				ean := fmt.Sprintf("484%09d", 100_000_000+k*37)
				p.EAN = ean + digit((10-weighted(ean, 1, 3)%10)%10)
			}
			p.Modified = bulkAfter(moment(&r, Begin, End.AddDate(0, -3, 0))).Truncate(time.Second)
			products = append(products, p)
		}
	}
	return products
}

// NameIn returns the product's name in the language of a country.
func (p *Product) NameIn(c Country) string {
	switch c {
	case MD, RO:
		return p.NameRO
	case RU:
		return p.NameRU
	case FR:
		return p.NameFR
	}
	return p.Name
}

// PriceIn returns the product's net price in a country's currency: the EUR price times a fixed rate, rounded to the hundredth.
func (p *Product) PriceIn(c Country) Money {
	// Hundredths of the currency for one euro: invented, of the right order of magnitude.
	return Money(divRound(int64(p.Price)*[...]int64{1965, 499, 9510, 100, 612}[c], 100))
}

// vatRate returns the VAT rate in per cent on a day. Brazil has no VAT; its ICMS stands in. Romania raised its rates in August 2025.
// The rates are general knowledge, and whole numbers only (France's reduced 5.5 % is left out).
func vatRate(c Country, reduced bool, on time.Time) int {
	rates := [...][2]int{{20, 8}, {19, 9}, {20, 10}, {20, 10}, {18, 12}}[c]
	if c == RO && !on.Before(time.Date(2025, 8, 1, 0, 0, 0, 0, time.UTC)) {
		rates = [2]int{21, 11}
	}
	if reduced {
		return rates[1]
	}
	return rates[0]
}

// divRound divides by a positive number and rounds half away from zero.
func divRound(x, by int64) int64 {
	if x < 0 {
		return -divRound(-x, by)
	}
	return (x + by/2) / by
}
