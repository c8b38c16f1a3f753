package onec

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// The catalogues that every configuration has.
const (
	setCounterparty = "Catalog_Контрагенты"
	setPartner      = "Catalog_Партнеры"
	setContract     = "Catalog_ДоговорыКонтрагентов"
	setCompany      = "Catalog_Организации"
	setCurrency     = "Catalog_Валюты"
	setItem         = "Catalog_Номенклатура"
	setUnit         = "Catalog_КлассификаторЕдиницИзмерения"
	setStock        = "Catalog_Склады"
	setUser         = "Catalog_Пользователи"
	setRates        = "InformationRegister_КурсыВалют"
)

// columns adds properties to a set.
type columns struct{ t *odatafake.Table }

func (c columns) add(name string, t odatafake.Type, get func(r int) odatafake.Value) *odatafake.Column {
	col := &odatafake.Column{Name: name, Type: t, Get: get}
	c.t.Columns = append(c.t.Columns, col)
	return col
}

func (c columns) text(name string, get func(r int) string) *odatafake.Column {
	return c.add(name, odatafake.TypeString, func(r int) odatafake.Value { return odatafake.Text(get(r)) })
}

func (c columns) empty(names ...string) {
	for _, n := range names {
		c.text(n, func(int) string { return "" })
	}
}

func (c columns) bool(name string, get func(r int) bool) {
	c.add(name, odatafake.TypeBool, func(r int) odatafake.Value { return odatafake.Bool(get(r)) })
}

func (c columns) money(name string, get func(r int) world.Money) {
	c.add(name, odatafake.TypeDecimal, func(r int) odatafake.Value { return odatafake.Cents(int64(get(r))) })
}

// ref adds a reference: the scalar Name_Key and the navigation Name. row returns the row in the target, -1 for the empty
// reference; find, if not nil, finds rows by key without a kept order.
func (c columns) ref(name string, target *odatafake.Table, find func(odatafake.Value) ([]int32, bool), row func(r int) int) {
	col := c.add(name+"_Key", odatafake.TypeGUID, func(r int) odatafake.Value {
		at := row(r)
		if at < 0 {
			return odatafake.GUID("")
		}
		return target.Columns[0].Get(at)
	})
	col.Lookup = find
	c.t.Navs = append(c.t.Navs, &odatafake.Nav{Name: name, Target: target, FK: name + "_Key", Row: row})
}

// composite adds a reference of several types: the property holds the GUID, Name_Type says of what. row returns the
// target and its row; a nil target is «undefined».
func (c columns) composite(name string, find func(odatafake.Value) ([]int32, bool), row func(r int) (*odatafake.Table, int), targets ...*odatafake.Table) {
	value := func(r int) odatafake.Value {
		t, at := row(r)
		if t == nil || at < 0 {
			return odatafake.Ref("", "")
		}
		return odatafake.Ref(t.Name, t.Columns[0].Get(at).S)
	}
	c.add(name, odatafake.TypeRef, value).Lookup = find
	c.text(name+"_Type", func(r int) string {
		t, _ := value(r).RefParts()
		if t == "" {
			t = "Undefined"
		}
		return "StandardODATA." + t
	})
	for _, target := range targets {
		c.t.Navs = append(c.t.Navs, &odatafake.Nav{Name: name, Cast: target.Name, Target: target, FK: name, Row: func(r int) int {
			if t, at := row(r); t == target {
				return at
			}
			return -1
		}})
	}
}

func none(int) int       { return -1 }
func no(int) bool        { return false }
func nothing(int) string { return "" }

// builder makes the sets of a world.
type builder struct {
	w     *world.World
	opts  Options
	names names
	coll  odatafake.Collation
	sets  map[string]*odatafake.Table
	list  []string // the sets in the order of the service document

	customers *odatafake.Cache[world.Customer]
	orders    *odatafake.Cache[[]world.Order]
	invoices  *odatafake.Cache[[]world.Invoice]

	partyRows, contractRows, orderRows, billRows, saleRows, taxRows, moneyRows *odatafake.Owned

	currencies []string
	units      []string
	categories []string
}

// orderMoney is added to the index of an order whose payments hang on no bill, to keep them apart from those that do.
const orderMoney = 1 << 15

func build(w *world.World, opts Options, edited map[string]odatafake.Edits) *builder {
	b := &builder{w: w, opts: opts, names: opts.Configuration.names(), sets: map[string]*odatafake.Table{}, coll: odatafake.Collation{Text: odatafake.FoldText}}
	if !opts.TextOrder {
		b.coll.GUID = odatafake.OneCGUID
	}
	b.customers = odatafake.NewCache(w.Customer)
	b.orders = odatafake.NewCache(func(i int) *[]world.Order { l := w.Orders(i); return &l })
	b.invoices = odatafake.NewCache(func(i int) *[]world.Invoice { l := w.Invoices(i); return &l })
	b.own()
	for _, name := range []string{setCounterparty, setContract, setCompany, setCurrency, setItem, setUnit, setStock, setUser, b.names.bill, b.names.sale, b.names.taxInvoice, b.names.money} {
		b.set(name, "Ref_Key")
	}
	if b.names.order != "" {
		b.set(b.names.order, "Ref_Key")
	}
	if b.names.partners {
		b.set(setPartner, "Ref_Key")
	}
	b.small()
	b.items()
	b.parties()
	if b.names.order != "" {
		b.order()
	}
	b.bill()
	b.sale()
	b.taxInvoice()
	b.money()
	b.rates()
	b.fill()
	for name, t := range b.sets {
		edited[name].On(t)
		t.Finish()
	}
	return b
}

func (b *builder) set(name string, keys ...string) *odatafake.Table {
	t := &odatafake.Table{Name: name, Keys: keys, Collation: b.coll}
	b.sets[name] = t
	b.list = append(b.list, name)
	return t
}

// counterparties is how many counterparties a customer has, by the world's own account of its cases.
func counterparties(c world.Case) int {
	switch c {
	case world.CRMOnly, world.DeskOnly:
		return 0
	case world.TwiceInBooks:
		return 2
	}
	return 1
}

func (b *builder) own() {
	w, n := b.w, b.w.Customers()
	each := func(fill func(i int, add func(doc, sub int))) *odatafake.Owned {
		return odatafake.Own(n, func(i int, add func(doc, sub int)) {
			if i > 0 && counterparties(w.Case(i)) > 0 {
				fill(i, add)
			}
		})
	}
	b.partyRows = odatafake.Own(n, func(i int, add func(doc, sub int)) {
		if i == 0 { // the folders
			for f := range folders {
				add(f, 0)
			}
			return
		}
		for k := range counterparties(w.Case(i)) {
			add(k, 0)
		}
	})
	b.contractRows = each(func(i int, add func(doc, sub int)) {
		for k := range counterparties(w.Case(i)) {
			add(k, 0)
		}
	})
	b.orderRows = each(func(i int, add func(doc, sub int)) {
		for _, o := range *b.orders.Get(i) {
			if o.InBooks {
				add(o.Index, 0)
			}
		}
	})
	b.billRows = each(func(i int, add func(doc, sub int)) {
		for _, v := range *b.invoices.Get(i) {
			add(v.Index, 0)
		}
	})
	b.saleRows = each(func(i int, add func(doc, sub int)) {
		for _, v := range *b.invoices.Get(i) {
			if v.Sale != nil {
				add(v.Index, 0)
			}
		}
	})
	b.taxRows = each(func(i int, add func(doc, sub int)) {
		for _, v := range *b.invoices.Get(i) {
			if v.TaxInvoice != nil {
				add(v.Index, 0)
			}
		}
	})
	b.moneyRows = each(func(i int, add func(doc, sub int)) {
		billed := map[int]bool{}
		for _, v := range *b.invoices.Get(i) {
			billed[v.Order] = true
			for k := range v.Payments {
				add(v.Index, k)
			}
		}
		if b.names.order == "" {
			return // without the document of an order its payment has nothing to hang on
		}
		for _, o := range *b.orders.Get(i) {
			if o.InBooks && !billed[o.Index] {
				for k := range o.Payments {
					add(o.Index+orderMoney, k)
				}
			}
		}
	})
}

func (b *builder) resolve(guid string) (world.Key, bool) {
	g, ok := world.ParseGUID(guid)
	if !ok {
		return world.Key{}, false
	}
	return b.w.Resolve(g)
}

// guid returns the value of a world's key.
func (b *builder) guid(k world.Key) odatafake.Value {
	return odatafake.Value{Kind: odatafake.KindGUID, S: b.w.GUID(k).String()}
}

// ofOwner finds rows by a reference to something of a customer: all rows of that customer.
func (b *builder) ofOwner(rows *odatafake.Owned, kinds ...world.Kind) func(odatafake.Value) ([]int32, bool) {
	return func(v odatafake.Value) ([]int32, bool) {
		guid := v.S
		if v.Kind == odatafake.KindRef {
			_, guid = v.RefParts()
		}
		k, ok := b.resolve(guid)
		switch {
		case !ok && guid != "" && guid != odatafake.ZeroGUID:
			return nil, true // nobody's
		case !ok || k.Customer == 0:
			return nil, false // the empty reference, a folder: the kept order knows
		}
		for _, want := range kinds {
			if k.Kind == want {
				return rows.Rows(k.Customer), true
			}
		}
		return nil, true
	}
}

// head is what a catalogue or document begins with.
type head struct {
	ref     func(r int) odatafake.Value
	find    func(odatafake.Value) ([]int32, bool)
	version func(r int) uint64
	deleted func(r int) bool
}

func (c columns) head(h head) {
	c.add("Ref_Key", odatafake.TypeGUID, h.ref).Lookup = h.find
	c.text("DataVersion", func(r int) string {
		var raw [8]byte
		binary.BigEndian.PutUint64(raw[:], h.version(r))
		return base64.StdEncoding.EncodeToString(raw[:])
	})
	c.bool("DeletionMark", h.deleted)
}

// catalog adds the standard properties of a catalogue.
func (c columns) catalog(h head, code, description func(r int) string) {
	c.head(h)
	c.text("Code", code)
	c.text("Description", description)
	c.bool("Predefined", no)
	c.empty("PredefinedDataName")
}

// tree adds those of a catalogue with folders.
func (c columns) tree(folder func(r int) bool, parent func(r int) int) {
	c.ref("Parent", c.t, nil, parent)
	c.bool("IsFolder", folder)
}

// date adds a date in the server's wall clock; the zero time is the empty date.
func (b *builder) date(c columns, name string, get func(r int) time.Time) {
	c.add(name, odatafake.TypeTime, func(r int) odatafake.Value {
		t := get(r)
		if t.IsZero() {
			return odatafake.Time(time.Time{})
		}
		return odatafake.Wall(t.Truncate(time.Second), b.opts.Zone)
	})
}

// row is one of a small catalogue's.
type row struct{ code, description, full string }

// fixed builds a small catalogue; number makes its references.
func (b *builder) fixed(set string, number int, rows []row) columns {
	t := b.sets[set]
	t.Len = func() int { return len(rows) }
	refs := make([]odatafake.Value, len(rows))
	for i := range rows {
		refs[i] = b.guid(world.Key{Kind: world.KindBooksRow, Doc: number, Sub: i})
	}
	c := columns{t}
	c.catalog(head{
		ref: func(r int) odatafake.Value { return refs[r] }, version: func(r int) uint64 { return uint64(100 + r) }, deleted: no,
	}, func(r int) string { return rows[r].code }, func(r int) string { return rows[r].description })
	c.text("НаименованиеПолное", func(r int) string { return rows[r].full })
	return c
}

// The numbers of the small catalogues among the rows that a fake may make up.
const (
	rowFolder = iota
	rowCompany
	rowCurrency
	rowUnit
	rowStock
	rowCategory
	rowAbsent
)

func (b *builder) small() {
	c := b.fixed(setCompany, rowCompany, []row{{"00-000001", "Trama Demo", "Trama Demo SRL"}})
	c.text(b.opts.TaxID, func(int) string { return "1002600099997" })
	c.empty("КПП")
	c.text("Префикс", func(int) string { return "ТД" })

	currencies := []row{
		{"498", "MDL", "Молдавский лей"},
		{"946", "RON", "Румынский лей"},
		{"643", "RUB", "Российский рубль"},
		{"978", "EUR", "Евро"},
		{"986", "BRL", "Бразильский реал"},
		{"840", "USD", "Доллар США"},
	}
	for _, r := range currencies {
		b.currencies = append(b.currencies, r.description)
	}
	b.fixed(setCurrency, rowCurrency, currencies)

	units := []row{{"796", "шт", "Штука"}, {"778", "упак", "Упаковка"}, {"356", "ч", "Час"}, {"006", "м", "Метр"}}
	b.units = []string{"pcs", "pack", "hour", "m"}
	b.fixed(setUnit, rowUnit, units)
	b.fixed(setStock, rowStock, []row{{"00-000001", "Основной склад", ""}})

	t := b.sets[setUser]
	t.Len = func() int { return len(b.w.Staff) }
	c = columns{t}
	name := func(r int) string {
		p := &b.w.Staff[r]
		return strings.Join(strings.Fields(p.Last+" "+p.First+" "+p.Middle), " ")
	}
	c.catalog(head{
		ref:     func(r int) odatafake.Value { return b.guid(world.Key{Kind: world.KindStaff, Doc: r}) },
		version: func(r int) uint64 { return uint64(10 + r) }, deleted: no,
	}, func(r int) string { return pad(r+1, 9) }, name)
}

func (b *builder) currency(code string) int { return indexOf(b.currencies, code) }

func indexOf(list []string, s string) int {
	for i := range list {
		if list[i] == s {
			return i
		}
	}
	return -1
}

func pad(n, width int) string {
	s := strings.Repeat("0", width) + strconv.Itoa(n)
	return s[len(s)-width:]
}

// items builds Номенклатура: a folder per category, then the articles, then one that is marked for deletion.
func (b *builder) items() {
	for i := range b.w.Products {
		if c := b.w.Products[i].Category; indexOf(b.categories, c) < 0 {
			b.categories = append(b.categories, c)
		}
	}
	n := len(b.categories)
	t := b.sets[setItem]
	t.Len = func() int { return n + len(b.w.Products) }
	p := func(r int) *world.Product {
		if r < n {
			return nil
		}
		return &b.w.Products[r-n]
	}
	text := func(get func(*world.Product) string) func(int) string {
		return func(r int) string {
			if p := p(r); p != nil {
				return get(p)
			}
			return ""
		}
	}
	c := columns{t}
	c.catalog(head{
		ref: func(r int) odatafake.Value {
			if p := p(r); p != nil {
				return odatafake.Value{Kind: odatafake.KindGUID, S: p.Ref.String()}
			}
			return b.guid(world.Key{Kind: world.KindBooksRow, Doc: rowCategory, Sub: r})
		},
		version: func(r int) uint64 { return uint64(5000 + r) },
		deleted: func(r int) bool { p := p(r); return p != nil && !p.IsActive },
	}, func(r int) string { return "00-" + pad(r+1, 8) }, func(r int) string {
		if p := p(r); p != nil {
			return p.NameRU
		}
		return b.categories[r]
	})
	c.tree(func(r int) bool { return r < n }, func(r int) int {
		if p := p(r); p != nil {
			return indexOf(b.categories, p.Category)
		}
		return -1
	})
	c.text("НаименованиеПолное", text(func(p *world.Product) string { return p.NameRU }))
	c.text("Артикул", text(func(p *world.Product) string { return p.SKU }))
	c.text("Штрихкод", text(func(p *world.Product) string { return p.EAN }))
	c.ref("ЕдиницаИзмерения", b.sets[setUnit], nil, func(r int) int {
		if p := p(r); p != nil {
			return indexOf(b.units, p.Unit)
		}
		return -1
	})
	c.bool("Услуга", func(r int) bool { p := p(r); return p != nil && p.IsService })
	c.text("ТипНоменклатуры", text(func(p *world.Product) string {
		if p.IsService {
			return "Услуга"
		}
		return "Товар"
	}))
	c.text("ВидСтавкиНДС", text(func(p *world.Product) string {
		if p.Reduced {
			return "Пониженная"
		}
		return "Общая"
	}))
}

func (b *builder) item(product int) int { return len(b.categories) + product }

// folders are the groups of counterparties, by country.
var folders = []string{"Покупатели Молдова", "Покупатели Румыния", "Покупатели Россия", "Покупатели Франция", "Покупатели Бразилия"}

func (b *builder) parties() {
	t := b.sets[setCounterparty]
	rows := b.partyRows
	t.Len = rows.Len
	cust := func(r int) *world.Customer { return b.customers.Get(int(rows.At(r).Owner)) }
	party := func(r int) *world.Counterparty {
		p := rows.At(r)
		if p.Owner == 0 {
			return nil
		}
		return &b.customers.Get(int(p.Owner)).Books[p.Doc]
	}
	text := func(get func(*world.Counterparty) string) func(int) string {
		return func(r int) string {
			if p := party(r); p != nil {
				return get(p)
			}
			return "" // a folder
		}
	}
	c := columns{t}
	c.catalog(head{
		ref: func(r int) odatafake.Value {
			p := rows.At(r)
			if p.Owner == 0 {
				return b.guid(world.Key{Kind: world.KindBooksRow, Doc: rowFolder, Sub: int(p.Doc)})
			}
			return b.guid(world.Key{Kind: world.KindCounterparty, Customer: int(p.Owner), Doc: int(p.Doc)})
		},
		find: func(v odatafake.Value) ([]int32, bool) {
			k, ok := b.resolve(v.S)
			switch {
			case ok && k.Kind == world.KindCounterparty:
				return found(rows.Find(k.Customer, k.Doc, 0)), true
			case ok && k.Kind == world.KindBooksRow && k.Doc == rowFolder:
				return found(rows.Find(0, k.Sub, 0)), true
			}
			return nil, true
		},
		version: func(r int) uint64 {
			if p := party(r); p != nil {
				return p.Version
			}
			return 1
		},
		deleted: func(r int) bool { p := party(r); return p != nil && p.DeletionMark },
	}, func(r int) string {
		if p := party(r); p != nil {
			return p.Code
		}
		return "Г" + pad(int(rows.At(r).Doc)+1, 8)
	}, func(r int) string {
		if p := party(r); p != nil {
			return p.Description
		}
		return folders[rows.At(r).Doc]
	})
	t.Columns[3].Lookup = func(v odatafake.Value) ([]int32, bool) { // Code
		if ref, ok := b.w.CustomerByCounterpartyCode(v.S); ok {
			return found(rows.Find(ref.Customer, ref.Index, 0)), true
		}
		return nil, false
	}
	c.tree(func(r int) bool { return rows.At(r).Owner == 0 }, func(r int) int {
		if rows.At(r).Owner == 0 {
			return -1
		}
		return rows.Find(0, int(cust(r).Country), 0)
	})
	c.text("НаименованиеПолное", text(func(p *world.Counterparty) string { return p.FullName }))
	c.text(b.opts.TaxID, text(func(p *world.Counterparty) string { return p.FiscalNumber })).Lookup = func(v odatafake.Value) ([]int32, bool) {
		if v.S == "" {
			return nil, false
		}
		var out []int32
		for _, ref := range b.w.BooksByFiscalNumber(v.S) {
			out = append(out, found(rows.Find(ref.Customer, ref.Index, 0))...)
		}
		return out, true
	}
	c.text("КПП", text(func(p *world.Counterparty) string { return p.KPP }))
	c.text("ЮридическоеФизическоеЛицо", text(func(p *world.Counterparty) string {
		if p.Person {
			return "ФизическоеЛицо"
		}
		return "ЮридическоеЛицо"
	}))
	c.ref("ГоловнойКонтрагент", t, nil, func(r int) int {
		if rows.At(r).Owner == 0 {
			return -1
		}
		return r // a company without a head office is its own
	})
	c.ref("ОсновнойДоговорКонтрагента", b.sets[setContract], nil, func(r int) int {
		p := rows.At(r)
		return b.contractRows.Find(int(p.Owner), int(p.Doc), 0)
	})
	c.empty("Комментарий")
	if b.names.partners {
		c.ref("Партнер", b.sets[setPartner], b.ofOwner(rows, world.KindPartner), func(r int) int {
			p := rows.At(r)
			return b.contractRows.Find(int(p.Owner), int(p.Doc), 0)
		})
	}
	b.contacts(t)

	b.extension(setContract, world.KindContract, func(c columns) {
		rows := b.contractRows
		c.ref("Owner", t, b.ofOwner(rows, world.KindCounterparty), func(r int) int { return b.party(rows, r) })
		c.bool("IsFolder", no)
		c.ref("Parent", c.t, nil, none)
		c.ref("Организация", b.sets[setCompany], nil, func(int) int { return 0 })
		c.ref("ВалютаВзаиморасчетов", b.sets[setCurrency], nil, func(r int) int { return b.currency(b.customers.Get(int(rows.At(r).Owner)).Currency) })
		c.text("ВидДоговора", func(int) string { return "СПокупателем" })
		c.text("Номер", func(r int) string { return "Д-" + strconv.Itoa(int(rows.At(r).Owner)) })
		b.date(c, "Дата", func(r int) time.Time { return b.customers.Get(int(rows.At(r).Owner)).Created })
	})
	if b.names.partners {
		b.extension(setPartner, world.KindPartner, func(c columns) {
			rows := b.contractRows
			c.bool("IsFolder", no)
			c.ref("Parent", c.t, nil, none)
			c.text("НаименованиеПолное", func(r int) string { return b.customers.Get(int(rows.At(r).Owner)).LegalName })
			c.bool("Клиент", func(int) bool { return true })
			c.bool("Поставщик", no)
		})
	}
}

// party returns the row of the counterparty that a row of contracts belongs to.
func (b *builder) party(rows *odatafake.Owned, r int) int {
	p := rows.At(r)
	return b.partyRows.Find(int(p.Owner), int(p.Doc), 0)
}

func found(row int) []int32 {
	if row < 0 {
		return nil
	}
	return []int32{int32(row)}
}

// extension builds a catalogue with one row per counterparty.
func (b *builder) extension(set string, kind world.Kind, more func(c columns)) {
	t := b.sets[set]
	rows := b.contractRows
	t.Len = rows.Len
	c := columns{t}
	c.catalog(head{
		ref: func(r int) odatafake.Value {
			p := rows.At(r)
			return b.guid(world.Key{Kind: kind, Customer: int(p.Owner), Doc: int(p.Doc)})
		},
		find: func(v odatafake.Value) ([]int32, bool) {
			if k, ok := b.resolve(v.S); ok && k.Kind == kind {
				return found(rows.Find(k.Customer, k.Doc, 0)), true
			}
			return nil, true
		},
		version: func(r int) uint64 { return uint64(7000 + r) },
		deleted: no,
	}, func(r int) string { return "00-" + pad(r+1, 8) }, func(r int) string {
		if kind == world.KindContract {
			return "Основной договор"
		}
		return b.customers.Get(int(rows.At(r).Owner)).Base
	})
	more(c)
}

// contacts builds the tabular part КонтактнаяИнформация: telephone, e-mail, address.
func (b *builder) contacts(owner *odatafake.Table) {
	rows := odatafake.Own(b.w.Customers(), func(i int, add func(doc, sub int)) {
		if i == 0 {
			return
		}
		for k := range counterparties(b.w.Case(i)) {
			for line := range 3 {
				add(k, line)
			}
		}
	})
	cust := func(r int) *world.Customer { return b.customers.Get(int(rows.At(r).Owner)) }
	kind := func(r int) int { return int(rows.At(r).Sub) }
	only := func(k int, get func(*world.Customer) string) func(int) string {
		return func(r int) string {
			if kind(r) != k {
				return ""
			}
			return get(cust(r))
		}
	}
	b.part(owner, "КонтактнаяИнформация", rows, b.partyRows, world.KindCounterparty, func(c columns) {
		c.text("Тип", func(r int) string {
			return []string{"Телефон", "АдресЭлектроннойПочты", "Адрес"}[kind(r)]
		})
		c.text("Представление", func(r int) string {
			v := cust(r)
			book := &v.Books[rows.At(r).Doc]
			switch kind(r) {
			case 0:
				return book.Phone
			case 1:
				return book.Email
			}
			return strings.Join([]string{v.Address.Zip, v.Address.Country, v.Address.City, v.Address.Street}, ", ")
		})
		c.text("Страна", only(2, func(v *world.Customer) string { return v.Address.Country }))
		c.text("Регион", only(2, func(v *world.Customer) string { return v.Address.Region }))
		c.text("Город", only(2, func(v *world.Customer) string { return v.Address.City }))
		c.text("АдресЭП", func(r int) string {
			if kind(r) != 1 {
				return ""
			}
			return cust(r).Books[rows.At(r).Doc].Email
		})
		c.text("НомерТелефона", func(r int) string {
			if kind(r) != 0 {
				return ""
			}
			return digits(cust(r).Books[rows.At(r).Doc].Phone)
		})
	})
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// part builds a tabular part: an array of its owner, and a set of its own keyed by (Ref_Key, LineNumber). rows numbers
// its lines, of the owner's numbers the owner's; kind is that of the owner's references.
func (b *builder) part(owner *odatafake.Table, name string, rows, of *odatafake.Owned, kind world.Kind, more func(c columns)) {
	t := b.set(owner.Name+"_"+name, "Ref_Key", "LineNumber")
	t.Len = rows.Len
	c := columns{t}
	c.add("Ref_Key", odatafake.TypeGUID, func(r int) odatafake.Value {
		p := rows.At(r)
		if at := of.Find(int(p.Owner), int(p.Doc), 0); at >= 0 {
			return owner.Columns[0].Get(at)
		}
		return odatafake.GUID("")
	}).Lookup = func(v odatafake.Value) ([]int32, bool) {
		k, ok := b.resolve(v.S)
		if !ok || k.Kind != kind {
			return nil, false
		}
		return rows.Rows(k.Customer), true
	}
	c.add("LineNumber", odatafake.TypeLong, func(r int) odatafake.Value {
		p := rows.At(r)
		from, _ := rows.Range(int(p.Owner), int(p.Doc))
		return odatafake.Int(int64(r - from + 1))
	})
	more(c)
	owner.Parts = append(owner.Parts, &odatafake.Part{Name: name, Target: t, Rows: func(r int) (int, int) {
		p := of.At(r)
		return rows.Range(int(p.Owner), int(p.Doc))
	}})
}
