package creatio

import "github.com/trama-graph/trama/schema"

func contactShape() *shape {
	return newShape(
		"Contact", "Contact",
		column{field: "customer", up: "AccountId", kind: link},
		column{field: "name", up: "Name"},
		column{field: "firstName", up: "GivenName"},
		column{field: "lastName", up: "Surname"},
		column{field: "email", up: "Email"},
		column{field: "phone", up: "Phone"},
		column{field: "mobile", up: "MobilePhone"},
		column{field: "jobTitle", up: "JobTitle"},
	)
}

func buildContact(b *builder, r *record) schema.Contact {
	return schema.Contact{
		Record:    b.record(r),
		Links:     b.links(r),
		Name:      b.text(r, "name"),
		FirstName: b.text(r, "firstName"),
		LastName:  b.text(r, "lastName"),
		Email:     b.text(r, "email"),
		Phone:     b.text(r, "phone"),
		Mobile:    b.text(r, "mobile"),
		JobTitle:  b.text(r, "jobTitle"),
	}
}
