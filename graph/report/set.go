package report

import (
	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/output"
)

// Set is a table as OData has it: its columns are the table's, in their order. A masked
// column is neither filtered nor sorted by.
func Set(t *dataset.Table) *odata.Set {
	s := &odata.Set{Name: t.Name, Label: t.Label, Columns: make([]odata.Column, len(t.Columns))}
	for i := range t.Columns {
		c := &t.Columns[i]
		compares := c.IsExact && !c.IsMasked
		o := odata.Column{
			Name: c.Name, Type: odataType(c.Type), Label: c.Label,
			IsKey: c.IsKey, IsMasked: c.IsMasked, CanFilter: compares, CanSort: compares,
		}
		switch {
		case c.Type != dataset.Decimal:
		case c.Scale == dataset.AnyScale:
			o.Precision, o.Scale = decimal.MaxPrec, odata.VariableScale
		default:
			o.Precision, o.Scale = column(c).Digits()
		}
		s.Columns[i] = o
	}
	return s
}

// Whole is the question for all of a set: what a file without further wishes holds.
func Whole(s *odata.Set) *odata.Question {
	q := &odata.Question{Target: odata.Rows, Set: s, Top: -1, Select: make([]int, len(s.Columns))}
	for i := range q.Select {
		q.Select[i] = i
	}
	if key := s.Key(); key >= 0 {
		q.Order = []odata.Order{{Column: key}}
	}
	return q
}

// Columns are the columns of the answer, those of $select.
func (r *Report) Columns() []output.Column {
	out := make([]output.Column, len(r.question.Select))
	for i, c := range r.question.Select {
		out[i] = column(&r.table.Columns[c])
	}
	return out
}

// column is a column as files have it. A decimal has one precision in $metadata and in
// files, that of output.Column.Digits, unless it has any scale: Parquet knows no such
// thing, and its DECIMAL(38, 19) would be digits that no value has.
func column(c *dataset.Column) output.Column {
	o := output.Column{Name: c.Name, Type: outputType(c.Type)}
	if c.Type == dataset.Decimal {
		o.Scale = c.Scale // dataset.AnyScale is output.AnyScale
	}
	return o
}

func odataType(t dataset.Type) odata.Type {
	switch t {
	case dataset.Int:
		return odata.Int
	case dataset.Decimal:
		return odata.Decimal
	case dataset.DateTime:
		return odata.DateTime
	case dataset.Date:
		return odata.Date
	case dataset.Boolean:
		return odata.Boolean
	}
	return odata.String
}

func outputType(t dataset.Type) output.Type {
	switch t {
	case dataset.Int:
		return output.Int
	case dataset.Decimal:
		return output.Decimal
	case dataset.DateTime:
		return output.DateTime
	case dataset.Date:
		return output.Date
	case dataset.Boolean:
		return output.Boolean
	}
	return output.String
}
