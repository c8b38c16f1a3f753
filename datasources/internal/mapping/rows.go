package mapping

import "errors"

var errNoList = errors.New("mapping: none of the paths holds a list of records")

// Rows finds the list of records of a reply: the first of the paths that holds a
// list, or null, which is an empty one. An error tells that there is none; it
// holds nothing of the reply.
func Rows(reply Value, paths []Path) (Value, error) {
	for i := range paths {
		switch v := paths[i].Find(reply); v.Kind() {
		case List:
			return v, nil
		case Null:
			if len(paths[i].steps) > 0 {
				return v, nil
			}
		}
	}
	return Value{}, errNoList
}
