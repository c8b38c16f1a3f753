// Package plan turns a validated GraphQL operation into data: which fields of
// which concrete types are read, with which arguments, in which order, over how
// many rows and from which sources. It is called once per operation by the
// doors in graph/web; graph/guard judges the plan and graph/engine runs it. A
// resolver asks it, through its context, which columns the operation reads.
//
// A query that is asked again is compiled (Compiled): its plan is made once, and
// bound to each request, which copies the nodes that depend on it and shares all
// others. Nodes may therefore belong to many requests, and are not changed.
//
// A plan is printable as JSON and is tested as data. What
// graph/guard notes on it for graph/engine (Node.Police, Plan.MaxRows) is not
// printed. It may never touch
// a source, and it decides nothing: refusing is graph/guard's work, except for
// operations that are too big to be planned at all.
//
// What is followed is the GraphQL specification, October 2021: CollectFields
// (6.3.2), field merging (6.4.3, MergeSelectionSets), argument values (6.4.1,
// CoerceArgumentValues), @skip and @include (3.13.1, 3.13.2).
package plan
