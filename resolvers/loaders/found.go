package loaders

import "slices"

// result is what was found for one key.
type result[V any] struct {
	value V
	err   error
}

// found is what was found for the distinct keys of one level. The zero value has
// nothing. It may be shared with other fields of the request: whoever changes it
// takes own first.
type found[V any] struct {
	keys *keySet
	of   []result[V] // in the order of the keys
}

// failed says the same error of all keys.
func failed[V any](keys *keySet, err error) found[V] {
	f := found[V]{keys, make([]result[V], len(keys.list))}
	for i := range f.of {
		f.of[i].err = err
	}
	return f
}

// own returns a copy that may be changed.
func (f found[V]) own() found[V] { return found[V]{f.keys, slices.Clone(f.of)} }

// get returns the result of a key; ok is false for one that was not asked for.
func (f found[V]) get(key string) (r result[V], ok bool) {
	if f.keys == nil {
		return r, false
	}
	i := f.keys.place(key)
	if i < 0 {
		return r, false
	}
	return f.of[i], true
}

// result is get for a key that was asked for, or for none: then nothing is found.
func (f found[V]) result(key string) result[V] {
	r, _ := f.get(key)
	return r
}
