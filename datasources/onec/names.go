package onec

import (
	"slices"
	"strings"

	"github.com/trama-graph/trama/schema"
)

// The objects looked for in a base, by the names the config uses.
const (
	conceptCustomer = "customer"
	conceptOrder    = "order"
	conceptBill     = "bill"
	conceptSale     = "sale"
	conceptTax      = "tax"
	conceptPayment  = "payment"
	conceptProduct  = "product"
	conceptCurrency = "currency"
	conceptState    = "orderState"
	conceptUnit     = "unit"
	conceptLine     = "line" // not an object: the fields of tabular parts
)

// shape is what a field can be read from.
type shape uint8

const (
	aText  shape = iota // a string
	aCode               // a string or a number: codes may be either
	aTime               // a date
	aMoney              // a number
	aBool               // a truth value
	aRef                // a reference, single (_Key) or composite (with _Type)
	aState              // a string (enumeration) or a single reference
	aParts              // tabular parts: all that exist
)

// field is one thing looked for in an object: the first candidate that exists
// and has the shape is taken.
type field struct {
	name  string
	shape shape
	from  []string
}

// concept is one object looked for: the first candidate that is published.
type concept struct {
	from   []string
	fields []field
}

func (c *concept) field(name string) *field {
	for i := range c.fields {
		if c.fields[i].name == name {
			return &c.fields[i]
		}
	}
	return nil
}

func (c *concept) fieldNames() []string {
	names := make([]string, len(c.fields))
	for i := range c.fields {
		names[i] = c.fields[i].name
	}
	return names
}

// concepts returns what is looked for, with the candidates of 1C OData facts,
// §2: accounting (БП), trade (УТ, ERP) and UNF.
func concepts() map[string]concept {
	order := documentFields([]string{"Document_ЗаказПокупателя", "Document_ЗаказКлиента"})
	order.fields = slices.DeleteFunc(order.fields, func(f field) bool { return f.name == "order" })
	order.fields = append(order.fields,
		field{"customerReference", aText, []string{"НомерПоДаннымКлиента", "НомерВходящегоДокумента"}},
		field{"dueDate", aTime, []string{"ДатаОтгрузки", "ЖелаемаяДатаОтгрузки"}})
	bill := documentFields([]string{"Document_СчетНаОплатуПокупателю", "Document_СчетНаОплатуКлиенту", "Document_СчетНаОплату"})
	bill.fields = append(bill.fields, field{"dueDate", aTime, []string{"СрокОплаты", "ДатаПлатежа"}})
	payment := documentFields([]string{"Document_ПоступлениеНаРасчетныйСчет", "Document_ПоступлениеБезналичныхДенежныхСредств", "Document_ПоступлениеНаСчет"})
	payment.fields = append(payment.fields,
		field{"purpose", aText, []string{"НазначениеПлатежа"}},
		field{"method", aText, []string{"ФормаОплаты", "СпособОплаты"}})
	return map[string]concept{
		conceptCustomer: {from: []string{"Catalog_Контрагенты"}, fields: append(catalog(),
			field{"legalName", aText, []string{"НаименованиеПолное"}},
			field{"taxId", aCode, []string{"ИНН", "ФискальныйКод", "КодНалогоплательщика", "УНП", "ИдентификационныйКодЛичности", "ИдентификационныйНомер", "IDNO"}},
			field{"isPerson", aText, []string{"ЮридическоеФизическоеЛицо", "ЮрФизЛицо"}},
			field{"contacts", aParts, []string{"КонтактнаяИнформация"}})},
		conceptOrder: order,
		conceptBill:  bill,
		conceptSale:  documentFields([]string{"Document_РеализацияТоваровУслуг", "Document_РасходнаяНакладная"}),
		conceptTax:   documentFields([]string{"Document_СчетФактураВыданный"}),

		conceptPayment: payment,
		conceptProduct: {from: []string{"Catalog_Номенклатура"}, fields: append(catalog(),
			field{"sku", aText, []string{"Артикул"}},
			field{"barcode", aText, []string{"Штрихкод", "ШтрихКод"}},
			field{"unit", aRef, []string{"ЕдиницаИзмерения_Key", "БазоваяЕдиницаИзмерения_Key"}},
			field{"taxRate", aText, []string{"СтавкаНДС", "ВидСтавкиНДС"}})},
		conceptCurrency: {from: []string{"Catalog_Валюты"}, fields: catalog()},
		conceptState:    {from: []string{"Catalog_СостоянияЗаказовПокупателей", "Catalog_СостоянияЗаказов"}, fields: catalog()},
		conceptUnit:     {from: []string{"Catalog_КлассификаторЕдиницИзмерения", "Catalog_УпаковкиЕдиницыИзмерения", "Catalog_ЕдиницыИзмерения"}, fields: catalog()},
		conceptLine:     {fields: lineFields()},
	}
}

// catalog returns the standard properties of a catalogue that are read.
func catalog() []field {
	return []field{
		{"deleted", aBool, []string{"DeletionMark"}},
		{"folder", aBool, []string{"IsFolder"}},
		{"parent", aRef, []string{"Parent_Key"}},
		{"code", aCode, []string{"Code"}},
		{"name", aText, []string{"Description"}},
	}
}

// documentFields are what is looked for in every document.
func documentFields(from []string) concept {
	return concept{from: from, fields: []field{
		{"deleted", aBool, []string{"DeletionMark"}},
		{"number", aCode, []string{"Number"}},
		{"date", aTime, []string{"Date"}},
		{"posted", aBool, []string{"Posted"}},
		{"customer", aRef, []string{"Контрагент_Key", "Контрагент", "Плательщик_Key", "Плательщик"}},
		{"total", aMoney, []string{"СуммаДокумента", "Сумма"}},
		{"currency", aRef, []string{"ВалютаДокумента_Key", "Валюта_Key"}},
		{"tax", aMoney, []string{"СуммаНДС", "СуммаНДСДокумента"}},
		{"paid", aMoney, []string{"СуммаОплаты", "Оплачено", "СуммаОплачено"}},
		{"status", aState, []string{"Статус", "СостояниеЗаказа", "СтатусДокумента", "СостояниеЗаказа_Key"}},
		{"notes", aText, []string{"Комментарий"}},
		{"order", aRef, []string{"ДокументОснование", "ЗаказПокупателя_Key", "ЗаказКлиента_Key", "ЗаказПокупателя", "ЗаказКлиента", "Заказ_Key", "Заказ"}},
		{"invoice", aRef, []string{"ДокументОснование", "СчетНаОплату_Key", "СчетНаОплатуПокупателю_Key", "СчетНаОплату"}},
		{"lines", aParts, []string{"Товары", "Услуги", "Запасы", "Работы"}},
	}}
}

// lineFields are looked for in the rows themselves: of a field's candidates the
// first that is not empty counts, as goods and services differ in their columns.
func lineFields() []field {
	return []field{
		{"position", aCode, []string{"LineNumber"}},
		{"product", aRef, []string{"Номенклатура_Key"}},
		{"name", aText, []string{"Содержание"}},
		{"quantity", aMoney, []string{"Количество"}},
		{"unit", aRef, []string{"ЕдиницаИзмерения_Key", "ЕдиницаИзмерения"}},
		{"price", aMoney, []string{"Цена"}},
		{"discount", aMoney, []string{"ПроцентСкидкиНаценки", "ПроцентРучнойСкидки", "ПроцентАвтоматическойСкидки"}},
		{"rate", aText, []string{"СтавкаНДС"}},
		{"tax", aMoney, []string{"СуммаНДС"}},
		{"total", aMoney, []string{"Всего", "Сумма"}},
	}
}

// invoiceKind returns what kind of invoice an object is.
func invoiceKind(concept string) (schema.InvoiceKind, bool) {
	switch concept {
	case conceptBill:
		return schema.InvoiceBill, true
	case conceptSale:
		return schema.InvoiceSale, true
	case conceptTax:
		return schema.InvoiceTax, true
	}
	return "", false
}

// names returns the candidates for an object: the config's, or the product's.
func (c *Config) names(name string) []string {
	if own := c.Objects[name]; own != "" {
		return []string{own}
	}
	def := concepts()[name]
	return def.from
}

// candidates returns the candidates for a field. own is true for the config's.
func (c *Config) candidates(concept string, f *field) (names []string, own bool) {
	text := c.Fields[concept+"."+f.name]
	if text == "" {
		return f.from, false
	}
	for name := range strings.SplitSeq(text, ",") {
		names = append(names, strings.TrimSpace(name))
	}
	return names, true
}

// fits reports whether a property of an Edm type can be a field of the shape.
// composite says that the property has a companion with the suffix _Type.
func (s shape) fits(edm string, composite bool) bool {
	number := false
	switch edm {
	case "Edm.Double", "Edm.Decimal", "Edm.Int64", "Edm.Int32", "Edm.Int16", "Edm.Single":
		number = true
	}
	switch s {
	case aText:
		return edm == "Edm.String" && !composite
	case aCode:
		return edm == "Edm.String" || number
	case aTime:
		return edm == "Edm.DateTime"
	case aMoney:
		return number
	case aBool:
		return edm == "Edm.Boolean"
	case aRef:
		return edm == "Edm.Guid" || composite
	case aState:
		return (edm == "Edm.String" || edm == "Edm.Guid") && !composite
	case aParts:
		return strings.HasPrefix(edm, "Collection(")
	}
	return false
}
