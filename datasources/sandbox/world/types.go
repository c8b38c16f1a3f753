package world

import "time"

// Money is an exact amount in minor units (hundredths; all five currencies of the world have two decimals).
type Money int64

// Qty is a quantity in thousandths of the unit, as 1C keeps three decimals.
type Qty int64

// Country is a customer's country; it decides legal form, fiscal number, currency, VAT rate and language of the names.
type Country uint8

// The countries of the world.
const (
	MD Country = iota
	RO
	RU
	FR
	BR
)

// Case says how (and whether) a customer's records in the systems can be recognised as the same company.
// It is the world's answer sheet: no fake ever sends it.
type Case uint8

// The cases. The conflict codes in brackets are those of wire/identity.md §5.
const (
	// ByFiscalNumber: CRM and books hold the same valid fiscal number and nothing else joins them (rule R2).
	ByFiscalNumber Case = iota
	// ByForeignID: the CRM account's Uid1C is the counterparty's Ref_Key (rule R1); the fiscal numbers agree too.
	ByForeignID
	// BadChecksum: the CRM's fiscal number has a wrong check digit, the books' is right: no automatic link (INVALID_FISCAL_ID).
	BadChecksum
	// NoKey: in both systems, but the CRM has neither fiscal number nor Uid1C (UNMATCHED).
	NoKey
	// TwiceInBooks: two counterparties with the same fiscal number (AMBIGUOUS_MATCH, DUPLICATE_IN_SOURCE).
	TwiceInBooks
	// TwiceInCRM: two accounts with the same fiscal number (AMBIGUOUS_MATCH, DUPLICATE_IN_SOURCE).
	TwiceInCRM
	// Placeholder: the books hold a placeholder that many counterparties share, e.g. 0000000000000 (SHARED_FISCAL_ID).
	Placeholder
	// BrokenForeignID: Uid1C is set but no counterparty has it; the fiscal numbers agree (BROKEN_FOREIGN_ID).
	BrokenForeignID
	// FiscalMismatch: joined by Uid1C, but the two systems hold different valid fiscal numbers (FISCAL_ID_MISMATCH).
	FiscalMismatch
	// CRMOnly: no counterparty in the books.
	CRMOnly
	// BooksOnly: no account in the CRM; its tickets, if any, carry a CustomerID nobody else knows.
	BooksOnly
	// DeskOnly: known to the help desk alone.
	DeskOnly
)

// Customer is one company: the truth, and what each system has of it.
type Customer struct {
	Number  int // 1 … World.Customers()
	Case    Case
	Country Country

	Base      string // name without legal form, in the company's own script: «Вектор Сервис», «Vinăria Codru»
	LegalForm string // SRL, SA, ООО, SARL, Ltda …
	LegalName string // with legal form as the country writes it: ООО «Вектор Сервис»
	Latin     string // Base in Latin letters without diacritics

	Fiscal   Fiscal // the true fiscal number, always valid
	Currency string // MDL, RON, RUB, EUR, BRL
	Email    string
	Phone    string
	Web      string
	Address  Address
	Contacts []Person // 1 … 4; the first is the main one
	Owner    int      // index into World.Staff of the account manager

	CRM    []CRMAccount   // none, one, or two (TwiceInCRM)
	Books  []Counterparty // none, one, or two (TwiceInBooks)
	Desk   DeskCompany    // Key is "" if the help desk does not know it
	Agency AgencyClient   // Operand; ID 0 if absent (a share of the Brazilian ones)
	ERP    ERPClient      // Ecolix; Code "" if absent (a share of the French ones)

	Created  time.Time // when the first system learned of it; UTC
	Modified time.Time // ≥ Created; many customers share the instant of a bulk job
}

// Fiscal is a fiscal number as text, leading zeros kept (wire/identity.md §2).
type Fiscal struct {
	Type   string // IDNO (MD), CUI (RO), INN (RU), SIRET (FR), CNPJ (BR)
	Number string // digits only, valid check digits; for FR the SIRET (site level), whose first 9 digits are the SIREN
	KPP    string // RU only: 9 digits
	VAT    string // VAT id as printed: RO…, FR… ; "" for the others
}

// Address is a postal address.
type Address struct{ Street, City, Region, Zip, Country string }

// Person is a contact of a customer or one of the company's own staff.
type Person struct {
	Index                          int
	First, Middle, Last            string // Middle: patronymic of Russian names, else ""
	Email, Phone, Mobile, JobTitle string
	Login                          string // the OTRS customer user login (contacts) or agent login (staff)
}

// CRMAccount is a customer's account in Creatio (wire/creatio.md §6).
type CRMAccount struct {
	ID, BillingID     GUID
	Code              string // C00042; the first account's code is usually also the OTRS CustomerID
	Name              string // display variant: mostly without the legal form, sometimes in Latin letters
	AlternativeName   string
	FiscalNumber      string // as typed into AccountBillingInfo: may be "", wrong, or with spaces and country prefix
	KPP               string
	Uid1C             GUID // zero = not integrated
	CreatedOn         time.Time
	ModifiedOn        time.Time
	HasOwner, IsStale bool // IsStale: the account of a former customer (Creatio type «Former customer»)
}

// Counterparty is a customer's Контрагент in 1C (wire/onec.md §2).
type Counterparty struct {
	Ref, ContractRef, PartnerRef GUID
	Code                         string // 9 digits, «000000042»
	Description                  string // upper-case or quoted variant of the name
	FullName                     string // НаименованиеПолное
	FiscalNumber                 string // ИНН or ФискальныйКод; may be "" or a placeholder
	KPP                          string
	Person                       bool // ЮридическоеФизическоеЛицо = ФизическоеЛицо
	DeletionMark                 bool
	Email, Phone                 string
	Version                      uint64 // DataVersion counter
}

// DeskCompany is what the help desk knows: a key and a name, nothing else (core OTRS has no customer operation, wire/otrs.md).
type DeskCompany struct {
	Key  string // OTRS CustomerID
	Name string
}

// AgencyClient is a customer as an Operand client (wire/operand.md §2).
type AgencyClient struct {
	ID               int
	Name             string
	NationalDocument string // CNPJ with its punctuation
}

// ERPClient is a customer as an Ecolix client (wire/ecolix.md §3).
type ERPClient struct{ Code, Name, SIRET, TVA string }

// Line is one position of a quote, order or invoice. All lines of a document share its VAT rate unless the product is reduced.
type Line struct {
	Index    int
	Product  int // index into World.Products
	SKU      string
	Name     string
	Unit     string
	Quantity Qty
	Price    Money // net, per unit
	Discount int   // per cent
	Net      Money // round(Price × Quantity × (100 − Discount) / 100)
	VATRate  int   // per cent
	VAT      Money // round(Net × VATRate / 100)
	Total    Money // Net + VAT
}

// Payment is one payment for an order or invoice.
type Payment struct {
	Index  int
	ID     GUID // 1C money-in document (KindMoneyIn)
	Number string
	Date   time.Time
	Amount Money
}

// Quote is a Creatio Opportunity (and an Ecolix Devis).
type Quote struct {
	Customer, Index int
	ID              GUID
	Number          string // QT-2026-000123
	Title           string
	Stage           QuoteStage
	Contact         int // index into Customer.Contacts
	Owner           int // index into World.Staff
	Currency        string
	Lines           []Line
	Net, VAT, Total Money
	Probability     int
	Order           int // index of the order that came of it, −1 if none
	Date, DueDate   time.Time
	CreatedOn       time.Time
	ModifiedOn      time.Time
}

// QuoteStage is how far a quote has come.
type QuoteStage uint8

// The stages of a quote, in the order of Creatio's default funnel.
const (
	QuoteQualification QuoteStage = iota
	QuoteProposal
	QuoteNegotiation
	QuoteWon
	QuoteLost
)

// OrderStatus is how far an order has come.
type OrderStatus uint8

// The states of an order.
const (
	OrderDraft OrderStatus = iota
	OrderConfirmed
	OrderInProgress
	OrderDelivered
	OrderCancelled
)

// LinkPlace says where a document of the books keeps the CRM's order number.
type LinkPlace uint8

// The places.
const (
	LinkNone    LinkPlace = iota // nowhere: the link is missing
	LinkField                    // text field НомерЗаказа
	LinkComment                  // in Комментарий, among other text: «Order SO-2026-000123 …»
	LinkBoth                     // in both
	LinkBroken                   // in НомерЗаказа, but no such order exists
)

// Order is one sales order; the same order may lie in the CRM, the books and the ERP.
type Order struct {
	Customer, Index int
	ID              GUID   // Creatio Order.Id; zero unless InCRM
	Number          string // SO-2026-000123; unique in the world but for the few IsTwin orders
	IsTwin          bool   // carries the number of the order before it (same customer): every link to the number is ambiguous
	Account         int    // index into Customer.CRM
	Counterparty    int    // index into Customer.Books
	Quote           int    // index of the quote it came of, −1 if none
	Contact, Owner  int
	Status          OrderStatus
	Currency        string
	Lines           []Line
	Net, VAT, Total Money
	Paid            Money
	Payments        []Payment // sum = Paid
	Date, DueDate   time.Time
	Delivered       time.Time // zero unless delivered
	Notes           string
	CreatedOn       time.Time
	ModifiedOn      time.Time

	InCRM   bool
	InBooks bool
	Books   BooksOrder // valid if InBooks
	ERP     string     // Ecolix order number, "" if absent
}

// BooksOrder is the order as 1C keeps it (ЗаказПокупателя, ЗаказКлиента).
type BooksOrder struct {
	Ref          GUID
	Number       string // «ТД00-000123»
	Link         LinkPlace
	OrderNumber  string // НомерЗаказа
	Comment      string // Комментарий
	Posted       bool
	DeletionMark bool
	Version      uint64
}

// InvoiceState is the state of an invoice as the money shows it.
type InvoiceState uint8

// The states of an invoice.
const (
	InvoiceUnpaid InvoiceState = iota
	InvoicePartlyPaid
	InvoicePaid
	InvoiceCancelled // DeletionMark set, not posted, no payments
)

// Invoice is a bill to the customer in 1C (СчетНаОплатуПокупателю / СчетНаОплатуКлиенту), with what follows it.
type Invoice struct {
	Customer, Index int
	Ref             GUID
	Number          string // «ТД00-000123», serial over the world
	Counterparty    int    // index into Customer.Books
	Order           int    // index of the order it truly belongs to, −1 if none
	Link            LinkPlace
	OrderNumber     string // НомерЗаказа
	Comment         string // Комментарий
	State           InvoiceState
	Currency        string
	Lines           []Line
	Net, VAT, Total Money
	Paid            Money
	Payments        []Payment // sum = Paid
	Date, DueDate   time.Time
	Posted          bool
	DeletionMark    bool
	Version         uint64
	Sale            *Sale       // nil if nothing was shipped
	TaxInvoice      *TaxInvoice // nil without a sale
}

// Sale is a delivery in 1C (РеализацияТоваровУслуг): its lines and totals are its invoice's.
type Sale struct {
	Ref     GUID
	Number  string
	Date    time.Time
	Posted  bool
	Version uint64
}

// TaxInvoice is a СчетФактураВыданный: its totals are its sale's.
type TaxInvoice struct {
	Ref     GUID
	Number  string
	Date    time.Time
	Version uint64
}

// CRMInvoice is an Invoice of Creatio, with the Id of its order.
type CRMInvoice struct {
	Customer, Index int
	ID              GUID
	Number          string // INV-2026-000123
	Order           int    // index of the order
	OrderID         GUID   // zero on a few: the link is missing
	Account         int
	Contact         int
	Currency        string
	Net, VAT, Total Money
	Paid            Money
	StartDate       time.Time
	DueDate         time.Time
	CreatedOn       time.Time
	ModifiedOn      time.Time
	Uid1C           GUID // Ref of the 1C invoice where integrated, else zero
}

// Product is an article of the catalogue all systems share by SKU.
type Product struct {
	Index     int
	ID        GUID // Creatio Product.Id
	Ref       GUID // 1C Номенклатура Ref_Key
	SKU       string
	Name      string // English
	NameRU    string
	NameRO    string
	NameFR    string
	Category  string
	Unit      string
	Price     Money // net, EUR
	EAN       string
	Stock     Qty
	Reserved  Qty
	IsService bool
	IsActive  bool
	Reduced   bool // reduced VAT rate
	Modified  time.Time
}

// TicketHead is what a search over all tickets needs, small enough to keep one for each ticket.
type TicketHead struct {
	ID       int32  // OTRS TicketID, from 2 upwards in order of creation
	Customer int32  // customer number; 0 for the strays that belong to nobody
	Index    uint16 // position among the customer's tickets
	Queue    uint8  // index into World.Queues
	State    uint8  // index into World.States
	Priority uint8  // 1 … 5
	Owner    uint8  // index into World.Staff
	Contact  uint8  // index into Customer.Contacts
	Flags    TicketFlags
	Created  int64 // Unix seconds
	Changed  int64 // Unix seconds, ≥ Created
	Serial   int32 // daily counter within TicketNumber
}

// TicketFlags are the yes/no facts of a ticket.
type TicketFlags uint8

// The flags.
const (
	TicketLocked        TicketFlags = 1 << iota
	TicketHasOrder                  // dynamic field OrderNumber is set
	TicketNullCustomer              // CustomerID null
	TicketEmptyCustomer             // CustomerID ""
	TicketOtherCompany              // CustomerID of a company nobody knows
	TicketBrokenOrder               // OrderNumber names an order that does not exist
)

// Ticket is one ticket of the help desk.
type Ticket struct {
	TicketHead
	Number       string // TicketNumber: date, system id 10, counter, check digit
	Title        string
	CustomerID   *string // nil, "" or a key
	CustomerUser *string // login; nil if unknown
	OrderNumber  string  // dynamic field OrderNumber; "" = unset
	InvoiceIDs   []string
	Amount       string // dynamic field Amount; "" = unset
	DueDate      time.Time
	TimeUnit     int // sum over the articles
	Articles     []Article
}

// Article is one message of a ticket.
type Article struct {
	ID                      int
	Number                  int // 1 …
	Sender                  ArticleSender
	IsVisible               bool // visible for the customer
	From, To, Subject, Body string
	Created                 time.Time
	TimeUnit                int
	Attachment              *Attachment
}

// ArticleSender is who wrote an article.
type ArticleSender uint8

// The senders, with OTRS's SenderTypeID as value.
const (
	SenderAgent    ArticleSender = 1
	SenderSystem   ArticleSender = 2
	SenderCustomer ArticleSender = 3
)

// Attachment is a file of an article.
type Attachment struct {
	Filename, ContentType string
	Content               []byte
}

// Queue is a queue of the help desk.
type Queue struct {
	ID, GroupID int
	Name        string
}

// State is a ticket state of the help desk.
type State struct {
	ID   int
	Name string
	Type string // new, open, closed, pending reminder, pending auto, removed, merged
}

// Kind is what a GUID of the world names.
type Kind uint8

// The kinds. Doc and Sub of a Key mean: position among the customer's documents of that kind, position within the document.
const (
	KindNone Kind = iota
	// Creatio.
	KindAccount        // Doc: index into Customer.CRM
	KindAccountBilling // Doc: account
	KindAccountComm    // Doc: account; Sub: 0 e-mail, 1 phone, 2 web
	KindContact        // Doc: contact
	KindQuote
	KindQuoteLine
	KindOrder
	KindOrderLine // Sub: line
	KindCRMInvoice
	KindCRMInvoiceLine
	KindProduct  // Customer 0; Doc: product
	KindStaff    // Customer 0; Doc: index into World.Staff (a Contact of Creatio, a user, an Ответственный)
	KindLookup   // Customer 0; Doc and Sub free: lookup rows (statuses, currencies, cities …) of a fake
	KindActivity // free for the fakes
	KindCase     // free for the fakes
	// 1C.
	KindCounterparty // Doc: index into Customer.Books
	KindContract
	KindPartner
	KindBooksOrder
	KindInvoice
	KindSale       // Doc: invoice
	KindTaxInvoice // Doc: invoice
	KindMoneyIn    // Doc: invoice; Sub: payment
	KindOrderMoney // Doc: order; Sub: payment (payments of orders without an invoice in the books)
	KindItem       // Customer 0; Doc: product
	KindBooksRow   // Customer 0; Doc and Sub free: catalogue rows of a fake (Организации, Валюты, Склады …)
	KindDangling   // a GUID that names nothing: the broken Uid1C
)

// Key is what a GUID stands for.
type Key struct {
	Kind     Kind
	Customer int // ≤ 2^24−1
	Doc      int // ≤ 2^16−1
	Sub      int // ≤ 2^12−1
}

// GUID is a 16-byte id in RFC 4122 byte order, of version 4 form; the zero GUID means "absent", as in Creatio and 1C.
type GUID [16]byte
