package copies

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// exact compares decimals with their scale, and times with their zone.
func exact() cmp.Options {
	return cmp.Options{
		cmp.Comparer(func(a, b decimal.Decimal) bool { return a == b }),
		cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) && a.Location().String() == b.Location().String() }),
	}
}

func ptr[T any](x T) *T { return &x }

// full has every kind of field there is.
func full() schema.Order {
	when := time.Date(2026, 3, 4, 8, 15, 0, 7, time.UTC)
	return schema.Order{
		Record: schema.Record{Source: "erp", Key: "o1", CreatedAt: when, UpdatedAt: when.Add(-time.Hour * 1e6)},
		Links:  schema.Links{CustomerKey: "c1", OrderNumbers: []string{"A", ""}, QuoteNumbers: []string{}},
		Number: "SO-1", Status: "Câble \x00\xff", Date: when,
		Total: schema.NewMoney(decimal.MustParse("1250.00"), "EUR"), Tax: &schema.Money{Amount: decimal.MustParse("-9999999999999999999"), Currency: ""},
		Paid: &schema.Money{Amount: decimal.MustParse("0.0000000000000000001")},
		Lines: []*schema.OrderLine{
			{Position: ptr(-1), SKU: "A", Quantity: ptr(decimal.MustParse("2.500")), UnitPrice: &schema.Money{Amount: decimal.MustParse("9223372036.854775808")}},
			nil,
			{},
		},
		States: []*schema.OrderState{{Status: "open", At: when}},
	}
}

func TestCodec(t *testing.T) {
	c, err := newCodec[schema.Order]()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []schema.Order{{}, full()} {
		var got schema.Order
		if err := c.decode(c.encode(nil, &x), &got, nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(x, got, exact()); diff != "" {
			t.Error(diff)
		}
	}
}

// TestCodecEntities: every entity that is kept can be written.
func TestCodecEntities(t *testing.T) {
	c := &Copy{cfg: Config{Name: "erp"}}
	for name, open := range openers() {
		s, err := open(c, &datasources.Entity{Name: name}, nil)
		if s != nil || err != nil {
			t.Errorf("%s without a reader: %v, %v", name, s, err)
		}
	}
	for name, err := range map[string]error{
		"Contact": second(newCodec[schema.Contact]()), "Ticket": second(newCodec[schema.Ticket]()), "Quote": second(newCodec[schema.Quote]()),
		"Invoice": second(newCodec[schema.Invoice]()), "Payment": second(newCodec[schema.Payment]()), "Payable": second(newCodec[schema.Payable]()),
		"Boleto": second(newCodec[schema.Boleto]()), "Product": second(newCodec[schema.Product]()), "DeliveryNote": second(newCodec[schema.DeliveryNote]()),
		"PurchaseOrder": second(newCodec[schema.PurchaseOrder]()), "Customer": second(newCodec[datasources.CustomerRecord]()),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestStable: a row that did not change is written alike, however its map and its
// times were made.
func TestStable(t *testing.T) {
	c, err := newCodec[datasources.CustomerRecord]()
	if err != nil {
		t.Fatal(err)
	}
	when := time.Date(2026, 3, 4, 8, 15, 0, 0, time.UTC)
	make1 := func(zone *time.Location, names ...string) string {
		x := datasources.CustomerRecord{ID: "c1", ForeignIDs: map[string]string{}, ModifiedAt: when.In(zone), CreatedAt: time.Time{}.In(zone)}
		for _, n := range names {
			x.ForeignIDs[n] = "id of " + n
		}
		return string(c.encode(nil, &x))
	}
	want := make1(time.UTC, "a", "b", "c", "d")
	for range 20 {
		if make1(time.FixedZone("x", 7200), "d", "c", "b", "a") != want {
			t.Fatal("the same record is written in another way")
		}
	}
}

func TestLayouts(t *testing.T) {
	type a struct{ A, B string }
	type renamed struct{ A, C string }
	type retyped struct {
		A string
		B bool
	}
	type longer struct{ A, B, C string }
	type same struct{ A, B string }
	name := func(n interface{ layout() string }) string { return n.layout() }
	ca, err := newCodec[a]()
	if err != nil {
		t.Fatal(err)
	}
	cs, _ := newCodec[same]()
	if name(cs.shape) != ca.name {
		t.Error("the same fields have another layout")
	}
	cr, _ := newCodec[renamed]()
	ct, _ := newCodec[retyped]()
	cl, _ := newCodec[longer]()
	for i, other := range []string{cr.name, ct.name, cl.name} {
		if other == ca.name || len(other) != layoutSize {
			t.Errorf("type %d has the layout of another", i)
		}
	}
	var x longer
	if err := cl.decode(ca.encode(nil, &a{"x", "y"}), &x, nil); !errors.Is(err, errDamaged) {
		t.Errorf("a row of another layout was read as %+v, %v", x, err)
	}
	if _, err := newCodec[struct{ F float64 }](); err == nil {
		t.Error("a float can be written")
	}
	type endless struct{ Next *endless }
	if _, err := newCodec[endless](); err == nil {
		t.Error("a type that holds itself can be written")
	}
}

// FuzzDecode: whatever lies in the database, a row is read or refused.
func FuzzDecode(f *testing.F) {
	c, err := newCodec[schema.Order]()
	if err != nil {
		f.Fatal(err)
	}
	x := full()
	good := c.encode(nil, &x)
	f.Add(good[layoutSize:])
	f.Add(good[layoutSize : len(good)/2])
	f.Add([]byte{})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, body []byte) {
		var got, again schema.Order
		if err := c.decode(append([]byte(c.name), body...), &got, nil); err != nil {
			if !errors.Is(err, errDamaged) {
				t.Fatal(err)
			}
			return
		}
		if err := c.decode(c.encode(nil, &got), &again, nil); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if diff := cmp.Diff(got, again, exact()); diff != "" {
			t.Fatal(diff)
		}
		var few schema.Order
		if err := c.decode(append([]byte(c.name), body...), &few, datasources.Fields{}); err != nil || few.Lines != nil || few.States != nil {
			t.Fatalf("without its lines: %v", err)
		}
	})
}

// FuzzMark: a mark is read back as it was written, or refused.
func FuzzMark(f *testing.F) {
	f.Add(formatPlace(&datasources.After{Value: schema.Dec(decimal.MustParse("1.50")), ID: "x"}))
	f.Add(formatPlace(&datasources.After{Value: schema.Time(time.Date(2026, 3, 4, 8, 15, 0, 7, time.UTC)), ID: "ş"}))
	f.Add(`{"k":1,"v":"a","id":"b"}`)
	f.Add(`{"k":99}`)
	f.Add(``)
	f.Fuzz(func(t *testing.T, mark string) {
		a, err := parsePlace(mark)
		if err != nil {
			return
		}
		b, err := parsePlace(formatPlace(a))
		if err != nil || b.ID != a.ID || b.Value.Key() != a.Value.Key() {
			t.Fatalf("%+v became %+v, %v", a, b, err)
		}
	})
}
