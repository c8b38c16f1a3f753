package creatio

import (
	"strings"

	"golang.org/x/text/language"

	"github.com/trama-graph/trama/datasources/internal/places"
)

// countryOf finds the ISO 3166 code of a country: as configured, its code where
// that is one, else by its name in the languages Creatio is sold in. "" when
// none knows it.
func (s *source) countryOf(name, code string) string {
	if iso := s.cfg.Countries[name]; iso != "" {
		return iso
	}
	if code = strings.ToUpper(strings.TrimSpace(code)); alpha2.MatchString(code) {
		if r, err := language.ParseRegion(code); err == nil && r.IsCountry() {
			return code
		}
	}
	return places.CountryCode(name)
}
