package onec

import (
	"context"
	"time"
)

// DefaultUser and DefaultPassword are the service user when Options name none.
const (
	DefaultUser     = "odata"
	DefaultPassword = "odata-sandbox"
)

// Base is the path under which the interface is published.
const Base = "/base/odata/standard.odata/"

// Configuration is the typical configuration, and with it the names of the documents.
type Configuration uint8

// The configurations.
const (
	Accounting Configuration = iota // Бухгалтерия предприятия 3.0
	Trade                           // Управление торговлей 11, ERP
	UNF                             // Управление нашей фирмой
)

// WebServer is what stands in front of 1C; its limits are met first.
type WebServer uint8

// The web servers.
const (
	IIS    WebServer = iota // query string above 2048 bytes: 404 with an HTML page
	Apache                  // request line above 8190 bytes: 414 with an HTML page
)

// Options choose the variant. The zero value is an accounting base in Chișinău behind IIS.
type Options struct {
	// User and Password log in with HTTP Basic, in UTF-8.
	User, Password string

	Configuration Configuration
	// TaxID is the property that holds the tax id: ИНН if empty; ФискальныйКод, УНП and others in other countries' builds.
	TaxID string
	// Zone is the wall clock of the server; nil is Europe/Chisinau.
	Zone *time.Location
	// EntityTypes is how many sets without rows stand in $metadata beside the ones that matter; 0 is 300, a negative number
	// none. Live bases have thousands.
	EntityTypes int

	WebServer WebServer
	// QueryLimit replaces the web server's limit; a negative number switches it off.
	QueryLimit int

	// EmptyComposition publishes no object at all: the service document is an empty list, with 200.
	EmptyComposition bool
	// LoginPage answers everything with an HTML login page and 200, as a single-sign-on proxy does.
	LoginPage bool
	// MetadataDelay is how long $metadata takes.
	MetadataDelay time.Duration
	// Sleep waits for MetadataDelay; nil waits by the real clock until the request is given up.
	Sleep func(ctx context.Context, d time.Duration) error
	// Forbidden is row-level access: a query that touches a row it forbids fails with 401 and code 20, unless it carries
	// allowedOnly=true, which leaves those rows out. nil forbids nothing.
	Forbidden func(set, ref string) bool
	// WideFails fails reads of whole documents with 500, as tables with too many columns to join do: one has to select.
	WideFails bool
	// CountedPages keeps $top and $skip valid beside $inlinecount. The manual says they are ignored; clients disagree.
	CountedPages bool
	// TextOrder orders references by their text; without it by the sixteen bytes that the database keeps.
	TextOrder bool
}

func (o Options) withDefaults() Options {
	if o.User == "" {
		o.User = DefaultUser
	}
	if o.Password == "" {
		o.Password = DefaultPassword
	}
	if o.TaxID == "" {
		o.TaxID = "ИНН"
	}
	if o.Zone == nil {
		zone, err := time.LoadLocation("Europe/Chisinau")
		if err != nil { // no zone database on this system
			zone = time.FixedZone("EET", 2*60*60)
		}
		o.Zone = zone
	}
	if o.EntityTypes == 0 {
		o.EntityTypes = 300
	}
	if o.QueryLimit == 0 {
		o.QueryLimit = map[WebServer]int{IIS: 2048, Apache: 8190}[o.WebServer]
	}
	if o.Sleep == nil {
		o.Sleep = func(ctx context.Context, d time.Duration) error {
			t := time.NewTimer(d)
			defer t.Stop()
			select {
			case <-t.C:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return o
}

// names are the objects of a configuration. Those of УТ and УНФ are general knowledge of the configurations, to be
// checked against $metadata by whoever reads them.
type names struct {
	order, bill, sale, taxInvoice, money string
	partners                             bool
}

func (c Configuration) names() names {
	switch c {
	case Trade:
		return names{
			order: "Document_ЗаказКлиента", bill: "Document_СчетНаОплатуКлиенту", sale: "Document_РеализацияТоваровУслуг",
			taxInvoice: "Document_СчетФактураВыданный", money: "Document_ПоступлениеБезналичныхДенежныхСредств", partners: true,
		}
	case UNF:
		return names{
			order: "Document_ЗаказПокупателя", bill: "Document_СчетНаОплату", sale: "Document_РасходнаяНакладная",
			taxInvoice: "Document_СчетФактураВыданный", money: "Document_ПоступлениеНаСчет",
		}
	}
	return names{
		bill: "Document_СчетНаОплатуПокупателю", sale: "Document_РеализацияТоваровУслуг", taxInvoice: "Document_СчетФактураВыданный",
		money: "Document_ПоступлениеНаРасчетныйСчет",
	}
}
