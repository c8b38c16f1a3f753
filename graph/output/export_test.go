package output

// WithRows sets how many rows a worksheet has, so that tests need no million of
// them.
func (o XLSXOptions) WithRows(n int) XLSXOptions {
	o.rows = n
	return o
}
