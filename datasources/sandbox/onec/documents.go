package onec

import (
	"strconv"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// document is what the documents of the world have in common.
type document struct {
	table        *odatafake.Table
	rows         *odatafake.Owned
	kind         world.Kind
	number       func(r int) string
	findNumber   func(string) (world.Ref, bool)
	date         func(r int) time.Time
	posted       func(r int) bool
	deleted      func(r int) bool
	version      func(r int) uint64
	counterparty func(r int) int // index among the customer's
	total        func(r int) world.Money
	currency     func(r int) string
	comment      func(r int) string
	orderNumber  func(r int) string
}

// document adds the standard properties of a document and those that all of ours share.
func (b *builder) document(d document) columns {
	d.table.Len = d.rows.Len
	c := columns{d.table}
	c.head(head{
		ref: func(r int) odatafake.Value {
			p := d.rows.At(r)
			return b.guid(world.Key{Kind: d.kind, Customer: int(p.Owner), Doc: int(p.Doc), Sub: int(p.Sub)})
		},
		find: func(v odatafake.Value) ([]int32, bool) {
			if k, ok := b.resolve(v.S); ok && k.Kind == d.kind {
				return found(d.rows.Find(k.Customer, k.Doc, k.Sub)), true
			}
			return nil, true
		},
		version: d.version, deleted: d.deleted,
	})
	number := c.text("Number", d.number)
	if d.findNumber != nil {
		number.Lookup = func(v odatafake.Value) ([]int32, bool) {
			if ref, ok := d.findNumber(v.S); ok {
				return found(d.rows.Find(ref.Customer, ref.Index, 0)), true
			}
			return nil, true
		}
	}
	b.date(c, "Date", d.date)
	c.bool("Posted", d.posted)
	party := func(r int) int { return b.partyRows.Find(int(d.rows.At(r).Owner), d.counterparty(r), 0) }
	c.ref("Контрагент", b.sets[setCounterparty], b.ofOwner(d.rows, world.KindCounterparty), party)
	if b.names.partners {
		c.ref("Партнер", b.sets[setPartner], b.ofOwner(d.rows, world.KindPartner), func(r int) int { return b.contractRows.Find(int(d.rows.At(r).Owner), d.counterparty(r), 0) })
	}
	c.ref("Организация", b.sets[setCompany], nil, func(int) int { return 0 })
	c.ref("ДоговорКонтрагента", b.sets[setContract], b.ofOwner(d.rows, world.KindContract), func(r int) int {
		return b.contractRows.Find(int(d.rows.At(r).Owner), d.counterparty(r), 0)
	})
	c.money("СуммаДокумента", d.total)
	c.ref("ВалютаДокумента", b.sets[setCurrency], nil, func(r int) int { return b.currency(d.currency(r)) })
	c.text("Комментарий", d.comment)
	c.text("НомерЗаказа", d.orderNumber)
	c.ref("Ответственный", b.sets[setUser], nil, func(r int) int { return b.customers.Get(int(d.rows.At(r).Owner)).Owner })
	return c
}

// lines builds a tabular part of goods; keep says which lines of the document belong to it.
func (b *builder) lines(owner *odatafake.Table, name string, of *odatafake.Owned, kind world.Kind, doc func(owner, index int) []world.Line, keep func(*world.Line) bool) {
	rows := odatafake.Own(b.w.Customers(), func(i int, add func(doc, sub int)) {
		if i == 0 {
			return
		}
		for _, r := range of.Rows(i) {
			index := int(of.At(int(r)).Doc)
			for k, l := range doc(i, index) {
				if keep(&l) {
					add(index, k)
				}
			}
		}
	})
	line := func(r int) *world.Line { p := rows.At(r); return &doc(int(p.Owner), int(p.Doc))[p.Sub] }
	b.part(owner, name, rows, of, kind, func(c columns) {
		c.ref("Номенклатура", b.sets[setItem], nil, func(r int) int { return b.item(line(r).Product) })
		c.text("Содержание", func(r int) string { return line(r).Name })
		c.add("Количество", odatafake.TypeDecimal, func(r int) odatafake.Value { return odatafake.Decimal(int64(line(r).Quantity) * 10) })
		c.ref("ЕдиницаИзмерения", b.sets[setUnit], nil, func(r int) int { return indexOf(b.units, line(r).Unit) })
		c.money("Цена", func(r int) world.Money { return line(r).Price })
		c.add("ПроцентСкидки", odatafake.TypeDecimal, func(r int) odatafake.Value { return odatafake.Cents(int64(line(r).Discount) * 100) })
		c.money("Сумма", func(r int) world.Money { return line(r).Net })
		c.text("СтавкаНДС", func(r int) string { return "НДС" + strconv.Itoa(line(r).VATRate) })
		c.money("СуммаНДС", func(r int) world.Money { return line(r).VAT })
		c.money("Всего", func(r int) world.Money { return line(r).Total })
	})
}

func all(*world.Line) bool { return true }

func (b *builder) orderOf(owner, index int) *world.Order { return &(*b.orders.Get(owner))[index] }

func (b *builder) billOf(owner, index int) *world.Invoice { return &(*b.invoices.Get(owner))[index] }

func (b *builder) order() {
	t, rows := b.sets[b.names.order], b.orderRows
	o := func(r int) *world.Order { p := rows.At(r); return b.orderOf(int(p.Owner), int(p.Doc)) }
	c := b.document(document{
		table: t, rows: rows, kind: world.KindBooksOrder,
		number: func(r int) string { return o(r).Books.Number }, findNumber: b.w.BooksOrderByNumber,
		date: func(r int) time.Time { return o(r).Date }, posted: func(r int) bool { return o(r).Books.Posted },
		deleted: func(r int) bool { return o(r).Books.DeletionMark }, version: func(r int) uint64 { return o(r).Books.Version },
		counterparty: func(r int) int { return o(r).Counterparty }, total: func(r int) world.Money { return o(r).Total },
		currency: func(r int) string { return o(r).Currency }, comment: func(r int) string { return o(r).Books.Comment },
		orderNumber: func(r int) string { return o(r).Books.OrderNumber },
	})
	c.text("Статус", func(r int) string {
		return []string{"НеСогласован", "КОбеспечению", "КОтгрузке", "Закрыт", "Закрыт"}[o(r).Status]
	})
	b.date(c, "ДатаОтгрузки", func(r int) time.Time { return o(r).Delivered })
	c.bool("СуммаВключаетНДС", no)
	b.lines(t, "Товары", rows, world.KindBooksOrder, func(owner, index int) []world.Line { return b.orderOf(owner, index).Lines }, all)
}

// orderRow returns the row of an order's document, or -1 where the configuration has none.
func (b *builder) orderRow(owner, index int) (*odatafake.Table, int) {
	if b.names.order == "" || index < 0 {
		return nil, -1
	}
	return b.sets[b.names.order], b.orderRows.Find(owner, index, 0)
}

func (b *builder) bill() {
	t, rows := b.sets[b.names.bill], b.billRows
	v := func(r int) *world.Invoice { p := rows.At(r); return b.billOf(int(p.Owner), int(p.Doc)) }
	c := b.document(document{
		table: t, rows: rows, kind: world.KindInvoice,
		number: func(r int) string { return v(r).Number }, findNumber: b.w.InvoiceByNumber,
		date: func(r int) time.Time { return v(r).Date }, posted: func(r int) bool { return v(r).Posted },
		deleted: func(r int) bool { return v(r).DeletionMark }, version: func(r int) uint64 { return v(r).Version },
		counterparty: func(r int) int { return v(r).Counterparty }, total: func(r int) world.Money { return v(r).Total },
		currency: func(r int) string { return v(r).Currency }, comment: func(r int) string { return v(r).Comment },
		orderNumber: func(r int) string { return v(r).OrderNumber },
	})
	// A date without a time is midnight on the server's wall clock.
	c.add("СрокОплаты", odatafake.TypeTime, func(r int) odatafake.Value { return odatafake.Time(v(r).DueDate) })
	c.bool("СуммаВключаетНДС", no)
	c.money("СуммаНДС", func(r int) world.Money { return v(r).VAT })
	if b.names.order != "" {
		// The basis is filled in only where a clerk made the bill out of the order, not where the link is a text or missing.
		c.composite("ДокументОснование", b.ofOwner(rows, world.KindBooksOrder), func(r int) (*odatafake.Table, int) {
			if v(r).Link != world.LinkBoth {
				return nil, -1
			}
			return b.orderRow(int(rows.At(r).Owner), v(r).Order)
		}, b.sets[b.names.order])
	}
	b.lines(t, "Товары", rows, world.KindInvoice, func(owner, index int) []world.Line { return b.billOf(owner, index).Lines }, all)
}

func (b *builder) sale() {
	t, rows := b.sets[b.names.sale], b.saleRows
	v := func(r int) *world.Invoice { p := rows.At(r); return b.billOf(int(p.Owner), int(p.Doc)) }
	bill := func(r int) int { p := rows.At(r); return b.billRows.Find(int(p.Owner), int(p.Doc), 0) }
	c := b.document(document{
		table: t, rows: rows, kind: world.KindSale,
		number: func(r int) string { return v(r).Sale.Number }, findNumber: b.w.InvoiceByNumber, // a sale has its bill's serial
		date: func(r int) time.Time { return v(r).Sale.Date }, posted: func(r int) bool { return v(r).Sale.Posted },
		deleted: no, version: func(r int) uint64 { return v(r).Sale.Version },
		counterparty: func(r int) int { return v(r).Counterparty }, total: func(r int) world.Money { return v(r).Total },
		currency: func(r int) string { return v(r).Currency }, comment: func(r int) string { return v(r).Comment },
		orderNumber: func(r int) string { return v(r).OrderNumber },
	})
	c.ref("Склад", b.sets[setStock], nil, func(int) int { return 0 })
	c.bool("СуммаВключаетНДС", no)
	c.money("СуммаНДС", func(r int) world.Money { return v(r).VAT })
	c.ref("СчетНаОплатуПокупателю", b.sets[b.names.bill], b.ofOwner(rows, world.KindInvoice), bill)
	c.composite("ДокументОснование", b.ofOwner(rows, world.KindInvoice), func(r int) (*odatafake.Table, int) { return b.sets[b.names.bill], bill(r) }, b.sets[b.names.bill])
	lines := func(owner, index int) []world.Line { return b.billOf(owner, index).Lines }
	service := func(l *world.Line) bool { return b.w.Products[l.Product].IsService }
	b.lines(t, "Товары", rows, world.KindSale, lines, func(l *world.Line) bool { return !service(l) })
	b.lines(t, "Услуги", rows, world.KindSale, lines, service)
}

func (b *builder) taxInvoice() {
	t, rows := b.sets[b.names.taxInvoice], b.taxRows
	v := func(r int) *world.Invoice { p := rows.At(r); return b.billOf(int(p.Owner), int(p.Doc)) }
	sale := func(rows *odatafake.Owned) func(r int) (*odatafake.Table, int) {
		return func(r int) (*odatafake.Table, int) {
			p := rows.At(r)
			return b.sets[b.names.sale], b.saleRows.Find(int(p.Owner), int(p.Doc), 0)
		}
	}
	c := b.document(document{
		table: t, rows: rows, kind: world.KindTaxInvoice,
		number: func(r int) string { return v(r).TaxInvoice.Number },
		date:   func(r int) time.Time { return v(r).TaxInvoice.Date }, posted: func(int) bool { return true },
		deleted: no, version: func(r int) uint64 { return v(r).TaxInvoice.Version },
		counterparty: func(r int) int { return v(r).Counterparty }, total: func(r int) world.Money { return v(r).Total },
		currency: func(r int) string { return v(r).Currency }, comment: nothing, orderNumber: nothing,
	})
	c.money("СуммаНДС", func(r int) world.Money { return v(r).VAT })
	c.composite("ДокументОснование", b.ofOwner(rows, world.KindSale), sale(rows), b.sets[b.names.sale])
	b.part(t, "ДокументыОснования", rows, rows, world.KindTaxInvoice, func(c columns) {
		c.composite("ДокументОснование", b.ofOwner(rows, world.KindSale), sale(rows), b.sets[b.names.sale])
	})
}

// money builds the documents of money coming in. Which bill is paid stands in the header, in the lines, or in both: clerks
// and bank exchanges fill in different ones.
func (b *builder) money() {
	t, rows := b.sets[b.names.money], b.moneyRows
	isOrder := func(r int) bool { return rows.At(r).Doc >= orderMoney }
	index := func(r int) int { return int(rows.At(r).Doc) % orderMoney }
	bill := func(r int) *world.Invoice { return b.billOf(int(rows.At(r).Owner), index(r)) }
	order := func(r int) *world.Order { return b.orderOf(int(rows.At(r).Owner), index(r)) }
	pay := func(r int) *world.Payment {
		if isOrder(r) {
			return &order(r).Payments[rows.At(r).Sub]
		}
		return &bill(r).Payments[rows.At(r).Sub]
	}
	counterparty := func(r int) int {
		if isOrder(r) {
			return order(r).Counterparty
		}
		return bill(r).Counterparty
	}
	where := func(r int) int { return (int(rows.At(r).Owner) + index(r) + int(rows.At(r).Sub)) % 3 }
	paidFor := func(r int) (*odatafake.Table, int) {
		if isOrder(r) {
			return b.orderRow(int(rows.At(r).Owner), index(r))
		}
		return b.sets[b.names.bill], b.billRows.Find(int(rows.At(r).Owner), index(r), 0)
	}
	c := b.document(document{
		table: t, rows: rows, kind: world.KindMoneyIn,
		number: func(r int) string { return pay(r).Number }, date: func(r int) time.Time { return pay(r).Date },
		posted: func(int) bool { return true }, deleted: no, version: func(r int) uint64 { return uint64(9000 + r) },
		counterparty: counterparty, total: func(r int) world.Money { return pay(r).Amount },
		currency: func(r int) string {
			if isOrder(r) {
				return order(r).Currency
			}
			return bill(r).Currency
		},
		comment: nothing, orderNumber: nothing,
	})
	// The references are the world's own: two kinds share this document.
	ref := t.Columns[0]
	ref.Get = func(r int) odatafake.Value {
		p := rows.At(r)
		if isOrder(r) {
			return b.guid(world.Key{Kind: world.KindOrderMoney, Customer: int(p.Owner), Doc: index(r), Sub: int(p.Sub)})
		}
		return b.guid(world.Key{Kind: world.KindMoneyIn, Customer: int(p.Owner), Doc: index(r), Sub: int(p.Sub)})
	}
	find := func(v odatafake.Value) int {
		k, ok := b.resolve(v.S)
		switch {
		case ok && k.Kind == world.KindMoneyIn:
			return rows.Find(k.Customer, k.Doc, k.Sub)
		case ok && k.Kind == world.KindOrderMoney:
			return rows.Find(k.Customer, k.Doc+orderMoney, k.Sub)
		}
		return -1
	}
	ref.Lookup = func(v odatafake.Value) ([]int32, bool) { return found(find(v)), true }
	c.text("ВидОперации", func(int) string { return "ОплатаПокупателя" })
	c.text("НазначениеПлатежа", func(r int) string {
		if isOrder(r) {
			return "Оплата по заказу " + order(r).Books.Number
		}
		return "Оплата по счету " + bill(r).Number + " от " + bill(r).Date.In(b.opts.Zone).Format("02.01.2006")
	})
	c.text("НомерВходящегоДокумента", func(r int) string { return strconv.Itoa(100 + r%900) })
	b.date(c, "ДатаВходящегоДокумента", func(r int) time.Time { return pay(r).Date })
	targets := []*odatafake.Table{b.sets[b.names.bill]}
	kinds := []world.Kind{world.KindInvoice}
	if b.names.order != "" {
		targets, kinds = append(targets, b.sets[b.names.order]), append(kinds, world.KindBooksOrder)
	}
	c.composite("ДокументОснование", b.ofOwner(rows, kinds...), func(r int) (*odatafake.Table, int) {
		if where(r) == 0 && !isOrder(r) {
			return nil, -1
		}
		return paidFor(r)
	}, targets...)

	// One line per document, so that the rows of the part are those of the document.
	part := b.set(t.Name+"_РасшифровкаПлатежа", "Ref_Key", "LineNumber")
	part.Len = rows.Len
	p := columns{part}
	p.add("Ref_Key", odatafake.TypeGUID, ref.Get).Lookup = ref.Lookup
	p.add("LineNumber", odatafake.TypeLong, func(int) odatafake.Value { return odatafake.Int(1) })
	p.ref("ДоговорКонтрагента", b.sets[setContract], nil, func(r int) int { return b.contractRows.Find(int(rows.At(r).Owner), counterparty(r), 0) })
	p.money("СуммаПлатежа", func(r int) world.Money { return pay(r).Amount })
	p.money("СуммаВзаиморасчетов", func(r int) world.Money { return pay(r).Amount })
	p.ref("СчетНаОплату", b.sets[b.names.bill], b.ofOwner(rows, world.KindInvoice), func(r int) int {
		if isOrder(r) || where(r) == 1 {
			return -1
		}
		return b.billRows.Find(int(rows.At(r).Owner), index(r), 0)
	})
	t.Parts = append(t.Parts, &odatafake.Part{Name: "РасшифровкаПлатежа", Target: part, Rows: func(r int) (int, int) { return r, r + 1 }})
}

// rates builds the register of exchange rates: one a month for each foreign currency, in lei. The figures move a little
// around the world's fixed ones.
func (b *builder) rates() {
	t := b.set(setRates, "Period", "Валюта_Key")
	base := []int64{39379, 2066, 196500, 32108, 178600} // RON, RUB, EUR, BRL, USD in units/10000
	var months []time.Time
	for m := time.Date(2024, 1, 1, 0, 0, 0, 0, b.opts.Zone); m.Before(world.End); m = m.AddDate(0, 1, 0) {
		months = append(months, m)
	}
	n := len(months)
	t.Len = func() int { return len(base) * n }
	c := columns{t}
	b.date(c, "Period", func(r int) time.Time { return months[r%n] })
	c.ref("Валюта", b.sets[setCurrency], nil, func(r int) int { return r/n + 1 })
	c.add("Курс", odatafake.TypeDecimal, func(r int) odatafake.Value {
		rate := base[r/n]
		return odatafake.Decimal(rate + rate*int64(r%n*7%11-5)/1000)
	})
	c.add("Кратность", odatafake.TypeLong, func(int) odatafake.Value { return odatafake.Int(1) })
}
