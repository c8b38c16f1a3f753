package loaders

// result is what was found for one key.
type result[V any] struct {
	value V
	err   error
}

// found is what was found for the distinct keys of one level. The zero value has
// nothing.
type found[V any] struct {
	at map[string]int32
	of []result[V] // in the order of the keys
}

// foundFor is room for the results of keys.
func foundFor[V any](keys []string) found[V] {
	f := found[V]{at: make(map[string]int32, len(keys)), of: make([]result[V], len(keys))}
	for i, k := range keys {
		f.at[k] = int32(i)
	}
	return f
}

// failed says the same error of all keys.
func failed[V any](keys []string, err error) found[V] {
	f := foundFor[V](keys)
	for i := range f.of {
		f.of[i].err = err
	}
	return f
}

// get returns the result of a key; ok is false for one that was not asked for.
func (f found[V]) get(key string) (r result[V], ok bool) {
	i, ok := f.at[key]
	if !ok {
		return r, false
	}
	return f.of[i], true
}

// result is get for a key that was asked for, or for none: then nothing is found.
func (f found[V]) result(key string) result[V] {
	r, _ := f.get(key)
	return r
}

// keySet gathers distinct keys in the order they come.
type keySet struct {
	list []string
	has  map[string]struct{}
}

func newKeySet(room int) keySet {
	return keySet{make([]string, 0, room), make(map[string]struct{}, room)}
}

func (s *keySet) add(key string) {
	if _, ok := s.has[key]; !ok {
		s.has[key] = struct{}{}
		s.list = append(s.list, key)
	}
}
