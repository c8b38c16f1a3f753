package odata

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/gather"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// rig is a view whose bodies are read in both ways.
type rig struct {
	name string
	keys []string
	read func(t *testing.T, body []byte)
}

// rigs are the entities of the rig in all versions, whole, by some columns, and as
// they are read to sweep and to follow.
func rigs(tb testing.TB) []rig {
	tb.Helper()
	var list []rig
	for _, v := range []version{v2, v3, v4} {
		list = append(list, rigsOf[schema.Order, *schema.Order](tb, v, "Order", datasources.NewFields("number", "lines", "date", "quoteNumber"))...)
		list = append(list, rigsOf[schema.Invoice, *schema.Invoice](tb, v, "Invoice", datasources.NewFields("total"))...)
		list = append(list, rigsOf[schema.Payment, *schema.Payment](tb, v, "Payment", datasources.NewFields("amount"))...)
		list = append(list, rigsOf[schema.Product, *schema.Product](tb, v, "Product", datasources.NewFields("name"))...)
		list = append(list, rigsOf[schema.Contact, *schema.Contact](tb, v, "Contact", datasources.NewFields("name"))...)
	}
	return list
}

func rigsOf[T any, P gather.Entity[T]](tb testing.TB, v version, entity string, few datasources.Fields) []rig {
	tb.Helper()
	w := rigView[T, P](tb, v, entity)
	var keys []string
	for _, k := range w.keys {
		keys = append(keys, k.name)
	}
	of := func(name string, x wish, stamped bool, plan *mapping.Plan[T]) rig {
		return rig{name: "v" + strconv.Itoa(int(v)) + " " + entity + " " + name, keys: keys, read: func(t *testing.T, body []byte) {
			t.Helper()
			before := inTwo(w, x, stamped, plan, bytes.Clone(body))
			now := inOne(w, x, stamped, plan, bytes.Clone(body))
			if isRefusedTwin(now, body) || hasKeyTwin(body, keys) {
				return
			}
			if diff := cmp.Diff(before, now); diff != "" {
				t.Fatalf("v%d %s %s: %q (-before +now):\n%s", v, entity, name, body, diff)
			}
		}}
	}
	list := []rig{
		of("whole", w.wish(nil), false, w.plan),
		of("some", w.wish(few), false, w.plan.Select(few)),
		of("swept", w.swept, true, w.plan),
	}
	if w.change != nil {
		list = append(list, of("followed", w.changed, true, w.plan))
	}
	return list
}

// isRefusedTwin reports whether a body was refused because its list is there twice:
// before, the first was taken for all there is.
func isRefusedTwin(now reading, body []byte) bool {
	if now.Err != mapping.ErrTwice.Error() && !strings.Contains(now.Err, mapping.ErrTwice.Error()) {
		return false
	}
	doc, err := mapping.Parse(body)
	return err == nil && (isTwin(doc.Root(), "value", "d") || isTwin(doc.Root().Member("d"), "results"))
}

// hasKeyTwin reports whether a record has a part of its key twice, or half a character
// in it: before, the first was taken for the key, and another sign for the half; now
// it has none, which TestGarbledKeys holds.
func hasKeyTwin(body []byte, keys []string) bool {
	doc, err := mapping.Parse(body)
	if err != nil {
		return false
	}
	for _, list := range []mapping.Value{doc.Root().Member("value"), doc.Root().Member("d"), doc.Root().Member("d").Member("results")} {
		for row := range list.Items() {
			if isTwin(row, keys...) || slices.ContainsFunc(keys, func(k string) bool { return row.Member(k).IsHalved() }) {
				return true
			}
		}
	}
	return false
}

func isTwin(v mapping.Value, names ...string) bool {
	for _, name := range names {
		n := 0
		for found := range v.Members() {
			if found == name {
				n++
			}
		}
		if n > 1 {
			return true
		}
	}
	return false
}

// seeds are bodies with what is easily read wrong.
func seeds() []string {
	return []string{
		string(rigBody(v2, 3)), string(rigBody(v3, 3)), string(rigBody(v4, 3)),
		`{"value":[{"OrderID":"11111111-2222-4333-8444-55555555555A","No":"1","Created":"/Date(1583280000000)/","Items":{"results":[{"Qty":"12.50","Product":{"SKU":"A"}},7,null,[{"Qty":1}]]}}],"@odata.nextLink":"x","@odata.count":1}`,
		`{"d":{"results":[{"OrderID":"00000000-0000-0000-0000-000000000000","Items":{"__deferred":{"uri":"x"}},"Partner":{"Name":"N","results":"x"}}],"__count":"7","__next":"y"}}`,
		`{"d":[{"OrderID":null},{"OrderID":1,"No":{"a":1}},{"OrderID":true}]}`,
		`{"odata.count":"3","value":[{"\u004frderID":"\ud83d","Day":"0001-01-01T00:00:00","Items":[1,null,{"Qty":"1e9","Qty":"2"}]}]}`,
		`{"value":[{"OrderID":"a","Partner":{"results":[{"Name":"A"}],"results":null},"Partner":null,"Refs":{"results":[{"No":"7"},{"No":8}]},"Address":{"City":"B","results":[]}}]}`,
		`{"value":[{"error":{}}]}`, `{"value":[{"error":{},"x":1}]}`, `{"error":{"message":"x"}}`, `{"value":[],"error":{}}`, `[]`, `{"value":{}}`, "\xff", `{"value":[{"OrderID":"\"\\\/\b","X":[[[]]]}]}`,
		`{"value":[{"Company":"A,B","No":"0012","Day":"2026-03-04T00:00:00"},{"Company":"","No":7,"Day":"2026-03-04"},{"Company":"C\\D","No":"7.10","Day":"x"}]}`,
		`{"value":[{"At":"2026-03-04T10:00:00.5000+02:00","Sum":"1"},{"At":"0001-01-01T00:00:00Z","Sum":"NaN"},{"At":"\/Date(0)\/"}]}`,
		`{"value":[{"SKU":"a\u0000b","Name":"n"},{"SKU":" x "},{"SKU":"` + "\xff\xfe" + `"},{"SKU":"é\ud800"},{"SKU":"` + strings.Repeat("k", 600) + `"},{"SKU":12.0}]}`,
		`{"value":[{"ID":12.0,"Name":"a"},{"ID":"-0"},{"ID":"007"},{"ID":1e3},{"ID":"12345678901234567890"},{"@key":"x","ID":3}]}`,
		`{"value":[{"OrderID":"x","@key":"y","":1,"__metadata":{"etag":"W/1"}},{"OrderID":"y","@odata.etag":"W/\"2\""}]}`,
		`{"value":[{"OrderID":"x","Created":"2026-03-04T24:00:00Z","Modified":"2026-02-30T10:00:00","Day":"2026-03-29T03:30:00","Amount":"1.","Paid":"INF","Big":"\u0031"}]}`,
		`{"value":[{"OrderID":"x","Created":"9999-12-31T23:59:59-05:00","Modified":"0000-01-01T00:00:00Z","Day":"/Date(-62135596800000)/"}],"value":[]}`,
	}
}

// TestAsBefore reads random bodies of all versions, good ones and hostile ones, in one
// pass and in two: the same rows, keys, links and counts come of them, or the same
// verdict.
func TestAsBefore(t *testing.T) {
	all := rigs(t)
	for _, body := range seeds() {
		for _, x := range all {
			x.read(t, []byte(body))
		}
	}
	const n = 12_000
	r := rand.New(rand.NewPCG(7, 11))
	good := 0
	for range n {
		body := randomBody(r)
		if json.Valid(body) {
			good++
		}
		all[r.IntN(len(all))].read(t, body)
	}
	if good < n/2 || good == n {
		t.Errorf("%d of %d bodies were JSON", good, n)
	}
}

// FuzzReply reads any body in both ways, as one of the rigs, and takes none that
// encoding/json refuses.
func FuzzReply(f *testing.F) {
	all := rigs(f)
	for i, s := range seeds() {
		for j := range 5 {
			f.Add([]byte(s), uint8(13*i+12*j))
		}
	}
	shape := mapping.NewShape("OrderID")
	f.Fuzz(func(t *testing.T, body []byte, which uint8) {
		all[int(which)%len(all)].read(t, body)
		_, err := decodePage(bytes.Clone(body), shape)
		isJSON := !errors.Is(err, errNotJSON)
		if isJSON != json.Valid(body) && !errors.Is(err, mapping.ErrDepth) && !errors.Is(err, mapping.ErrSize) {
			t.Fatalf("%q: %v, but encoding/json says %t", body, err, json.Valid(body))
		}
	})
}

// randomBody is an answer of any version, most often with something wrong.
func randomBody(r *rand.Rand) []byte {
	g := &garbler{r: r}
	g.answer()
	body := g.b
	switch r.IntN(12) {
	case 0:
		body = body[:r.IntN(len(body))]
	case 1:
		body[r.IntN(len(body))] = byte(r.IntN(256))
	case 2:
		at := r.IntN(len(body))
		body = append(body[:at:at], append([]byte(pick(r, `,`, `"`, `}`, `]`, ` `, `\u00`, "\x00", `:1`)), body[at:]...)...)
	}
	return body
}

func pick(r *rand.Rand, list ...string) string { return list[r.IntN(len(list))] }

// garbler writes bodies.
type garbler struct {
	r     *rand.Rand
	b     []byte
	depth int
}

func (g *garbler) is(percent int) bool { return g.r.IntN(100) < percent }

func (g *garbler) put(parts ...string) {
	for _, p := range parts {
		g.b = append(g.b, p...)
		if g.is(3) {
			g.b = append(g.b, pick(g.r, " ", "\n", "\t\r", "  ")...)
		}
	}
}

// members writes an object of n members, some of them twice.
func (g *garbler) members(n int, one func(i int)) {
	g.put("{")
	for i := range n {
		if i > 0 {
			g.put(",")
		}
		from := len(g.b)
		one(i)
		if g.is(2) {
			g.put(",", string(g.b[from:]))
		}
	}
	g.put("}")
}

func (g *garbler) name(name string) {
	if g.is(4) && name != "" {
		name = `\u00` + strconv.FormatInt(int64(name[0]), 16) + name[1:]
	}
	g.put(`"`+name+`"`, ":")
}

func (g *garbler) answer() {
	rows := func() {
		if g.is(3) {
			g.value()
			return
		}
		g.list(g.r.IntN(5), g.record)
	}
	about := []func(){
		func() { g.name(pick(g.r, "@odata.nextLink", "odata.nextLink", "__next", "@nextLink")); g.scalar() },
		func() { g.name(pick(g.r, "@odata.count", "odata.count", "__count", "@count")); g.scalar() },
		func() { g.name(pick(g.r, "@odata.context", "odata.metadata", "x", "error", "")); g.scalar() },
	}
	if g.is(2) {
		about = append(about, func() { g.name(pick(g.r, "error", "odata.error", "@odata.error")); g.put(`{"message":"x"}`) })
	}
	with := func(name string) {
		n := g.r.IntN(len(about) + 1)
		at := g.r.IntN(n + 1)
		g.members(n+1, func(i int) {
			if i == at {
				g.name(name)
				rows()
				return
			}
			about[i%len(about)]()
		})
	}
	switch g.r.IntN(8) {
	case 0:
		g.members(1, func(int) { g.name("d"); rows() })
	case 1, 2, 3:
		g.members(1, func(int) { g.name("d"); with("results") })
	default:
		with("value")
	}
}

func (g *garbler) list(n int, one func()) {
	g.put("[")
	for i := range n {
		if i > 0 {
			g.put(",")
		}
		one()
	}
	g.put("]")
}

// record writes a row, or what stands in its place.
func (g *garbler) record() {
	switch {
	case g.is(2):
		g.value()
		return
	case g.is(2):
		g.put(`{"error":{"code":"x"}}`)
		return
	}
	known := []string{"OrderID", "No", "PartnerID", "Created", "Modified", "Day", "Amount", "Paid", "Curr", "State", "Remark", "Gone", "Big", "Other", "Partner", "Items", "Refs", "Address", "Company", "Total", "At", "Sum", "SKU", "Name", "Price", "ID"}
	g.r.Shuffle(len(known), func(i, j int) { known[i], known[j] = known[j], known[i] })
	g.members(1+g.r.IntN(len(known)+6), func(i int) {
		switch {
		case i < len(known):
			g.name(known[i])
			g.property(known[i])
		default:
			name := pick(g.r, "@odata.etag", "odata.etag", "Amount@odata.type", "__metadata", "x", "", "@key", "results", "__deferred", "error", "NoSuch", "Qty", "etag")
			g.name(name)
			if name == "__metadata" {
				g.put(`{"uri":"u","etag":"W/1"}`)
				return
			}
			g.value()
		}
	})
}

func (g *garbler) property(name string) {
	if g.is(6) {
		g.value()
		return
	}
	switch name {
	case "Partner", "Address":
		g.related(pick(g.r, "one", "one", "many"))
	case "Items", "Refs":
		g.related(pick(g.r, "many", "many", "many", "one"))
	case "Created", "Modified", "Day", "At":
		g.put(`"` + pick(g.r, times()...) + `"`)
	case "Amount", "Paid", "Big", "Total", "Sum", "Price", "PartnerID", "ID", "Qty":
		text := pick(g.r, numbers()...)
		if g.is(50) && json.Valid([]byte(text)) {
			g.put(text)
		} else {
			g.put(`"` + text + `"`)
		}
	case "OrderID", "Other":
		g.put(`"` + pick(g.r, "11111111-2222-4333-8444-555555555555", "AAAAAAAA-2222-4333-8444-55555555555f", "00000000-0000-0000-0000-000000000000", "1111111-2222-4333-8444-5555555555555", "x", `\u0061aaaaaaa-2222-4333-8444-555555555555`, "") + `"`)
	default:
		g.scalar()
	}
}

// related writes what a navigation may hold in any version.
func (g *garbler) related(shape string) {
	one := func() {
		if g.is(8) {
			g.value()
			return
		}
		names := []string{"Name", "City", "Qty", "Price", "Label", "Product", "No", "results", "x"}
		g.members(1+g.r.IntN(4), func(int) {
			name := names[g.r.IntN(len(names))]
			g.name(name)
			if name == "Product" {
				g.put(`{"SKU":`)
				g.scalar()
				g.put(`}`)
				return
			}
			g.property(name)
		})
	}
	many := func() { g.list(g.r.IntN(4), one) }
	switch g.r.IntN(5) {
	case 0:
		g.put(`{"__deferred":{"uri":"u"}}`)
	case 1:
		g.put("null")
	case 2:
		g.members(1+g.r.IntN(2), func(i int) {
			if i > 0 {
				g.name(pick(g.r, "__next", "__count", "results", "__deferred"))
				g.value()
				return
			}
			g.name("results")
			many()
		})
	default:
		if shape == "one" {
			one()
		} else {
			many()
		}
	}
}

func times() []string {
	return []string{
		"2026-03-04T10:11:12Z", "2026-03-04T10:11:12.1234567Z", "2026-03-04T10:11:12.120Z", "2026-03-04T10:11:12+02:00", "2026-03-04T10:11:12", "2026-03-04T10:11:12.5", "2026-03-04", "2026-03-04T10:11",
		`\/Date(1583280000000)\/`, `/Date(1583280000123)/`, `/Date(1583280000000+0060)/`, "/Date(-1)/", "/Date(0)/", "/Date(x)/", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z",
		"2026-02-30T00:00:00", "2026-02-29", "2026-13-01T00:00:00Z", "2026-03-29T03:30:00", "2026-10-25T03:30:00", "", "x", `2026-03-04T10:11:1\u0032Z`, "2026-3-4T10:11:12Z", "2026-03-04T10:11:12,5Z", "0000-00-00", "2026-03-04 10:11:12", "2026-03-04T1:11:12.5Z",
		"2026-03-04T10:11:12.Z", "2026-03-04T10:11:12.1234567891Z", "2026-03-04T10:11:12.", "2024-02-29T23:59:60Z",
	}
}

func numbers() []string {
	return []string{
		"1", "0", "-1", "12.50", "1.000", "0012", "-0", "1e3", "1E-2", "1e999", "1.", ".5", "-", "", "NaN", "INF", "1,5", "12345678901234567890", "123456789012345678", "0.1", "00", `\u0031`, "1.2.3", "1e", "9007199254740993", "+1",
		strings.Repeat("9", 70),
	}
}

// scalar writes any simple value.
func (g *garbler) scalar() {
	switch g.r.IntN(12) {
	case 0:
		g.put(pick(g.r, "null", "true", "false"))
	case 1:
		g.put(pick(g.r, "1", "0", "-1", "12.0", "1e3", "17.5"))
	case 2:
		g.put(`"` + pick(g.r, times()...) + `"`)
	case 3:
		g.put(`"` + pick(g.r, numbers()...) + `"`)
	case 4:
		g.put(`"` + pick(g.r, "\xff", "a\xc3", `\ud83d`, `\ud83d\ude00`, `a\u0000b`, `\n`, `\"`, " x ", `\u0020`, "é", `\u00e9`, strings.Repeat("k", 520), "a,b", `c\\d`) + `"`)
	default:
		g.put(`"` + pick(g.r, "a", "b", "EUR", "eur", "O", "X", "SO-1", "SO-2", "", "http://shop.invalid/svc/Orders?$skiptoken=1", "7") + `"`)
	}
}

// value writes anything.
func (g *garbler) value() {
	if g.depth > 3 || g.is(70) {
		g.scalar()
		return
	}
	g.depth++
	defer func() { g.depth-- }()
	if g.is(50) {
		g.list(g.r.IntN(4), g.value)
		return
	}
	g.members(g.r.IntN(4), func(int) {
		g.name(pick(g.r, "Name", "No", "results", "__deferred", "error", "x", "Qty", "", "etag"))
		g.value()
	})
}
