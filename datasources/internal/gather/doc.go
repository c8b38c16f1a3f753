// Package gather does what every connector must do with the rows it fetched:
// run key batches side by side, group rows by parent, page through a list with a
// keyset that trusts no source's idea of id order, and check filters again. It
// makes no calls itself.
package gather
