package mapping

import (
	"reflect"
	"slices"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/schema"
)

// Complete fills what is empty in row by what more has; its key and its truth
// values that cannot be absent stay, and what is at fault in it. What is taken over is
// shared, not copied.
func Complete[T any](row, more *T) {
	t := tableOf[T]()
	var own *schema.Faults
	if t.faults != nil {
		own = *t.faults(row)
		*t.faults(row) = inherited(t, row, more)
	}
	if t.amounts != nil {
		completeAmounts(t.amounts(row), t.amounts(more), own)
	}
	for i := range t.columns {
		c := &t.columns[i]
		if c.at == nil || c.role == isKey || c.role == isNet || c.role == isTax || c.name == "total" && t.amounts != nil || own.Has(fieldOf(c.name)) {
			continue
		}
		switch place := c.at(row).(type) {
		case *string:
			fill(place, *c.at(more).(*string))
		case *time.Time:
			if place.IsZero() {
				*place = *c.at(more).(*time.Time)
			}
		case **schema.Money:
			fill(place, *c.at(more).(**schema.Money))
		case **decimal.Decimal:
			fill(place, *c.at(more).(**decimal.Decimal))
		case **bool:
			fill(place, *c.at(more).(**bool))
		case **int:
			fill(place, *c.at(more).(**int))
		case *[]string:
			fillList(place, *c.at(more).(*[]string))
		case *map[string]string:
			if len(*place) == 0 {
				*place = *c.at(more).(*map[string]string)
			}
		case *[]*schema.OrderLine:
			fillList(place, *c.at(more).(*[]*schema.OrderLine))
		case *[]*schema.OrderState:
			fillList(place, *c.at(more).(*[]*schema.OrderState))
		case *[]*schema.Stock:
			fillList(place, *c.at(more).(*[]*schema.Stock))
		}
	}
}

// completeAmounts takes over the amounts that are missing, with the word that they
// were computed.
func completeAmounts(row, more amounts, own *schema.Faults) {
	for _, x := range []struct {
		name     string
		to, from **schema.Money
	}{{"total", row.total, more.total}, {"net", row.net, more.net}, {"tax", row.tax, more.tax}} {
		if x.to == nil || *x.to != nil || *x.from == nil || own.Has(x.name) {
			continue
		}
		*x.to = *x.from
		if row.computed != nil && slices.Contains(*more.computed, x.name) {
			*row.computed = append(*row.computed, x.name)
		}
	}
}

// inherited are the faults of a row that is completed: its own, and those of more
// where the row has nothing else.
func inherited[T any](t *table[T], row, more *T) *schema.Faults {
	own, theirs := *t.faults(row), *t.faults(more)
	if theirs == nil {
		return own
	}
	var taken []string
	isColumn := map[string]bool{}
	for i := range t.columns {
		c := &t.columns[i]
		field := fieldOf(c.name)
		isColumn[field] = true
		if c.role == isCur {
			continue // it goes with its amount
		}
		if theirs.Has(field) && (c.at == nil || reflect.ValueOf(c.at(row)).Elem().IsZero()) {
			taken = append(taken, field)
		}
	}
	if len(taken) == 0 {
		return own
	}
	if theirs.Has("currency") && slices.ContainsFunc(taken, isOfCurrency) {
		taken = append(taken, "currency")
	}
	for _, field := range theirs.Fields { // relations and the like: they read some of it
		if !isColumn[field] {
			taken = append(taken, field)
		}
	}
	return own.With(taken...)
}

func fill[V comparable](place *V, v V) {
	var empty V
	if *place == empty {
		*place = v
	}
}

func fillList[V any](place *[]V, v []V) {
	if len(*place) == 0 {
		*place = v
	}
}
