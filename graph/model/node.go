// Package model holds the inputs gqlgen generates from the SDL and the few Go
// types that the SDL names and no other room owns.
package model

// Node is any record that can be asked again by its id.
type Node interface{ IsNode() }
