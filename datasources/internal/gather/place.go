package gather

import "unsafe"

// place moves rows, which point into items, to its beginning in their order, and
// returns that part of it. No row may be there twice. A slab of rows is some
// hundred kilobytes: a second one only for another order would cost as much to
// make and to collect as the first.
func place[T any](items []T, rows []*T) []T {
	from := make([]int32, len(rows)) // where the row of each place stands, settled = it is done
	isNeeded := make([]bool, len(items))
	for i, row := range rows {
		from[i] = indexOf(items, row)
		isNeeded[from[i]] = true
	}
	// What nobody needs is overwritten, and the place its successor leaves is free
	// for the next.
	for i := range from {
		if !isNeeded[i] {
			pull(items, from, int32(i))
		}
	}
	// What is left are circles, and rows that are where they belong.
	for i := range from {
		if from[i] == settled || from[i] == int32(i) {
			continue
		}
		first, last := items[i], int32(i)
		for from[last] != int32(i) {
			next := from[last]
			items[last], from[last] = items[next], settled
			last = next
		}
		items[last], from[last] = first, settled
	}
	clear(items[len(rows):]) // what they hold shall not outlive the answer
	return items[:len(rows):len(rows)]
}

const settled = -1

// pull fills the place to from where its row stands, and that place by its row,
// until a place behind the last one is free.
func pull[T any](items []T, from []int32, to int32) {
	for int(to) < len(from) {
		next := from[to]
		items[to], from[to] = items[next], settled
		to = next
	}
}

// indexOf is where a row stands among the items it points into.
func indexOf[T any](items []T, row *T) int32 {
	at := uintptr(unsafe.Pointer(row)) - uintptr(unsafe.Pointer(unsafe.SliceData(items)))
	return int32(at / unsafe.Sizeof(*row))
}
