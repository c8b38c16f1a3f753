// Package web is the doors: the mux, authentication, and one file per door. It
// turns an HTTP request into an operation, has it planned, judged and run, and
// sends the answer with the status the GraphQL-over-HTTP draft asks for. It knows
// no source: what it needs of the sources' health comes through Health.
package web
