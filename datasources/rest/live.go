package rest

import (
	"fmt"
	"maps"
	"slices"
)

// CanLive says what is missing for supply: live, nil when nothing is: every
// entity but Customer must be one resource that gives many records by key, and by
// their customers where they have one.
func (c *Config) CanLive() error {
	for _, name := range slices.Sorted(maps.Keys(c.Entities)) {
		e := c.Entities[name]
		if name == customerEntity {
			continue
		}
		switch {
		case len(e.More) > 0:
			return fmt.Errorf("entities.%s.more: several resources are only joined when they are read whole; write supply: copy", name)
		case e.Stock.isSet():
			return fmt.Errorf("entities.%s.stock: stocks are only joined when they are read whole; write supply: copy", name)
		case e.Disabled:
		case e.Keys.Param == "":
			return fmt.Errorf("entities.%s.keys is not set: it cannot be asked for many %s at once; write supply: copy", name, plural(name))
		case hasField(e.Fields, "customer") && e.Relations["customer"].Param == "":
			return fmt.Errorf("entities.%s.relations.customer is not set: it cannot be asked for the %s of many customers at once; write supply: copy", name, plural(name))
		}
	}
	return nil
}

func hasField(f Fields, name string) bool {
	_, ok := f[name]
	return ok
}

// plural is what several records of an entity are called.
func plural(entity string) string {
	switch entity {
	case "PurchaseOrder":
		return "purchase orders"
	case "DeliveryNote":
		return "delivery notes"
	}
	return string(entity[0]+'a'-'A') + entity[1:] + "s"
}
