// Package dataset says what a dataset is: a named GraphQL query whose answer is a
// table. It reads the texts of datasets, refuses what is no table with the reason
// and the line, says which columns a view has of each, and adds up those that
// aggregate.
//
// The doors and the command line call it. It runs nothing: a Table holds the
// operations to run, pruned to what the view may read and export, for graph/engine,
// which polices them as any other. It never asks a source and never sees a token.
//
// # A dataset
//
// One query with a name, in a text of its own:
//
//	"Each line of each order."
//	query order_lines @dataset(label: "Order lines", grain: "orders.lines") {
//	  orders { nodes { number  customer { name }  lines { sku  total } } }
//	}
//
// The name is the dataset's: a letter, then letters, digits and _, at most 64 signs.
// The text before the query is its description. Its directives are taken out before
// the query is validated:
//
//	@dataset(label, grain, partial, zone)  once, on the query
//	@column(name, scale)                   a column's own name; the places its decimals have at most
//	@key                                   tells apart rows of a type that has no id
//	@by(period)                            a group: as it is, or by YEAR, QUARTER, MONTH, DAY
//	@count(as)                             how many rows have a value
//	@sum(as, minus, past)                  the sum; less another column; of what is past
//	@min(as), @max(as)                     the least and the greatest number or moment
//	@per(id)                               a further list, summed up for each row of the first
//
// partial says that the dataset may be delivered without a source that failed.
//
// # Rows
//
// The root list, or the list inside it that grain names ("orders.lines": response
// names with a point between, without nodes), becomes rows. What holds a row is
// repeated on each. A row's holder without a row has none: an order without lines is
// not in order_lines. Refused are any other list, because it would multiply rows, a
// list of scalars, a root list that gives its first rows only, and a page below the
// root, because a page is cut: its rows are
// reached from their own root list ("orders { nodes { customer { … } } }", never
// "customers { nodes { orders { … } } }"). Arguments may filter and order, with
// literals; paging is the server's.
//
// # Columns
//
// Objects are flattened: the names on the way to a value are joined by _. GraphQL's
// own spelling is kept, so total { amount } is total_amount and customer { taxId } is
// customer_taxId. An alias takes the place of a name. What stands on the row's own
// record has no prefix; what stands on a holder begins with the holder's type, its
// first letter small (order_number), or with the alias of its list. @column(name:)
// names a column wholly. Names may not differ in letter case only, as reports do not
// tell these apart.
//
// Money is two columns, _amount (decimal) and _currency (text); a Money without a
// selection asks for both. ID, String, enums and Currency are text, Int is a whole
// number, Decimal a decimal, DateTime a moment, Boolean a truth value. Every column
// but the key may be null. Decimals have no fixed number of places in this graph
// (Money has two or more, quantities any, up to 19 digits in all), so a decimal
// column declares AnyScale, with which nothing is lost, unless @column(scale:) says
// how many places there are at most.
//
// Each table begins with these columns, in this order: key (text, never null), source
// (of the nearest record that has one; null where records of several systems are
// merged), asOf, isDeleted and modifiedAt. Their names are taken. The key is the
// sealed id of the record, for a list inside it followed by a point and the row's
// number in the list, from 1. Query.Key says what it is made of.
//
// # Aggregation
//
// With @by, @count, @sum, @min or @max a dataset has a row for each group, and each
// of its fields is a group, a measure or named by minus or past. @by on an object is
// of all its fields. Groups keep their names, followed by _month and so on where they
// are periods: a date, the first day in UTC or the zone given. Measures are called as
// they say by as, else name_count, name_sum, name_min, name_max. The source of a group
// is null, unless source is grouped by: it is the second column then.
//
// Money is never added across currencies. With a measure of money, currency is one
// more column and the last group, shared by all such measures: a row counts in the
// group of the first of its amounts that is there, and each amount is added in the
// group of its own currency. Sums are exact: one that has more than 19 digits is an
// error that names the column, one that had only on its way is not. Nulls are skipped. minus takes off a column of the same
// row (null is nothing); past: "dueDate" adds only rows whose moment is before now,
// and of these only what is above zero. A sum that would take off another currency is
// null: it cannot be known.
//
// # Summaries
//
// Further root lists are allowed with @per(id: "customer.id"), which says where the id
// of the first list's record is. They have measures only. The table has a row for each
// record of the first list with a null currency, which holds what is no money, and one
// more for each currency it has money in. So every measure can be added up, and no
// row counts twice; rows of the further lists that belong to no record of the first are
// not in the table.
//
// # A view's columns
//
// A column is there when every field on the way to it may be read and exported. A
// masked one is marked, and may be neither filtered, sorted, grouped nor measured: a
// group or measure that is masked is not there. One that is shown on some rows only is
// marked Partial: on the others it is null with FORBIDDEN_FIELD, which is no failure
// of an export. Where exporting is granted on fewer rows than reading, the column is
// not there. A dataset whose rows or their ids may not be read and exported, or whose
// filter or order reads what is not wholly shown, does not exist.
package dataset
