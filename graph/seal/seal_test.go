package seal_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/trama-graph/trama/graph/seal"
)

func sealer(t testing.TB, secret string) *seal.Sealer {
	t.Helper()
	s, err := seal.New([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const secret = "0123456789abcdef0123456789abcdef"

func TestIDsComeBack(t *testing.T) {
	s := sealer(t, secret)
	rapid.Check(t, func(t *rapid.T) {
		entity := rapid.StringMatching(`[A-Z][a-z]+`).Draw(t, "entity")
		source := rapid.StringMatching(`[a-z]*`).Draw(t, "source")
		key := rapid.OneOf(rapid.StringN(1, 40, 80), rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)).Draw(t, "key")
		e, src, k, err := s.OpenID(s.ID(entity, source, key))
		if err != nil || e != entity || src != source || k != key {
			t.Fatalf("got %q %q %q %v, want %q %q %q", e, src, k, err, entity, source, key)
		}
	})
}

func TestIDsRevealNothingAndAreStable(t *testing.T) {
	s := sealer(t, secret)
	id := s.ID("Order", "crm", "8f1c2d3e-0000-4000-8000-000000000001")
	if id != s.ID("Order", "crm", "8f1c2d3e-0000-4000-8000-000000000001") {
		t.Error("the same record has two ids")
	}
	if other := s.ID("Order", "crm", "8f1c2d3e-0000-4000-8000-000000000002"); id[:8] == other[:8] {
		t.Error("neighbours have ids that look alike")
	}
	if strings.Contains(id, "crm") || strings.Contains(id, "8f1c") {
		t.Error("the id shows what is in it")
	}
}

// TestSealedTextsBeginNoFormula holds that no sealed text begins with -, that each is
// another one's, and that those of before, which did, are still opened.
func TestSealedTextsBeginNoFormula(t *testing.T) {
	s := sealer(t, secret)
	old, all := 0, map[string]bool{}
	for i := range 2000 {
		key, position := strconv.Itoa(i), []byte(strconv.Itoa(i))
		id, cursor := s.ID("Order", "crm", key), s.Cursor(position, []byte("shape"))
		for _, text := range []string{id, cursor} {
			if text[0] == '-' || all[text] {
				t.Fatalf("%q", text)
			}
			all[text] = true
		}
		texts := []string{id}
		if strings.HasPrefix(strings.TrimLeft(id, "_"), "-") {
			old++
			texts = append(texts, id[1:])
		}
		for _, text := range texts {
			if _, _, k, err := s.OpenID(text); err != nil || k != key {
				t.Fatalf("%q: %q %v", text, k, err)
			}
		}
		if p, err := s.OpenCursor(cursor, []byte("shape")); err != nil || !bytes.Equal(p, position) {
			t.Fatalf("%q: %q %v", cursor, p, err)
		}
	}
	if old == 0 {
		t.Error("none of these began with -: the test tests nothing")
	}
}

func TestForeignTextsAreRefused(t *testing.T) {
	s := sealer(t, secret)
	id := s.ID("Order", "crm", "1")
	cursor := s.Cursor([]byte("position"), []byte("shape"))
	tampered := []byte(id)
	tampered[3] ^= 1
	for name, text := range map[string]string{
		"empty": "", "garbage": "%%%", "short": "AAAA", "tampered": string(tampered), "cursor as id": cursor,
		"other server": sealer(t, secret+"x").ID("Order", "crm", "1"), "huge": strings.Repeat("A", 1<<20), "padded": id + "=",
	} {
		t.Run("case="+name, func(t *testing.T) {
			if _, _, _, err := s.OpenID(text); err == nil {
				t.Error("was accepted")
			}
		})
	}
	if _, err := s.OpenCursor(cursor, []byte("another shape")); err == nil {
		t.Error("a cursor was accepted for another query")
	}
	if p, err := s.OpenCursor(cursor, []byte("shape")); err != nil || string(p) != "position" {
		t.Errorf("got %q, %v", p, err)
	}
}

func FuzzOpenID(f *testing.F) {
	s := sealer(f, secret)
	f.Add(s.ID("Order", "crm", "1"))
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if e, src, k, err := s.OpenID(text); err == nil && s.ID(e, src, k) != text && s.ID(e, src, k) != "_"+text {
			t.Errorf("%q opens but is not what sealing gives", text)
		}
	})
}

func BenchmarkID(b *testing.B) {
	s := sealer(b, secret)
	for b.Loop() {
		s.ID("Order", "crm", "8f1c2d3e-0000-4000-8000-000000000001")
	}
}
