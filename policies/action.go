package policies

import "slices"

// The actions, by their numbers. Those of masks stand in the order in which they are
// taken when several are granted: what shows most first.
const (
	readAct = iota
	writeAct
	exportAct
	subscribeAct
	firstMask
	allActs = firstMask + 5
	acts    = firstMask - 1 // those a View knows beside reading
)

// actionNames are the actions a policy may name, by their numbers. A function, as a
// slice could be changed.
func actionNames() []string {
	return []string{
		string(Read), string(Write), string(Export), string(Subscribe),
		"mask:last4", "mask:domain", "mask:year", "mask:hash", "mask:null",
	}
}

// actionIndex is the number of an action, -1 for none.
func actionIndex(name string) int { return slices.Index(actionNames(), name) }

// maskOf is the mask of an action's number.
func maskOf(act int) MaskKind {
	switch act - firstMask {
	case 0:
		return MaskLast4
	case 1:
		return MaskDomain
	case 2:
		return MaskYear
	case 3:
		return MaskHash
	}
	return MaskNull
}
