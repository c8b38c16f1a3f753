//go:build !unix

package store

// Lock does nothing where files cannot be locked: there, the operator must not
// start two servers on one file.
func (s *Store) Lock() error { return nil }
