// Package places knows countries by the names people write. Connectors use it
// for sources that keep a country as a text.
package places

import (
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// CountryCode returns the ISO 3166 alpha-2 code of a country by its name in
// English, Russian, Romanian, Ukrainian, French, Portuguese or German, or by its
// code; "" when nobody calls a country so.
func CountryCode(name string) string {
	name = strings.TrimSpace(name)
	if len(name) == 2 {
		if r, err := language.ParseRegion(strings.ToUpper(name)); err == nil && r.IsCountry() {
			return r.String()
		}
	}
	return byName()[strings.ToLower(name)]
}

// byName maps names in lower case. A name that means two countries in two
// languages means none.
var byName = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	put := func(name, iso string) {
		name = strings.ToLower(name)
		if old, ok := names[name]; ok && old != iso {
			iso = ""
		}
		names[name] = iso
	}
	var namers []display.Namer
	for _, tag := range []language.Tag{language.English, language.Russian, language.Romanian, language.Ukrainian, language.French, language.Portuguese, language.German} {
		namers = append(namers, display.Regions(tag))
	}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			iso := string([]rune{a, b})
			r, err := language.ParseRegion(iso)
			if err != nil || !r.IsCountry() || r.String() != iso || r.Canonicalize() != r {
				continue
			}
			for _, n := range namers {
				if name := n.Name(r); name != "" {
					put(name, iso)
				}
			}
		}
	}
	// As registers and the systems' own lists write them.
	for name, iso := range map[string]string{
		"Moldova, Republic of": "MD", "Republic of Moldova": "MD", "Republica Moldova": "MD", "Республика Молдова": "MD", "Молдавия": "MD",
		"Russian Federation": "RU", "Российская Федерация": "RU", "Republic of Belarus": "BY", "Республика Беларусь": "BY", "Белоруссия": "BY",
		"Республика Казахстан": "KZ", "USA": "US", "United States of America": "US", "США": "US", "UK": "GB", "Czech Republic": "CZ",
	} {
		put(name, iso)
	}
	return names
})
