// Package engine runs the plan of a query and writes the answer: breadth-first,
// a column at a time, one call of a resolver for each relation and place in the
// operation, calls that do not need each other side by side, and no timer
// anywhere. It is called by the doors in graph/web after graph/guard has passed
// the plan. It knows the resolvers by reflection only; it may never ask a
// source, judge a token or change the document, which requests share.
//
// # How
//
// New joins the SDL with the generated resolver root once: each field gets its
// resolver, method or place in a struct (table.go, bind.go, leaf.go, coerce.go).
// Run joins that with the plan (program.go), calls what can be called (run.go,
// call.go), completes values into cells (complete.go, cells.go) and, when
// something is null that may not be, lets it rise (settle). Nothing is copied
// on the way: scalars are read where they lie in the resolvers' structs
// (memory.go), and only when the answer is written (write.go). A resolver must
// therefore not change what it has returned, nor the slice of parents it is
// given, before the answer is written.
//
// A resolver finds in its context the node it answers (plan.From), the operation
// context, a field context with the path (without list indexes: a call is for
// many), and the response context (graphql.AddError, RegisterExtension).
// Field interceptors (AroundFields) and runtime directives do not run here;
// @defer is answered at once, as the specification allows.
//
// # Policies
//
// A node that graph/guard has marked (plan.Node.Police) is masked, or decided on
// each object it is read of (police.go); a node without a mark takes the way it
// would take if there were no policies, and costs nothing. What a row does not
// show is null with FORBIDDEN_FIELD, and its resolver does not see the row.
// Mutations run on the generated executor (mutate.go), with a middleware that does
// the same field by field (middleware.go). The rows of an answer are counted while
// it is made, and too many of them end it (rows.go).
//
// Specification, October 2021: Executing Operations (6.2), Executing Selection
// Sets (6.3), Executing Fields (6.4), Response (7).
//
// # Tables
//
// Sheet reads an answer as rows of cells instead of JSON (sheet.go): the same run,
// masks and verdicts, window by window, with places a reader can go on from. A property
// test holds it against the JSON of the same operation.
//
// # Held against the generated executor
//
// A property test runs generated operations over generated data, errors, nulls,
// panics and wrong results included, on this engine and on gqlgen's generated
// Exec, with the same resolvers. Data is compared byte for byte, errors as a
// multiset of path, code and message, after a normaliser that hides only this:
//
//	(a) A null where none may be is "must not be null" here. gqlgen says that or
//	    "the requested element is null which the schema does not allow",
//	    depending on whether Go's nil had a type.
//	(b) In a list of scalars such a null is reported here once for each element,
//	    with its index, as the specification wants the path. gqlgen reports it
//	    once for the list, without the index.
//	(c) A batch resolver that returns too few or too many: the numbers differ,
//	    since gqlgen calls it for the siblings of one list, the engine for all
//	    parents there are.
//	(d) A batch resolver that panics: here each parent gets that error. In gqlgen
//	    one does, and the others get "returned unexpected result type".
//	(e) Errors that the engine itself makes have a code: INTERNAL for (a),
//	    BAD_REQUEST for an argument that cannot be read. gqlgen's have none.
//
// The same test runs with random masks and row verdicts, on gqlgen's side by the
// middleware. Of more than a hundred forbidden fields each reports its own
// hundred.
//
// Where the two differ otherwise, the test does not go, and this is what holds:
//
//   - Locations: here every field error has one, in gqlgen those of plain
//     resolvers.
//   - A marshaler that panics or fails, infinite numbers included: here an error
//     of its field. In gqlgen it ends the request, or leaves null in a non-null
//     place.
//   - A value whose Go type is no member of its interface or union: here an
//     error of its field; in gqlgen the whole list comes out empty. A nil pointer
//     in a Go interface in a non-null place: here an error; in gqlgen null rises
//     without one.
//   - Two interfaces that do not implement one another, asked for the same
//     response key of one object: here they are merged (6.3.2). gqlgen resolves
//     the field twice and writes the first.
//   - A field asked on an interface takes the defaults of the object's own
//     arguments, as the specification says; gqlgen takes the interface's.
//   - Batch resolvers are given objects only. gqlgen hands in the nulls of a
//     list too.
//   - A batch that fails as a whole fails for all parents of that place, not only
//     for the siblings of one list.
//   - Texts that are not UTF-8 get the replacement character. gqlgen writes the
//     bytes as they are.
//   - A literal that has no value in Go (an integer of 30 digits for a custom
//     scalar) and a null @include are errors of the request, made by graph/plan.
//   - A cancelled context ends the operation before the next call, with an error
//     on each field left. gqlgen leaves that to the resolvers.
package engine
