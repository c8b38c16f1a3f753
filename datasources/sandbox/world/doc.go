// Package world is the demo sandbox's one deterministic world: the companies, their people, tickets, quotes,
// orders, invoices and payments that the sandbox's fake systems serve, each under its own keys and in its own wording.
//
// It is pure data: no HTTP, no clock, no randomness beside the seed. [New] with the same seed and the same number of
// customers always gives the same world, whatever the machine or the day. Documents are computed when asked, as a pure
// function of (seed, customer, index); only small per-customer prefix sums and one compact head per ticket are kept, so
// that a world of 100,000 customers costs some tens of megabytes.
//
// Customers are numbered 1 … Customers(). Every key a system hands out leads back to its customer without a scan:
// GUIDs are a keyed permutation of (kind, customer, document, sub) that [World.Resolve] inverts, and numbers are serials
// over prefix sums.
//
// What the systems know of one another, and where they disagree, follows wire/identity.md (§1, §2, §5); which system
// carries which field follows wire/creatio.md §6, wire/onec.md §2, wire/otrs.md. Names, amounts and proportions are
// invented. The package is read by datasources/sandbox/otrs, …/creatio and …/onec and may import nothing of Trama.
package world
