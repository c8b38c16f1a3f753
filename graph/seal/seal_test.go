package seal_test

import (
	"bytes"
	"net/url"
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

// TestSealedTextsAreNoFormulas holds that no sealed text has the sign - or one that an
// address would escape, and that the texts of before, which had it, are still opened.
func TestSealedTextsAreNoFormulas(t *testing.T) {
	s := sealer(t, secret)
	old := 0
	for i := range 500 {
		key, position := strconv.Itoa(i), []byte(strconv.Itoa(i))
		id, cursor := s.ID("Order", "crm", key), s.Cursor(position, []byte("shape"))
		for _, text := range []string{id, cursor} {
			if strings.Contains(text, "-") || url.PathEscape(text) != text || url.QueryEscape(text) != text {
				t.Fatalf("%q is not safe", text)
			}
		}
		was := strings.ReplaceAll(id, "~", "-")
		if was[0] == '-' {
			old++
		}
		if _, _, k, err := s.OpenID(was); err != nil || k != key || seal.Canonical(was) != id {
			t.Fatalf("%q: %q %v", was, k, err)
		}
		if p, err := s.OpenCursor(strings.ReplaceAll(cursor, "~", "-"), []byte("shape")); err != nil || !bytes.Equal(p, position) {
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
		if e, src, k, err := s.OpenID(text); err == nil && s.ID(e, src, k) != seal.Canonical(text) {
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
