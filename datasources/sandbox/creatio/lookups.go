package creatio

import (
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// lookup is one row of a lookup table. Names are those of an English instance as far as they are known, else invented.
type lookup struct {
	name, code, short, symbol string
	number                    int64 // position, or per cent
	rate                      int64 // units/10000
	end, successful           bool
}

// The rows of the lookup tables whose order the world's enumerations follow.
var (
	accountTypes      = named("Customer", "Former customer", "Partner", "Our company")
	accountIndustries = named("Trade", "Manufacturing", "Services", "Information technology", "Construction", "Agriculture")
	accountCategories = named("A", "B", "C")
	contactTypes      = named("Contact person", "Employee")
	channels          = named("Email", "Primary phone", "Web")
	opportunityStages = []lookup{
		{name: "Qualification", number: 1},
		{name: "Proposal", number: 2},
		{name: "Negotiations", number: 3},
		{name: "Closed won", number: 4, end: true, successful: true},
		{name: "Closed lost", number: 5, end: true},
	}
	closeReasons       = named("Price", "No budget", "Chose a competitor")
	orderStatuses      = named("1. Draft", "2. Confirmation", "3. In progress", "4. Completed", "5. Canceled")
	orderPayments      = named("Waiting for payment", "Paid partially", "Paid in full")
	deliveryStatuses   = named("Not shipped", "Shipped", "Delivered")
	invoicePayments    = named("Not paid", "Partially paid", "Paid", "Canceled")
	units              = []lookup{{name: "pcs", short: "pcs"}, {name: "pack", short: "pack"}, {name: "hour", short: "h"}, {name: "m", short: "m"}}
	taxes              = []lookup{{name: "8%", number: 8}, {name: "9%", number: 9}, {name: "10%", number: 10}, {name: "11%", number: 11}, {name: "12%", number: 12}, {name: "18%", number: 18}, {name: "19%", number: 19}, {name: "20%", number: 20}, {name: "21%", number: 21}}
	caseStatuses       = named("New", "In progress", "Resolved", "Closed")
	casePriorities     = named("High", "Medium", "Low")
	activityTypes      = named("Task", "Call", "Email")
	activityCategories = named("To do", "Meeting", "Call")
	activityStatuses   = named("Not started", "In progress", "Completed")
	activityPriorities = named("High", "Medium", "Low")
	countries          = []lookup{
		{name: "Moldova", code: "MD"},
		{name: "Romania", code: "RO"},
		{name: "Russia", code: "RU"},
		{name: "France", code: "FR"},
		{name: "Brazil", code: "BR"},
	}
	// Name carries the ISO code (assumed: instances differ). Rate is what one unit costs in the base currency, MDL; the
	// figures are the world's own fixed rates (world.Product.PriceIn).
	currencies = []lookup{
		{name: "MDL", code: "498", short: "MDL", symbol: "L", rate: 10000},
		{name: "RON", code: "946", short: "RON", symbol: "lei", rate: 39379},
		{name: "RUB", code: "643", short: "RUB", symbol: "₽", rate: 2066},
		{name: "EUR", code: "978", short: "EUR", symbol: "€", rate: 196500},
		{name: "BRL", code: "986", short: "BRL", symbol: "R$", rate: 32108},
	}
)

func named(names ...string) []lookup {
	rows := make([]lookup, len(names))
	for i, n := range names {
		rows[i] = lookup{name: n}
	}
	return rows
}

func index(rows []lookup, name string) int {
	for i := range rows {
		if rows[i].name == name {
			return i
		}
	}
	return -1
}

// lookupTime is when the lookups were delivered with the product.
var lookupTime = world.Begin.Add(-365 * 24 * time.Hour).Truncate(time.Second)

// lookupTable builds the table of a lookup; number makes its GUIDs.
func (b *builder) lookupTable(name string, number int, rows []lookup, extra ...string) {
	t := b.tables[name]
	ids := make([]odatafake.Value, len(rows))
	for i := range rows {
		ids[i] = odatafake.GUID(b.w.GUID(world.Key{Kind: world.KindLookup, Doc: number, Sub: i}).String())
	}
	t.Len = func() int { return len(rows) }
	c := columns{t}
	c.add("Id", odatafake.TypeGUID, func(r int) odatafake.Value { return ids[r] })
	c.text("Name", func(r int) string { return rows[r].name })
	c.text("Description", func(int) string { return "" })
	c.time("CreatedOn", func(int) time.Time { return lookupTime })
	c.time("ModifiedOn", func(int) time.Time { return lookupTime })
	for _, e := range extra {
		switch e {
		case "Code":
			c.text(e, func(r int) string { return rows[r].code })
		case "ShortName":
			c.text(e, func(r int) string { return rows[r].short })
		case "Symbol":
			c.text(e, func(r int) string { return rows[r].symbol })
		case "Number":
			c.int(e, func(r int) int64 { return rows[r].number })
		case "Percent":
			c.add(e, odatafake.TypeDecimal, func(r int) odatafake.Value { return odatafake.Cents(rows[r].number * 100) })
		case "Rate":
			c.add(e, odatafake.TypeDecimal, func(r int) odatafake.Value { return odatafake.Decimal(rows[r].rate) })
		case "Division":
			c.int(e, func(int) int64 { return 1 })
		case "End":
			c.bool(e, func(r int) bool { return rows[r].end })
		case "Successful":
			c.bool(e, func(r int) bool { return rows[r].successful })
		}
	}
}
