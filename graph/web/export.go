package web

import (
	"context"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/graph/output"
	"github.com/trama-graph/trama/graph/report"
	"github.com/trama-graph/trama/schema"
)

// export is the door of tables as files: GET /export/NAME.FORMAT, with the columns,
// filter and order of OData, and POST /export/FORMAT with the text of a dataset.
func (s *Server) export(w http.ResponseWriter, r *http.Request) {
	isQuestion := r.Method == http.MethodPost
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	case http.MethodOptions:
		w.Header().Set("Allow", "GET, HEAD, POST, OPTIONS")
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		w.Header().Set("Allow", "GET, HEAD, POST, OPTIONS")
		s.failed(w, r, nobody{}, refuse(http.StatusMethodNotAllowed, schema.BadRequest, "use GET for a dataset, POST for a question of your own"))
		return
	}
	if offersOther(r.Header, r.URL.RawQuery, feedToken(r)) {
		s.failed(w, r, nobody{}, twoTokens("a request has one token: its header and its api_key differ"))
		return
	}
	p, err := s.enter(w, r, exportDoor)
	if err != nil {
		s.failed(w, r, nobody{}, err)
		return
	}
	ctx, f, err := s.openFeed(r.Context(), p, "") // a file has no links
	if err != nil {
		s.failed(w, r, nobody{}, s.internal(ctx, err))
		return
	}
	r = r.WithContext(ctx)
	if err := f.file(w, r, isQuestion); err != nil {
		f.failed(w, r, f, err)
	}
}

// file answers with a file. An error means that nothing was sent.
func (f *feed) file(w http.ResponseWriter, r *http.Request, isQuestion bool) error {
	name, format, err := fileName(strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/export"), "/"), isQuestion)
	if err != nil {
		return err
	}
	own, opt, err := fileOptions(r.URL.RawQuery, format)
	if err != nil {
		return err
	}
	var t *feedTable
	if isQuestion {
		if t, err = f.adHoc(w, r, name); err != nil {
			return err
		}
	} else if t = f.table(name); t == nil {
		return noTable()
	}
	name = t.table.Name
	entryOf(r.Context()).operation = name
	q, err := odata.Parse(name, r.URL.RawQuery, func(string) (*odata.Set, bool) { return t.set, true }, odata.Limits{Custom: own})
	if err != nil {
		return err
	}
	if q.Target != odata.Rows || q.IsContinued() || q.IsCount {
		return &odata.Error{Kind: odata.KindBadRequest, Message: "a file is whole: $count and $skiptoken have no meaning for it"}
	}
	if err := f.isKept(t.table); err != nil {
		return err
	}
	return f.write(w, r, t, q, format, opt)
}

// write sends the file. An error means that nothing was sent.
func (f *feed) write(w http.ResponseWriter, r *http.Request, t *feedTable, q *odata.Question, format output.Format, opt output.Options) error {
	name := t.table.Name
	h := w.Header()
	h.Set("Content-Type", format.MediaType())
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name + "." + string(format)}))
	opt.XLSX.Sheet = name[:min(len(name), 25)]
	rep, err := report.Of(t.table, f.view.schema, q, f.limits())
	if err != nil {
		return err
	}
	ctx, c, end := f.timed(r.Context())
	defer end()
	to, free := f.sinkTo(w, r, c, !format.IsPacked())
	defer free()
	if r.Method == http.MethodHead {
		_, err := to.begin(http.StatusOK, -1)
		return err
	}
	leave, err := f.enterPlace(h)
	if err != nil {
		return err
	}
	defer leave()
	if err = f.fill(ctx, to, t, rep, format, opt); err == nil {
		return nil
	}
	if !to.isBegun() {
		return err
	}
	f.broken(r, to.bytes, err)
	return nil
}

// fill makes the file.
func (f *feed) fill(ctx context.Context, to *sink, t *feedTable, rep *report.Report, format output.Format, opt output.Options) error {
	with := f.runner(t.table, to.header, -1)
	defer with.close(ctx)
	if err := rep.Export(ctx, with, format, to, opt); err != nil {
		return err
	}
	return to.end()
}

// fileName reads NAME.FORMAT. A question may have the format alone: it has its own name.
func fileName(file string, isQuestion bool) (name string, format output.Format, err error) {
	at := strings.LastIndexByte(file, '.')
	format = output.Format(file[at+1:])
	switch {
	case !slices.Contains(output.Formats(), format):
		return "", "", &odata.Error{Kind: odata.KindNotFound, Message: "there is no such format: files end in .csv, .xlsx, .parquet or .ndjson"}
	case at < 0 && isQuestion:
		return "", format, nil
	case at <= 0:
		return "", "", noTable()
	}
	return file[:at], format, nil
}

// fileOptions reads what is said of the form of a file: of CSV the separator (comma,
// semicolon, tab), the byte order mark (bom) and the sign of decimals (decimal). names are
// those that were read.
func fileOptions(rawQuery string, format output.Format) (names []string, opt output.Options, err error) {
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, opt, badOption("the query string has a broken percent-encoding")
	}
	if values.Has("$format") {
		return nil, opt, badOption("$format has no meaning for a file: its name says what it is")
	}
	for _, o := range csvOptions {
		if !values.Has(o.name) {
			continue
		}
		names = append(names, o.name)
		if format != output.FormatCSV {
			return nil, opt, badOption(o.name + " is for files of CSV")
		}
		if len(values[o.name]) > 1 || !o.set(&opt.CSV, values.Get(o.name)) {
			return nil, opt, badOption(o.name + ": want " + o.want)
		}
	}
	if err := opt.CSV.Validate(); err != nil {
		return nil, opt, badOption("a decimal comma wants another separator than the comma")
	}
	return names, opt, nil
}

var csvOptions = []struct {
	name, want string
	set        func(o *output.CSVOptions, value string) bool
}{
	{"separator", "comma, semicolon or tab", func(o *output.CSVOptions, v string) (ok bool) {
		o.Separator, ok = map[string]byte{"comma": ',', ",": ',', "semicolon": ';', ";": ';', "tab": '\t', "\t": '\t'}[v]
		return ok
	}},
	{"bom", "true or false", func(o *output.CSVOptions, v string) bool {
		o.NoBOM = v == "false"
		return v == "true" || v == "false"
	}},
	{"decimal", "point or comma", func(o *output.CSVOptions, v string) bool {
		o.DecimalComma = v == "comma"
		return v == "point" || v == "comma"
	}},
}

func badOption(message string) error {
	return &odata.Error{Kind: odata.KindBadRequest, Message: message}
}
