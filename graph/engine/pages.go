package engine

import (
	"slices"

	"github.com/trama-graph/trama/graph/plan"
)

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
		if s.bulk != nil && s.columns[k].cells == nil {
			*out = append(*out, s.bulk.uses[k]...)
			continue
		}
		from := len(*out)
		s.page(k, path, out)
		if s.parts != nil && k == s.parts.list {
			*out = append((*out)[:from], s.parts.all((*out)[from:])...)
		}
	}
}

// page adds the pages of one field and of all below it.
func (s *set) page(k int, path string, out *[]PageUse) {
	st := &s.sel.fields[k]
	if s.columns[k].cells == nil || st.field == nil {
		return
	}
	sets := s.columns[k].cells.below(nil)
	if !slices.ContainsFunc(sets, func(s *set) bool { return len(s.objects) > 0 }) {
		return // none came, whether they were asked for or no parent shows them
	}
	below := path
	switch {
	case st.given != nil:
		below = st.given.path
	case !isPart(st.node):
		below = join(path, st.node)
	}
	if st.node.Page > 0 {
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

// fieldPath is the path of the field that yielded a set.
func (s *set) fieldPath() string {
	if s.from == nil {
		return ""
	}
	cl := s.from
	for cl.parent != nil {
		cl = cl.parent
	}
	path := cl.set.fieldPath()
	if n := cl.step.node; !isPart(n) {
		path = join(path, n)
	}
	return path
}

// use adds the pages of a window to those of the windows before.
func (b *bulk) use(w *window) {
	for _, k := range b.fields {
		for _, u := range w.set.usesBelow(k) {
			b.uses[k] = merged(b.uses[k], u)
		}
	}
}

// usesBelow returns the uses of a field's page and of all below it.
func (s *set) usesBelow(k int) (uses []PageUse) {
	s.page(k, s.fieldPath(), &uses)
	return uses
}

func merged(all []PageUse, u PageUse) []PageUse {
	for i := range all {
		if a := &all[i]; a.Node == u.Node {
			a.Parents, a.Rows, a.Most, a.Unread = a.Parents+u.Parents, a.Rows+u.Rows, max(a.Most, u.Most), a.Unread && u.Unread
			return all
		}
	}
	return append(all, u)
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
