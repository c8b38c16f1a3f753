package odata

import (
	"slices"
	"strconv"
	"strings"

	"github.com/trama-graph/trama/schema"
)

// read gives the options their meaning.
func (q *Question) read(limits Limits) error {
	if q.Set != nil {
		q.selectAll()
		q.orderByKey()
	}
	for _, o := range q.options {
		var err error
		switch o.name {
		case optFilter:
			q.Filter, err = parseFilter(o.value, q.Set, limits)
		case optOrderBy:
			err = q.readOrder(o.value, limits)
		case optSelect:
			err = q.readSelect(o.value)
		case optTop:
			q.Top, err = readNumber(o, limits.Top)
		case optSkip:
			q.Skip, err = readNumber(o, limits.Skip)
		case optCount:
			if o.value != "true" && o.value != "false" {
				return badf(optCount, "expected true or false")
			}
			q.IsCount = o.value == "true"
		case optFormat:
			err = q.readFormat(o.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readNumber reads a whole number that is not negative (Part 1 §11.2.5.3, §11.2.5.4).
func readNumber(o option, most int64) (int64, error) {
	if !isDigits(o.value) {
		return 0, badf(o.name, "expected a whole number, not negative")
	}
	n, err := strconv.ParseInt(o.value, 10, 64)
	if err != nil || n > most {
		return 0, badf(o.name, "the number is beyond the limit of %d", most)
	}
	return n, nil
}

func (q *Question) selectAll() {
	q.Select = make([]int, len(q.Set.Columns))
	for i := range q.Select {
		q.Select[i] = i
	}
}

// readSelect reads a list of columns and "*" (Part 1 §11.2.4.1). The answer has
// them in the set's order, so that an order of words is no other question.
func (q *Question) readSelect(text string) error {
	c := cursor{option: optSelect, text: text}
	chosen := make([]bool, len(q.Set.Columns))
	for {
		c.space()
		start := c.pos
		if c.take('*') {
			for i := range chosen {
				chosen[i] = true
			}
		} else {
			word := c.word()
			if word == "" {
				return c.want("a column or *")
			}
			c.pos += len(word)
			if c.isCast(start) {
				return c.unsupported(start, "a type cast")
			}
			if c.peek() == '/' {
				return c.path(start)
			}
			i, ok := q.Set.column(word)
			if !ok {
				names := make([]string, len(q.Set.Columns))
				for i := range names {
					names[i] = q.Set.Columns[i].Name
				}
				return c.fail(start, "%s has no column %s%s", q.Set.Name, shown(word), schema.DidYouMean(word, names))
			}
			chosen[i] = true
		}
		c.space()
		if c.done() {
			break
		}
		if c.peek() == '(' || c.peek() == '.' {
			return c.unsupported(start, "a path in $select")
		}
		if !c.take(',') {
			return c.want(", or the end")
		}
	}
	q.Select = q.Select[:0]
	for i, yes := range chosen {
		if yes {
			q.Select = append(q.Select, i)
		}
	}
	q.IsSelected = len(q.Select) < len(chosen)
	return nil
}

// readOrder reads columns with asc or desc (Part 1 §11.2.5.2). Expressions, which
// OData allows here, are not done.
func (q *Question) readOrder(text string, limits Limits) error {
	c := cursor{option: optOrderBy, text: text}
	q.Order = nil
	for {
		c.space()
		start := c.pos
		word := c.word()
		switch b := c.peek(); {
		case b == '$' && strings.HasPrefix(c.text[c.pos:], "$it"):
			return c.unsupported(start, "$it in $orderby")
		case b == '@':
			return c.unsupported(start, "a parameter alias")
		case b == '(' || b == '-':
			return c.unsupported(start, "an expression in $orderby")
		case word == "":
			return c.want("a column")
		}
		c.pos += len(word)
		switch {
		case c.isCast(start):
			return c.unsupported(start, "a type cast")
		case c.peek() == '(':
			return c.unsupported(start, "an expression in $orderby")
		case c.peek() == '/':
			return c.path(start)
		}
		i, err := column(&c, q.Set, word, start, "ordered by", (*Column).maySort)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(q.Order, func(o Order) bool { return o.Column == i }) {
			return c.fail(start, "%s is there twice", shown(word))
		}
		if len(q.Order) == limits.OrderBy {
			return c.fail(start, "more than %d items", limits.OrderBy)
		}
		o := Order{Column: i}
		c.space()
		if w := c.word(); w == "asc" || w == "desc" {
			c.pos += len(w)
			o.Descending = w == "desc"
			c.space()
		} else if isForeignOperator(w) {
			return c.unsupported(start, "an expression in $orderby")
		}
		q.Order = append(q.Order, o)
		if c.done() {
			break
		}
		if !c.take(',') {
			return c.want("asc, desc, a comma or the end")
		}
	}
	q.Asked = len(q.Order)
	q.orderByKey()
	return nil
}

// orderByKey makes the order total: with the key as the last tie-break no two
// rows are equal, and a position says exactly which rows come after it.
func (q *Question) orderByKey() {
	key := q.Set.Key()
	if key >= 0 && !slices.ContainsFunc(q.Order, func(o Order) bool { return o.Column == key }) {
		q.Order = append(q.Order, Order{Column: key})
	}
}
