package world

// Outcome is what a method or resolver does for one object.
type Outcome int

// The outcomes.
const (
	Fine Outcome = iota
	Missing
	Fails
	Panics
)

func outcome[T any](o Outcome, where string, v *T) (*T, error) {
	switch o {
	case Missing:
		return nil, nil
	case Fails:
		return v, Failure(where)
	case Panics:
		panic(where + " panicked")
	}
	return v, nil
}
