package dataset_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/schema"
)

// TestComparable holds that the bytes of values are in the order of the values, equal for
// equal ones only, never the beginning of another's, and read as they were written.
func TestComparable(t *testing.T) {
	kinds := map[string]*rapid.Generator[schema.Value]{
		"text": rapid.Map(rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.SampledFrom([]rune{0, 1, 97, 255}), 0, 4, -1)), func(s string) schema.Value { return schema.Value{Kind: schema.KindString, Str: s} }),
		"int":  rapid.Map(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-3, 3)), schema.Int),
		"decimal": rapid.Custom(func(t *rapid.T) schema.Value {
			d := decimal.MustNew(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-20, 20)).Draw(t, "coef"), rapid.IntRange(0, 19).Draw(t, "places"))
			if rapid.IntRange(0, 5).Draw(t, "large") == 0 {
				d = decimal.MustParse("9999999999999999999")
			}
			return schema.Dec(d)
		}),
		"time": rapid.Custom(func(t *rapid.T) schema.Value {
			return schema.Value{Kind: schema.KindTime, Time: time.Unix(rapid.OneOf(rapid.Int64Range(-62135596800, 253402300799), rapid.Int64Range(-2, 2)).Draw(t, "second"), rapid.Int64Range(0, 999_999_999).Draw(t, "nano")).UTC()}
		}),
		"bool": rapid.Map(rapid.Bool(), schema.Bool),
	}
	sign := func(n int) int { return max(-1, min(1, n)) }
	for name, kind := range kinds {
		t.Run("case="+name, func(t *testing.T) {
			value := rapid.OneOf(kind, kind, kind, rapid.Just(schema.Null))
			rapid.Check(t, func(t *rapid.T) {
				v, w := value.Draw(t, "v"), value.Draw(t, "w")
				a, b := dataset.AppendComparable(nil, &v), dataset.AppendComparable(nil, &w)
				if got, want := bytes.Compare(a, b), sign(v.Compare(w)); got != want {
					t.Fatalf("%s and %s: %d, want %d", v.Text(), w.Text(), got, want)
				}
				if !bytes.Equal(a, b) && bytes.HasPrefix(b, a) {
					t.Fatalf("%s begins %s", v.Text(), w.Text())
				}
				got, rest, ok := dataset.ReadComparable(append(a, "rest"...), v.Dec.Scale())
				if !ok || got != v || string(rest) != "rest" {
					t.Fatalf("%+v came back as %+v, %q, %v", v, got, rest, ok)
				}
				for i := range a {
					if _, _, ok := dataset.ReadComparable(a[:i:i], v.Dec.Scale()); ok {
						t.Fatalf("%d of %d bytes are a value", i, len(a))
					}
				}
			})
		})
	}
}
