// Package directory knows which records in which systems are the same customer.
// It keeps the customer index of every source that has one, links the records by
// deterministic rules, gives each customer an id of its own that survives
// restarts and merges, and answers the golden records as a
// datasources.Reader[schema.Customer].
//
// It is called by resolvers/loaders (keys per source, golden records) and by
// server.go (Open, Run). It never calls a source except through the
// datasources.CustomerIndexer it is given, holds no SQL (the Store is filled by
// package store), and never guesses: what matches several records is refused and
// reported as a conflict. Its documents are never merged, only its customers.
//
// Reads are answered from an immutable snapshot that is swapped atomically, so
// they take no lock and never see half a refresh. Which records form a customer
// is a pure function of the records, the decisions made by hand and the links
// that records now deleted once had: the order in which sources arrive has no
// part in it. Only the ids have a history; they are reconciled afterwards.
//
// A few changes are patched into the snapshot: the rules are applied to what the
// changes can touch and the rest is taken over, with the result of a rebuild.
// Suggestions (R4, R5), comparisons between systems and dry runs are computed when
// they are asked for, and change nothing.
package directory
