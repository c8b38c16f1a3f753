package dataset_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/trama-graph/trama/graph"
	"github.com/trama-graph/trama/graph/dataset"
)

// refusals are texts of a dataset d and what is said of each.
func refusals() []struct{ name, text, want string } {
	return []struct{ name, text, want string }{
		{"no text", ``, "d.graphql: a dataset is one query, and here are 0 operations"},
		{"syntax", "query d @dataset {\n orders {", "d.graphql:2: Expected Name, found <EOF>"},
		{"two operations", `query d @dataset { orders { nodes { id } } } query e @dataset { orders { nodes { id } } }`, "here are 2 operations"},
		{"mutation", `mutation d { x }`, "not a mutation"},
		{"another name", `query e @dataset { orders { nodes { id } } }`, `the query is called "e" and the dataset "d"`},
		{"no directive", `query d { orders { nodes { id } } }`, "has no @dataset"},
		{"directive twice", `query d @dataset @dataset { orders { nodes { id } } }`, "@dataset is there twice"},
		{"unknown directive", `query d @datset { orders { nodes { id } } }`, "there is no directive @datset for datasets, did you mean dataset?"},
		{"another directive", `query d @dataset { orders { nodes { id @skip(if: true) } } }`, "there is no directive @skip"},
		{"directive's argument", `query d @dataset(lable: "x") { orders { nodes { id } } }`, "@dataset has no argument lable, did you mean label?"},
		{"directive's literal", `query d @dataset(label: 1) { orders { nodes { id } } }`, "@dataset takes label as a text"},
		{"directive's argument twice", `query d @dataset(label: "a", label: "b") { orders { nodes { id } } }`, "has label twice"},
		{"misplaced on query", `query d @by { orders { nodes { id } } }`, "@by stands on a field"},
		{"misplaced on field", `query d @dataset { orders { nodes { id @dataset } } }`, "@dataset stands on the query"},
		{"on nodes", `query d @dataset { orders { nodes @by { id } } }`, "@by stands on orders or on a field of its rows"},
		{"zone", `query d @dataset(zone: "Mars/North") { orders { nodes { id } } }`, "there is no zone"},
		{"local zone", `query d @dataset(zone: "Local") { orders { nodes { id } } }`, "there is no zone"},
		{"variables", `query d($x: ID) @dataset { orders { nodes { id } } }`, "has no variables"},
		{"variable inside", "query d @dataset {\n orders(filter: {status: {eq: $x}}) { nodes { id } } }", "d.graphql:2: a dataset has no variables"},
		{"unknown field", "query d @dataset {\n orders { nodes {\n  numbr } } }", "d.graphql:3: Order has no field numbr, did you mean number?"},
		{"unknown root", `query d @dataset { ordres { nodes { id } } }`, "did you mean order"},
		{"introspection", `query d @dataset { orders { nodes { __typename } } }`, "__typename is about the schema"},
		{"root introspection", `query d @dataset { __schema { types { name } } }`, "__schema is about the schema"},
		{"paging", "query d @dataset {\n orders(first: 5) { nodes { id } } }", "d.graphql:2: orders(first) pages"},
		{"cursor", `query d @dataset { orders(after: "x") { nodes { id } } }`, "orders(after) pages"},
		{"unknown argument", `query d @dataset { orders(filtr: {}) { nodes { id } } }`, "orders has no argument filtr, did you mean filter?"},
		{"unknown filter", "query d @dataset {\n orders(filter: {statu: {eq: \"x\"}}) { nodes { id } } }", "d.graphql:2: Field \"statu\" is not defined by type \"OrderFilter\". Did you mean \"status\""},
		{"wrong literal", `query d @dataset { orders(filter: {status: {eq: 5}}) { nodes { id } } }`, "String cannot represent"},
		{"unknown order", `query d @dataset { orders(orderBy: {field: DAT}) { nodes { id } } }`, "OrderOrderField"},
		{"several roots", `query d @dataset { orders { nodes { id } } invoices { nodes { id } } }`, "invoices is another. Make it a dataset of its own"},
		{"list that is cut", `query d @dataset { audit { id @key at } }`, "audit gives the first rows only"},
		{"root object", `query d @dataset { order(number: "1") { id } }`, "order is no list: the rows of a dataset are a list of Query, such as orders"},
		{"root interface", `query d @dataset { node(id: "1") { id } }`, "several types"},
		{"page below", `query d @dataset { customers { nodes { orders { nodes { id } } } } }`, "begin with its own root list instead, orders { nodes { … } }, and ask for customer from there"},
		{"page below as grain", `query d @dataset(grain: "customers.orders") { customers { nodes { orders { nodes { id } } } } }`, "a page inside a row is cut"},
		{"other list", `query d @dataset { orders { nodes { id lines { sku } } } }`, `lines is another list, and would multiply the rows of orders: leave it out, or make a dataset of its own with grain: "orders.lines"`},
		{"second list", `query d @dataset(grain: "orders.lines") { orders { nodes { lines { sku } states { at } } } }`, `states is another list`},
		{"list of values", `query d @dataset { orders { nodes { computed } } }`, "computed is a list of values"},
		{"page's parts", `query d @dataset { orders { totalCount nodes { id } } }`, "totalCount of a page is no column: ask for orders { nodes { … } }"},
		{"page's edges", `query d @dataset { orders { edges { node { id } } } }`, "orders is a page: ask for orders { nodes { … } }"},
		{"nodes' alias", `query d @dataset { orders { rows: nodes { id } } }`, "nodes has no alias"},
		{"grain elsewhere", "query d @dataset(grain: \"invoices\") {\n orders { nodes { id } } }", "d.graphql:1: the grain invoices does not begin with the root list, which is orders"},
		{"grain not asked", `query d @dataset(grain: "orders.lines") { orders { nodes { id } } }`, "the grain orders.lines is not asked: orders has no lines here; its lists are lines, states"},
		{"grain is no list", `query d @dataset(grain: "orders.customer") { orders { nodes { customer { id } } } }`, "is no list"},
		{"empty object", `query d @dataset { orders { nodes { customer } } }`, "customer is an object: say which of its fields"},
		{"fields of a value", `query d @dataset { orders { nodes { number { x } } } }`, "number is a value and has no fields"},
		{"taken name", `query d @dataset { orders { nodes { source } } }`, "source is a column each dataset begins with"},
		{"taken name, other case", `query d @dataset { orders { nodes { KEY: number } } }`, "KEY is a column each dataset begins with"},
		{"word", `query d @dataset { orders { nodes { null: number } } }`, "null is no name a column can have"},
		{"same name", `query d @dataset { orders { nodes { customer { id } customer_id: number } } }`, "two columns are called customer_id: give one an alias"},
		{"same name, other case", `query d @dataset { orders { nodes { number Number: shop } } }`, "two columns are called Number"},
		{"asked twice", `query d @dataset { orders { nodes { number number } } }`, "number is asked twice"},
		{"hidden name", `query d @dataset { orders { nodes { trama_id: id } } }`, "names that begin with trama_ are the server's"},
		{"column name", `query d @dataset { orders { nodes { number @column(name: "Nr.") } } }`, `"Nr." is no name of a column`},
		{"column of an object", `query d @dataset { orders { nodes { customer @column(name: "c") { id } } } }`, "customer is no single value: an alias names it"},
		{"scale", `query d @dataset { orders { nodes { total @column(scale: 20) } } }`, "a decimal has 0 to 19 places"},
		{"scale of a text", `query d @dataset { orders { nodes { number @column(scale: 2) } } }`, "number is no decimal"},
		{"fragment of another type", "query d @dataset { orders { nodes {\n ... on Invoice { number } } } }", "d.graphql:2: a fragment on Invoice is not flat here: a row here is of type Order"},
		{"fragment's directive", `query d @dataset { orders { nodes { ... @include(if: true) { number } } } }`, "@include cannot stand on a fragment"},
		{"unknown fragment", `query d @dataset { orders { nodes { ...F } } }`, "there is no fragment F"},
		{"fragment inside itself", `query d @dataset { orders { nodes { ...F } } } fragment F on Order { id ...F }`, "the fragment F is inside itself"},
		{"unused fragment", `query d @dataset { orders { nodes { id } } } fragment F on Order { id }`, "the fragment F is not used"},
		{"no key", `query d @dataset { coverage { entity records } }`, "rows of Coverage have no id: mark what tells them apart with @key"},
		{"needless key", `query d @dataset { orders { nodes { number @key } } }`, "@key is for rows without an id"},
		{"key on an object", `query d @dataset(grain: "sources.entities") { sources { name @key entities { name copy @key { rows } } } }`, "copy cannot be part of a key"},
		{"neither", `query d @dataset { orders { nodes { number total @sum } } }`, "number is neither grouped nor measured"},
		{"both", `query d @dataset { orders { nodes { number @by @count } } }`, "number is both a group and a measure"},
		{"money as a group", `query d @dataset { orders { nodes { total @by } } }`, "an amount of money is no group"},
		{"sum inside money", `query d @dataset { orders { nodes { total { amount @sum } } } }`, "measures stand on the money itself"},
		{"sum of text", `query d @dataset { orders { nodes { number @sum } } }`, "number cannot be summed"},
		{"least text", `query d @dataset { orders { nodes { number @min } } }`, "number has no least and greatest"},
		{"period of text", `query d @dataset { orders { nodes { number @by(period: MONTH) } } }`, "number is no moment and has no periods"},
		{"unknown period", `query d @dataset { orders { nodes { date @by(period: WEEK) } } }`, "there is no period WEEK"},
		{"period twice", `query d @dataset { orders { nodes { date @by(period: DAY) @by(period: DAY) } } }`, "date is grouped by twice"},
		{"measured object", `query d @dataset { orders { nodes { customer @count { id } } } }`, "customer is an object"},
		{"measure's name", `query d @dataset { orders { nodes { id @count(as: "n°") } } }`, `"n°" is no name of a column`},
		{"minus of another kind", `query d @dataset { orders { nodes { total @sum(minus: "number") number @by } } }`, "number must be of the same kind"},
		{"past of no moment", `query d @dataset { orders { nodes { total @sum(past: "number") number @by } } }`, "number must be a moment"},
		{"currency by hand", `query d @dataset { orders { nodes { total @sum currency @by } } }`, "two columns are called currency"},
		{"name of several", `query d @dataset { orders { nodes { total @column(name: "x") @sum @min } } }`, "total is no single value"},
		{"per on the first", `query d @dataset { orders @per(id: "customer.id") { nodes { id } } }`, "orders is the first"},
		{"per inside", `query d @dataset { orders { nodes { customer @per(id: "x") { id } } } }`, "@per stands on a further root list"},
		{"per of another", `query d @dataset { customers { nodes { id } } orders @per(id: "quote.id") { nodes { id @count } } }`, "quote.id is not the id of a Customer"},
		{"per of nothing", `query d @dataset { customers { nodes { id } } orders @per(id: "x.id") { nodes { id @count } } }`, "@per: Order has no field x"},
		{"group in a further list", `query d @dataset { customers { nodes { id } } orders @per(id: "customer.id") { nodes { status @by id @count } } }`, "status is no group there"},
		{"measure in the first list", `query d @dataset { customers { nodes { id @count } } orders @per(id: "customer.id") { nodes { id @count } } }`, "only the further lists are summed up"},
	}
}

func TestRefused(t *testing.T) {
	full := graph.Full()
	for _, tt := range refusals() {
		t.Run("case="+tt.name, func(t *testing.T) {
			d, wrong := dataset.Read("d", tt.text, full)
			if d != nil || len(wrong) == 0 {
				t.Fatal("it is taken")
			}
			var all []string
			for _, p := range wrong {
				all = append(all, p.Error())
			}
			if got := strings.Join(all, "\n"); !strings.Contains(got, tt.want) {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	full := graph.Full()
	var many, twins strings.Builder
	for i := range 251 {
		fmt.Fprintf(&many, " c%d: number", i)
	}
	for i := range 40 {
		fmt.Fprintf(&twins, "fragment F%d on Order { a%d: number ...F%d ...F%d }\n", i, i, i+1, i+1)
	}
	tests := []struct{ name, text, want string }{
		{"columns", `query d @dataset { orders { nodes {` + many.String() + ` } } }`, "at most 250 columns, and this one 251"},
		{"bytes", `query d @dataset { orders { nodes { id } } } #` + strings.Repeat("x", dataset.MaxBytes), "more than 65536 bytes"},
		{"tokens", `query d @dataset { orders { nodes { ` + strings.Repeat("id ", 17000) + ` } } }`, "token limit"},
		{"fragments", `query d @dataset { orders { nodes { ...F0 } } }` + twins.String() + `fragment F40 on Order { id }`, "is asked twice"},
		{"not UTF-8", "query d @dataset { orders { nodes { id } } } # \xff", "not UTF-8"},
	}
	for _, tt := range tests {
		t.Run("case="+tt.name, func(t *testing.T) {
			d, wrong := dataset.Read("d", tt.text, full)
			if d != nil || len(wrong) == 0 || !strings.Contains(fmt.Sprint(wrong), tt.want) {
				t.Errorf("got %v, want %s", wrong, tt.want)
			}
		})
	}
}

// BenchmarkRead reads the largest shipped dataset.
func BenchmarkRead(b *testing.B) {
	texts, err := dataset.Shipped()
	must(b, err)
	full := graph.Full()
	for b.Loop() {
		if d, wrong := dataset.Read("customer_summary", texts["customer_summary"], full); d == nil {
			b.Fatal(wrong)
		}
	}
}

func TestNames(t *testing.T) {
	full := graph.Full()
	for _, name := range []string{"", "1a", "_a", "a-b", "ä", "metadata", "NULL", "trama", strings.Repeat("a", 65), "a/b", "../a"} {
		t.Run("case="+name, func(t *testing.T) {
			if d, wrong := dataset.Read(name, `query `+name+` @dataset { orders { nodes { id } } }`, full); d != nil || len(wrong) != 1 || wrong[0].Line != 0 {
				t.Errorf("got %v", wrong)
			}
		})
	}
}

// TestLoad holds that what is wrong does not keep the others from being loaded.
func TestLoad(t *testing.T) {
	text := func(name string) string { return `query ` + name + ` @dataset { orders { nodes { id } } }` }
	c, wrong := dataset.Load(map[string]string{"a": text("a"), "b": "query b {", "c": text("c"), "C": text("C")}, graph.Full())
	if got := fmt.Sprint(c.Names()); got != "[C a]" {
		t.Errorf("got %s", got)
	}
	if len(wrong) != 2 || wrong[0].File != "b.graphql" || !strings.Contains(wrong[1].Error(), "there is C.graphql already") {
		t.Errorf("got %v", wrong)
	}
	if _, ok := c.Get("b"); ok {
		t.Error("b is there")
	}
	if d, ok := c.Get("a"); !ok || d.Label != "A" || d.Grain != "orders" || fmt.Sprint(d.Entities()) != "[Order]" {
		t.Errorf("got %+v", d)
	}
	many := map[string]string{}
	for i := range dataset.MaxDatasets + 2 {
		name := fmt.Sprintf("d%d", i)
		many[name] = text(name)
	}
	if c, wrong := dataset.Load(many, graph.Full()); len(c.Names()) != dataset.MaxDatasets || len(wrong) != 2 {
		t.Errorf("got %d and %d", len(c.Names()), len(wrong))
	}
}

func TestColumns(t *testing.T) {
	tests := []struct{ name, text, want, operation string }{
		{
			"prefixes", `query d @dataset(grain: "orders.lines") { orders { nodes { number c: customer { name address { city } } lines { sku total } } } }`,
			"order_number order_c_name order_c_address_city sku total_amount total_currency", "",
		},
		{
			"the list's alias", `query d @dataset(grain: "sale.lines") { sale: orders { nodes { number lines { sku } } } }`, "sale_number sku",
			`query d { sale: orders(filter: {isDeleted: {in: [true, false]}}) { nodes { number lines { sku } trama_id: id trama_changedAt: changedAt trama_isDeleted: isDeleted trama_source: source } } }`,
		},
		{"names of one's own", `query d @dataset { orders { nodes { number @column(name: "No") total { amount @column(name: "T", scale: 2) } } } }`, "No T", ""},
		{
			"fragments", `query d @dataset { orders { ...P } } fragment P on OrderPage { nodes { ... { number } ... on Order { ...F } } } fragment F on Order { status }`, "number status",
			`query d { orders(filter: {isDeleted: {in: [true, false]}}) { nodes { number status trama_id: id trama_changedAt: changedAt trama_isDeleted: isDeleted trama_source: source } } }`,
		},
		{"alias of the id", `query d @dataset { orders { nodes { id: number no: id } } }`, "id no", `query d { orders(filter: {isDeleted: {in: [true, false]}}) { nodes { id: number no: id trama_changedAt: changedAt trama_isDeleted: isDeleted trama_source: source } } }`},
		{
			"literals", `query d @dataset { orders(filter: {or: [{status: {in: ["a\"b", """c"""]}}, {not: {total: {gt: "5"}}}], number: {isNull: false}}, orderBy: {field: DATE, direction: DESC}) { nodes { number } } }`, "number",
			`query d { orders(filter: {and: [{or: [{status: {in: ["a\"b", "c"]}}, {not: {total: {gt: "5"}}}], number: {isNull: false}}, {isDeleted: {in: [true, false]}}]}, orderBy: {field: DATE, direction: DESC}) { nodes { number trama_id: id trama_changedAt: changedAt trama_isDeleted: isDeleted trama_source: source } } }`,
		},
		{"list below an object", `query d @dataset(grain: "payments.invoice.lines") { payments { nodes { number invoice { number lines { sku } } } } }`, "payment_number payment_invoice_number sku", ""},
		{
			"groups", `query d @dataset { orders { nodes { date @by(period: YEAR) @by(period: MONTH) source @by customer @by { id name } total @sum @min(as: "low") id @count(as: "orders") } } }`,
			"date_year date_month customer_id customer_name currency total_sum low orders", `query d { orders(filter: {isDeleted: {in: [true, false]}}) { nodes { date source customer { id name trama_changedAt: changedAt } total { amount currency } id trama_changedAt: changedAt trama_isDeleted: isDeleted } } }`,
		},
		{"a total", `query d @dataset { orders { nodes { id @count } } }`, "id_count", ""},
		{"measures of money", `query d @dataset { invoices { nodes { total @sum(minus: "paid", past: "dueDate", as: "x") paid { amount } dueDate } } }`, "currency x", `query d { invoices(filter: {isDeleted: {in: [true, false]}}) { nodes { total { amount currency } paid { amount currency } dueDate trama_id: id trama_changedAt: changedAt trama_isDeleted: isDeleted } } }`},
	}
	for _, tt := range tests {
		t.Run("case="+tt.name, func(t *testing.T) {
			table := whole(t, tt.text)
			if got := strings.Join(names(table), " "); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if got := table.Queries[0].Text; tt.operation != "" && got != tt.operation {
				t.Errorf("got  %s\nwant %s", got, tt.operation)
			}
		})
	}
}
