package e2e

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/trama-graph/trama/e2e/canary"
)

// copiedWorld is the world of canaries with its systems copied, as tables want it.
func copiedWorld(t testing.TB, more string) *leak { return copiedEvery(t, "1h", more) }

// copiedEvery is copiedWorld, read as often as is said.
func copiedEvery(t testing.TB, every, more string) *leak {
	t.Helper()
	l := leakWorldOf(t, func(url string) string {
		config := strings.ReplaceAll(canary.Config(url, false), "supply: live\n", "supply: copy\n    every: "+every+"\n")
		return strings.ReplaceAll(config, "kind: otrs,", "kind: otrs, supply: copy, every: "+every+",")
	}, more)
	deadline := time.Now().Add(time.Minute)
	for {
		a := l.ask(t, `{ sources { name entities { name copy { state } } } }`, nil)
		b, _ := json.Marshal(a.Data)
		if !strings.Contains(string(b), `"FILLING"`) {
			return l
		}
		if time.Now().After(deadline) {
			t.Fatalf("the copies were not read: %s", b)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// shippedTables are the datasets there are.
var shippedTables = []string{
	"contacts", "customer_summary", "customers", "invoices", "order_lines", "orders", "payables", "payments", "products", "quotes", "source_status", "stock", "tickets",
}

// TestLeakTables reads every dataset with every package by every way tables go out, and
// looks for what must not come out in the bytes of every answer, unpacked.
func TestLeakTables(t *testing.T) {
	l := copiedWorld(t, "datasets: {page_rows: 1}\n")
	l.known(t)
	l.keepAnswers(t)
	for _, p := range l.partners {
		t.Run("case="+p.name, func(t *testing.T) { l.probeAs(t, p).tables() })
	}
	l.silence(t)
}

// tables reads all tables as one token.
func (x *probe) tables() {
	x.way = "odata"
	sets := x.look(x.send(x.t, x.token, http.MethodGet, "/odata/", "*/*", nil), "the service document")
	meta := x.look(x.send(x.t, x.token, http.MethodGet, "/odata/$metadata", "*/*", nil), "$metadata")
	x.metadataIsRight(meta.body)
	came := len(x.came)
	for _, name := range shippedTables {
		isThere := strings.Contains(sets.body, `"name":"`+name+`"`)
		if isThere != strings.Contains(meta.body, `EntitySet Name="`+name+`"`) {
			x.t.Errorf("%s: %s is in one of the two documents only", x.name, name)
		}
		x.table(name, isThere)
	}
	if x.name == "bi" && len(x.came)-came < 50 {
		x.t.Errorf("of all tables only %d canaries came", len(x.came)-came)
	}
}

// table reads one table by every way.
func (x *probe) table(name string, isThere bool) {
	want := http.StatusNotFound
	if isThere {
		want = http.StatusOK
	}
	status := func(r *reply, asked string) {
		if r.status != want {
			x.t.Errorf("%s: %s is %d, want %d: %.300s", x.name, asked, r.status, want, r.body)
		}
	}
	x.way = "odata"
	for next := "/odata/" + name; next != ""; {
		r := x.look(x.send(x.t, x.token, http.MethodGet, next, "application/json;odata.metadata=full", nil), next)
		status(r, next)
		var page struct {
			Next string `json:"@odata.nextLink"`
		}
		_ = json.Unmarshal([]byte(r.body), &page)
		next = strings.TrimPrefix(page.Next, x.URL)
	}
	for _, path := range []string{"/odata/" + name + "/$count", "/odata/" + name + "?$count=true&$top=1&$orderby=key%20desc"} {
		status(x.look(x.send(x.t, x.token, http.MethodGet, path, "*/*", nil), path), path)
	}
	x.way = "file"
	for _, format := range []string{"csv", "ndjson", "xlsx", "parquet"} {
		path := "/export/" + name + "." + format
		r := x.send(x.t, x.token, http.MethodGet, path, "*/*", nil)
		status(r, path)
		if r.status == http.StatusOK {
			r.body = unpacked(x.t, format, r.body)
		}
		x.look(r, path)
	}
	if isThere {
		x.unknownColumns(name)
	}
}

// unknownColumns wants the answer to a denied column to be that to one nobody has ever
// had, in a filter, an order, a selection and a question of one's own.
func (x *probe) unknownColumns(name string) {
	x.way = "column"
	columns := x.send(x.t, x.leak.admin.token, http.MethodGet, "/odata/$metadata", "*/*", nil).body
	mine := x.send(x.t, x.token, http.MethodGet, "/odata/$metadata", "*/*", nil).body
	for _, m := range regexp.MustCompile(`Property Name="(\w+)"`).FindAllStringSubmatch(typeOf(columns, name), -1) {
		column := m[1]
		if strings.Contains(typeOf(mine, name), `Property Name="`+column+`"`) {
			continue
		}
		unknown := "zq" + strings.Repeat("x", max(0, len(column)-2))
		for _, option := range []string{"$filter=%s%%20eq%%20null", "$orderby=%s", "$select=%s"} {
			ask := func(column string) string {
				path := "/odata/" + name + "?" + fmt.Sprintf(option, column)
				return x.look(x.send(x.t, x.token, http.MethodGet, path, "*/*", nil), path).body
			}
			got, want := plain(ask(column), column), plain(ask(unknown), unknown)
			if got != want && !x.leaks["unlike "+name] {
				x.leaks["unlike "+name] = true
				x.t.Errorf("%s: %s of %s is told apart from what does not exist\n got %.300s\nwant %.300s", x.name, column, name, got, want)
			}
		}
	}
	for _, f := range []string{"taxId", "notes", "secret"} {
		ask := func(field string) string {
			body := "query mine @dataset(grain: \"orders\") { orders { nodes { id number customer { " + field + " } } } }"
			b, _ := json.Marshal(map[string]string{"query": body})
			r := x.send(x.t, x.token, http.MethodPost, "/export/ndjson", "*/*", b)
			return x.look(r, body).body
		}
		if x.has("Customer", f) {
			ask(f)
			continue
		}
		unknown := "zq" + strings.Repeat("x", len(f)-2)
		if got, want := plain(ask(f), f), plain(ask(unknown), unknown); got != want {
			x.t.Errorf("%s: Customer.%s is told apart from what does not exist\n got %.300s\nwant %.300s", x.name, f, got, want)
		}
	}
}

// plain is an answer without the name that was asked, and what is like it.
func plain(body, name string) string {
	body = regexp.MustCompile(`,? did you mean [^?]*\?`).ReplaceAllString(body, "")
	return strings.ReplaceAll(strings.ReplaceAll(body, `\"`+name+`\"`, "NAME"), "no field "+name, "no field NAME")
}

// typeOf is the part of $metadata that is about one set.
func typeOf(metadata, set string) string {
	_, rest, _ := strings.Cut(metadata, `<EntityType Name="`+set+`_row"`)
	rest, _, _ = strings.Cut(rest, "</EntityType>")
	return rest
}

// metadataIsRight wants no column of a field that the token's schema has not.
func (x *probe) metadataIsRight(metadata string) {
	for typ, list := range map[string]string{"Order": "orders", "Invoice": "invoices", "Product": "products", "Payment": "payments", "Payable": "payables", "Quote": "quotes", "Contact": "contacts", "Customer": "customers"} {
		for _, m := range regexp.MustCompile(`Property Name="(\w+)"`).FindAllStringSubmatch(typeOf(metadata, list), -1) {
			column := m[1]
			if _, exists := x.sdl.Types[typ]; !exists || x.sdl.Types[typ].Fields.ForName(column) == nil || column == "source" || column == "isDeleted" { // each table has these
				continue
			}
			if !x.has(typ, column) {
				x.t.Errorf("%s: $metadata has %s.%s, which its schema has not", x.name, typ, column)
			}
		}
	}
}

// unpacked is the text in a file.
func unpacked(t testing.TB, format, body string) string {
	t.Helper()
	var out strings.Builder
	switch format {
	case "xlsx":
		z, err := zip.NewReader(strings.NewReader(body), int64(len(body)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(&out, r); err != nil {
				t.Fatal(err)
			}
		}
	case "parquet":
		for _, row := range parquetRows(t, body) {
			fmt.Fprintln(&out, row)
		}
	default:
		return body
	}
	return out.String()
}

// parquetRows are the rows of a file, as texts by column.
func parquetRows(t testing.TB, body string) []map[string]string {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader([]byte(body)), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	r := parquet.NewReader(f)
	defer r.Close()
	names := f.Schema().Columns()
	fields := f.Schema().Fields()
	buf := make([]parquet.Row, 64)
	for {
		n, err := r.ReadRows(buf)
		for _, row := range buf[:n] {
			texts := map[string]string{}
			for _, v := range row {
				if !v.IsNull() {
					texts[names[v.Column()][0]] = parquetText(v, fields[v.Column()].Type().LogicalType())
				}
			}
			out = append(out, texts)
		}
		if err != nil {
			return out
		}
	}
}

// parquetText is a value as text, a decimal with its places.
func parquetText(v parquet.Value, t *format.LogicalType) string {
	if t == nil {
		return v.String()
	}
	number, ok := t.Value.(*format.DecimalType)
	if !ok {
		return v.String()
	}
	n := new(big.Int)
	if v.Kind() == parquet.Int64 {
		n.SetInt64(v.Int64())
	} else if b := v.ByteArray(); len(b) > 0 {
		n.SetBytes(b)
		if b[0] >= 0x80 { // two's complement
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
	}
	places := int(number.Scale)
	digits := new(big.Int).Abs(n).String()
	digits = strings.Repeat("0", max(0, places+1-len(digits))) + digits
	text := digits[:len(digits)-places]
	if places > 0 {
		text += trimmed("." + digits[len(digits)-places:])
	}
	if n.Sign() < 0 {
		text = "-" + text
	}
	return text
}

// trimmed is a fraction without what says nothing.
func trimmed(fraction string) string {
	return strings.TrimSuffix(strings.TrimRight(fraction, "0"), ".")
}
