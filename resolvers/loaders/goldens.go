package loaders

// goldens returns the golden customer of each parent, "" where he is not known. The
// directory is asked once for each customer, not for each document.
func (l *Loaders) goldens(parents []Parent) []string {
	out := make([]string, len(parents))
	var in goldensIn
	for i := range parents {
		if in.source != parents[i].Source || in.l == nil {
			in = goldensIn{l: l, source: parents[i].Source, known: in.known}
			clear(in.known)
		}
		out[i] = in.of(parents[i].CustomerKey)
	}
	return out
}

// goldensIn remembers the golden customers of the keys of one source.
type goldensIn struct {
	l      *Loaders
	source string
	known  map[string]string

	last, golden string // documents of one customer mostly stand together
}

// of returns the golden customer of a key, "" where he is not known.
func (g *goldensIn) of(customerKey string) string {
	switch {
	case customerKey == "":
		return ""
	case customerKey == g.last:
		return g.golden
	}
	golden, ok := g.known[customerKey]
	if !ok {
		golden, ok = g.l.Directory.Golden(g.source, customerKey)
		if !ok {
			golden = ""
		}
		if g.known == nil {
			g.known = map[string]string{}
		}
		g.known[customerKey] = golden
	}
	g.last, g.golden = customerKey, golden
	return golden
}
