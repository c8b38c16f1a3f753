package places_test

import (
	"testing"

	"github.com/trama-graph/trama/datasources/internal/places"
)

func TestCountryCode(t *testing.T) {
	for name, want := range map[string]string{
		"Moldova": "MD", "МОЛДОВА": "MD", " Republica Moldova ": "MD", "Россия": "RU", "România": "RO", "Romania": "RO", "France": "FR",
		"Франция": "FR", "Brasil": "BR", "Бразилия": "BR", "Deutschland": "DE", "md": "MD", "": "", "Atlantis": "", "zz": "",
	} {
		if got := places.CountryCode(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}
