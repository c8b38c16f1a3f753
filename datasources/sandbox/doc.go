// Package sandbox runs the demo world: fake business systems on loopback that speak the real protocols, quirks included, over
// one consistent set of companies, tickets, quotes, orders and invoices (datasources/sandbox/world).
//
// [Start] gives each system its own listener, credentials and a [faults.Switch], so that a test or the demo can make one system
// slow or break it while the others go on. The fakes are written from the wire pages alone and never look at a connector.
// `trama demo`, end-to-end tests and benchmarks call it; no serving code may import it but the demo command.
package sandbox
