package report

import (
	"context"
	"io"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/output"
)

// Export writes the whole answer as a file of the format, in windows: memory does not
// grow with it unless it is sorted here. An error in the middle leaves a file that is not
// whole, as output says. The errors are Read's, and LIMITED where there are more rows than
// Limits.FileRows.
func (r *Report) Export(ctx context.Context, with Runner, format output.Format, w io.Writer, opt output.Options) error {
	to, err := output.New(format, w, opt)
	if err != nil {
		return err
	}
	if most := r.limits.FileRows; most > 0 {
		to = &bounded{Writer: to, most: most}
	}
	if _, err := r.read(ctx, with, to, odata.Position{Count: -1}, 0); err != nil {
		return err
	}
	return to.End()
}
