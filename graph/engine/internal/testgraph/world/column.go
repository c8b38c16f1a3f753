package world

import "github.com/trama-graph/trama/schema"

// Column makes a customer a row, for conditions of policies.
func (c *Customer) Column(name string) schema.Value {
	switch name {
	case "id":
		return schema.String(c.ID)
	case "name":
		return text(c.Name)
	case "status":
		if c.Status != nil {
			return schema.String(string(*c.Status))
		}
	case "active":
		return schema.Bool(c.Active)
	}
	return schema.Null
}

// Column makes a ticket a row.
func (t *Ticket) Column(name string) schema.Value {
	switch name {
	case "id":
		return schema.String(t.ID)
	case "name":
		return text(t.Title)
	case "status":
		if t.Status != nil {
			return schema.String(string(*t.Status))
		}
	case "active":
		return schema.BoolPtr(t.Open)
	}
	return schema.Null
}

func text(s *string) schema.Value {
	if s == nil {
		return schema.Null
	}
	return schema.String(*s)
}
