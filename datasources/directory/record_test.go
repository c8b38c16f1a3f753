package directory

import (
	"reflect"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
)

// FuzzRecord: what is packed comes back, and damaged data is found before it is
// used.
func FuzzRecord(f *testing.F) {
	f.Add("c1", "code", "Name", "100", "{guid}", int64(1700000000), true, []byte{1, 0, 2, 'c', '1'})
	f.Add("", "", "", "", "", int64(0), false, []byte{})
	f.Add("x", " ", "\xff", "0", "00000000-0000-0000-0000-000000000000", int64(-1), false, []byte{1, 4, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, id, code, name, tax, foreign string, created int64, deleted bool, damaged []byte) {
		in := datasources.CustomerRecord{
			ID: id, Code: code, Name: name, TaxID: tax, ForeignIDs: map[string]string{"onec": foreign}, CreatedAt: time.Unix(created, 7), Deleted: deleted,
		}
		packed, ok := pack(nil, &in)
		if ok != (id != "" && len(id) <= maxKey) {
			t.Fatalf("ok %v", ok)
		}
		if ok {
			r := record(packed)
			if err := r.check(); err != nil {
				t.Fatal(err)
			}
			if r.id() != id || r.text(textCode) != key(code) || r.text(textName) != text(name) || r.text(textTaxID) != key(tax) || r.isDeleted() != deleted {
				t.Fatalf("%+v came back as %q", in, packed)
			}
			if got, _ := r.times(); !got.Equal(in.CreatedAt) && !in.CreatedAt.IsZero() {
				t.Fatalf("%v came back as %v", in.CreatedAt, got)
			}
			var want, got []foreignID
			want = foreignOf(&in)
			r.foreign(func(target, id string) { got = append(got, foreignID{target, id}) })
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("foreign ids %v, want %v", got, want)
			}
			for n := range textCount {
				r.text(n)
			}
		}
		if r := record(damaged); r.check() == nil {
			for n := range textCount {
				r.text(n)
			}
			r.times()
			r.foreign(func(string, string) {})
		}
	})
}

func TestBareName(t *testing.T) {
	for _, same := range [][2]string{
		{"Exemplu SRL", "S.R.L. «EXEMPLU»"}, {"Ştefan", "Stefan SA"}, {"ООО «Вектор»", "Вектор"}, {"Padaria 24 LTDA ME", "padaria 24"},
	} {
		if a, b := bareName(same[0]), bareName(same[1]); a != b {
			t.Errorf("%q is %q, %q is %q", same[0], a, same[1], b)
		}
	}
	for _, other := range [][2]string{{"Vector 1", "Vector 2"}, {"Вектор", "Vector"}, {"SRL", "SA"}} {
		if a, b := bareName(other[0]), bareName(other[1]); a == b {
			t.Errorf("%q and %q are both %q", other[0], other[1], a)
		}
	}
}
