package dataset

import "github.com/trama-graph/trama/policies"

// Changes is what the root list of a table knows of the column modifiedAt, which is the
// latest of all records joined in a row. Where a row is of the root's record alone the
// list knows all of it: then Columns[ModifiedAtColumn] has its keys, and Changes none.
type Changes struct {
	// Key is the key of the list's filter that compares when the root's record changed: no
	// later than modifiedAt. It is empty where the list has none, and where the column is
	// not exact.
	Key string

	// Customer says that the one other record of a row is the root's customer, and that the
	// list of customers shows every customer to the view, and can be filtered by when he
	// changed. So modifiedAt is since a moment where the root's record, or one of the
	// customers so found, has changed since.
	Customer bool
}

// The names by which customers and their list are known.
const (
	customerType  = "Customer"
	customerField = "customer"
	customersRoot = "customers"
)

// changes finds what the root list knows of when rows have changed.
func (m *maker) changes(c *Column, q *Query) {
	p := m.d.parts[0]
	of := p.root.of.Fields.ForName(changedField)
	if of == nil {
		return
	}
	key, value := m.searched(p, &node{parent: p.root, kind: leaf, holder: p.root.of.Name, def: of})
	if len(q.Records) == 1 {
		// Of one record it is the record's own, on however many rows that stands.
		c.FilterKey, c.OrderValue = key, value
		return
	}
	m.out.Changes = Changes{Key: key, Customer: key != "" && len(q.Records) == 2 && m.isCustomer(&q.Records[1]) && m.showsCustomers()}
}

// isCustomer reports whether a record is the customer of the root's.
func (m *maker) isCustomer(r *Record) bool {
	root := m.d.parts[0].root
	rows := root.path()
	if r.Type != customerType || len(r.Path) != len(rows)+1 {
		return false
	}
	n := root.child(r.Path[len(rows)])
	return n != nil && n.def.Name == customerField
}

// showsCustomers reports whether the list of customers has everybody who can be joined,
// and can be asked who has changed. One that some of them are not shown in would not tell
// of those that are reached in another way.
func (m *maker) showsCustomers() bool {
	list := m.schema.Query.Fields.ForName(customersRoot)
	if list == nil || m.view.Grant("Query", customersRoot).Verdict != policies.Allow {
		return false
	}
	if rows, visible := m.view.Rows(customerType); !visible || rows != nil && rows.Op != policies.Always {
		return false
	}
	filter := list.Arguments.ForName("filter")
	return filter != nil && m.schema.Types[filter.Type.Name()].Fields.ForName(changedField) != nil && m.schema.Types[customerType].Fields.ForName(changedField) != nil
}
