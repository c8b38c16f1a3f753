package onec

import (
	"strings"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
)

// presentationSuffix asks for what 1C would show in the place of a value; it stands in no metadata and in no «*».
const presentationSuffix = "____Presentation"

// shape binds $select and $expand.
//
// A navigation is expanded on collections only, by its own name (Контрагент, not Контрагент_Key), never from a tabular
// part, and only if $select, where there is one, lists it.
func (s *Server) shape(t *odatafake.Table, sel, exp string, q query, single bool) (*odatafake.Shape, *fault) {
	expand := map[string]bool{}
	if exp != "" {
		if single {
			return nil, bad(14, "Опция запроса \"$expand\" не поддерживается для экземпляра сущности \""+t.Name+"\"")
		}
		for name := range strings.SplitSeq(exp, ",") {
			name = strings.TrimSpace(name)
			if first, _, _ := strings.Cut(name, "/"); t.Part(first) != nil {
				return nil, bad(14, "Опция запроса \"$expand\" не поддерживается для табличной части \""+name+"\"")
			}
			if t.Nav(name, "") == nil {
				return nil, bad(10, "Свойство \""+name+"\" не найдено у сущности \""+t.Name+"\"")
			}
			expand[name] = true
		}
	}
	var shape *odatafake.Shape
	listed := map[string]*odatafake.Shape{}
	if sel == "" {
		shape = t.Whole(true)
		for name := range expand {
			listed[name] = nil
		}
	} else {
		shape = &odatafake.Shape{}
		for path := range strings.SplitSeq(sel, ",") {
			if f := s.selectPath(shape, t, strings.TrimSpace(path), expand, listed, q); f != nil {
				return nil, f
			}
		}
		for name := range expand {
			if _, ok := listed[name]; !ok {
				return nil, bad(14, "Свойство \""+name+"\" указано в \"$expand\", но не выбрано в \"$select\"")
			}
		}
	}
	for _, nav := range t.Navs { // in the order of the metadata
		if sub, ok := listed[nav.Name]; ok && sub == nil && expand[nav.Name] && nav.Cast == "" {
			shape.Items = append(shape.Items, odatafake.Item{Nav: nav, Sub: nav.Target.Whole(true)})
		}
	}
	if q.links {
		links(shape, t)
	}
	return shape, nil
}

// selectPath adds one path of $select to the shape.
func (s *Server) selectPath(shape *odatafake.Shape, t *odatafake.Table, path string, expand map[string]bool, listed map[string]*odatafake.Shape, q query) *fault {
	missing := bad(10, "Свойство \""+path+"\" не найдено у сущности \""+t.Name+"\"")
	if path == "*" || path == "**" {
		shape.Items = append(shape.Items, t.Whole(path == "*").Items...)
		return nil
	}
	if c := t.Column(path); c != nil {
		shape.Items = append(shape.Items, odatafake.Item{Column: c})
		return nil
	}
	if p := t.Part(path); p != nil {
		shape.Items = append(shape.Items, odatafake.Item{Part: p, Sub: p.Target.Whole(false)})
		return nil
	}
	if t.Nav(path, "") != nil {
		listed[path] = nil // without $expand only its link is printed
		return nil
	}
	if base, ok := strings.CutSuffix(path, presentationSuffix); ok {
		c := t.Column(base)
		if c == nil {
			return missing
		}
		shape.Items = append(shape.Items, odatafake.Item{Link: present(t, c, path)})
		return nil
	}
	first, rest, nested := strings.Cut(path, "/")
	if !nested {
		return missing
	}
	if p := t.Part(first); p != nil {
		sub := &odatafake.Shape{}
		if rest == "*" {
			sub = p.Target.Whole(false)
		} else if c := p.Target.Column(rest); c != nil {
			sub.Items = []odatafake.Item{{Column: c}}
		} else {
			return missing
		}
		for i := range shape.Items { // Товары/Цена after Товары/Количество widens the same array
			if shape.Items[i].Part == p {
				shape.Items[i].Sub.Items = append(shape.Items[i].Sub.Items, sub.Items...)
				return nil
			}
		}
		shape.Items = append(shape.Items, odatafake.Item{Part: p, Sub: sub})
		return nil
	}
	nav := t.Nav(first, "")
	if nav == nil && t.IsComposite(first) {
		cast, tail, ok := strings.Cut(rest, "/")
		if nav = t.Nav(first, cast); nav == nil || !ok {
			return missing
		}
		rest = tail
	}
	if nav == nil {
		return missing
	}
	c := nav.Target.Column(rest)
	if c == nil && rest != "*" {
		return missing
	}
	item := []odatafake.Item{{Column: c}}
	if rest == "*" {
		item = nav.Target.Whole(false).Items
	}
	if sub := listed[first+nav.Cast]; sub != nil {
		sub.Items = append(sub.Items, item...)
		return nil
	}
	sub := &odatafake.Shape{Items: item}
	listed[first+nav.Cast] = sub
	if nav.Cast != "" {
		listed[first] = sub
	}
	shape.Items = append(shape.Items, odatafake.Item{Nav: nav, Sub: sub})
	return nil
}

// present prints the presentation of a column: of a reference the name of what it points to, of the row's own reference its
// name, of anything else the value.
func present(t *odatafake.Table, c *odatafake.Column, name string) func([]byte, int) []byte {
	key := append(odatafake.AppendString(nil, name), ':')
	var nav *odatafake.Nav
	for _, n := range t.Navs {
		if n.FK == c.Name && n.Cast == "" {
			nav = n
		}
	}
	return func(b []byte, r int) []byte {
		b = append(b, key...)
		text := ""
		switch {
		case c.Name == "Ref_Key":
			text = presentation(t, r)
		case nav != nil:
			if at := nav.Row(r); at >= 0 {
				text = presentation(nav.Target, at)
			}
		default:
			text = c.Get(r).S
		}
		return odatafake.AppendString(b, text)
	}
}

// links adds the navigation links of the references that are printed; without metadata they are left out.
func links(shape *odatafake.Shape, t *odatafake.Table) {
	if t.Keys[0] != "Ref_Key" || len(t.Keys) > 1 {
		return
	}
	printed := map[string]bool{}
	for _, it := range shape.Items {
		if it.Column != nil {
			printed[it.Column.Name] = true
		}
	}
	ref := t.Columns[0]
	for _, nav := range t.Navs {
		if nav.Cast != "" || !printed[nav.FK] {
			continue
		}
		key := append(odatafake.AppendString(nil, nav.Name+"@navigationLinkUrl"), ':')
		shape.Items = append(shape.Items, odatafake.Item{Link: func(b []byte, r int) []byte {
			b = append(b, key...)
			return odatafake.AppendString(b, t.Name+"(guid'"+ref.Get(r).S+"')/"+nav.Name)
		}})
	}
}
