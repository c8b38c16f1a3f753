package mapping

// Rows finds the list of records of a reply: the first of the paths that holds a
// list, or null, which is an empty one. An error tells that there is none; it
// holds nothing of the reply.
func Rows(reply Value, paths []Path) (Value, error) {
	for i := range paths {
		v, isTwin := paths[i].Only(reply)
		if isTwin {
			return Value{}, ErrTwice
		}
		switch v.Kind() {
		case List:
			return v, nil
		case Null:
			if len(paths[i].steps) > 0 {
				return v, nil
			}
		}
	}
	return Value{}, ErrNoList
}
