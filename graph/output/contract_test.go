package output_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"

	"github.com/trama-graph/trama/graph/output"
	"github.com/trama-graph/trama/schema"
)

var mixed = []output.Column{
	{Name: "id", Type: output.String},
	{Name: "n", Type: output.Int},
	{Name: "amount", Type: output.Decimal, Scale: 2},
	{Name: "rate", Type: output.Decimal, Scale: output.AnyScale},
	{Name: "at", Type: output.DateTime},
	{Name: "day", Type: output.Date},
	{Name: "open", Type: output.Boolean},
}

func moment(s string) schema.Value {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return schema.Time(t)
}

func dec(s string) schema.Value { return schema.Dec(decimal.MustParse(s)) }

func sample() grid {
	return grid{cols: mixed, rows: [][]schema.Value{
		{schema.String("a"), schema.Int(-1), dec("1500.50"), dec("0.0001"), moment("2026-03-02T11:15:28.5+02:00"), moment("2026-03-02T00:00:00Z"), schema.Bool(true)},
		{schema.String("=1+1"), schema.Null, schema.Null, schema.Null, schema.Null, schema.Null, schema.Null},
		{schema.String("c, d"), schema.Int(7), dec("-0.05"), schema.Int(3), moment("2026-12-31T23:59:59Z"), moment("1969-07-20T20:17:40Z"), schema.Bool(false)},
	}}
}

func TestText(t *testing.T) {
	count := int64(3)
	for _, c := range []struct {
		name string
		make func(io.Writer) output.Writer
		want string
	}{
		{"csv", func(w io.Writer) output.Writer { return output.NewCSV(w, output.CSVOptions{NoBOM: true}) }, strings.ReplaceAll(
			"id,n,amount,rate,at,day,open\n"+
				"a,-1,1500.50,0.0001,2026-03-02T09:15:28.5Z,2026-03-02,true\n"+
				"'=1+1,,,,,,\n"+
				"\"c, d\",7,-0.05,3,2026-12-31T23:59:59Z,1969-07-20,false\n", "\n", "\r\n")},
		{"csv with a decimal comma", func(w io.Writer) output.Writer {
			return output.NewCSV(w, output.CSVOptions{Separator: ';', DecimalComma: true, Raw: true})
		}, strings.ReplaceAll(
			"\ufeffid;n;amount;rate;at;day;open\n"+
				"a;-1;1500,50;0,0001;2026-03-02T09:15:28.5Z;2026-03-02;true\n"+
				"=1+1;;;;;;\n"+
				"c, d;7;-0,05;3;2026-12-31T23:59:59Z;1969-07-20;false\n", "\n", "\r\n")},
		{
			"ndjson", func(w io.Writer) output.Writer { return output.NewNDJSON(w) },
			`{"id":"a","n":-1,"amount":1500.50,"rate":0.0001,"at":"2026-03-02T09:15:28.5Z","day":"2026-03-02","open":true}` + "\n" +
				`{"id":"=1+1","n":null,"amount":null,"rate":null,"at":null,"day":null,"open":null}` + "\n" +
				`{"id":"c, d","n":7,"amount":-0.05,"rate":3,"at":"2026-12-31T23:59:59Z","day":"1969-07-20","open":false}` + "\n",
		},
		{
			"odata", feed(output.ODataOptions{Context: "https://x/$metadata#a", Count: &count}),
			`{"@odata.context":"https://x/$metadata#a","@odata.count":3,"value":[` +
				`{"id":"a","n":-1,"amount":1500.50,"rate":0.0001,"at":"2026-03-02T09:15:28.5Z","day":"2026-03-02","open":true},` +
				`{"id":"=1+1","n":null,"amount":null,"rate":null,"at":null,"day":null,"open":null},` +
				`{"id":"c, d","n":7,"amount":-0.05,"rate":3,"at":"2026-12-31T23:59:59Z","day":"1969-07-20","open":false}]}`,
		},
		{
			"odata without metadata, numbers as texts", feed(output.ODataOptions{Context: "https://x/$metadata#a", Metadata: output.None, NumbersAsText: true}),
			`{"value":[` +
				`{"id":"a","n":"-1","amount":"1500.50","rate":"0.0001","at":"2026-03-02T09:15:28.5Z","day":"2026-03-02","open":true},` +
				`{"id":"=1+1","n":null,"amount":null,"rate":null,"at":null,"day":null,"open":null},` +
				`{"id":"c, d","n":"7","amount":"-0.05","rate":"3","at":"2026-12-31T23:59:59Z","day":"1969-07-20","open":false}]}`,
		},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			for window := 1; window <= 3; window++ {
				if got := string(sample().file(t, window, c.make)); got != c.want {
					t.Errorf("windows of %d: got\n%s\nwant\n%s", window, got, c.want)
				}
			}
		})
	}
}

// With IEEE754Compatible=true the count is a string as every Edm.Int64 is ("OData
// JSON Format 4.01", §3.2), at each level.
func TestODataCountAsText(t *testing.T) {
	count := int64(9007199254740993)
	for level, want := range map[output.Metadata]string{
		output.Minimal: `{"@odata.context":"c","@odata.count":"9007199254740993","value":[{"n":"1"}]}`,
		output.None:    `{"@odata.count":"9007199254740993","value":[{"n":"1"}]}`,
	} {
		var b bytes.Buffer
		w := output.NewOData(&b, output.ODataOptions{Context: "c", Count: &count, NumbersAsText: true, Metadata: level})
		if err := errors.Join(w.Begin([]output.Column{{Name: "n", Type: output.Int}}), w.Rows([]schema.Value{schema.Int(1)}), w.End()); err != nil || b.String() != want {
			t.Errorf("%v: %s", err, b.String())
		}
	}
}

func TestODataFullAndLinks(t *testing.T) {
	g := grid{
		cols: []output.Column{{Name: "key", Type: output.String}, {Name: "n", Type: output.Int}, {Name: "day", Type: output.Date}},
		rows: [][]schema.Value{{schema.String("o'c/é"), schema.Int(1), schema.Null}},
	}
	full := output.ODataOptions{Context: "c", Metadata: output.Full, EntityType: "trama.A", Set: "https://x/A"}
	const id = `"@odata.type":"#trama.A","@odata.id":"https://x/A('o''c%2F%C3%A9')",`
	for _, c := range []struct {
		name, next string
		opt        func(output.ODataOptions) output.ODataOptions
		want       string
	}{
		{"full", "", nil, `{"@odata.context":"c","value":[{` + id + `"key":"o'c/é","n@odata.type":"#Int64","n":1,"day":null}]}`},
		{
			"hidden key and a next page", "https://x/A?$skiptoken=a&b", func(o output.ODataOptions) output.ODataOptions { o.HideKey = true; return o },
			`{"@odata.context":"c","value":[{` + id + `"n@odata.type":"#Int64","n":1,"day":null}],"@odata.nextLink":"https://x/A?$skiptoken=a&b"}`,
		},
		{
			"one", "", func(o output.ODataOptions) output.ODataOptions { o.One = true; return o },
			`{"@odata.context":"c",` + id + `"key":"o'c/é","n@odata.type":"#Int64","n":1,"day":null}`,
		},
		{
			"one without metadata", "", func(o output.ODataOptions) output.ODataOptions { o.One, o.Metadata = true, output.None; return o },
			`{"key":"o'c/é","n":1,"day":null}`,
		},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			opt := full
			if c.opt != nil {
				opt = c.opt(opt)
			}
			var b bytes.Buffer
			w := output.NewOData(&b, opt)
			w.Next(c.next)
			must(t, g.write(w, 1))
			if b.String() != c.want {
				t.Errorf("got\n%s\nwant\n%s", b.String(), c.want)
			}
		})
	}
	t.Run("case=one entity that is not one", func(t *testing.T) {
		for _, rows := range [][][]schema.Value{nil, {g.rows[0], g.rows[0]}} {
			var b bytes.Buffer
			err := grid{g.cols, rows}.write(output.NewOData(&b, output.ODataOptions{One: true}), 2)
			if !errors.Is(err, output.ErrRow) || b.Len() != 0 {
				t.Errorf("%d rows: %v, and wrote %q", len(rows), err, b.String())
			}
		}
	})
	t.Run("case=a row without a key", func(t *testing.T) {
		err := grid{g.cols, [][]schema.Value{make([]schema.Value, 3)}}.write(output.NewOData(io.Discard, full), 1)
		if schema.CodeOf(err) != schema.SourceInvalid {
			t.Error(err)
		}
	})
	t.Run("case=media types", func(t *testing.T) {
		got := output.ODataOptions{Metadata: output.Full, NumbersAsText: true}.MediaType()
		if got != "application/json;odata.metadata=full;IEEE754Compatible=true" {
			t.Error(got)
		}
	})
}

// A table without rows has its header and its types in every format.
func TestNoRows(t *testing.T) {
	empty := grid{cols: mixed}
	t.Run("case=csv", func(t *testing.T) {
		got := string(empty.file(t, 1, formats()["csv"]))
		if got != "\ufeffid,n,amount,rate,at,day,open\r\n" {
			t.Errorf("%q", got)
		}
	})
	t.Run("case=ndjson", func(t *testing.T) {
		if got := empty.file(t, 1, formats()["ndjson"]); len(got) != 0 {
			t.Errorf("%q", got)
		}
	})
	t.Run("case=odata", func(t *testing.T) {
		if got := string(empty.file(t, 1, feed(output.ODataOptions{Context: "c"}))); got != `{"@odata.context":"c","value":[]}` {
			t.Errorf("%q", got)
		}
	})
	t.Run("case=xlsx", func(t *testing.T) {
		book, err := excelize.OpenReader(bytes.NewReader(empty.file(t, 1, formats()["xlsx"])))
		must(t, err)
		defer book.Close()
		rows, err := book.GetRows("Data")
		must(t, err)
		if len(rows) != 1 || len(rows[0]) != 7 {
			t.Errorf("%q", rows)
		}
	})
	t.Run("case=parquet", func(t *testing.T) {
		file := empty.file(t, 1, formats()["parquet"])
		f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
		must(t, err)
		if f.NumRows() != 0 || len(f.Schema().Fields()) != 7 {
			t.Errorf("%d rows of %s", f.NumRows(), f.Schema())
		}
	})
}

func TestParquetSchema(t *testing.T) {
	file := sample().file(t, 2, formats()["parquet"])
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	must(t, err)
	const want = `message rows {
	optional binary id (STRING);
	optional int64 n (INT(64,true));
	optional int64 amount (DECIMAL(18,2));
	optional fixed_len_byte_array(16) rate (DECIMAL(38,19));
	optional int64 at (TIMESTAMP(isAdjustedToUTC=true,unit=MICROS));
	optional int32 day (DATE);
	optional boolean open;
}`
	if got := f.Schema().String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Long tables fall into row groups, and so do long texts.
func TestParquetRowGroups(t *testing.T) {
	t.Run("case=rows", func(t *testing.T) {
		var b bytes.Buffer
		w := output.NewParquet(&b, output.ParquetOptions{})
		must(t, w.Begin([]output.Column{{Name: "n", Type: output.Int}}))
		cells := make([]schema.Value, output.FirstRowGroupRows+output.RowGroupRows+5) // one window, three row groups
		for i := range cells {
			cells[i] = schema.Int(int64(i))
		}
		must(t, w.Rows(cells))
		must(t, w.End())
		f, err := parquet.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
		must(t, err)
		var rows []int64
		for _, g := range f.RowGroups() {
			rows = append(rows, g.NumRows())
		}
		if want := []int64{output.FirstRowGroupRows, output.RowGroupRows, 5}; !slices.Equal(rows, want) || f.NumRows() != int64(len(cells)) {
			t.Errorf("row groups of %d rows, want %d", rows, want)
		}
	})
	t.Run("case=long texts", func(t *testing.T) {
		var b bytes.Buffer
		w := output.NewParquet(&b, output.ParquetOptions{})
		must(t, w.Begin([]output.Column{{Name: "s", Type: output.String}}))
		for range 40 {
			must(t, w.Rows([]schema.Value{schema.String(strings.Repeat("x", 1<<20))}))
		}
		must(t, w.End())
		f, err := parquet.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
		must(t, err)
		if n := len(f.RowGroups()); n != 3 {
			t.Errorf("%d row groups of 40 MiB, want 3", n)
		}
	})
}

// errWriter takes so many bytes and then no more.
type errWriter struct{ left int }

var errGone = errors.New("the client is gone")

func (w *errWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errGone
	}
	return len(p), nil
}

func TestClientGoesAway(t *testing.T) {
	data := windows(1)[0]
	for name, make := range formats() {
		t.Run("case="+name, func(t *testing.T) {
			w := make(&errWriter{left: 100_000})
			err := w.Begin(lines)
			for range 200 {
				if err != nil {
					break
				}
				err = w.Rows(data)
			}
			if !errors.Is(err, errGone) {
				t.Fatalf("200 windows: %v", err)
			}
			if err := w.Rows(data); !errors.Is(err, errGone) {
				t.Errorf("Rows afterwards: %v", err)
			}
			if err := w.End(); !errors.Is(err, errGone) {
				t.Errorf("End afterwards: %v", err)
			}
		})
	}
}

// What was written before an error must not pass for a whole table.
func TestHalfAFile(t *testing.T) {
	half := func(t *testing.T, name string) []byte {
		var b bytes.Buffer
		w := formats()[name](&b)
		must(t, w.Begin(lines))
		must(t, w.Rows(windows(1)[0]))
		row := make([]schema.Value, len(lines))
		row[0], row[9] = schema.String("k"), dec("0.001") // price has two places
		err := w.Rows(row)
		if schema.CodeOf(err) != schema.SourceInvalid || !strings.Contains(err.Error(), `"price_amount", row 1001`) || strings.Contains(err.Error(), "0.001") {
			t.Fatalf("%v", err)
		}
		before := b.Len()
		if end := w.End(); !errors.Is(end, err) {
			t.Errorf("End after the error: %v", end)
		}
		if b.Len() != before {
			t.Error("End after the error wrote something")
		}
		return b.Bytes()
	}
	t.Run("case=odata", func(t *testing.T) {
		if json.Valid(half(t, "odata")) {
			t.Error("it is whole")
		}
	})
	t.Run("case=xlsx", func(t *testing.T) {
		file := half(t, "xlsx")
		if _, err := zip.NewReader(bytes.NewReader(file), int64(len(file))); err == nil {
			t.Error("it is whole")
		}
	})
	t.Run("case=parquet", func(t *testing.T) {
		file := half(t, "parquet")
		if _, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file))); err == nil {
			t.Error("it is whole")
		}
	})
	t.Run("case=csv", func(t *testing.T) { half(t, "csv") })
	t.Run("case=ndjson", func(t *testing.T) { half(t, "ndjson") })
}

func TestOrderOfCalls(t *testing.T) {
	for name, make := range formats() {
		t.Run("case="+name, func(t *testing.T) {
			for what, calls := range map[string]func(output.Writer) error{
				"rows before begin": func(w output.Writer) error { return w.Rows(nil) },
				"end before begin":  func(w output.Writer) error { return w.End() },
				"begin twice":       func(w output.Writer) error { return errors.Join(w.Begin(lines), w.Begin(lines)) },
				"rows after end":    func(w output.Writer) error { return errors.Join(w.Begin(lines), w.End(), w.Rows(nil)) },
				"half a row":        func(w output.Writer) error { return errors.Join(w.Begin(lines), w.Rows([]schema.Value{{}})) },
			} {
				if err := calls(make(io.Discard)); !errors.Is(err, output.ErrOrder) {
					t.Errorf("%s: %v", what, err)
				}
			}
			out := &counter{}
			make(out)
			if out.n != 0 {
				t.Error("something was written before Begin")
			}
		})
	}
}

// A window costs no allocation in the formats that are written as they come, and
// in the others none for each row.
func TestAllocations(t *testing.T) {
	data := windows(1)[0]
	for name, most := range map[string]float64{"csv": 0, "ndjson": 0, "odata": 0, "odata-full": 0, "xlsx": 0, "parquet": 40} {
		t.Run("case="+name, func(t *testing.T) {
			w := formats()[name](io.Discard)
			must(t, w.Begin(lines))
			for range 70 { // a row group of Parquet, so that its buffers are there
				must(t, w.Rows(data))
			}
			if got := testing.AllocsPerRun(70, func() { must(t, w.Rows(data)) }); got > most {
				t.Errorf("%v allocations for a window of %d rows, want at most %v", got, windowRows, most)
			}
		})
	}
}
