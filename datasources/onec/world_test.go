package onec_test

import "fmt"

const zero = "00000000-0000-0000-0000-000000000000"

const (
	kindCustomer = iota + 1
	kindOrder
	kindBill
	kindSale
	kindTax
	kindPayment
	kindProduct
	kindCurrency
	kindState
	kindUnit
	kindFolder
)

// fill puts a small consistent world into the base: customers of whom the n-th
// has n%4 bills, an order for each bill, a payment of half of each second bill,
// sales and tax invoices based on orders and sales.
func (b *base) fill(customers int) {
	b.put("Catalog_Валюты",
		obj{"Ref_Key": id(kindCurrency, 1), "DeletionMark": false, "Code": "498", "Description": "лей"},
		obj{"Ref_Key": id(kindCurrency, 2), "DeletionMark": false, "Code": "978", "Description": "EUR"})
	b.put("Catalog_СостоянияЗаказовПокупателей",
		obj{"Ref_Key": id(kindState, 1), "DeletionMark": false, "Code": "1", "Description": "В работе"})
	b.put("Catalog_КлассификаторЕдиницИзмерения",
		obj{"Ref_Key": id(kindUnit, 1), "DeletionMark": false, "Code": "796", "Description": "шт"})
	b.put("Catalog_Номенклатура",
		obj{"Ref_Key": id(kindFolder, 1), "DeletionMark": false, "IsFolder": true, "Parent_Key": zero, "Code": "F-1", "Description": "Станки", "Артикул": "", "ЕдиницаИзмерения_Key": zero, "СтавкаНДС": ""})
	for i := 1; i <= 12; i++ {
		article := fmt.Sprintf("ART-%03d", i)
		if i%3 == 0 {
			article = ""
		}
		b.put("Catalog_Номенклатура", obj{
			"Ref_Key": id(kindProduct, i), "DeletionMark": i == 12, "IsFolder": false, "Parent_Key": id(kindFolder, 1), "Code": fmt.Sprintf("%09d   ", i),
			"Description": fmt.Sprintf("Товар %d", i), "Артикул": article, "ЕдиницаИзмерения_Key": id(kindUnit, 1), "СтавкаНДС": "НДС20",
		})
	}
	b.put("Catalog_Контрагенты", obj{"Ref_Key": id(kindFolder, 2), "DeletionMark": false, "IsFolder": true, "Code": "F", "Description": "Клиенты", "НаименованиеПолное": "", "ФискальныйКод": "", "ЮридическоеФизическоеЛицо": "", "КонтактнаяИнформация": []obj{}})
	n := 0
	for c := 1; c <= customers; c++ {
		b.put("Catalog_Контрагенты", obj{
			"Ref_Key": id(kindCustomer, c), "DeletionMark": c == 3, "IsFolder": false, "Code": fmt.Sprintf("%09d", c), "Description": fmt.Sprintf("Exemplu %d SRL ", c),
			"НаименованиеПолное": fmt.Sprintf("Exemplu %d S.R.L.", c), "ФискальныйКод": fmt.Sprintf("10036000%05d", c), "ЮридическоеФизическоеЛицо": map[bool]string{true: "ФизическоеЛицо", false: "ЮридическоеЛицо"}[c == 2],
			"КонтактнаяИнформация": []obj{
				{"LineNumber": "1", "Тип": "Телефон", "Представление": "+373 22 000 001", "НомерТелефона": "37322000001"},
				{"LineNumber": "2", "Тип": "АдресЭлектроннойПочты", "Представление": "", "АдресЭП": fmt.Sprintf("office%d@exemplu.md", c)},
				{"LineNumber": "3", "Тип": "Адрес", "Представление": "MD-2001, Chișinău, str. Ștefan 1", "Город": "Chișinău"},
			},
		})
		for range c % 4 {
			n++
			b.sell(c, n)
		}
	}
}

// sell puts the n-th chain of documents.
func (b *base) sell(customer, n int) {
	date := fmt.Sprintf("2026-%02d-%02dT10:00:00", 1+n%6, 1+n%27)
	doc := func(kind int, prefix string, basis, basisType string) obj {
		return obj{
			"Ref_Key": id(kind, n), "DeletionMark": n%11 == 0, "Posted": n%11 != 0 && n%5 != 0, "Number": fmt.Sprintf("%s-%06d", prefix, n), "Date": date,
			"Контрагент_Key": id(kindCustomer, customer), "СуммаДокумента": 1000.5 + float64(n), "ВалютаДокумента_Key": id(kindCurrency, 1+n%2),
			"Комментарий": fmt.Sprintf("Order EC-%d, ambalaj", n), "ДокументОснование": basis, "ДокументОснование_Type": basisType,
			"Товары": []obj{
				{
					"LineNumber": "1", "Номенклатура_Key": id(kindProduct, 1+n%12), "Количество": 2, "Цена": 400.25, "Сумма": 800.5, "СтавкаНДС": "НДС20", "СуммаНДС": 133.42, "Всего": 800.5,
					"ЕдиницаИзмерения_Key": id(kindUnit, 1),
				},
			},
			"Услуги": []obj{{"LineNumber": "1", "Номенклатура_Key": zero, "Содержание": "Доставка", "Количество": 1, "Цена": 200, "Сумма": 200, "СтавкаНДС": "БезНДС", "СуммаНДС": 0.01}},
		}
	}
	none := "StandardODATA.Undefined"
	order := doc(kindOrder, "КА00", "", none)
	order["СостояниеЗаказа_Key"] = id(kindState, 1)
	order["ДатаОтгрузки"] = "0001-01-01T00:00:00"
	b.put("Document_ЗаказПокупателя", order)
	bill := doc(kindBill, "СЧ", id(kindOrder, n), "StandardODATA.Document_ЗаказПокупателя")
	bill["СрокОплаты"], bill["НомерЗаказа"] = "2026-12-31T00:00:00", fmt.Sprintf("EC-%d", n)
	b.put("Document_СчетНаОплатуПокупателю", bill)
	sale := doc(kindSale, "РН", id(kindOrder, n), "StandardODATA.Document_ЗаказПокупателя")
	b.put("Document_РеализацияТоваровУслуг", sale)
	tax := doc(kindTax, "СФ", id(kindSale, n), "StandardODATA.Document_РеализацияТоваровУслуг")
	tax["СуммаНДС"] = 133.43
	delete(tax, "Товары")
	delete(tax, "Услуги")
	b.put("Document_СчетФактураВыданный", tax)
	if n%2 == 0 {
		p := doc(kindPayment, "ПП", id(kindBill, n), "StandardODATA.Document_СчетНаОплатуПокупателю")
		p["Контрагент"], p["Контрагент_Type"] = p["Контрагент_Key"], "StandardODATA.Catalog_Контрагенты"
		delete(p, "Контрагент_Key")
		p["СуммаДокумента"], p["НазначениеПлатежа"] = 500, "plata conform contului"
		b.put("Document_ПоступлениеНаРасчетныйСчет", p)
	}
}
