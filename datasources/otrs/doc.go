// Package otrs reads tickets and their articles from OTRS, Znuny and OTOBO over
// the REST transport of their Generic Interface. The facts are those of the page
// "OTRS / Znuny / OTOBO Generic Interface (REST)"; numbers such as #33 are its
// recorded pairs.
//
// Versions: Znuny 6.5 and OTOBO 11 are proven on recordings. OTRS 4 to 6, older
// Znuny and Znuny 7 are served as far as the probe finds their abilities: it asks
// with filters nothing can match, since an unknown filter is silently ignored
// there, which would show one customer the tickets of another.
//
// Login: a session (auth: session, the default), renewed once when the server
// answers AuthFail; login and password in each call (password); or in headers
// (header, Znuny only). A session is bound to the address we call from, so it is
// never shared between instances. The agent's rights on queues decide what is
// seen.
//
// Reading: TicketSearch gives ids only, at most Limit, with no offset; TicketGet
// gives the tickets of a batch of ids, and fails the whole batch when one of them
// may not be read. So a page costs one search and one TicketGet, a join of many
// customers one search and a TicketGet for each batch of found tickets. POST
// routes are preferred; where an installation has only the stock GET routes,
// batches follow from the length of the address, and dynamic fields cannot be
// asked for.
//
// Limits: no customer data, as core has no operation for it: a ticket names its
// company (CustomerID) and its customer user, nothing more. Articles are found by
// their ticket only. Closing times cannot be searched for. Deleted tickets leave
// no trace, so a copy reconciles now and then. A state that was disabled by the
// administrator is not found by its kind (stateType), only by its name. The
// search of the server compares texts without regard to letter case on some
// databases: rows are checked again here, and a total that could be too large is
// not given.
package otrs
