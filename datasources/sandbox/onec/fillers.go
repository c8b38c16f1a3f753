package onec

import (
	"strings"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
)

// Words of which the names of sets without rows are made. A name that holds another name, underscores and digits is part
// of the exercise: nobody may split a name at its underscore.
var (
	fillerPrefixes = []string{"Catalog_", "Document_", "InformationRegister_", "AccumulationRegister_", "DocumentJournal_", "ChartOfCharacteristicTypes_", "Constant_", "ExchangePlan_"}
	fillerWords    = []string{
		"БанковскиеСчета", "Банки", "СтавкиНДС", "ФизическиеЛица", "Сотрудники", "Подразделения", "СтатьиДвиженияДенежныхСредств", "НоменклатурныеГруппы",
		"СтатьиЗатрат", "ВидыЦен", "КонтрагентыПрисоединенныеФайлы", "ДоговорыКонтрагентовАрхив", "СтраныМира", "ВидыКонтактнойИнформации", "ОсновныеСредства", "НематериальныеАктивы",
		"ПоступлениеТоваровУслуг", "СчетФактураПолученный", "СписаниеСРасчетногоСчета", "ПриходныйКассовыйОрдер", "РасходныйКассовыйОрдер", "АвансовыйОтчет",
		"ВозвратТоваровОтПокупателя", "КорректировкаРеализации", "ПеремещениеТоваров", "ИнвентаризацияТоваров", "РегламентнаяОперация", "Доверенность",
		"ЦеныНоменклатуры", "АдресныеОбъекты", "НастройкиПользователей", "СостоянияОбменов_2", "ВерсииОбъектов", "ОтветственныеЛица", "НДСПродажи", "РасчетыСКлиентами", "ТоварыНаСкладах",
		"ДвиженияДенежныхСредств", "ВзаиморасчетыССотрудниками", "ДополнительныеРеквизитыИСведения",
	}
)

// fill adds the sets that stand in a real base beside those that matter. They can be read; they are empty.
func (b *builder) fill() {
	zero := odatafake.GUID("")
	never := func(int) odatafake.Value { return zero }
	for i := range max(b.opts.EntityTypes, 0) {
		name := fillerPrefixes[i%len(fillerPrefixes)] + fillerWords[i/len(fillerPrefixes)%len(fillerWords)]
		if round := i / len(fillerPrefixes) / len(fillerWords); round > 0 {
			name += "_" + pad(round, 1)
		}
		if b.sets[name] != nil {
			continue
		}
		c := columns{}
		switch {
		case strings.HasPrefix(name, "Catalog_"), strings.HasPrefix(name, "ChartOf"), strings.HasPrefix(name, "ExchangePlan_"):
			c.t = b.set(name, "Ref_Key")
			c.catalog(head{ref: never, version: func(int) uint64 { return 0 }, deleted: no}, nothing, nothing)
			c.tree(no, none)
		case strings.HasPrefix(name, "Document"):
			c.t = b.set(name, "Ref_Key")
			c.head(head{ref: never, version: func(int) uint64 { return 0 }, deleted: no})
			c.empty("Number")
			c.add("Date", odatafake.TypeTime, never)
			c.bool("Posted", no)
			c.ref("Организация", b.sets[setCompany], nil, none)
			c.empty("Комментарий")
		case strings.HasPrefix(name, "Constant_"):
			c.t = b.set(name, "SurrogateKey")
			c.empty("SurrogateKey", "Value")
		default:
			c.t = b.set(name, "Period")
			c.add("Period", odatafake.TypeTime, never)
			c.ref("Организация", b.sets[setCompany], nil, none)
			c.add("Сумма", odatafake.TypeDecimal, never)
		}
		c.t.Len = func() int { return 0 }
	}
}
