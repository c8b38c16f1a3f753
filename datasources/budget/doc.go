// Package budget lets several processes keep together to what was agreed with a
// source. Each is given a share of the agreed rate, once a second and by what it is
// asked, so that no call waits for another process; the shares of all never exceed
// the whole. While Redis is away each has its part of the configured number of
// processes.
//
// server.go runs it where more than one instance is configured. It calls no source.
package budget
