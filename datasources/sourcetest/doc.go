// Package sourcetest is the suite every connector passes: what the contracts in
// package datasources promise, asked of an open source in front of a running
// system. Nothing is skipped by name: what a source does not declare is not asked,
// and what it declares must be so.
package sourcetest
