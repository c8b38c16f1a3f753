package unknown_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/unknown"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

func TestLedgerFilters(t *testing.T) {
	versions(t, func(t *testing.T, version int) {
		l, c := ledger(t, unknown.LedgerOptions{Version: version, PageSize: -1})
		invoices, partners := l.Records("SalesInvoices"), l.Records("BusinessPartners")
		bill := func(r unknown.Record) *world.Invoice { return demo.Invoice(r.Customer, r.Index) }
		customer := func(r unknown.Record) *world.Customer { return demo.Customer(r.Customer) }
		some := invoices[len(invoices)/2]
		suffix := func(number, s string) string {
			if version == 4 {
				return number
			}
			return number + s
		}
		contains := "contains(CompanyName,'o')"
		if version < 4 {
			contains = "substringof('o',CompanyName)"
		}
		for _, tc := range []struct {
			name, set, filter string
			want              func(r unknown.Record) bool
		}{
			{"guid", "SalesInvoices", "PartnerKey eq " + guidLiteral(version, some.Owner), func(r unknown.Record) bool { return r.Owner == some.Owner }},
			{"guid in upper case", "SalesInvoices", "PartnerKey eq " + guidLiteral(version, strings.ToUpper(some.Owner)), func(r unknown.Record) bool { return r.Owner == some.Owner }},
			{"int64", "SalesInvoices", "DocEntry eq " + suffix(some.ID, "L"), func(r unknown.Record) bool { return r.ID == some.ID }},
			{"int64 ge and le", "SalesInvoices", "DocEntry ge " + suffix(some.ID, "L") + " and DocEntry le " + suffix(some.ID, "l"), func(r unknown.Record) bool { return r.ID == some.ID }},
			{"decimal", "SalesInvoices", "GrossAmount gt " + suffix("1234.56", "M"), func(r unknown.Record) bool { return bill(r).Total > 123_456 }},
			{"decimal exactly", "SalesInvoices", "GrossAmount eq " + suffix(dot(bill(some).Total), "m"), func(r unknown.Record) bool { return bill(r).Total == bill(some).Total }},
			{"decimal and an integer", "SalesInvoices", "GrossAmount lt 5000", func(r unknown.Record) bool { return bill(r).Total < 500_000 }},
			{"time", "SalesInvoices", "DocDate lt " + timeLiteral(version, bill(some).Date), func(r unknown.Record) bool {
				return bill(r).Date.Truncate(time.Millisecond).Before(bill(some).Date.Truncate(time.Millisecond))
			}},
			{"boolean", "SalesInvoices", "Cancelled eq true", func(r unknown.Record) bool { return bill(r).State == world.InvoiceCancelled }},
			{"boolean alone", "SalesInvoices", "not Cancelled", func(r unknown.Record) bool { return bill(r).State != world.InvoiceCancelled }},
			{"null", "SalesInvoices", "SalesOrderNumber eq null", func(r unknown.Record) bool { return r.Of == "" }},
			{"not null", "SalesInvoices", "SalesOrderNumber ne null", func(r unknown.Record) bool { return r.Of != "" }},
			{"text", "SalesInvoices", "DocNumber eq " + textLiteral(some.Number), func(r unknown.Record) bool { return r.Number == some.Number }},
			{"text in other case", "SalesInvoices", "DocNumber eq " + textLiteral(strings.ToLower(some.Number)), func(unknown.Record) bool { return false }},
			{"starts", "SalesInvoices", "startswith(DocNumber,'RE-2026')", func(r unknown.Record) bool { return strings.HasPrefix(r.Number, "RE-2026") }},
			{"starts eq true", "SalesInvoices", "startswith(DocNumber,'RE-2026') eq true", func(r unknown.Record) bool { return strings.HasPrefix(r.Number, "RE-2026") }},
			{"ends", "SalesInvoices", "endswith(DocNumber,'7')", func(r unknown.Record) bool { return strings.HasSuffix(r.Number, "7") }},
			{"holds", "BusinessPartners", contains, func(r unknown.Record) bool { return strings.Contains(customer(r).Books[r.Index].FullName, "o") }},
			{"lower", "BusinessPartners", "tolower(CountryCode) eq 'fr'", func(r unknown.Record) bool { return customer(r).Country == world.FR }},
			{"length", "BusinessPartners", "length(CompanyName) gt 16", func(r unknown.Record) bool {
				return len([]rune(customer(r).Books[r.Index].FullName)) > 16
			}},
			{"year", "SalesInvoices", "year(DocDate) eq 2026 and month(DocDate) ge 3", func(r unknown.Record) bool { return bill(r).Date.Year() == 2026 && bill(r).Date.Month() >= 3 }},
			{"or, and, brackets", "BusinessPartners", "(CountryCode eq 'FR' or CountryCode eq 'MD') and not(Blocked)", func(r unknown.Record) bool {
				cu := customer(r)
				return (cu.Country == world.FR || cu.Country == world.MD) && !cu.Books[r.Index].DeletionMark
			}},
			{"and binds first", "BusinessPartners", "CountryCode eq 'FR' or CountryCode eq 'MD' and CountryCode eq 'RO'", func(r unknown.Record) bool { return customer(r).Country == world.FR }},
			{"null is neither less nor more", "BusinessPartners", "CreditLimit lt 0 or CreditLimit ge 0", func(r unknown.Record) bool { return r.Customer%3 != 0 }},
			{"two properties", "SalesInvoices", "PaidAmount eq GrossAmount", func(r unknown.Record) bool { return bill(r).Paid == bill(r).Total }},
		} {
			t.Run("case="+tc.name, func(t *testing.T) {
				records, key := invoices, "DocEntry"
				if tc.set == "BusinessPartners" {
					records, key = partners, "PartnerKey"
				}
				want := ids(where(records, tc.want))
				equal(t, "keys", column(listOf(t, version, c.get(tc.set, "$filter", tc.filter)).rows, key), want)
				equal(t, "$count", c.get(tc.set+"/$count", "$filter", tc.filter).want(t, 200).body, len(want))
				if len(want) == len(records) {
					t.Errorf("the filter passes all rows: it proves nothing")
				}
			})
		}
	})
}

// dot is an amount as a literal.
func dot(m world.Money) string { return fmt.Sprintf("%d.%02d", m/100, m%100) }

func TestLedgerIn(t *testing.T) {
	l, c := ledger(t, unknown.LedgerOptions{PageSize: -1})
	all := l.Records("SalesOrders")
	a, b := all[3], all[len(all)-1]
	filter := "Number in (" + textLiteral(a.ID) + ", " + textLiteral(b.ID) + ",'nothing')"
	equal(t, "numbers", column(listOf(t, 4, c.get("SalesOrders", "$filter", filter)).rows, "Number"), []string{a.ID, b.ID})
	c.get("SalesOrders", "$filter", "Number in ('a',1)").want(t, 400)
	c.get("SalesOrders", "$filter", "Number in ()").want(t, 400)
	c.get("SalesOrders", "$filter", "Number in 'a'").want(t, 400)
	_, c = ledger(t, unknown.LedgerOptions{NoIn: true})
	c.get("SalesOrders", "$filter", filter).want(t, 400)
	for _, version := range []int{2, 3} {
		_, c = ledger(t, unknown.LedgerOptions{Version: version})
		c.get("SalesOrders", "$filter", filter).want(t, 400)
	}
}
