package directory_test

import (
	"fmt"
	"strconv"

	"github.com/trama-graph/trama/datasources/directory/fiscal"
)

// siren and siret make numbers of a French company and its n-th site.
func siren(n int) string { return lunned(fmt.Sprintf("4%07d", n)) }

func siret(n, site int) string { return lunned(siren(n) + fmt.Sprintf("%04d", site)) }

func lunned(body string) string {
	for d := range 10 {
		s := body + strconv.Itoa(d)
		country := "FR"
		if id := fiscal.Parse(country, s); id.Valid {
			return s
		}
	}
	panic("no check digit")
}

// inn makes the number of a Russian company.
func inn(n int) string {
	for d := range 10 {
		if s := fmt.Sprintf("77%07d%d", n, d); fiscal.Parse("RU", s).Valid {
			return s
		}
	}
	panic("no check digit")
}

// bothCountries makes digits that are a valid number of Russia and of Romania.
func bothCountries(n int) string {
	for ; ; n++ {
		for d := range 10 {
			s := fmt.Sprintf("19%07d%d", n, d)
			if fiscal.Parse("RU", s).Valid && fiscal.Parse("RO", s).Valid {
				return s
			}
		}
	}
}

// idnp makes the number of a person, as idno but with a leading 2.
func idnp(n int) string {
	for d := range 10 {
		if s := fmt.Sprintf("2%011d%d", n*7919, d); fiscal.Parse("MD", s).Valid {
			return s
		}
	}
	panic("no check digit")
}
