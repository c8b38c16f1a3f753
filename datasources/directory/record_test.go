package directory

import (
	"reflect"
	"strings"
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
			CreatedBy: foreign, ModifiedBy: name,
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
			if by, last := r.hands(); by != key(in.CreatedBy) || last != key(in.ModifiedBy) {
				t.Fatalf("by %q and %q came back as %q and %q", in.CreatedBy, in.ModifiedBy, by, last)
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
			r.hands()
		}
	})
}

// TestOldRecord: what was stored before records had the names of who typed them in
// is read as it was, and what has no names is stored as then.
func TestOldRecord(t *testing.T) {
	old := "\x01\x10\x02c1\x02K1\x04Alfa" + strings.Repeat("\x00", 9) + "\x01\x04onec\x03uid"
	r := record(old)
	if err := r.check(); err != nil {
		t.Fatal(err)
	}
	if by, last := r.hands(); by != "" || last != "" || r.text(textName) != "Alfa" {
		t.Errorf("%q by %q and %q", r.text(textName), by, last)
	}
	in := datasources.CustomerRecord{ID: "c1", Code: "K1", Name: "Alfa", ForeignIDs: map[string]string{"onec": "uid"}}
	if now, _ := pack(nil, &in); string(now) != old {
		t.Errorf("packed as %q, was %q", now, old)
	}
	in.CreatedBy = "Ana"
	if now, _ := pack(nil, &in); string(now) != "\x01\x30"+old[2:]+"\x03Ana\x00" {
		t.Errorf("with a name packed as %q", now)
	}
	for n := range len("\x03Ana\x00") {
		now, _ := pack(nil, &in)
		if record(now[:len(now)-1-n]).check() == nil {
			t.Errorf("%d bytes less go unnoticed", n+1)
		}
	}
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
