// Package ecolix is the sandbox's Ecolix, a French ERP: an HTTP handler that serves clients, articles, stock, quotes, orders, delivery
// notes and orders to suppliers of a demo world, in five packages that are bought separately, and takes the imports that each allows.
//
// Nothing public is known about the real wire (wire/ecolix.md §0). The vendor's page names the packages and what each reads and
// sends (§1); paths and field names are the proposed contract (§3); everything that comparable French interfaces do differently
// from one another (§2) is a switch of [Dialect], plain data that a test translates into a connector's configuration.
// [RandomDialect] draws one. The zero Dialect gives the example shapes of §3.
//
// Awkward on purpose: a page that was asked too large is silently cut, a list may be 404 when empty, a failure may come with status
// 200, imports are never de-duplicated (E10), there is no many-by-key read (E8), error texts repeat names and keys, and some records
// are flawed as people's records are: [Server.Flaws] lists which.
//
// The demo command and tests call it. It may never import a connector: a fake that shares code with the client it is tried against
// proves nothing. It may not read the answer sheet of the world (world.Case) either.
package ecolix
