package cache

import (
	"math"
	"testing"
	"time"

	"github.com/trama-graph/trama/schema"
)

// FuzzValue gives what may lie in Redis to the decoder, behind the checksum: it is
// an entry or an error.
func FuzzValue(f *testing.F) {
	c, err := New(Config{TTL: time.Minute, Bytes: 4 << 20})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { c.Close() })
	for _, e := range []*entry[schema.Order]{
		{}, {Rows: []schema.Order{{Number: "SO-1"}, {}}, Total: 7, AsOf: time.Now(), Customer: "a", Seq: math.MaxUint64},
	} {
		b, err := c.encode("name", e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[sumBytes:])
	}
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x0f, 1}) // four gigabytes, compressed
	f.Add([]byte{0x81, 0xa4, 'R', 'o', 'w', 's', 0xdd, 0xff, 0xff, 0xff, 0xff, 0})
	f.Add([]byte{0xc1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, err := decodeBody[schema.Order](c, b); (e == nil) == (err == nil) {
			t.Errorf("got %v and %v", e, err)
		}
		if e, err := decode[schema.Order](c, "name", b); err == nil && e == nil {
			t.Error("got nothing")
		}
	})
}

// FuzzTag reads what may stand among the shared tags.
func FuzzTag(f *testing.F) {
	for _, p := range []pending{
		{Tag{"crm", "Order", "a"}, true}, {Tag{Source: "crm"}, false}, {Tag{"crm", "", "a\x00b"}, false},
	} {
		f.Add(encodeTag(p))
	}
	f.Add("")
	f.Add("i\x00\x00")
	f.Fuzz(func(t *testing.T, s string) {
		if p, ok := decodeTag(s); ok && encodeTag(p) != s {
			t.Errorf("%q is %+v, which is %q", s, p, encodeTag(p))
		}
		if n, err := readNumber(s); err == nil && n > maxNumber {
			t.Errorf("%q is %d", s, n)
		}
		_, _, _, _ = readReply([]any{s, s, []any{s, s}})
	})
}
