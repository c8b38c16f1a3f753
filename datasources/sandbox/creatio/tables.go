package creatio

import (
	"strings"
	"sync"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// columns adds columns to a table.
type columns struct{ t *odatafake.Table }

func (c columns) add(name string, t odatafake.Type, get func(r int) odatafake.Value) *odatafake.Column {
	col := &odatafake.Column{Name: name, Type: t, Get: get}
	c.t.Columns = append(c.t.Columns, col)
	return col
}

func (c columns) text(name string, get func(r int) string) *odatafake.Column {
	return c.add(name, odatafake.TypeString, func(r int) odatafake.Value { return odatafake.Text(get(r)) })
}

func (c columns) int(name string, get func(r int) int64) {
	c.add(name, odatafake.TypeInt, func(r int) odatafake.Value { return odatafake.Int(get(r)) })
}

func (c columns) bool(name string, get func(r int) bool) {
	c.add(name, odatafake.TypeBool, func(r int) odatafake.Value { return odatafake.Bool(get(r)) })
}

func (c columns) money(name string, get func(r int) world.Money) {
	c.add(name, odatafake.TypeDecimal, func(r int) odatafake.Value { return odatafake.Cents(int64(get(r))) })
}

func (c columns) qty(name string, get func(r int) world.Qty) {
	c.add(name, odatafake.TypeDecimal, func(r int) odatafake.Value { return odatafake.Decimal(int64(get(r)) * 10) })
}

// time adds a time column; the zero time is null.
func (c columns) time(name string, get func(r int) time.Time) {
	c.add(name, odatafake.TypeTime, func(r int) odatafake.Value {
		t := get(r)
		if t.IsZero() {
			return odatafake.Value{}
		}
		return odatafake.Time(t)
	})
}

func (c columns) guid(name string, get func(r int) world.GUID) *odatafake.Column {
	return c.add(name, odatafake.TypeGUID, func(r int) odatafake.Value {
		g := get(r)
		if g.IsZero() {
			return odatafake.GUID("")
		}
		return odatafake.Value{Kind: odatafake.KindGUID, S: g.String()}
	})
}

// empty adds text columns that nobody fills in.
func (c columns) empty(names ...string) {
	for _, n := range names {
		c.text(n, func(int) string { return "" })
	}
}

// ref adds a lookup: the scalar NameId, which reads but does not filter, and the navigation Name. row returns the row in
// the target, -1 where the lookup is empty. owners, if not nil, finds the rows of a key without a kept order.
func (c columns) ref(name string, target *odatafake.Table, owners func(odatafake.Value) ([]int32, bool), row func(r int) int) {
	col := c.add(name+"Id", odatafake.TypeGUID, func(r int) odatafake.Value {
		at := row(r)
		if at < 0 {
			return odatafake.GUID("")
		}
		return target.Columns[0].Get(at)
	})
	col.ForeignKey, col.Lookup = true, owners
	c.t.Navs = append(c.t.Navs, &odatafake.Nav{Name: name, Target: target, FK: name + "Id", Row: row})
}

func none(int) int { return -1 }

// builder makes the tables of a world.
type builder struct {
	w      *world.World
	opts   Options
	tables map[string]*odatafake.Table

	customers *odatafake.Cache[world.Customer]
	orders    *odatafake.Cache[[]world.Order]
	quotes    *odatafake.Cache[[]world.Quote]
	invoices  *odatafake.Cache[[]world.CRMInvoice]

	accountRows, commRows, contactRows, quoteRows, orderRows, lineRows, invoiceRows, caseRows, activityRows *odatafake.Owned

	cities  func() *places
	regions func() *places
}

// places are the towns or regions that occur among the customers.
type places struct {
	rows []lookup
	at   map[string]int
}

func (p *places) index(name string) int {
	if i, ok := p.at[name]; ok {
		return i
	}
	return -1
}

// sets are the entity sets in the order of the service document.
var sets = []string{
	"Account", "AccountBillingInfo", "AccountCategory", "AccountCommunication", "AccountIndustry", "AccountType", "Activity",
	"ActivityCategory", "ActivityPriority", "ActivityStatus", "ActivityType", "Case", "CasePriority", "CaseStatus", "City",
	"CommunicationType", "Contact", "ContactType", "Country", "Currency", "Invoice", "InvoicePaymentStatus", "Opportunity",
	"OpportunityCloseReason", "OpportunityStage", "Order", "OrderDeliveryStatus", "OrderPaymentStatus", "OrderProduct",
	"OrderStatus", "Product", "ProductCategory", "Region", "Tax", "Unit",
}

func build(w *world.World, opts Options, edited map[string]odatafake.Edits) (map[string]*odatafake.Table, []string) {
	b := &builder{w: w, opts: opts, tables: map[string]*odatafake.Table{}}
	coll := odatafake.Collation{Text: odatafake.FoldText}
	if !opts.TextOrder {
		coll.GUID = odatafake.SQLServerGUID
	}
	for _, name := range sets {
		b.tables[name] = &odatafake.Table{Name: name, Keys: []string{"Id"}, Collation: coll}
	}
	b.customers = odatafake.NewCache(w.Customer)
	b.orders = odatafake.NewCache(func(i int) *[]world.Order { l := w.Orders(i); return &l })
	b.quotes = odatafake.NewCache(func(i int) *[]world.Quote { l := w.Quotes(i); return &l })
	b.invoices = odatafake.NewCache(func(i int) *[]world.CRMInvoice { l := w.CRMInvoices(i); return &l })
	b.own()

	for i, l := range []struct {
		name  string
		rows  []lookup
		extra []string
	}{
		{"AccountType", accountTypes, nil},
		{"AccountIndustry", accountIndustries, nil},
		{"AccountCategory", accountCategories, nil},
		{"ContactType", contactTypes, nil},
		{"CommunicationType", channels, nil},
		{"OpportunityStage", opportunityStages, []string{"Number", "End", "Successful"}},
		{"OpportunityCloseReason", closeReasons, nil},
		{"OrderStatus", orderStatuses, nil},
		{"OrderPaymentStatus", orderPayments, nil},
		{"OrderDeliveryStatus", deliveryStatuses, nil},
		{"InvoicePaymentStatus", invoicePayments, nil},
		{"Unit", units, []string{"ShortName"}},
		{"Tax", taxes, []string{"Percent"}},
		{"Country", countries, []string{"Code"}},
		{"Currency", currencies, []string{"Code", "ShortName", "Symbol", "Rate", "Division"}},
		{"CaseStatus", caseStatuses, nil},
		{"CasePriority", casePriorities, nil},
		{"ActivityType", activityTypes, nil},
		{"ActivityCategory", activityCategories, nil},
		{"ActivityStatus", activityStatuses, nil},
		{"ActivityPriority", activityPriorities, nil},
		{"ProductCategory", b.categories(), nil},
	} {
		b.lookupTable(l.name, i, l.rows, l.extra...)
	}
	b.places()
	b.account()
	b.contact()
	b.opportunity()
	b.order()
	b.invoice()
	b.product()
	b.service()
	for name, t := range b.tables {
		edited[name].On(t)
		t.Finish()
	}
	return b.tables, sets
}

// accounts is how many accounts a customer has, by the world's own account of its cases.
func accounts(c world.Case) int {
	switch c {
	case world.BooksOnly, world.DeskOnly:
		return 0
	case world.TwiceInCRM:
		return 2
	}
	return 1
}

func (b *builder) own() {
	w, n := b.w, b.w.Customers()
	each := func(fill func(i int, add func(doc, sub int))) *odatafake.Owned {
		return odatafake.Own(n, func(i int, add func(doc, sub int)) {
			if i > 0 && accounts(w.Case(i)) > 0 {
				fill(i, add)
			}
		})
	}
	b.accountRows = each(func(i int, add func(doc, sub int)) {
		for k := range accounts(w.Case(i)) {
			add(k, 0)
		}
	})
	b.commRows = each(func(i int, add func(doc, sub int)) {
		for k := range accounts(w.Case(i)) {
			for c := range channels {
				add(k, c)
			}
		}
	})
	b.contactRows = odatafake.Own(n, func(i int, add func(doc, sub int)) {
		switch {
		case i == 0: // the company's own people are contacts, too
			for k := range w.Staff {
				add(k, 0)
			}
		case accounts(w.Case(i)) > 0:
			for k := range w.ContactCount(i) {
				add(k, 0)
			}
		}
	})
	b.quoteRows = each(func(i int, add func(doc, sub int)) {
		for _, q := range *b.quotes.Get(i) {
			add(q.Index, 0)
		}
	})
	b.orderRows = each(func(i int, add func(doc, sub int)) {
		for _, o := range *b.orders.Get(i) {
			if o.InCRM {
				add(o.Index, 0)
			}
		}
	})
	b.lineRows = each(func(i int, add func(doc, sub int)) {
		for _, o := range *b.orders.Get(i) {
			if o.InCRM {
				for l := range o.Lines {
					add(o.Index, l)
				}
			}
		}
	})
	b.invoiceRows = each(func(i int, add func(doc, sub int)) {
		for _, v := range *b.invoices.Get(i) {
			add(v.Index, 0)
		}
	})
	b.caseRows = each(func(i int, add func(doc, sub int)) {
		if i%7 == 0 {
			add(0, 0)
		}
	})
	b.activityRows = each(func(i int, add func(doc, sub int)) {
		for _, q := range *b.quotes.Get(i) {
			add(q.Index, 0)
		}
	})
}

// key gives a table its Id and the way from an Id to its row.
func (b *builder) key(t *odatafake.Table, rows *odatafake.Owned, kind world.Kind) columns {
	t.Len = rows.Len
	c := columns{t}
	id := c.guid("Id", func(r int) world.GUID {
		p := rows.At(r)
		return b.w.GUID(world.Key{Kind: kind, Customer: int(p.Owner), Doc: int(p.Doc), Sub: int(p.Sub)})
	})
	id.Lookup = func(v odatafake.Value) ([]int32, bool) {
		k, ok := b.resolve(v)
		if !ok || k.Kind != kind {
			return nil, true
		}
		if r := rows.Find(k.Customer, k.Doc, k.Sub); r >= 0 {
			return []int32{int32(r)}, true
		}
		return nil, true
	}
	return c
}

func (b *builder) resolve(v odatafake.Value) (world.Key, bool) {
	g, ok := world.ParseGUID(v.S)
	if !ok {
		return world.Key{}, false
	}
	return b.w.Resolve(g)
}

// owned finds rows by a lookup into another table: all rows of the customer to whom the key belongs.
func (b *builder) owned(rows *odatafake.Owned, kind world.Kind) func(odatafake.Value) ([]int32, bool) {
	return func(v odatafake.Value) ([]int32, bool) {
		k, ok := b.resolve(v)
		switch {
		case !ok && v.S != odatafake.ZeroGUID:
			return nil, true // nobody's
		case !ok || k.Kind != kind || k.Customer == 0:
			return nil, false // the empty lookup, or one of the company's own people: the kept order knows
		}
		return rows.Rows(k.Customer), true
	}
}

// numbered finds rows by a number that the world can look up.
func numbered(rows *odatafake.Owned, find func(string) []world.Ref) func(odatafake.Value) ([]int32, bool) {
	return func(v odatafake.Value) ([]int32, bool) {
		var out []int32
		for _, ref := range find(v.S) {
			if r := rows.Find(ref.Customer, ref.Index, 0); r >= 0 {
				out = append(out, int32(r))
			}
		}
		return out, true
	}
}

func one(find func(string) (world.Ref, bool)) func(string) []world.Ref {
	return func(s string) []world.Ref {
		if ref, ok := find(s); ok {
			return []world.Ref{ref}
		}
		return nil
	}
}

func (b *builder) staff(k int) int { return b.contactRows.Find(0, k, 0) }

// stamps adds the columns every entity has.
func (b *builder) stamps(c columns, created, modified func(r int) time.Time, by func(r int) int) {
	b.stampsBy(c, created, modified, by, by)
}

// stampsBy adds them where it is not the same who made a row and who changed it last.
func (b *builder) stampsBy(c columns, created, modified func(r int) time.Time, maker, changer func(r int) int) {
	c.time("CreatedOn", created)
	c.ref("CreatedBy", b.tables["Contact"], nil, maker)
	c.time("ModifiedOn", modified)
	c.ref("ModifiedBy", b.tables["Contact"], nil, changer)
}

// sample is how many customers are asked for their towns: far more than a country has of them.
const sample = 3000

func (b *builder) places() {
	collect := func(of func(world.Address) string) func() *places {
		return sync.OnceValue(func() *places {
			p := &places{at: map[string]int{}}
			for i := 1; i <= min(b.w.Customers(), sample); i++ {
				name := of(b.w.Customer(i).Address)
				if _, ok := p.at[name]; name != "" && !ok {
					p.at[name] = len(p.rows)
					p.rows = append(p.rows, lookup{name: name})
				}
			}
			return p
		})
	}
	b.cities = collect(func(a world.Address) string { return a.City })
	b.regions = collect(func(a world.Address) string { return a.Region })
	for number, name := range map[int]string{1000: "City", 1001: "Region"} {
		t, from := b.tables[name], b.cities
		if name == "Region" {
			from = b.regions
		}
		t.Len = func() int { return len(from().rows) }
		c := columns{t}
		c.guid("Id", func(r int) world.GUID { return b.w.GUID(world.Key{Kind: world.KindLookup, Doc: number, Sub: r}) })
		c.text("Name", func(r int) string { return from().rows[r].name })
		c.text("Description", func(int) string { return "" })
		c.time("CreatedOn", func(int) time.Time { return lookupTime })
		c.time("ModifiedOn", func(int) time.Time { return lookupTime })
	}
}

func (b *builder) account() {
	t := b.tables["Account"]
	c := b.key(t, b.accountRows, world.KindAccount)
	cust := func(r int) *world.Customer { return b.customers.Get(int(b.accountRows.At(r).Owner)) }
	acc := func(r int) *world.CRMAccount { return &cust(r).CRM[b.accountRows.At(r).Doc] }
	contact := func(r int) int { return b.contactRows.Find(int(b.accountRows.At(r).Owner), 0, 0) }

	c.text("Name", func(r int) string { return acc(r).Name })
	c.text("AlternativeName", func(r int) string { return acc(r).AlternativeName })
	c.text("Code", func(r int) string { return acc(r).Code }).Lookup = func(v odatafake.Value) ([]int32, bool) {
		if ref, ok := b.w.CustomerByCode(v.S); ok {
			return []int32{int32(b.accountRows.Find(ref.Customer, ref.Index, 0))}, true
		}
		return nil, true
	}
	c.ref("Type", b.tables["AccountType"], nil, func(r int) int {
		if acc(r).IsStale {
			return 1
		}
		return 0
	})
	c.ref("Owner", b.tables["Contact"], nil, func(r int) int {
		if !acc(r).HasOwner {
			return -1
		}
		return b.staff(cust(r).Owner)
	})
	c.ref("PrimaryContact", b.tables["Contact"], b.owned(b.accountRows, world.KindContact), contact)
	c.ref("Parent", t, nil, none)
	c.ref("Industry", b.tables["AccountIndustry"], nil, func(r int) int { return int(b.accountRows.At(r).Owner) % len(accountIndustries) })
	c.ref("AccountCategory", b.tables["AccountCategory"], nil, func(r int) int { return int(b.accountRows.At(r).Owner) % len(accountCategories) })
	c.text("Phone", func(r int) string { return cust(r).Phone })
	c.empty("AdditionalPhone", "Fax")
	c.text("Web", func(r int) string { return cust(r).Web })
	c.text("Address", func(r int) string { return cust(r).Address.Street })
	c.ref("City", b.tables["City"], nil, func(r int) int { return b.cities().index(cust(r).Address.City) })
	c.ref("Region", b.tables["Region"], nil, func(r int) int { return b.regions().index(cust(r).Address.Region) })
	c.ref("Country", b.tables["Country"], nil, func(r int) int { return int(cust(r).Country) })
	c.text("Zip", func(r int) string { return cust(r).Address.Zip })
	c.empty("Notes")
	c.int("Completeness", func(r int) int64 { return int64(40 + b.accountRows.At(r).Owner%7*10) })
	b.stampsBy(c, func(r int) time.Time { return acc(r).CreatedOn }, func(r int) time.Time { return acc(r).ModifiedOn },
		func(r int) int { return b.staff((cust(r).Owner + int(b.accountRows.At(r).Doc)) % len(b.w.Staff)) }, // typed in again by somebody else
		func(r int) int { return b.staff((cust(r).Owner + 3) % len(b.w.Staff)) })
	if !b.opts.NoUid1C {
		c.guid("Uid1C", func(r int) world.GUID { return acc(r).Uid1C }).Lookup = b.owned(b.accountRows, world.KindCounterparty)
		c.time("IntegratedOn", func(r int) time.Time { return integrated(acc(r).Uid1C, acc(r).ModifiedOn) })
	}

	fiscal := func(r int) odatafake.Value { return odatafake.Text(acc(r).FiscalNumber) }
	lookup := func(v odatafake.Value) ([]int32, bool) {
		if v.S == "" {
			return nil, false
		}
		return numberedAccounts(b.accountRows, b.w.CRMByFiscalNumber(v.S)), true
	}
	entity, column, _ := strings.Cut(b.opts.TaxID, ".")
	if entity == "Account" {
		c.add(column, odatafake.TypeString, fiscal).Lookup = lookup
	}

	// One billing info per account, with the same row numbers.
	t = b.tables["AccountBillingInfo"]
	c = b.key(t, b.accountRows, world.KindAccountBilling)
	self := func(r int) int { return r }
	c.ref("Account", b.tables["Account"], b.owned(b.accountRows, world.KindAccount), self)
	c.text("Name", func(r int) string { return cust(r).LegalName })
	c.text("LegalUnit", func(r int) string { return cust(r).LegalName })
	c.text("BillingInfo", func(r int) string { return cust(r).Address.Street + ", " + cust(r).Address.City })
	c.ref("Country", b.tables["Country"], nil, func(r int) int { return int(cust(r).Country) })
	c.empty("AccountNumber")
	standard := []string{"INN", "KPP", "VatId", "IntegrationCode", "LegalAddress"}
	if entity == "AccountBillingInfo" {
		known := false
		for _, s := range standard {
			known = known || s == column
		}
		if !known {
			standard = append(standard, column)
		}
	}
	for _, name := range standard {
		switch {
		case entity == "AccountBillingInfo" && name == column:
			c.add(name, odatafake.TypeString, fiscal).Lookup = lookup
		case name == "KPP":
			c.text(name, func(r int) string { return acc(r).KPP })
		case name == "LegalAddress":
			c.text(name, func(r int) string { return cust(r).Address.Street })
		default:
			c.empty(name)
		}
	}
	b.stamps(c, func(r int) time.Time { return acc(r).CreatedOn }, func(r int) time.Time { return acc(r).ModifiedOn },
		func(r int) int { return b.staff(cust(r).Owner) })

	t = b.tables["AccountCommunication"]
	rows := b.commRows
	c = b.key(t, rows, world.KindAccountComm)
	owner := func(r int) *world.Customer { return b.customers.Get(int(rows.At(r).Owner)) }
	number := func(r int) string {
		switch rows.At(r).Sub {
		case 0:
			return owner(r).Email
		case 1:
			return owner(r).Phone
		}
		return owner(r).Web
	}
	c.ref("Account", b.tables["Account"], b.owned(rows, world.KindAccount), func(r int) int {
		return b.accountRows.Find(int(rows.At(r).Owner), int(rows.At(r).Doc), 0)
	})
	c.ref("CommunicationType", b.tables["CommunicationType"], nil, func(r int) int { return int(rows.At(r).Sub) })
	c.text("Number", number)
	c.text("SearchNumber", func(r int) string {
		if rows.At(r).Sub != 1 {
			return number(r)
		}
		// Phones are kept once more for the search: their digits, backwards.
		var d []byte
		for n, i := number(r), len(number(r))-1; i >= 0; i-- {
			if n[i] >= '0' && n[i] <= '9' {
				d = append(d, n[i])
			}
		}
		return string(d)
	})
	b.stamps(c, func(r int) time.Time { return owner(r).CRM[rows.At(r).Doc].CreatedOn },
		func(r int) time.Time { return owner(r).CRM[rows.At(r).Doc].CreatedOn }, func(r int) int { return b.staff(owner(r).Owner) })
}

func integrated(uid world.GUID, at time.Time) time.Time {
	if uid.IsZero() {
		return time.Time{}
	}
	return at
}

func numberedAccounts(rows *odatafake.Owned, refs []world.Ref) []int32 {
	var out []int32
	for _, ref := range refs {
		if r := rows.Find(ref.Customer, ref.Index, 0); r >= 0 {
			out = append(out, int32(r))
		}
	}
	return out
}

func (b *builder) contact() {
	t := b.tables["Contact"]
	rows := b.contactRows
	t.Len = rows.Len
	c := columns{t}
	// The company's own people have keys of another kind.
	id := c.guid("Id", func(r int) world.GUID {
		p := rows.At(r)
		if p.Owner == 0 {
			return b.w.GUID(world.Key{Kind: world.KindStaff, Doc: int(p.Doc)})
		}
		return b.w.GUID(world.Key{Kind: world.KindContact, Customer: int(p.Owner), Doc: int(p.Doc)})
	})
	id.Lookup = func(v odatafake.Value) ([]int32, bool) {
		k, ok := b.resolve(v)
		if ok && (k.Kind == world.KindStaff && k.Customer == 0 || k.Kind == world.KindContact && k.Customer > 0) {
			if r := rows.Find(k.Customer, k.Doc, 0); r >= 0 {
				return []int32{int32(r)}, true
			}
		}
		return nil, true
	}
	person := func(r int) *world.Person {
		p := rows.At(r)
		if p.Owner == 0 {
			return &b.w.Staff[p.Doc]
		}
		return &b.customers.Get(int(p.Owner)).Contacts[p.Doc]
	}
	c.text("Name", func(r int) string {
		p := person(r)
		return strings.Join(strings.Fields(p.Last+" "+p.First+" "+p.Middle), " ")
	})
	c.text("Surname", func(r int) string { return person(r).Last })
	c.text("GivenName", func(r int) string { return person(r).First })
	c.text("MiddleName", func(r int) string { return person(r).Middle })
	c.text("Email", func(r int) string { return person(r).Email })
	c.text("Phone", func(r int) string { return person(r).Phone })
	c.text("MobilePhone", func(r int) string { return person(r).Mobile })
	c.empty("HomePhone")
	c.text("JobTitle", func(r int) string { return person(r).JobTitle })
	c.ref("Account", b.tables["Account"], b.owned(rows, world.KindAccount), func(r int) int {
		if rows.At(r).Owner == 0 {
			return -1
		}
		return b.accountRows.Find(int(rows.At(r).Owner), 0, 0)
	})
	c.ref("Type", b.tables["ContactType"], nil, func(r int) int {
		if rows.At(r).Owner == 0 {
			return 1
		}
		return 0
	})
	created := func(r int) time.Time {
		if i := int(rows.At(r).Owner); i > 0 {
			return b.customers.Get(i).CRM[0].CreatedOn
		}
		return lookupTime
	}
	modified := func(r int) time.Time {
		if i := int(rows.At(r).Owner); i > 0 {
			return b.customers.Get(i).CRM[0].ModifiedOn
		}
		return lookupTime
	}
	b.stamps(c, created, modified, func(int) int { return b.staff(0) })
}

func (b *builder) opportunity() {
	t := b.tables["Opportunity"]
	rows := b.quoteRows
	c := b.key(t, rows, world.KindQuote)
	q := func(r int) *world.Quote { p := rows.At(r); return &(*b.quotes.Get(int(p.Owner)))[p.Doc] }
	// An opportunity has no number of its own; its people write it before the title.
	c.text("Title", func(r int) string { return q(r).Number + " " + q(r).Title })
	c.ref("Account", b.tables["Account"], b.owned(rows, world.KindAccount), func(r int) int { return b.accountRows.Find(int(rows.At(r).Owner), 0, 0) })
	c.ref("Contact", b.tables["Contact"], b.owned(rows, world.KindContact), func(r int) int { return b.contactRows.Find(int(rows.At(r).Owner), q(r).Contact, 0) })
	c.ref("Stage", b.tables["OpportunityStage"], nil, func(r int) int { return int(q(r).Stage) })
	c.money("Amount", func(r int) world.Money { return q(r).Total })
	c.money("Budget", func(r int) world.Money { return q(r).Net })
	// Assumed: the add-on for several currencies, without which an opportunity is in the base currency.
	c.ref("Currency", b.tables["Currency"], nil, func(r int) int { return index(currencies, q(r).Currency) })
	c.int("Probability", func(r int) int64 { return int64(q(r).Probability) })
	c.time("DueDate", func(r int) time.Time { return q(r).DueDate })
	c.ref("Owner", b.tables["Contact"], nil, func(r int) int { return b.staff(q(r).Owner) })
	c.ref("CloseReason", b.tables["OpportunityCloseReason"], nil, func(r int) int {
		if q(r).Stage != world.QuoteLost {
			return -1
		}
		return q(r).Index % len(closeReasons)
	})
	b.stamps(c, func(r int) time.Time { return q(r).CreatedOn }, func(r int) time.Time { return q(r).ModifiedOn }, func(r int) int { return b.staff(q(r).Owner) })
}

func (b *builder) order() {
	t := b.tables["Order"]
	rows := b.orderRows
	c := b.key(t, rows, world.KindOrder)
	o := func(r int) *world.Order { p := rows.At(r); return &(*b.orders.Get(int(p.Owner)))[p.Doc] }
	c.text("Number", func(r int) string { return o(r).Number }).Lookup = numbered(rows, b.w.OrdersByNumber)
	c.time("Date", func(r int) time.Time { return o(r).Date })
	c.time("DueDate", func(r int) time.Time { return o(r).DueDate })
	c.time("ActualDate", func(r int) time.Time { return o(r).Delivered })
	c.ref("Account", b.tables["Account"], b.owned(rows, world.KindAccount), func(r int) int { return b.accountRows.Find(int(rows.At(r).Owner), o(r).Account, 0) })
	c.ref("Contact", b.tables["Contact"], b.owned(rows, world.KindContact), func(r int) int { return b.contactRows.Find(int(rows.At(r).Owner), o(r).Contact, 0) })
	c.ref("Opportunity", b.tables["Opportunity"], b.owned(rows, world.KindQuote), func(r int) int {
		if o(r).Quote < 0 {
			return -1
		}
		return b.quoteRows.Find(int(rows.At(r).Owner), o(r).Quote, 0)
	})
	c.ref("Status", b.tables["OrderStatus"], nil, func(r int) int { return int(o(r).Status) })
	c.ref("PaymentStatus", b.tables["OrderPaymentStatus"], nil, func(r int) int { return paid(o(r).Paid, o(r).Total) })
	c.ref("DeliveryStatus", b.tables["OrderDeliveryStatus"], nil, func(r int) int {
		switch o(r).Status {
		case world.OrderDelivered:
			return 2
		case world.OrderInProgress:
			return 1
		}
		return 0
	})
	currency := func(r int) int { return index(currencies, o(r).Currency) }
	c.ref("Currency", b.tables["Currency"], nil, currency)
	c.add("CurrencyRate", odatafake.TypeDecimal, func(r int) odatafake.Value { return odatafake.Decimal(currencies[currency(r)].rate) })
	c.money("Amount", func(r int) world.Money { return o(r).Total })
	c.money("PrimaryAmount", func(r int) world.Money { return primary(o(r).Total, currencies[currency(r)].rate) })
	c.money("PaymentAmount", func(r int) world.Money { return o(r).Paid })
	c.money("TaxAmount", func(r int) world.Money { return o(r).VAT })
	c.text("Notes", func(r int) string { return o(r).Notes })
	c.ref("Owner", b.tables["Contact"], nil, func(r int) int { return b.staff(o(r).Owner) })
	b.stamps(c, func(r int) time.Time { return o(r).CreatedOn }, func(r int) time.Time { return o(r).ModifiedOn }, func(r int) int { return b.staff(o(r).Owner) })

	t = b.tables["OrderProduct"]
	lines := b.lineRows
	c = b.key(t, lines, world.KindOrderLine)
	of := func(r int) *world.Order { p := lines.At(r); return &(*b.orders.Get(int(p.Owner)))[p.Doc] }
	l := func(r int) *world.Line { return &of(r).Lines[lines.At(r).Sub] }
	gross := func(l *world.Line) world.Money { return world.Money(round(int64(l.Price)*int64(l.Quantity), 1000)) }
	c.ref("Order", b.tables["Order"], func(v odatafake.Value) ([]int32, bool) {
		k, ok := b.resolve(v)
		if !ok || k.Kind != world.KindOrder {
			return nil, v.S != odatafake.ZeroGUID
		}
		from, to := lines.Range(k.Customer, k.Doc)
		out := make([]int32, 0, to-from)
		for r := from; r < to; r++ {
			out = append(out, int32(r))
		}
		return out, true
	}, func(r int) int { p := lines.At(r); return rows.Find(int(p.Owner), int(p.Doc), 0) })
	c.ref("Product", b.tables["Product"], nil, func(r int) int { return l(r).Product })
	c.text("Name", func(r int) string { return l(r).Name })
	c.empty("CustomProduct")
	c.qty("Quantity", func(r int) world.Qty { return l(r).Quantity })
	c.qty("BaseQuantity", func(r int) world.Qty { return l(r).Quantity })
	c.ref("Unit", b.tables["Unit"], nil, func(r int) int { return index(units, l(r).Unit) })
	c.money("Price", func(r int) world.Money { return l(r).Price })
	c.money("Amount", func(r int) world.Money { return gross(l(r)) })
	c.add("DiscountPercent", odatafake.TypeDecimal, func(r int) odatafake.Value { return odatafake.Cents(int64(l(r).Discount) * 100) })
	c.money("DiscountAmount", func(r int) world.Money { return gross(l(r)) - l(r).Net })
	c.ref("Tax", b.tables["Tax"], nil, func(r int) int { return taxOf(l(r).VATRate) })
	c.money("TaxAmount", func(r int) world.Money { return l(r).VAT })
	c.money("TotalAmount", func(r int) world.Money { return l(r).Total })
	// A change of a line does not touch its order, nor the other way round.
	b.stamps(c, func(r int) time.Time { return of(r).CreatedOn }, func(r int) time.Time { return of(r).CreatedOn }, func(r int) int { return b.staff(of(r).Owner) })
}

func taxOf(rate int) int {
	for i := range taxes {
		if taxes[i].number == int64(rate) {
			return i
		}
	}
	return -1
}

// paid returns 0, 1 or 2: nothing, a part, all.
func paid(part, all world.Money) int {
	switch {
	case part == 0:
		return 0
	case part < all:
		return 1
	}
	return 2
}

func primary(m world.Money, rate int64) world.Money { return world.Money(round(int64(m)*rate, 10000)) }

func round(n, by int64) int64 { return (n + by/2) / by }

func (b *builder) invoice() {
	t := b.tables["Invoice"]
	rows := b.invoiceRows
	c := b.key(t, rows, world.KindCRMInvoice)
	v := func(r int) *world.CRMInvoice { p := rows.At(r); return &(*b.invoices.Get(int(p.Owner)))[p.Doc] }
	order := func(r int) *world.Order { return &(*b.orders.Get(int(rows.At(r).Owner)))[v(r).Order] }
	account := func(r int) int { return b.accountRows.Find(int(rows.At(r).Owner), v(r).Account, 0) }
	c.text("Number", func(r int) string { return v(r).Number }).Lookup = numbered(rows, one(b.w.CRMInvoiceByNumber))
	c.time("StartDate", func(r int) time.Time { return v(r).StartDate })
	c.time("DueDate", func(r int) time.Time { return v(r).DueDate })
	c.ref("Account", b.tables["Account"], b.owned(rows, world.KindAccount), account)
	c.ref("Contact", b.tables["Contact"], b.owned(rows, world.KindContact), func(r int) int { return b.contactRows.Find(int(rows.At(r).Owner), v(r).Contact, 0) })
	c.ref("Order", b.tables["Order"], b.owned(rows, world.KindOrder), func(r int) int {
		if v(r).OrderID.IsZero() {
			return -1
		}
		return b.orderRows.Find(int(rows.At(r).Owner), v(r).Order, 0)
	})
	c.ref("Opportunity", b.tables["Opportunity"], b.owned(rows, world.KindQuote), func(r int) int {
		if v(r).OrderID.IsZero() || order(r).Quote < 0 {
			return -1
		}
		return b.quoteRows.Find(int(rows.At(r).Owner), order(r).Quote, 0)
	})
	c.ref("PaymentStatus", b.tables["InvoicePaymentStatus"], nil, func(r int) int { return paid(v(r).Paid, v(r).Total) })
	currency := func(r int) int { return index(currencies, v(r).Currency) }
	c.ref("Currency", b.tables["Currency"], nil, currency)
	c.money("Amount", func(r int) world.Money { return v(r).Total })
	c.money("PrimaryAmount", func(r int) world.Money { return primary(v(r).Total, currencies[currency(r)].rate) })
	c.money("PaymentAmount", func(r int) world.Money { return v(r).Paid })
	c.money("TaxAmount", func(r int) world.Money { return v(r).VAT })
	c.ref("Supplier", b.tables["Account"], nil, none)
	c.ref("CustomerBillingInfo", b.tables["AccountBillingInfo"], nil, account)
	c.ref("Owner", b.tables["Contact"], nil, func(r int) int { return b.staff(order(r).Owner) })
	b.stamps(c, func(r int) time.Time { return v(r).CreatedOn }, func(r int) time.Time { return v(r).ModifiedOn }, func(r int) int { return b.staff(order(r).Owner) })
	if !b.opts.NoUid1C {
		c.guid("Uid1C", func(r int) world.GUID { return v(r).Uid1C }).Lookup = b.owned(rows, world.KindInvoice)
		c.time("IntegratedOn", func(r int) time.Time { return integrated(v(r).Uid1C, v(r).ModifiedOn) })
	}
}

func (b *builder) categories() []lookup {
	var rows []lookup
	for i := range b.w.Products {
		if name := b.w.Products[i].Category; index(rows, name) < 0 {
			rows = append(rows, lookup{name: name})
		}
	}
	return rows
}

func (b *builder) product() {
	t := b.tables["Product"]
	t.Len = func() int { return len(b.w.Products) }
	c := columns{t}
	p := func(r int) *world.Product { return &b.w.Products[r] }
	categories := b.categories()
	eur := index(currencies, "EUR")
	c.guid("Id", func(r int) world.GUID { return p(r).ID })
	c.text("Name", func(r int) string { return p(r).Name })
	c.text("Code", func(r int) string { return p(r).SKU })
	c.money("Price", func(r int) world.Money { return p(r).Price })
	c.ref("Currency", b.tables["Currency"], nil, func(int) int { return eur })
	c.ref("Unit", b.tables["Unit"], nil, func(r int) int { return index(units, p(r).Unit) })
	c.ref("Category", b.tables["ProductCategory"], nil, func(r int) int { return index(categories, p(r).Category) })
	c.bool("Active", func(r int) bool { return p(r).IsActive })
	c.bool("IsArchive", func(r int) bool { return !p(r).IsActive })
	c.ref("Tax", b.tables["Tax"], nil, func(r int) int {
		if p(r).Reduced {
			return taxOf(8)
		}
		return taxOf(20)
	})
	b.stamps(c, func(int) time.Time { return lookupTime }, func(r int) time.Time { return p(r).Modified }, func(int) int { return b.staff(0) })
	if !b.opts.NoUid1C {
		c.guid("Uid1C", func(r int) world.GUID { return p(r).Ref })
		c.time("IntegratedOn", func(r int) time.Time { return p(r).Modified })
	}
}

// service builds Case and Activity. The world has neither, so they are made up here: a case for every seventh customer and
// an activity for every opportunity.
func (b *builder) service() {
	t := b.tables["Case"]
	rows := b.caseRows
	c := b.key(t, rows, world.KindCase)
	cust := func(r int) *world.Customer { return b.customers.Get(int(rows.At(r).Owner)) }
	c.text("Number", func(r int) string { return "SR" + pad(int(rows.At(r).Owner), 8) })
	c.text("Subject", func(r int) string { return "Delivery question of " + cust(r).CRM[0].Name })
	c.text("Symptoms", func(int) string { return "The parcel has not arrived." })
	c.text("Solution", func(r int) string {
		if int(rows.At(r).Owner)/7%len(caseStatuses) < 2 {
			return ""
		}
		return "Sent again."
	})
	c.time("RegisteredOn", func(r int) time.Time { return cust(r).CRM[0].CreatedOn.Add(48 * time.Hour) })
	c.ref("Account", b.tables["Account"], b.owned(rows, world.KindAccount), func(r int) int { return b.accountRows.Find(int(rows.At(r).Owner), 0, 0) })
	c.ref("Contact", b.tables["Contact"], b.owned(rows, world.KindContact), func(r int) int { return b.contactRows.Find(int(rows.At(r).Owner), 0, 0) })
	c.ref("Status", b.tables["CaseStatus"], nil, func(r int) int { return int(rows.At(r).Owner) / 7 % len(caseStatuses) })
	c.ref("Priority", b.tables["CasePriority"], nil, func(r int) int { return int(rows.At(r).Owner) / 7 % len(casePriorities) })
	b.stamps(c, func(r int) time.Time { return cust(r).CRM[0].CreatedOn.Add(48 * time.Hour) },
		func(r int) time.Time { return cust(r).CRM[0].CreatedOn.Add(72 * time.Hour) }, func(r int) int { return b.staff(cust(r).Owner) })

	t = b.tables["Activity"]
	acts := b.activityRows
	c = b.key(t, acts, world.KindActivity)
	q := func(r int) *world.Quote { p := acts.At(r); return &(*b.quotes.Get(int(p.Owner)))[p.Doc] }
	owner := func(r int) int { return b.staff(q(r).Owner) }
	done := func(r int) int {
		if opportunityStages[q(r).Stage].end {
			return 2
		}
		return 0
	}
	c.text("Title", func(r int) string { return "Call about " + q(r).Number })
	c.time("StartDate", func(r int) time.Time { return q(r).Date })
	c.time("DueDate", func(r int) time.Time { return q(r).Date.Add(30 * time.Minute) })
	c.ref("Type", b.tables["ActivityType"], nil, func(int) int { return 1 })
	c.ref("ActivityCategory", b.tables["ActivityCategory"], nil, func(int) int { return 2 })
	c.ref("Status", b.tables["ActivityStatus"], nil, done)
	c.ref("Priority", b.tables["ActivityPriority"], nil, func(int) int { return 1 })
	c.ref("Owner", b.tables["Contact"], nil, owner) // a Contact, not a user
	c.ref("Author", b.tables["Contact"], nil, owner)
	c.ref("Account", b.tables["Account"], b.owned(acts, world.KindAccount), func(r int) int { return b.accountRows.Find(int(acts.At(r).Owner), 0, 0) })
	c.ref("Contact", b.tables["Contact"], b.owned(acts, world.KindContact), func(r int) int { return b.contactRows.Find(int(acts.At(r).Owner), q(r).Contact, 0) })
	c.ref("Opportunity", b.tables["Opportunity"], b.owned(acts, world.KindQuote), func(r int) int { return b.quoteRows.Find(int(acts.At(r).Owner), int(acts.At(r).Doc), 0) })
	b.stamps(c, func(r int) time.Time { return q(r).CreatedOn }, func(r int) time.Time { return q(r).ModifiedOn }, owner)
}

func pad(n, width int) string {
	s := strings.Repeat("0", width) + itoa(n)
	return s[len(s)-width:]
}
