package odata

// Limits bounds what an address can make the service do. A zero member has the
// default; the error of each names the bound.
type Limits struct {
	QueryBytes  int   // the raw query string, that of a next link too; default 200,000
	FilterBytes int   // $filter after decoding; default 100,000
	Depth       int   // parentheses, calls and nots within each other; default 200
	Nodes       int   // operators, calls, columns and literals of a filter; default 30,000
	InList      int   // members of one in list; default 5,000
	OrderBy     int   // items of $orderby; default 8
	Top         int64 // $top; default 100,000,000
	Skip        int64 // $skip, whose rows must all be read; default 10,000,000
	BatchParts  int   // requests of one $batch; default 100
	BatchBytes  int64 // the body of one $batch; default 4 MiB

	// Custom are the names of custom query options which are meant for somebody
	// else and are let pass (Part 2 §5.2). Any other is refused: a misspelt
	// option that is ignored answers another question than the one asked.
	Custom []string
}

func (l Limits) withDefaults() Limits {
	orDefault(&l.QueryBytes, 200_000)
	orDefault(&l.FilterBytes, 100_000)
	orDefault(&l.Depth, 200)
	orDefault(&l.Nodes, 30_000)
	orDefault(&l.InList, 5_000)
	orDefault(&l.OrderBy, 8)
	orDefault(&l.Top, 100_000_000)
	orDefault(&l.Skip, 10_000_000)
	orDefault(&l.BatchParts, 100)
	orDefault(&l.BatchBytes, 4<<20)
	return l
}

func orDefault[N int | int64](n *N, value N) {
	if *n <= 0 {
		*n = value
	}
}
