package report

import (
	"slices"
	"strconv"
	"strings"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/odata"
)

// maxNamed is how many columns an error names.
const maxNamed = 5

// tooManyScanned refuses to judge more rows. It names the columns of the filter that was
// judged on them or, where none was, those that were to be sorted by.
func (r *Report) tooManyScanned() error {
	columns := r.rest.Columns()
	if len(columns) == 0 {
		return r.tooManySorted(r.limits.Scanned)
	}
	option := "$filter"
	if r.question.Target == odata.Row {
		option = ""
	}
	return r.refuse(option, "compare", columns, r.limits.Scanned, "filter also by", func(c *dataset.Column) bool {
		return c.FilterKey != "" && c.Type != dataset.Boolean // which leaves most of the rows
	})
}

// tooManySorted refuses to sort more rows.
func (r *Report) tooManySorted(most int64) error {
	return r.refuse("$orderby", "sort", r.sortedColumns(), most, "sort by one of", isSorted)
}

func (r *Report) sortedColumns() []int {
	var columns []int
	for _, o := range r.question.Order[:max(r.question.Asked, 1)] {
		columns = append(columns, o.Column)
	}
	return columns
}

// tooLongSorted refuses to sort rows that take more memory than is given.
func (r *Report) tooLongSorted() error {
	names := r.names(r.sortedColumns())
	return &odata.Error{
		Kind: odata.KindNotSupported, Option: "$orderby", Feature: names,
		Message: "$orderby: to sort by " + names + " is not supported for rows as many and as long: select less",
	}
}

// refuse is 501: it names what is not done here, and what would be done by the source.
func (r *Report) refuse(option, verb string, columns []int, most int64, instead string, does func(*dataset.Column) bool) error {
	text := "to " + verb + " by " + r.names(columns) + " is not supported over more than " + strconv.FormatInt(most, 10) + " rows"
	if option != "" {
		text = option + ": " + text
	}
	var others []int
	for i := range r.table.Columns {
		if does(&r.table.Columns[i]) && !slices.Contains(columns, i) && len(others) < maxNamed {
			others = append(others, i)
		}
	}
	if len(others) > 0 && option != "" {
		text += "; " + instead + " " + r.names(others)
	}
	return &odata.Error{Kind: odata.KindNotSupported, Option: option, Feature: r.names(columns), Message: text}
}

func (r *Report) names(columns []int) string {
	var names []string
	for _, c := range columns[:min(len(columns), maxNamed)] {
		names = append(names, r.table.Columns[c].Name)
	}
	return strings.Join(names, ", ")
}

func notFound() error {
	return &odata.Error{Kind: odata.KindNotFound, Message: "there is no row with this key"}
}
