// Package operand is the sandbox's Operand (a Brazilian agency ERP): an HTTP handler that plays its beta API and a finance
// module over the clients, invoices, receivables and payables of a demo world.
//
// No reference of the real API is public (wire/operand.md §0). What one public client of the beta API shows is kept as it is:
// the two steps of logging in with the token in the query, the header Op-Auth-Token, limit and offset, envelopes that differ by
// route, blank dates of zeros, São Paulo's wall clock without a zone. Everything about finance is an assumption, and so a
// [Dialect] decides it: paths, names, envelopes, amounts, dates, ids. A client that reads fifty random dialects alike has put
// the assumptions where they belong, in its configuration. The finance paths are this package's invention, on purpose not those
// of the wire page.
//
// The server keeps the awkward habits: a dead session in the middle of a run, a page that repeats itself, an HTML page instead of
// an answer, errors that echo the token, rows that are wrong ([world.World.AgencyDirt]). Nothing can be written.
//
// The demo command and tests call it. It may never import a connector: a fake that shares code with the client it is tried
// against proves nothing.
package operand
