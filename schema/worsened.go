package schema

import "slices"

// Worsened returns the fields that a row could show when it was read before and cannot
// now, by the names of FaultsWithin. Both are pointers to the same type, and of one
// record. Of the records in a list, which have no keys, those at the same place are
// compared; where there are more of them, or fewer, a field has worsened when fewer of
// them can show it than could.
func Worsened(was, now any) []string {
	before := FaultsOf(was)
	out := worse(nil, "", before, FaultsOf(now))
	switch n := now.(type) {
	case *Order:
		w, ok := was.(*Order)
		if !ok {
			return out
		}
		out = worseWithin(out, before, "lines", w.Lines, n.Lines)
		return worseWithin(out, before, "states", w.States, n.States)
	case *Invoice:
		if w, ok := was.(*Invoice); ok {
			return worseWithin(out, before, "lines", w.Lines, n.Lines)
		}
	case *DeliveryNote:
		if w, ok := was.(*DeliveryNote); ok {
			return worseWithin(out, before, "lines", w.Lines, n.Lines)
		}
	case *PurchaseOrder:
		if w, ok := was.(*PurchaseOrder); ok {
			return worseWithin(out, before, "lines", w.Lines, n.Lines)
		}
	case *Product:
		if w, ok := was.(*Product); ok {
			return worseWithin(out, before, "stock", w.Stock, n.Stock)
		}
	}
	return out
}

// worse adds the fields of now that are not in was.
func worse(out []string, list string, was, now *Faults) []string {
	if now == nil {
		return out
	}
	for _, name := range now.Fields {
		if !was.Has(name) && !slices.Contains(out, list+name) {
			out = append(out, list+name)
		}
	}
	return out
}

func worseWithin[T interface{ Spoilt() *Faults }](out []string, before *Faults, list string, was, now []T) []string {
	if before.Has(list) {
		return out // it could not be shown at all
	}
	if len(was) == len(now) {
		for i := range now {
			out = worse(out, list+".", was[i].Spoilt(), now[i].Spoilt())
		}
		return out
	}
	for _, x := range now {
		f := x.Spoilt()
		if f == nil {
			continue
		}
		for _, name := range f.Fields {
			if sound(now, name) < sound(was, name) && !slices.Contains(out, list+"."+name) {
				out = append(out, list+"."+name)
			}
		}
	}
	return out
}

// sound is how many of the records can show a field.
func sound[T interface{ Spoilt() *Faults }](rows []T, name string) int {
	n := 0
	for _, x := range rows {
		if !x.Spoilt().Has(name) {
			n++
		}
	}
	return n
}
