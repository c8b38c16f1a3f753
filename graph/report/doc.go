// Package report answers a question about a dataset: it takes a dataset.Table and an
// odata.Question, says which operations give its rows, and writes these to an
// output.Writer: a page of OData, an entity, or a whole file.
//
// The doors call it. Whoever runs operations is a [Runner], which the doors make of
// graph/engine; this package never asks a source, never decides what may be seen, and
// knows no request.
//
// # What is folded
//
// What the root list of the dataset can do itself is handed to it, as arguments of the
// root field: the parts of $filter that compare a column with a filter key, and $orderby
// of one column that is a number or a moment. A part that the list's filter means exactly
// (the null of odata.Expr.Eval included) is not looked at again. A part it means more
// loosely (contains, which ignores letter case there) narrows what is read and is judged
// on the rows besides. The rest is judged on the rows only.
//
// The column modifiedAt of rows of several records no list compares. Its root list is told
// which rows may be meant, Operation.Narrow, and every row is judged: see changes.go.
//
// Texts are never ordered by the root list: lists ignore letter case where an answer of
// OData is ordered by bytes.
//
// # What is asked
//
// Only what $select, the rest of the filter and a local order need: the operation's
// document is pruned. Tables that aggregate are asked whole, and their filter, order and
// pages are of the rows they were added up to.
//
// # Pages
//
// An answer that comes in the root list's order ends its page behind a root row, the
// first one from Limits.PageRows on, and goes on behind that row's cursor. A page that may
// have no more than Limits.MostRows ends before the root row that does not fit, and within
// one only where that alone is longer: see list.go. One that is
// sorted here ends anywhere and goes on behind the values of its last row. Either is a
// place and no number, so rows that come and go neither repeat nor lose another.
//
// Tables that aggregate are added up for the first page, and kept for the next ones by a
// Runner that is a [Keeper]. Their rows come in the order of the keys then; a file without
// an order of its own has them in the order of the groups.
package report
