package mapping

// Readers is readers, for tests.
func Readers(entity, column string) []string { return readers(entity, column) }
