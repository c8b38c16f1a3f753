package odata

import (
	"errors"

	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/datasources/internal/wire"
)

// page is one reply with rows.
type page struct {
	rows  mapping.Value // a list of objects
	n     int           // how many
	next  string        // the server's link to what follows, "" = none
	count int           // of all matching rows, -1 = not told
	body  []byte        // what rows are of
}

// free gives the memory of a page back, when nothing points to its rows any more.
func (p *page) free() {
	p.rows.Free()
	wire.Recycle(p.body)
	*p = page{}
}

var (
	errNotJSON   = errors.New("odata: not JSON, or only a half of it")
	errStreamed  = errors.New("odata: an error in the middle of the rows")
	errBodyError = errors.New("odata: an error with status 200")
)

// decodePage reads a reply of any version, whichever the server chose to speak:
//
//	v4        {"value": [...], "@odata.nextLink": "…", "@odata.count": 3}
//	v3 light  {"value": [...], "odata.nextLink": "…", "odata.count": "3"}
//	v2, v3    {"d": {"results": [...], "__next": "…", "__count": "3"}}
//	v1        {"d": [...]}
//
// Its errors are verdicts. A server that fails while it writes rows can only add
// an error behind them: what came before is not all. Of the records only what shape
// names is kept, all when it is nil.
func decodePage(body []byte, shape *mapping.Shape) (page, error) {
	doc, err := shape.Parse(body)
	if err != nil {
		return page{}, wire.Invalid(errors.Join(errNotJSON, err))
	}
	root := doc.Root()
	if hasError(root) {
		if root.Member("value").Kind() == mapping.List || root.Member("d").Kind() != mapping.Absent {
			return page{}, wire.Unavailable(errStreamed)
		}
		return page{}, wire.Unavailable(errBodyError)
	}
	list, isTwin := single(root, "value")
	about := root
	if d, isOther := single(root, "d"); d.Kind() != mapping.Absent {
		list, about, isTwin = d, d, isOther
		if d.Kind() == mapping.Object && !isTwin {
			list, isTwin = single(d, "results")
		}
		if hasError(d) {
			return page{}, wire.Unavailable(errStreamed)
		}
	}
	if isTwin {
		return page{}, wire.Invalid(mapping.ErrTwice) // nobody knows which is meant
	}
	if list.Kind() != mapping.List {
		return page{}, wire.Invalid(mapping.ErrNoList)
	}
	p := page{rows: list, count: -1, body: body}
	for row := range list.Items() {
		if row.Kind() != mapping.Object {
			return page{}, wire.Invalid(mapping.ErrNoList)
		}
		if isErrorOnly(row) {
			return page{}, wire.Unavailable(errStreamed)
		}
		p.n++
	}
	for _, name := range []string{"@odata.nextLink", "@nextLink", "odata.nextLink", "__next"} {
		if next := about.Member(name); next.Kind() == mapping.Text {
			p.next = next.String()
			break
		}
	}
	for _, name := range []string{"@odata.count", "@count", "odata.count", "__count"} {
		if n, ok := about.Member(name).Int(); ok && n >= 0 {
			p.count = n
			break
		}
	}
	return p, nil
}

// single is a member, and whether it is there twice.
func single(v mapping.Value, name string) (found mapping.Value, isTwin bool) {
	for m := range v.Fields() {
		switch {
		case string(m.Label()) != name:
		case found.Kind() != mapping.Absent:
			return found, true
		default:
			found = m
		}
	}
	return found, false
}

// hasError reports whether an object holds a failure beside, or instead of, what
// it should hold.
func hasError(v mapping.Value) bool {
	for _, name := range []string{"error", "odata.error", "@odata.error"} {
		if v.Member(name).Kind() == mapping.Object {
			return true
		}
	}
	return false
}

// isErrorOnly reports whether a row is no record but a failure.
func isErrorOnly(row mapping.Value) bool {
	n := 0
	for range row.Fields() {
		if n++; n > 1 {
			return false
		}
	}
	return n == 1 && hasError(row)
}
