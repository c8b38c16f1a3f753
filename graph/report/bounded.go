package report

import (
	"github.com/trama-graph/trama/graph/output"
	"github.com/trama-graph/trama/schema"
)

// bounded is a Writer that takes so many rows and no more.
type bounded struct {
	output.Writer
	most, width, given int
}

func (b *bounded) Begin(cols []output.Column) error {
	b.width = len(cols)
	return b.Writer.Begin(cols)
}

// Rows fails with LIMITED before it writes a row too many.
func (b *bounded) Rows(cells []schema.Value) error {
	if b.width > 0 {
		b.given += len(cells) / b.width
	}
	if b.given > b.most {
		return schema.Errorf(schema.Limited, "the file has more than %d rows, which is the limit: filter it, or read it page by page from /odata", b.most)
	}
	return b.Writer.Rows(cells)
}
