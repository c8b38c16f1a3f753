package report

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/dataset"
)

// rootNode is the field that finds any record by its id.
const rootNode = "node"

// byNode makes the operation that reads what hangs below one record of the root list, by
// the sealed id its rows' keys begin with; nil where the table has no such key, or the
// list a filter of its own, which node would not know. What is deleted has no page.
func (p *pruner) byNode() (*dataset.Query, []int, error) {
	q := p.query
	root, err := rootOf(q)
	if err != nil || !q.IsPage || q.IsBound || p.schema.Query.Fields.ForName(rootNode) == nil || len(q.Key) == 0 {
		return nil, nil, err
	}
	first := q.Key[0].Cell
	if first < 0 || len(q.Cells[first].Path) != 3 { // orders, nodes, id
		return nil, nil, nil
	}
	nodes, ok := root.SelectionSet[0].(*ast.Field)
	if !ok || q.Cells[first].Field != nodes.Definition.Type.Name()+"."+argID {
		return nil, nil, nil
	}
	list, at, err := p.prune(nil)
	if err != nil {
		return nil, nil, err
	}
	d := &document{kept: map[string]bool{}}
	for i := range list.Cells {
		d.keep(list.Cells[i].Path)
		list.Cells[i].Path = below(list.Cells[i].Path)
	}
	for i := range list.Records {
		list.Records[i].Path = below(list.Records[i].Path)
	}
	for i := range list.Key {
		if list.Key[i].Cell < 0 {
			list.Key[i].List = below(list.Key[i].List)
		}
	}
	list.Rows, list.IsPage = below(list.Rows), false
	d.WriteString("query " + q.Document.Operations[0].Name + "($" + argID + ": ID!) { " + rootNode + "(" + argID + ": $" + argID + ") { ... on " + nodes.Definition.Type.Name())
	d.selection(nodes.SelectionSet, joint+q.Rows[0]+joint+q.Rows[1])
	d.WriteString(" } }")
	list.Text = d.String()
	return list, at, list.Parse(p.schema)
}

// below is a path that begins with the root list's as it is below node.
func below(path []string) []string {
	return append([]string{rootNode}, path[2:]...)
}

// idOf is the id of the root list's record that a row's key begins with.
func idOf(key string) string {
	id, _, _ := strings.Cut(key, ".")
	return id
}
