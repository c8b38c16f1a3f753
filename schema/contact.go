package schema

// Contact is a person at a customer.
type Contact struct {
	Record
	Links
	Name      string
	FirstName string
	LastName  string
	Email     string
	Phone     string
	Mobile    string
	JobTitle  string
}

// ContactPage is a page of them.
type ContactPage = Page[Contact]

// ContactEdge is one with its cursor.
type ContactEdge = Edge[Contact]

// Column returns a column by its SDL name, null when absent or unknown.
func (x *Contact) Column(name string) Value {
	switch name {
	case "name":
		return String(x.Name)
	case "email":
		return String(x.Email)
	}
	return either(x.Record.column(name), x.Links.column(name))
}
