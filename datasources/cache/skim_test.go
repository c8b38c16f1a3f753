package cache

import (
	"bytes"
	"testing"
)

func TestIsSane(t *testing.T) {
	deep := bytes.Repeat([]byte{0x91}, 100_000)
	for _, tc := range []struct {
		name string
		b    []byte
		want bool
	}{
		{"nil", []byte{0xc0}, true},
		{"a map of a list and a text", []byte{0x81, 0xa1, 'a', 0x93, 1, 0xff, 0xd9, 2, 'x', 'y'}, true},
		{"bytes", []byte{0xc4, 2, 1, 2}, true},
		{"an extension", []byte{0xc7, 1, 5, 9}, true},
		{"a fixed extension", []byte{0xd6, 0xff, 1, 2, 3, 4}, true},
		{"empty", nil, false},
		{"cut off", []byte{0x92, 1}, false},
		{"too much", []byte{1, 1}, false},
		{"a text that is not there", []byte{0xdb, 0xff, 0xff, 0xff, 0xff, 'a'}, false},
		{"a list that is not there", []byte{0xdd, 0xff, 0xff, 0xff, 0xff}, false},
		{"a map that is not there", []byte{0xdf, 0x80, 0, 0, 0}, false},
		{"a length that is not there", []byte{0xdc, 1}, false},
		{"too many", append([]byte{0xdc, 1, 0}, make([]byte, 256)...), false},
		{"too deep", append(deep, 0xc0), false},
		{"no type", []byte{0xc1}, false},
	} {
		t.Run("case="+tc.name, func(t *testing.T) {
			if got := isSane(tc.b, 100); got != tc.want {
				t.Errorf("got %t, want %t", got, tc.want)
			}
		})
	}
}
