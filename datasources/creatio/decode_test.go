package creatio

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/guids"
	"github.com/trama-graph/trama/datasources/internal/wire"
	"github.com/trama-graph/trama/schema"
)

func TestParseDecimal(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "-0.00": "0.00", "1250.0000": "1250.0000", "12.5": "12.5", "1E+3": "1000", "1.5e-3": "0.0015", "-7": "-7",
		"0.1234567890123456789": "0.1234567890123456789", "9999999999999999999": "9999999999999999999", "1.00000000000000000000000": "1",
		"99999999999999999999": "", "0.12345678901234567891": "", "1e400": "", "1e-40": "", "": "", "NaN": "", "Infinity": "", "1,5": "", "0x10": "",
		"12345678901234567890.5": "", "1.2.3": "", "--1": "",
	} {
		got, err := parseDecimal(in)
		switch {
		case want == "" && err == nil:
			t.Errorf("%q: got %s, want an error", in, got)
		case want != "" && err != nil:
			t.Errorf("%q: %v", in, err)
		case want != "" && got.String() != want && got.Trim(0).String() != want:
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

func TestGUID(t *testing.T) {
	for in, want := range map[string]string{
		"8F1C2D3E-0000-4000-8000-00000000000A": "8f1c2d3e-0000-4000-8000-00000000000a",
		"":                                     "", "8f1c2d3e": "", "{8f1c2d3e-0000-4000-8000-00000000000}": "",
		"8f1c2d3e-0000-4000-8000-00000000000g": "", "8f1c2d3e 0000-4000-8000-000000000001": "", "' or 1 eq 1 or Id eq '00000000000000": "",
		"8f1c2d3e-0000-4000-8000-0000000000é": "",
	} {
		if got, ok := guids.Parse(in); ok != (want != "") || (ok && got != want) {
			t.Errorf("%q: got %q %v", in, got, ok)
		}
	}
}

func TestParseTime(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Chisinau")
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"2026-03-02T09:15:28.92Z": "2026-03-02T09:15:28.92Z", "2026-03-02T11:15:28+02:00": "2026-03-02T09:15:28Z",
		"2026-03-02T11:15:28.5": "2026-03-02T09:15:28.5Z", "2026-07-02": "2026-07-01T21:00:00Z", "0001-01-01T00:00:00Z": "0001-01-01T00:00:00Z",
		"0001-01-01T00:00:00": "0001-01-01T00:00:00Z",
	} {
		got, err := parseTime(in, zone)
		if err != nil || got.Format(time.RFC3339Nano) != want {
			t.Errorf("%q: got %s, %v", in, got.Format(time.RFC3339Nano), err)
		}
	}
	if got := instant(time.Date(2026, 3, 2, 9, 15, 28, 921234500, time.UTC)); got != "2026-03-02T09:15:28.9212345Z" {
		t.Errorf("got %s", got)
	}
}

func TestChainsStayWithinTheirLimits(t *testing.T) {
	base := ask{set: "Order", cols: strings.Split(strings.Repeat("SomeColumnName,", 20)+"Id", ","), order: "ModifiedOn,Id", top: parentRows, filter: "Status/Id eq " + guids.Zero}
	var terms []term
	for i := range 500 {
		text := strings.Repeat("ț'&", i%40)
		if i == 77 {
			text = strings.Repeat("x", 2100) // no record has such a number
		}
		terms = append(terms, term{text, "Number eq " + quoted(text)})
	}
	found := 0
	for _, c := range chains(base, terms) {
		next := c.ask
		next.skip = maxRows
		if c.ask.size() > maxQuery || next.size() > maxQuery || len(c.keys) > maxChain || len(c.keys) == 0 {
			t.Errorf("got a query of %d bytes with %d keys", c.ask.size(), len(c.keys))
		}
		if !strings.HasSuffix(c.ask.filter, " and "+base.filter) {
			t.Errorf("got filter %q", c.ask.filter)
		}
		found += len(c.keys)
	}
	if found != 499 {
		t.Errorf("got %d keys, want 499", found)
	}
	if len(chains(base, nil)) != 0 {
		t.Error("a question about nothing")
	}
}

func TestDeepest(t *testing.T) {
	for in, want := range map[string]string{
		`{"error":{"code":"","message":"outer","innererror":{"message":"mid","internalexception":{"message":"root","internalexception":{"message":"deep"}}}}}`: "deep",
		`{"error":{"message":"only"}}`: "only", `{"error":{}}`: "an error without a message", `{"value":[]}`: "", `[]`: "", `{"error":"text"}`: "",
		`{"error":{"message":"m","innererror":7}}`: "m",
	} {
		if got := deepest([]byte(in)); got != want {
			t.Errorf("%s: got %q", in, got)
		}
	}
}

func TestMetadata(t *testing.T) {
	s, st := bench(t, nil)
	m := st.model
	if m.total < 20 || !m.sets["Order"].has("Number") || m.sets["Order"].lookups["Status"] != "OrderStatus" || m.sets["Order"].has("Nothing") {
		t.Errorf("got %+v", m.sets["Order"])
	}
	if (*table)(nil).has("Id") {
		t.Error("a missing table has a column")
	}
	inherited := `<Edmx><Schema Namespace="A"><EntityType Name="Base"><Property Name="Id" Type="Edm.Guid" Nullable="false"/></EntityType>` +
		`<EntityType Name="Order" BaseType="A.Base"><Property Name="Number" Type="Edm.String"/><NavigationProperty Name="Lines" Type="Collection(A.Order)"/></EntityType>` +
		`<EntityType Name="Loop" BaseType="A.Loop"/><ComplexType Name="C"><Property Name="No"/></ComplexType>` +
		`<EntityContainer><EntitySet Name="Order" EntityType="A.Order"/><EntitySet Name="Invoice" EntityType="A.Loop"/></EntityContainer></Schema></Edmx>`
	m, err := parseModel([]byte(inherited), s.wanted)
	if err != nil || !m.sets["Order"].has("Id") || m.sets["Order"].columns["Id"].nullable || !m.sets["Order"].columns["Number"].nullable || len(m.sets["Order"].lookups) != 0 {
		t.Errorf("got %+v, %v", m, err)
	}
}

func FuzzDecodeReply(f *testing.F) {
	s, st := bench(f, nil)
	for _, name := range []string{"contacts.json", "orders.json", "invoices.json", "products.json"} {
		f.Add(read(f, name))
	}
	f.Add([]byte(`{"value":[{"Id":"8f1c2d3e-0000-4000-8000-00000000000a","Amount":1e5}],"@odata.nextLink":"x","@odata.count":"7"}`))
	f.Add([]byte(`{"error":{"message":"x"}}`))
	sel := st.views["Order"].choose(nil, nil, "")
	b := &builder{s: s, v: st.views["Order"], names: someNames()}
	f.Fuzz(func(t *testing.T, body []byte) {
		out, err := decodeReply(body, &sel, s.zone)
		if err != nil {
			return
		}
		for i := range out.records {
			x := buildOrder(b, &out.records[i])
			if _, ok := guids.Parse(x.Key); !ok || x.Key == guids.Zero || !utf8.ValidString(x.Number) {
				t.Errorf("got key %q number %q", x.Key, x.Number)
			}
		}
	})
}

func FuzzDecodeBatch(f *testing.F) {
	f.Add([]byte(`{"responses":[{"id":"1","status":200,"headers":{},"body":{"value":[]}},{"id":2,"status":400,"body":"\"x\""}]}`))
	f.Add([]byte(`{"responses":[{"id":"3"}]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if parts, err := decodeBatch(body, 2); err == nil && len(parts) != 2 {
			t.Errorf("got %d parts", len(parts))
		}
	})
}

func FuzzMetadata(f *testing.F) {
	s, _ := bench(f, nil)
	f.Add(read(f, "metadata.xml"))
	f.Add([]byte(`<Schema><EntityType Name="Order"><Property Name="Id"/></EntityType><EntitySet Name="Order" EntityType=".Order"/></Schema>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := parseModel(body, s.wanted)
		if err != nil {
			return
		}
		for _, sh := range s.shapes {
			sel := sh.on(m).choose(nil, nil, "")
			if len(sel.names()) > len(sh.columns)+2 {
				t.Error("more columns than the shape has")
			}
		}
	})
}

func FuzzLogin(f *testing.F) {
	f.Add([]byte(`{"Code":0,"Message":""}`))
	f.Add([]byte(`{"access_token":"x","token_type":"Bearer","expires_in":"3600"}`))
	f.Add([]byte(`{"access_token":"x\ny","token_type":"Bearer"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		_ = judgeForms(body)
		if token, life, err := parseToken(body); err == nil && (token == "" || strings.ContainsAny(token, "\r\n ") || life < 0) {
			t.Errorf("got token %q for %s", token, life)
		}
	})
}

func FuzzFollow(f *testing.F) {
	s, st := bench(f, nil)
	for _, link := range []string{"Order?$skiptoken=1", "http://127.0.0.1:1/0/odata/Order?a=b c", "//evil/0/odata/Order?x", "?%zz", "http://127.0.0.1:1@evil/0/odata/Order?x"} {
		f.Add(link)
	}
	f.Fuzz(func(t *testing.T, link string) {
		if to, err := s.follow(st, "Order", link); err == nil && !strings.HasPrefix(to, "0/odata/Order?") {
			t.Errorf("%q leads to %q", link, to)
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add(`{"t":"2026-03-01T00:00:00Z","i":"8f1c2d3e-0000-4000-8000-00000000000a","n":3}`)
	f.Fuzz(func(t *testing.T, c string) {
		m, err := parseMark("crm", datasources.Cursor(c))
		if err != nil {
			return
		}
		if _, ok := guids.Parse(m.ID); m.ID != "" && !ok {
			t.Errorf("got id %q", m.ID)
		}
		if _, err := m.cursor(); err != nil {
			t.Error(err)
		}
	})
}

func TestVerdict(t *testing.T) {
	for status, want := range map[int]func(error) bool{401: wire.IsBounced, 302: wire.IsBounced, 403: wire.IsRefused, 404: wire.IsRefused, 400: wire.IsRefused, 414: wire.IsTooLong} {
		if err := verdict("crm", &wire.Reply{Status: status}); !want(err) {
			t.Errorf("%d: got %v", status, err)
		}
	}
	if err := verdict("crm", &wire.Reply{Status: 403}); schema.CodeOf(err) != schema.SourceInvalid {
		t.Errorf("got %v", err)
	}
}
