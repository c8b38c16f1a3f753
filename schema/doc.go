// Package schema says what exists: the entities of the graph, one SDL file and
// one Go file each, and the few notions every room shares (Money, Page,
// Predicate, error codes). It imports the standard library and the decimal
// library only, and knows neither GraphQL machinery nor any source.
package schema
