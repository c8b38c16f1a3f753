package directory

import "slices"

// vector is a list of which values are changed in their places, and added and taken
// away at the end. All of its pages but the last are full.
type vector[T any] struct {
	pages pages[T]
	n     int32
}

func vectorOf[T any](list []T) vector[T] { return vector[T]{pagesOf(list), int32(len(list))} }

// edit returns a copy that may be changed; v stays as it is.
func (v *vector[T]) edit() vector[T] { return vector[T]{v.pages.edit(), v.n} }

func (v *vector[T]) at(i int32) T { return v.pages.list[uint32(i)/pageSize].list[uint32(i)%pageSize] }

// ref is at without a copy. What it points to is not to be changed.
func (v *vector[T]) ref(i int32) *T {
	return &v.pages.list[uint32(i)/pageSize].list[uint32(i)%pageSize]
}

func (v *vector[T]) flat() []T { return v.pages.flat() }

func (v *vector[T]) set(i int32, x T) { v.pages.page(int(i / pageSize)).list[i%pageSize] = x }

func (v *vector[T]) push(x T) {
	if v.n%pageSize == 0 {
		v.pages.own()
		v.pages.list = append(v.pages.list, page[T]{isOwn: true})
	}
	last := v.pages.page(len(v.pages.list) - 1)
	last.list = append(last.list, x)
	v.n++
}

func (v *vector[T]) pop() {
	v.n--
	last := v.pages.page(len(v.pages.list) - 1)
	if last.list = slices.Delete(last.list, len(last.list)-1, len(last.list)); len(last.list) == 0 {
		v.pages.list = v.pages.list[:len(v.pages.list)-1]
	}
}

// put sets a value when it is another one, so that its page is only copied then.
func put[T comparable](v *vector[T], i int32, x T) {
	if v.at(i) != x {
		v.set(i, x)
	}
}
