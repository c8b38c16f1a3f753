// Package library is the datasets of a running server: those that come with Trama,
// the operator's directory of *.graphql files, and those that administrators saved.
// It reads them together, says which were refused and why, and changes as a whole:
// who asks holds one Contents, which stays as it is.
//
// A saved dataset takes the place of one of the same name in the directory, and that
// of a shipped one. One that is refused, because the schema or the file has changed,
// is left out with its reasons, and nothing takes its place: a table of another shape
// under a known name would be worse than none. The others go on.
//
// server.go opens it, and calls Refresh when this or another instance has saved. The
// doors take the Catalogue and the field datasets the Entries. It never runs a query
// and never sees a token; what a view has of a dataset is dataset.Definition.For.
package library
