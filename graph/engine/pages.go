package engine

import "github.com/trama-graph/trama/graph/plan"

// PageUse is what an answer had of the pages of one field.
type PageUse struct {
	Node    *plan.Node
	Path    string // field names from the root on: Query.customers/orders
	Parents int    // how many pages there are
	Rows    int    // in all of them
	Most    int    // in the fullest
	Unread  bool   // neither nodes nor edges were asked
}

// Pages returns what was used of each page the operation declared, in the order of
// the operation. Of a mutation there are none.
func (r *Result) Pages() []PageUse {
	if r.root == nil {
		return nil
	}
	var out []PageUse
	r.root.pages("", &out)
	return out
}

func (s *set) pages(path string, out *[]PageUse) {
	for k := range s.columns {
		st := &s.sel.fields[k]
		if s.columns[k].cells == nil || st.field == nil {
			continue
		}
		below := path
		if !isPart(st.node) {
			below = join(path, st.node)
		}
		sets := s.columns[k].cells.below(nil)
		if st.node.Page > 0 && len(sets) > 0 {
			use := PageUse{Node: st.node, Path: below, Unread: true}
			for _, page := range sets {
				page.use(&use)
			}
			*out = append(*out, use)
		}
		for _, page := range sets {
			page.pages(below, out)
		}
	}
}

// isPart reports whether a field is one of a page or an edge, which paths leave
// out.
func isPart(n *plan.Node) bool {
	return !n.Relation && (n.Field == "nodes" || n.Field == "edges" || n.Field == "node")
}

func join(path string, n *plan.Node) string {
	if path == "" {
		return n.Type + "." + n.Field
	}
	return path + "/" + n.Field
}

// use adds the pages of a set, whichever of nodes and edges has more.
func (s *set) use(u *PageUse) {
	u.Parents += len(s.objects)
	rows := 0
	for k := range s.columns {
		n, c := s.sel.fields[k].node, s.columns[k].cells
		if n.Field != "nodes" && n.Field != "edges" {
			continue
		}
		u.Unread = false
		if c == nil || c.offsets == nil {
			continue
		}
		for i := range c.n {
			u.Most = max(u.Most, int(c.offsets[i+1]-c.offsets[i]))
		}
		rows = max(rows, int(c.offsets[c.n]))
	}
	u.Rows += rows
}

// below returns the sets of the objects in the cells, through lists.
func (c *cells) below(sets []*set) []*set {
	for cl := c; cl != nil; cl = cl.elem {
		sets = append(sets, cl.sets...)
	}
	return sets
}
