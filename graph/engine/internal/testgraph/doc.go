// Package testgraph is a graph made for testing the engine: every feature of
// the type system, every way to bind a field, and resolvers that fail in every
// way they can, decided by a seed so that two executors meet the same data.
package testgraph

//go:generate go tool gqlgen generate --config gqlgen.yml
