// Package watch keeps an eye on the segments of the data, which are the kinds of
// record of each source: overloaded, failing, stale, uncovered. A trouble must last
// before it is raised and stay away before it is cleared, so that a source which
// comes and goes does not ring all night. What was raised is shown by metrics and by
// the graph, and is sent to one address.
//
// server.go gives it the readings of all sources and runs it; it makes no call to a
// source. What it may never do: send keys, values or upstream text, or keep more
// than one message waiting for an address that does not answer.
package watch
