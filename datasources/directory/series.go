package directory

import (
	"slices"
	"sort"
)

// maxPage is how many values a page of a series has before it is parted.
const maxPage = pageSize + pageSize/2

// series is a list in some order, of which values come and go in between. Its pages
// are of any size but empty.
type series[T any] struct {
	pages pages[T]
	start []int32 // of each page, the place of its first value; replaced, never changed
	n     int
}

func seriesOf[T any](list []T) series[T] {
	s := series[T]{pages: pagesOf(list)}
	s.count()
	return s
}

// edit returns a copy that may be changed; s stays as it is.
func (s *series[T]) edit() series[T] { return series[T]{s.pages.edit(), s.start, s.n} }

// count counts the values of the pages.
func (s *series[T]) count() {
	s.start, s.n = make([]int32, len(s.pages.list)), 0
	for i := range s.pages.list {
		s.start[i] = int32(s.n)
		s.n += len(s.pages.list[i].list)
	}
}

func (s *series[T]) len() int { return s.n }

func (s *series[T]) flat() []T { return s.pages.flat() }

// pageOf returns the page of the i-th value.
func (s *series[T]) pageOf(i int) int {
	// Pages that were not much changed are of one size.
	p := i / pageSize
	if p < len(s.start) && int(s.start[p]) <= i && (p+1 == len(s.start) || i < int(s.start[p+1])) {
		return p
	}
	return sort.Search(len(s.start), func(p int) bool { return int(s.start[p]) > i }) - 1
}

func (s *series[T]) at(i int) T {
	p := s.pageOf(i)
	return s.pages.list[p].list[i-int(s.start[p])]
}

// search returns the place of the first value that is behind, as sort.Search does.
func (s *series[T]) search(isBehind func(T) bool) int {
	p := sort.Search(len(s.pages.list), func(p int) bool {
		list := s.pages.list[p].list
		return isBehind(list[len(list)-1])
	})
	if p == len(s.pages.list) {
		return s.n
	}
	list := s.pages.list[p].list
	return int(s.start[p]) + sort.Search(len(list), func(i int) bool { return isBehind(list[i]) })
}

// between returns the values from one place to before another. They are not to be
// changed.
func (s *series[T]) between(from, to int) []T {
	if from >= to {
		return nil
	}
	p := s.pageOf(from)
	list := s.pages.list[p].list[from-int(s.start[p]):]
	if to-from <= len(list) { // nearly always
		return list[: to-from : to-from]
	}
	list = append(make([]T, 0, to-from), list...)
	for p++; len(list) < to-from; p++ {
		more := s.pages.list[p].list
		list = append(list, more[:min(len(more), to-from-len(list))]...)
	}
	return list
}

// set changes a value that keeps its place.
func (s *series[T]) set(i int, x T) {
	p := s.pageOf(i)
	s.pages.page(p).list[i-int(s.start[p])] = x
}

// insert puts a value before the i-th.
func (s *series[T]) insert(i int, x T) {
	if len(s.pages.list) == 0 {
		*s = seriesOf([]T{x})
		return
	}
	p := len(s.pages.list) - 1
	if i < s.n {
		p = s.pageOf(i)
	}
	one := s.pages.page(p)
	one.list = slices.Insert(one.list, i-int(s.start[p]), x)
	if n := len(one.list); n > maxPage {
		rest := page[T]{list: slices.Clone(one.list[n/2:]), isOwn: true}
		one.list = slices.Clone(one.list[:n/2])
		s.pages.list = slices.Insert(s.pages.list, p+1, rest)
	}
	s.count()
}

// remove takes the i-th value away.
func (s *series[T]) remove(i int) {
	p := s.pageOf(i)
	one := s.pages.page(p)
	at := i - int(s.start[p])
	if one.list = slices.Delete(one.list, at, at+1); len(one.list) == 0 {
		s.pages.list = slices.Delete(s.pages.list, p, p+1)
	}
	s.count()
}

// sortedInto puts values into a series where compare wants them.
func sortedInto[T any](s *series[T], values []T, compare func(a, b T) int) {
	for _, x := range values {
		s.insert(s.search(func(y T) bool { return compare(y, x) >= 0 }), x)
	}
}

// takenOut takes values out of a series that is in the order of compare.
func takenOut[T any](s *series[T], values []T, compare func(a, b T) int) {
	for _, x := range values {
		if i := s.search(func(y T) bool { return compare(y, x) >= 0 }); i < s.n && compare(s.at(i), x) == 0 {
			s.remove(i)
		}
	}
}
