package datasources

// Members are the records that many customers have in one source, in one piece.
type Members struct {
	Keys []string // of all of them, one customer after the other
	Ends []int32  // by customer: where his keys end
	// Unread tells that the source's customers were not read yet: that one of them has
	// no keys says nothing.
	Unread bool
}

// Of returns the keys of the i-th customer. They are not to be changed.
func (m *Members) Of(i int) []string { return m.Keys[m.From(i):m.Ends[i]:m.Ends[i]] }

// From is where the keys of the i-th customer begin.
func (m *Members) From(i int) int {
	if i == 0 {
		return 0
	}
	return int(m.Ends[i-1])
}

// Customers are many customers who were looked up at once. It is safe for concurrent
// use and tells of one moment, whatever changes meanwhile.
type Customers interface {
	// Golden returns the key the i-th customer has now, "" where nobody has the key he
	// was looked up by.
	Golden(i int) string
	// In returns the keys of all of them in a source.
	In(source string) *Members
}
