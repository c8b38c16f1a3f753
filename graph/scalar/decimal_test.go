package scalar_test

import (
	"math"
	"testing"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/graph/scalar"
)

// FuzzAppendDecimal holds that a decimal is written with the digits it has.
func FuzzAppendDecimal(f *testing.F) {
	for _, x := range []struct {
		coef  int64
		scale int
	}{{0, 0}, {0, 2}, {5, 2}, {99, 2}, {100, 2}, {-1250, 2}, {7, 19}, {-7, 19}, {math.MaxInt64, 0}, {math.MinInt64, 0}, {math.MaxInt64, 19}, {-12345, 3}, {10, 1}} {
		f.Add(x.coef, x.scale)
	}
	f.Fuzz(func(t *testing.T, coef int64, scale int) {
		d, err := decimal.New(coef, scale)
		if err != nil {
			// There is no such decimal: only its scale can be wrong, as every int64 fits.
			if scale >= 0 && scale <= decimal.MaxScale {
				t.Fatalf("%d with the scale %d: %v", coef, scale, err)
			}
			return
		}
		if got, want := string(scalar.AppendDecimal([]byte("x"), d)), "x\""+d.String()+"\""; got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}

func TestAppendDecimalTakesAllDigits(t *testing.T) {
	for _, text := range []string{"9999999999999999999", "-9999999999999999999", "0.9999999999999999999", "-0.9999999999999999999", "-99999999999999999.99", "-0.01", "1250.00"} {
		t.Run("case="+text, func(t *testing.T) {
			if got := string(scalar.AppendDecimal(nil, decimal.MustParse(text))); got != `"`+text+`"` {
				t.Errorf("got %s", got)
			}
		})
	}
}

func BenchmarkAppendDecimal(b *testing.B) {
	d := decimal.MustParse("1250.45")
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = scalar.AppendDecimal(buf[:0], d)
	}
}
