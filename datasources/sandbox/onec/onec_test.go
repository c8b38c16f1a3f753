package onec_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/onec"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

var demo = world.New(7, 120)

const (
	nometadata = "application/json;odata=nometadata"
	zeroGUID   = "00000000-0000-0000-0000-000000000000"
	party      = "Catalog_Контрагенты"
	bill       = "Document_СчетНаОплатуПокупателю"
	sale       = "Document_РеализацияТоваровУслуг"
)

type client struct {
	t      *testing.T
	url    string
	header http.Header
}

func start(t *testing.T, opts onec.Options) *client {
	t.Helper()
	h := httptest.NewServer(onec.New(demo, opts))
	t.Cleanup(h.Close)
	c := &client{t: t, url: h.URL, header: http.Header{"Accept": {nometadata}}}
	c.auth([]byte(onec.DefaultUser + ":" + onec.DefaultPassword))
	return c
}

func (c *client) auth(raw []byte) {
	c.header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString(raw))
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) kind() string { return a.header.Get("Content-Type") }

// escape encodes what must not stand raw in an address: spaces and letters beyond ASCII.
func escape(path string) string {
	var b strings.Builder
	for i := range len(path) {
		if c := path[i]; c == ' ' || c >= 0x80 || c == '"' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func (c *client) send(method, path string) answer {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+onec.Base+escape(path), http.NoBody)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header = c.header.Clone()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(b)}
}

func (c *client) get(path string) answer { c.t.Helper(); return c.send(http.MethodGet, path) }

type page struct {
	Metadata string           `json:"odata.metadata"`
	Count    any              `json:"odata.count"`
	Value    []map[string]any `json:"value"`
}

func (c *client) page(path string) page {
	c.t.Helper()
	a := c.get(path)
	if a.status != http.StatusOK || !strings.HasPrefix(a.kind(), "application/json") {
		c.t.Fatalf("%s: %d %s %s", path, a.status, a.kind(), a.body)
	}
	return decode[page](c.t, a.body)
}

func decode[T any](t *testing.T, body string) (v T) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return v
}

func (p page) column(name string) []string {
	var out []string
	for _, v := range p.Value {
		out = append(out, fmt.Sprint(v[name]))
	}
	return out
}

// settled returns an invoice of the books that has everything behind it.
func settled(t *testing.T, ok func(*world.Invoice) bool) *world.Invoice {
	t.Helper()
	for i := 1; i <= demo.Customers(); i++ {
		for _, v := range demo.Invoices(i) {
			if ok(&v) {
				return &v
			}
		}
	}
	t.Fatal("no such invoice")
	return nil
}

func TestAuth(t *testing.T) {
	t.Parallel()
	c := start(t, onec.Options{User: "Обмен", Password: "пароль"})
	for _, v := range []struct {
		name     string
		raw      []byte
		status   int
		contains string
	}{
		{"UTF-8", []byte("Обмен:пароль"), 200, `"value"`},
		{"wrong password", []byte("Обмен:x"), 401, "Идентификация"},
		{"Windows-1251", []byte("\xce\xe1\xec\xe5\xed:\xef\xe0\xf0\xee\xeb\xfc"), 401, "401.5"},
	} {
		t.Run("case="+v.name, func(t *testing.T) {
			c.auth(v.raw)
			if a := c.get(""); a.status != v.status || !strings.Contains(a.body, v.contains) {
				t.Errorf("got %d %s", a.status, a.body)
			}
		})
	}
	c.header.Del("Authorization")
	if a := c.get(""); a.status != 401 || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("without a login: %d", a.status)
	}
}

func TestServiceDocument(t *testing.T) {
	t.Parallel()
	c := start(t, onec.Options{})
	p := c.page("?$format=json")
	if !strings.HasSuffix(p.Metadata, onec.Base+"$metadata") || len(p.Value) < 300 {
		t.Errorf("%s with %d sets", p.Metadata, len(p.Value))
	}
	c.header.Del("Accept")
	if a := c.get(""); a.kind() != "application/xml;charset=utf-8" || !strings.Contains(a.body, "<service") {
		t.Errorf("without asking for JSON: %s", a.kind())
	}
	empty := start(t, onec.Options{EmptyComposition: true})
	if a := empty.get("?$format=json"); a.status != 200 || a.body != `{"value":[]}` {
		t.Errorf("an empty composition answers %d %s", a.status, a.body)
	}
	if a := empty.get(party + "?$format=json"); a.status != 404 || !strings.Contains(a.body, `"code":"8"`) {
		t.Errorf("an empty composition answers %d %s", a.status, a.body)
	}
}

type edmx struct {
	Schemas []struct {
		Namespace string `xml:",attr"`
		Types     []struct {
			Name       string `xml:",attr"`
			Properties []struct {
				Name string `xml:",attr"`
				Type string `xml:",attr"`
			} `xml:"Property"`
			Navigations []struct {
				Name         string `xml:",attr"`
				Relationship string `xml:",attr"`
			} `xml:"NavigationProperty"`
		} `xml:"EntityType"`
		Associations []struct {
			Name string `xml:",attr"`
		} `xml:"Association"`
		Functions []struct {
			Name string `xml:",attr"`
		} `xml:"EntityContainer>FunctionImport"`
	} `xml:"DataServices>Schema"`
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	var slept time.Duration
	for _, v := range []struct {
		name string
		opts onec.Options
		want string
	}{
		{"accounting", onec.Options{}, "Document_СчетНаОплатуПокупателю Document_РеализацияТоваровУслуг Document_СчетФактураВыданный Document_ПоступлениеНаРасчетныйСчет Catalog_Контрагенты.ИНН"},
		{"trade", onec.Options{Configuration: onec.Trade, TaxID: "ФискальныйКод"}, "Catalog_Партнеры Document_ЗаказКлиента Document_СчетНаОплатуКлиенту Document_РеализацияТоваровУслуг Document_ПоступлениеБезналичныхДенежныхСредств Catalog_Контрагенты.ФискальныйКод"},
		{"UNF", onec.Options{Configuration: onec.UNF, TaxID: "УНП"}, "Document_ЗаказПокупателя Document_СчетНаОплату Document_РасходнаяНакладная Document_ПоступлениеНаСчет Catalog_Контрагенты.УНП"},
		{"slow", onec.Options{MetadataDelay: 30 * time.Second, Sleep: func(_ context.Context, d time.Duration) error { slept += d; return nil }}, "Catalog_Контрагенты"},
	} {
		t.Run("case="+v.name, func(t *testing.T) {
			c := start(t, v.opts)
			a := c.get("$metadata?$format=json") // $format has no effect
			if a.status != 200 || a.kind() != "application/xml;charset=utf-8" || a.header.Get("ETag") != "" || a.header.Get("Last-Modified") != "" {
				t.Fatalf("got %d %s", a.status, a.kind())
			}
			var doc edmx
			if err := xml.Unmarshal([]byte(a.body), &doc); err != nil {
				t.Fatal(err)
			}
			s := doc.Schemas[0]
			have := map[string]bool{}
			for _, e := range s.Types {
				have[e.Name] = true
				for _, p := range e.Properties {
					have[e.Name+"."+p.Name] = true
				}
			}
			for _, want := range strings.Fields(v.want + " Catalog_Организации Catalog_ДоговорыКонтрагентов Catalog_Номенклатура.Артикул Catalog_Валюты Catalog_Склады InformationRegister_КурсыВалют Catalog_Контрагенты.КонтактнаяИнформация") {
				if !have[want] {
					t.Errorf("%s is missing", want)
				}
			}
			if s.Namespace != "StandardODATA" || len(s.Types) < 300 || len(s.Associations) == 0 || len(s.Functions) == 0 {
				t.Errorf("%s: %d types, %d associations, %d functions", s.Namespace, len(s.Types), len(s.Associations), len(s.Functions))
			}
			if have["Catalog_Контрагенты.Контрагент____Presentation"] {
				t.Error("a presentation stands in the metadata")
			}
			if a := c.send(http.MethodHead, "$metadata"); a.status != 405 {
				t.Errorf("HEAD answers %d", a.status)
			}
		})
	}
	if slept != 30*time.Second {
		t.Errorf("slept %s", slept)
	}
}

// TestFields asks for the properties that connectors read, by set and configuration.
func TestFields(t *testing.T) {
	t.Parallel()
	doc := "Ref_Key DataVersion DeletionMark Number Date Posted Контрагент_Key Организация_Key ДоговорКонтрагента_Key СуммаДокумента ВалютаДокумента_Key Комментарий НомерЗаказа Ответственный_Key "
	line := "Ref_Key LineNumber Номенклатура_Key Количество Цена Сумма СтавкаНДС СуммаНДС Всего"
	for conf, sets := range map[onec.Configuration]map[string]string{
		onec.Accounting: {
			party: "Ref_Key DataVersion DeletionMark Predefined PredefinedDataName Parent_Key IsFolder Code Description НаименованиеПолное ИНН КПП ЮридическоеФизическоеЛицо ГоловнойКонтрагент_Key КонтактнаяИнформация",
			party + "_КонтактнаяИнформация": "Ref_Key LineNumber Тип Представление АдресЭП НомерТелефона",
			bill:             doc + "Товары СрокОплаты",
			bill + "_Товары": line,
			sale:             doc + "Товары Услуги ДокументОснование ДокументОснование_Type СчетНаОплатуПокупателю_Key",
			sale + "_Услуги": line,
			"Document_СчетФактураВыданный":                           doc + "ДокументОснование ДокументОснование_Type ДокументыОснования",
			"Document_ПоступлениеНаРасчетныйСчет":                    doc + "НазначениеПлатежа ДокументОснование ДокументОснование_Type РасшифровкаПлатежа",
			"Document_ПоступлениеНаРасчетныйСчет_РасшифровкаПлатежа": "Ref_Key LineNumber СчетНаОплату_Key СуммаПлатежа",
			"Catalog_Организации":                                    "Ref_Key Code Description НаименованиеПолное ИНН",
			"Catalog_ДоговорыКонтрагентов":                           "Ref_Key Owner_Key Code Description Организация_Key",
			"Catalog_Номенклатура":                                   "Ref_Key Code Description Артикул IsFolder Parent_Key DeletionMark",
			"Catalog_Валюты":                                         "Ref_Key Code Description",
			"Catalog_Склады":                                         "Ref_Key Code Description",
			"InformationRegister_КурсыВалют":                         "Period Валюта_Key Курс Кратность",
		},
		onec.Trade: {
			"Catalog_Партнеры":      "Ref_Key Code Description",
			party:                   "Ref_Key Партнер_Key",
			"Document_ЗаказКлиента": doc + "Партнер_Key Товары Статус ДатаОтгрузки",
			"Document_СчетНаОплатуКлиенту":                   doc + "ДокументОснование Товары",
			"Document_ПоступлениеБезналичныхДенежныхСредств": doc + "РасшифровкаПлатежа",
		},
		onec.UNF: {
			"Document_ЗаказПокупателя": doc + "Товары", "Document_СчетНаОплату": doc + "Товары", "Document_РасходнаяНакладная": doc + "Товары Услуги", "Document_ПоступлениеНаСчет": doc + "РасшифровкаПлатежа",
		},
	} {
		c := start(t, onec.Options{Configuration: conf, QueryLimit: -1})
		for set, names := range sets {
			t.Run(fmt.Sprintf("configuration=%d/set=%s", conf, set), func(t *testing.T) {
				want := strings.Fields(names)
				p := c.page(set + "?$top=3&$orderby=" + want[0] + "&$select=" + strings.Join(want, ","))
				if len(p.Value) == 0 {
					t.Fatal("no rows")
				}
				if !strings.HasSuffix(p.Metadata, "$metadata#"+set) {
					t.Errorf("metadata is %s", p.Metadata)
				}
				for _, n := range want {
					if _, ok := p.Value[0][n]; !ok {
						t.Errorf("no %s", n)
					}
				}
				if len(p.Value[0]) != len(want) {
					t.Errorf("%d members, asked %d", len(p.Value[0]), len(want))
				}
			})
		}
	}
}

func TestQuirks(t *testing.T) {
	t.Parallel()
	c := start(t, onec.Options{})
	cust := demo.Customer(world.BusyCustomer)
	ref := cust.Books[0].Ref.String()
	v := settled(t, func(v *world.Invoice) bool { return v.Sale != nil })
	const j = "application/json;charset=utf-8"
	for _, v := range []struct {
		name, path string
		status     int
		kind       string
		contains   string
	}{
		{"plus", party + "?$filter=IsFolder+eq+false", 400, j, `{"odata.error":{"code":"1","message":{"lang":"ru","value":"Ошибка`},
		{"in", party + "?$filter=Code in ('1')", 400, j, `"code":"1"`},
		{"length", party + "?$filter=length(Code) eq 9", 400, j, `"code":"21"`},
		{"tolower", party + "?$filter=tolower(Description) eq 'x'", 400, j, `Функция \"tolower\" не найдена`},
		{"bare guid", party + "?$filter=Ref_Key eq " + ref, 400, j, `"code":"1"`},
		{"bad guid", party + "?$filter=Ref_Key eq guid'x'", 400, j, `"code":"4"`},
		{"unknown property", party + "?$filter=Foo eq 1", 400, j, `Свойство \"Foo\" не найдено у сущности \"Catalog_Контрагенты\"`},
		{"unknown column", party + "?$select=Foo", 400, j, `"code":"10"`},
		{"unknown option", party + "?$search=x", 400, j, `"code":"14"`},
		{"unknown set", "Catalog_Foo", 404, j, `{"odata.error":{"code":"8","message":{"lang":"ru","value":"Сущность \"Catalog_Foo\" не найдена"}}}`},
		{"no such row", party + "(guid'11111111-2222-4333-8444-555555555555')", 404, j, `{"odata.error":{"code":"9","message":{"lang":"ru","value":"Экземпляр сущности \"Catalog_Контрагенты(guid'11111111-2222-4333-8444-555555555555')\" не найден"}}}`},
		{"part of a key", bill + "_Товары(guid'" + v.Ref.String() + "')", 400, j, `"code":"7"`},
		{"unknown virtual table", "InformationRegister_КурсыВалют/Balance()", 400, j, `"code":"6","message":{"lang":"ru","value":"Метод не найден`},
		{"expand on an entity", bill + "(guid'" + v.Ref.String() + "')?$expand=Контрагент", 400, j, `"code":"14"`},
		{"expand of a key", bill + "?$top=1&$expand=Контрагент_Key", 400, j, `"code":"10"`},
		{"expand from a part", bill + "?$top=1&$expand=Товары/Номенклатура", 400, j, `"code":"14"`},
		{"expand not selected", bill + "?$top=1&$select=Number&$expand=Контрагент", 400, j, `"code":"14"`},
		{"long address", party + "?$filter=Code eq '" + strings.Repeat("1", 2048) + "'", 404, "text/html", "<html"},
		{"batch", "$batch", 501, "application/xml;charset=utf-8", "<m:error"},
	} {
		t.Run("case="+v.name, func(t *testing.T) {
			t.Parallel()
			if a := c.get(v.path); a.status != v.status || a.kind() != v.kind || !strings.Contains(a.body, v.contains) {
				t.Errorf("got %d %s %s", a.status, a.kind(), a.body)
			}
		})
	}
	t.Run("case=batch posted", func(t *testing.T) {
		t.Parallel()
		if a := c.send(http.MethodPost, "$batch"); a.status != 501 || !strings.Contains(a.body, "<m:code>0</m:code>") {
			t.Errorf("got %d %s", a.status, a.body)
		}
	})
	t.Run("case=write", func(t *testing.T) {
		t.Parallel()
		if a := c.send(http.MethodPost, party); a.status != 405 || !strings.Contains(a.body, `"code":"19"`) {
			t.Errorf("got %d %s", a.status, a.body)
		}
	})
	t.Run("case=XML error", func(t *testing.T) {
		t.Parallel()
		c := start(t, onec.Options{})
		c.header.Del("Accept")
		if a := c.get("Catalog_Foo"); a.status != 404 || a.kind() != "application/xml;charset=utf-8" || !strings.Contains(a.body, "<m:code>8</m:code>") {
			t.Errorf("got %d %s", a.status, a.body)
		}
	})
	t.Run("case=Apache", func(t *testing.T) {
		t.Parallel()
		c := start(t, onec.Options{WebServer: onec.Apache})
		c.page(party + "?$filter=Code eq '" + strings.Repeat("1", 7000) + "'")
		if a := c.get(party + "?$filter=Code eq '" + strings.Repeat("1", 8200) + "'"); a.status != 414 || a.kind() != "text/html" {
			t.Errorf("got %d %s", a.status, a.kind())
		}
	})
	t.Run("case=login page", func(t *testing.T) {
		t.Parallel()
		c := start(t, onec.Options{LoginPage: true})
		if a := c.get(party); a.status != 200 || !strings.HasPrefix(a.kind(), "text/html") {
			t.Errorf("got %d %s", a.status, a.kind())
		}
	})
	t.Run("case=wide", func(t *testing.T) {
		t.Parallel()
		c := start(t, onec.Options{WideFails: true})
		if a := c.get(bill + "?$top=1"); a.status != 500 {
			t.Errorf("got %d", a.status)
		}
		c.page(bill + "?$top=1&$select=Ref_Key")
	})
}

func TestRecord(t *testing.T) {
	t.Parallel()
	c := start(t, onec.Options{})
	cust := demo.Customer(world.BusyCustomer)
	book := cust.Books[0]
	a := c.get(party + "(guid'" + book.Ref.String() + "')")
	got := decode[map[string]any](t, a.body)
	if !strings.HasPrefix(a.body, `{"odata.metadata":"`) || !strings.HasSuffix(fmt.Sprint(got["odata.metadata"]), "$metadata#Catalog_Контрагенты/@Element") || got["value"] != nil {
		t.Errorf("got %s", a.body)
	}
	if got["Description"] != book.Description || got["ИНН"] != book.FiscalNumber || got["Code"] != book.Code || got["IsFolder"] != false || got["DeletionMark"] != book.DeletionMark {
		t.Errorf("got %s", a.body)
	}
	raw, err := base64.StdEncoding.DecodeString(fmt.Sprint(got["DataVersion"]))
	if err != nil || len(raw) != 8 {
		t.Errorf("DataVersion is %v", got["DataVersion"])
	}
	info, _ := json.Marshal(got["КонтактнаяИнформация"])
	if !strings.Contains(string(info), `"LineNumber":"1"`) || !strings.Contains(string(info), `"АдресЭП":"`+book.Email+`"`) {
		t.Errorf("got %s", info)
	}
	folder := decode[map[string]any](t, c.get(party+"(guid'"+fmt.Sprint(got["Parent_Key"])+"')").body)
	if folder["IsFolder"] != true || folder["Parent_Key"] != zeroGUID {
		t.Errorf("got folder %v", folder)
	}

	v := settled(t, func(v *world.Invoice) bool {
		return v.Sale != nil && v.TaxInvoice != nil && v.State == world.InvoicePaid
	})
	zone, err := time.LoadLocation("Europe/Chisinau")
	if err != nil {
		t.Fatal(err)
	}
	d := decode[map[string]any](t, c.get(bill+"(guid'"+v.Ref.String()+"')").body)
	want := strings.TrimSuffix(strings.TrimSuffix(fmt.Sprintf("%d.%02d", v.Total/100, v.Total%100), "0"), "0")
	want = strings.TrimSuffix(want, ".")
	if n, ok := d["СуммаДокумента"].(json.Number); !ok || n.String() != want {
		t.Errorf("СуммаДокумента is %v, want the number %s", d["СуммаДокумента"], want)
	}
	if got, want := d["Date"], v.Date.In(zone).Format("2006-01-02T15:04:05"); got != want {
		t.Errorf("Date is %v, want %s", got, want)
	}
	if got, want := d["СрокОплаты"], v.DueDate.Format("2006-01-02")+"T00:00:00"; got != want {
		t.Errorf("СрокОплаты is %v, want %s", got, want)
	}
	lines := d["Товары"].([]any)
	if len(lines) != len(v.Lines) {
		t.Errorf("%d lines, want %d", len(lines), len(v.Lines))
	}
	first := lines[0].(map[string]any)
	if first["LineNumber"] != "1" || first["Ref_Key"] != v.Ref.String() || first["СтавкаНДС"] != fmt.Sprintf("НДС%d", v.Lines[0].VATRate) {
		t.Errorf("got %v", first)
	}
	own := c.page(bill + "_Товары?$filter=Ref_Key eq guid'" + v.Ref.String() + "'&$orderby=LineNumber")
	if len(own.Value) != len(v.Lines) {
		t.Errorf("%d rows of the part's own set, want %d", len(own.Value), len(v.Lines))
	}
	one := c.get(bill + "_Товары(Ref_Key=guid'" + v.Ref.String() + "',LineNumber=1)")
	if one.status != 200 || decode[map[string]any](t, one.body)["LineNumber"] != "1" {
		t.Errorf("got %d %s", one.status, one.body)
	}
	pays := c.page("Document_ПоступлениеНаРасчетныйСчет?$filter=Контрагент_Key eq guid'" + demo.Customer(v.Customer).Books[v.Counterparty].Ref.String() + "'")
	var sum world.Money
	for _, p := range v.Payments {
		sum += p.Amount
		found := false
		for _, row := range pays.Value {
			found = found || row["Ref_Key"] == p.ID.String()
		}
		if !found {
			t.Errorf("payment %s is missing", p.ID)
		}
	}
	if sum != v.Total {
		t.Errorf("paid %d of %d", sum, v.Total)
	}
}

func TestEmptyValues(t *testing.T) {
	t.Parallel()
	c := start(t, onec.Options{Configuration: onec.UNF})
	p := c.page("Document_ЗаказПокупателя?$select=ДатаОтгрузки&$filter=ДатаОтгрузки eq datetime'0001-01-01T00:00:00'")
	if len(p.Value) == 0 || p.Value[0]["ДатаОтгрузки"] != "0001-01-01T00:00:00" {
		t.Errorf("got %v", p.Value)
	}
	p = c.page("Document_СчетНаОплату?$select=ДокументОснование,ДокументОснование_Type&$filter=ДокументОснование_Type eq 'StandardODATA.Undefined'")
	if len(p.Value) == 0 || p.Value[0]["ДокументОснование"] != "" {
		t.Errorf("got %v", p.Value)
	}
	p = c.page(party + "?$select=Parent_Key&$filter=Parent_Key eq guid'" + zeroGUID + "'")
	if len(p.Value) != 5 || p.Value[0]["Parent_Key"] != zeroGUID {
		t.Errorf("got %d folders", len(p.Value))
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	c := start(t, onec.Options{QueryLimit: -1})
	v := settled(t, func(v *world.Invoice) bool { return v.Sale != nil && v.Link == world.LinkField })
	s := v.Sale.Ref.String()
	cust := demo.Customer(v.Customer)
	ref := cust.Books[v.Counterparty].Ref.String()
	bills := 0
	for _, o := range demo.Invoices(v.Customer) {
		if o.Counterparty == v.Counterparty {
			bills++
		}
	}
	services := 0
	for _, l := range v.Lines {
		if demo.Products[l.Product].IsService {
			services++
		}
	}
	categories, inactive := map[string]bool{}, 0
	for _, p := range demo.Products {
		categories[p.Category] = true
		if !p.IsActive {
			inactive++
		}
	}
	var refs []string
	for i := 1; i <= 110 && len(refs) < 100; i++ {
		for _, b := range demo.Customer(i).Books {
			refs = append(refs, "Ref_Key eq guid'"+b.Ref.String()+"'")
		}
	}
	for _, x := range []struct {
		name, path string
		want       int
	}{
		{"key", party + "?$filter=Ref_Key eq guid'" + ref + "'", 1},
		{"chain of keys", party + "?$select=Ref_Key&$filter=(" + strings.Join(refs, " or ") + ") and IsFolder eq false", len(refs)},
		{"by counterparty", bill + "?$filter=Контрагент_Key eq guid'" + ref + "'", bills},
		{"by number", bill + "?$filter=Number eq '" + v.Number + "'", 1},
		{"by order number", bill + "?$filter=НомерЗаказа eq '" + v.OrderNumber + "' and Контрагент_Key eq guid'" + ref + "' and Number eq '" + v.Number + "'", 1},
		{"plain guid against a composite", sale + "?$filter=ДокументОснование eq guid'" + v.Ref.String() + "'", 0},
		{"cast", sale + "?$filter=ДокументОснование eq cast(guid'" + v.Ref.String() + "','" + bill + "')", 1},
		{"cast to the wrong type", sale + "?$filter=ДокументОснование eq cast(guid'" + v.Ref.String() + "','" + sale + "')", 0},
		{"plain reference", sale + "?$filter=СчетНаОплатуПокупателю_Key eq guid'" + v.Ref.String() + "'", 1},
		{"services", sale + "_Услуги?$filter=Ref_Key eq guid'" + s + "'", services},
		{"goods", sale + "_Товары?$filter=Ref_Key eq guid'" + s + "'", len(v.Lines) - services},
		{"tax id", party + "?$filter=ИНН eq '" + demo.Customer(world.BusyCustomer).Books[0].FiscalNumber + "'", 1},
		{"substringof", party + "?$filter=substringof('Покупатели',Description)", 5},
		{"dates", bill + "?$filter=Date ge datetime'2026-01-01T00:00:00' and Date lt datetime'2026-01-01T00:00:00'", 0},
		{"any", bill + "?$filter=Number eq '" + v.Number + "' and Товары/any(l: l/Количество gt 0)", 1},
		{"folders", "Catalog_Номенклатура?$filter=IsFolder eq true", len(categories)},
		{"deleted and folders", "Catalog_Номенклатура?$filter=IsFolder eq true or DeletionMark eq true", len(categories) + inactive},
	} {
		t.Run("case="+x.name, func(t *testing.T) {
			t.Parallel()
			p := c.page(x.path)
			if len(p.Value) != x.want {
				t.Errorf("got %d, want %d", len(p.Value), x.want)
			}
		})
	}
}

func TestSelect(t *testing.T) {
	t.Parallel()
	c := start(t, onec.Options{})
	v := settled(t, func(v *world.Invoice) bool { return v.Sale != nil })
	book := demo.Customer(v.Customer).Books[v.Counterparty]
	at := sale + "?$filter=Ref_Key eq guid'" + v.Sale.Ref.String() + "'"
	for _, x := range []struct{ name, query, want string }{
		{"columns", "&$select=Number,Posted", `{"Number":"` + v.Sale.Number + `","Posted":true}`},
		{"behind a navigation", "&$select=Контрагент/Code", `{"Контрагент":{"Code":"` + book.Code + `"}}`},
		{"expanded", "&$select=Number,Контрагент/Code&$expand=Контрагент", `{"Number":"` + v.Sale.Number + `","Контрагент":{"Code":"` + book.Code + `"}}`},
		{"behind a composite", "&$select=ДокументОснование/" + bill + "/Number", `{"ДокументОснование":{"Number":"` + v.Number + `"}}`},
		{"presentation", "&$select=Контрагент_Key____Presentation", `{"Контрагент_Key____Presentation":` + quote(book.Description) + `}`},
		{"composite", "&$select=ДокументОснование,ДокументОснование_Type", `{"ДокументОснование":"` + v.Ref.String() + `","ДокументОснование_Type":"StandardODATA.` + bill + `"}`},
	} {
		t.Run("case="+x.name, func(t *testing.T) {
			t.Parallel()
			a := c.get(at + x.query)
			_, rows, _ := strings.Cut(a.body, `"value":[`)
			if a.status != 200 || strings.TrimSuffix(rows, "]}") != x.want {
				t.Errorf("got %d %s\nwant %s", a.status, rows, x.want)
			}
		})
	}
	t.Run("case=stars", func(t *testing.T) {
		t.Parallel()
		one, two := c.page(at + "&$select=*").Value[0], c.page(at + "&$select=**").Value[0]
		if one["Товары"] == nil || two["Товары"] != nil || one["Number"] != two["Number"] || one["Контрагент____Presentation"] != nil {
			t.Errorf("got %v and %v", one, two)
		}
		whole := c.page(at + "&$expand=Контрагент").Value[0]
		if m, ok := whole["Контрагент"].(map[string]any); !ok || m["Description"] != book.Description {
			t.Errorf("got %v", whole["Контрагент"])
		}
		lines := c.page(at + "&$select=Товары/Количество,Товары/Цена").Value[0]["Товары"].([]any)
		if len(lines) > 0 && len(lines[0].(map[string]any)) != 2 {
			t.Errorf("got %v", lines)
		}
	})
	t.Run("case=links", func(t *testing.T) {
		t.Parallel()
		c := start(t, onec.Options{})
		c.header.Set("Accept", "*/*")
		row := c.page(at + "&$format=json&$select=Контрагент_Key").Value[0]
		link, _ := row["Контрагент@navigationLinkUrl"].(string)
		if link != sale+"(guid'"+v.Sale.Ref.String()+"')/Контрагент" {
			t.Fatalf("got %v", row)
		}
		if got := decode[map[string]any](t, c.get(link+"?$format=json").body); got["Description"] != book.Description {
			t.Errorf("got %v", got)
		}
	})
	t.Run("case=Atom", func(t *testing.T) {
		t.Parallel()
		c := start(t, onec.Options{})
		c.header.Del("Accept")
		a := c.get(at)
		var feed struct {
			Entries []struct {
				Number string `xml:"content>properties>Number"`
			} `xml:"entry"`
		}
		if err := xml.Unmarshal([]byte(a.body), &feed); err != nil || !strings.HasPrefix(a.kind(), "application/atom+xml") || len(feed.Entries) != 1 || feed.Entries[0].Number != v.Sale.Number {
			t.Errorf("%v: %s %s", err, a.kind(), a.body)
		}
	})
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func TestPaging(t *testing.T) {
	t.Parallel()
	c := start(t, onec.Options{})
	a := c.get(party + "/$count")
	if a.status != 200 || !strings.HasPrefix(a.body, "\ufeff") || !strings.HasPrefix(a.kind(), "text/plain") {
		t.Fatalf("got %d %s %q", a.status, a.kind(), a.body)
	}
	total := strings.TrimPrefix(a.body, "\ufeff")
	t.Run("case=ordered", func(t *testing.T) {
		t.Parallel()
		seen := map[string]bool{}
		rows := 0
		for skip := 0; ; skip += 40 {
			p := c.page(fmt.Sprintf("%s?$select=Ref_Key&$orderby=Ref_Key&$top=40&$skip=%d", party, skip))
			for _, ref := range p.column("Ref_Key") {
				seen[ref] = true
				rows++
			}
			if len(p.Value) < 40 {
				break
			}
		}
		if fmt.Sprint(rows) != total || len(seen) != rows {
			t.Errorf("%d rows, %d different, want %s", rows, len(seen), total)
		}
	})
	t.Run("case=unordered", func(t *testing.T) {
		t.Parallel()
		path := party + "?$select=Ref_Key&$top=1000"
		first, again, other := c.page(path).column("Ref_Key"), c.page(path).column("Ref_Key"), c.page(path+"&$skip=0").column("Ref_Key")
		if fmt.Sprint(first) != fmt.Sprint(again) {
			t.Error("the same question has two answers")
		}
		if fmt.Sprint(first) == fmt.Sprint(other) {
			t.Error("the order does not depend on the question")
		}
		sort.Strings(first)
		sort.Strings(other)
		if fmt.Sprint(first) != fmt.Sprint(other) {
			t.Error("the rows differ")
		}
	})
	t.Run("case=inlinecount", func(t *testing.T) {
		t.Parallel()
		p := c.page(party + "?$select=Ref_Key&$orderby=Ref_Key&$top=3&$skip=2&$inlinecount=allpages")
		if p.Count != total || fmt.Sprint(len(p.Value)) != total {
			t.Errorf("count %v (%T), %d rows", p.Count, p.Count, len(p.Value))
		}
		c := start(t, onec.Options{CountedPages: true})
		if p := c.page(party + "?$select=Ref_Key&$top=3&$inlinecount=allpages"); len(p.Value) != 3 || p.Count != total {
			t.Errorf("count %v, %d rows", p.Count, len(p.Value))
		}
	})
	t.Run("case=order of references", func(t *testing.T) {
		t.Parallel()
		refs := c.page(party + "?$select=Ref_Key&$orderby=Ref_Key").column("Ref_Key")
		for i := 1; i < len(refs); i++ {
			if refs[i-1][19:] > refs[i][19:] {
				t.Fatalf("%s before %s", refs[i-1], refs[i])
			}
		}
		// A key set continues where the database's order says.
		next := c.page(party + "?$select=Ref_Key&$orderby=Ref_Key&$filter=Ref_Key gt guid'" + refs[9] + "'").column("Ref_Key")
		if len(next) != len(refs)-10 || next[0] != refs[10] {
			t.Errorf("%d rows after the tenth", len(next))
		}
		text := start(t, onec.Options{TextOrder: true}).page(party + "?$select=Ref_Key&$orderby=Ref_Key").column("Ref_Key")
		if !sort.StringsAreSorted(text) {
			t.Error("not in the order of the text")
		}
	})
}

func TestAllowedOnly(t *testing.T) {
	t.Parallel()
	hidden := demo.Customer(world.BusyCustomer).Books[0]
	c := start(t, onec.Options{Forbidden: func(set, ref string) bool { return set == party && ref == hidden.Ref.String() }})
	a := c.get(party + "?$top=1&$orderby=Ref_Key")
	if a.status != 401 || !strings.Contains(a.body, `"code":"20"`) || !strings.Contains(a.body, hidden.Ref.String()) {
		t.Errorf("got %d %s", a.status, a.body)
	}
	all := strings.TrimPrefix(start(t, onec.Options{}).get(party+"/$count").body, "\ufeff")
	for _, option := range []string{"allowedOnly=true", "$allowedOnly=true"} {
		p := c.page(party + "?$select=Ref_Key&" + option)
		if fmt.Sprint(len(p.Value)+1) != all {
			t.Errorf("%s: %d of %s", option, len(p.Value), all)
		}
	}
	if a := c.get(party + "(guid'" + hidden.Ref.String() + "')"); a.status != 401 {
		t.Errorf("got %d", a.status)
	}
	c.page(bill + "?$top=1")
}

func TestSlice(t *testing.T) {
	t.Parallel()
	c := start(t, onec.Options{})
	const rates = "InformationRegister_КурсыВалют"
	p := c.page(rates + "/SliceLast(Period=datetime'2026-03-15T00:00:00')")
	if len(p.Value) != 5 {
		t.Fatalf("got %d rows", len(p.Value))
	}
	for _, r := range p.Value {
		if r["Period"] != "2026-03-01T00:00:00" || r["Кратность"] != "1" {
			t.Errorf("got %v", r)
		}
	}
	eur := c.page("Catalog_Валюты?$filter=Code eq '978'").Value[0]["Ref_Key"]
	p = c.page(fmt.Sprintf("%s/SliceLast(Period=datetime'2026-03-15T00:00:00',Condition='Валюта_Key eq guid''%s''')", rates, eur))
	if len(p.Value) != 1 || p.Value[0]["Валюта_Key"] != eur {
		t.Errorf("got %v", p.Value)
	}
	if p := c.page(rates + "/SliceLast()"); len(p.Value) != 5 {
		t.Errorf("got %d rows", len(p.Value))
	}
	if p := c.page("AccumulationRegister_БанковскиеСчета/Balance()"); len(p.Value) != 0 {
		t.Errorf("got %d rows", len(p.Value))
	}
}

// TestSameAsWorld checks that the documents of the world are served, and nothing else.
func TestSameAsWorld(t *testing.T) {
	t.Parallel()
	for _, conf := range []onec.Configuration{onec.Accounting, onec.Trade} {
		c := start(t, onec.Options{Configuration: conf})
		parties, bills, sales, orders, taxes, pays := 5, 0, 0, 0, 0, 0 // five folders
		for i := 1; i <= demo.Customers(); i++ {
			parties += len(demo.Customer(i).Books)
			billed := map[int]bool{}
			for _, v := range demo.Invoices(i) {
				bills++
				pays += len(v.Payments)
				billed[v.Order] = true
				if v.Sale != nil {
					sales++
				}
				if v.TaxInvoice != nil {
					taxes++
				}
			}
			for _, o := range demo.Orders(i) {
				if o.InBooks {
					orders++
					if !billed[o.Index] && conf == onec.Trade {
						pays += len(o.Payments)
					}
				}
			}
		}
		want := map[string]int{party: parties, bill: bills, sale: sales, "Document_СчетФактураВыданный": taxes, "Document_ПоступлениеНаРасчетныйСчет": pays}
		if conf == onec.Trade {
			want = map[string]int{"Document_ЗаказКлиента": orders, "Document_СчетНаОплатуКлиенту": bills, "Document_ПоступлениеБезналичныхДенежныхСредств": pays}
		}
		for set, n := range want {
			if a := c.get(set + "/$count"); a.body != fmt.Sprintf("\ufeff%d", n) {
				t.Errorf("%s: got %q, want %d", set, a.body, n)
			}
			refs := map[string]bool{}
			for _, r := range c.page(set + "?$select=Ref_Key").column("Ref_Key") {
				refs[r] = true
			}
			if len(refs) != n {
				t.Errorf("%s: %d different references of %d", set, len(refs), n)
			}
		}
	}
}
