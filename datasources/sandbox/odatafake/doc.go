// Package odatafake holds what the sandbox's two OData systems have in common: a parser and evaluator of $filter for
// OData 3 and 4, read-only tables over any data, $select and $expand as a shape that writes JSON, and orders and look-ups
// that are computed once and kept.
//
// The fakes of Creatio and 1C:Enterprise call it; nothing else may. It knows no product: what a product refuses, how it
// words an error and how it prints a value is said by the fake, in a Dialect and a Format.
//
// Tables never change after they are built. That is what allows sorted id lists and filter results to be kept without
// asking whether they are still true.
package odatafake
