package fiscal_test

import (
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/directory/fiscal"
)

// The numbers are publicly known: of large companies, of the tax offices' own
// examples, and of the documentation of python-stdnum.
func TestParseValid(t *testing.T) {
	for _, c := range []struct{ name, country, text, kind, value, company, site string }{
		{"IDNO", "MD", "1008600038413", "IDNO", "1008600038413", "MD:IDNO:1008600038413", ""},
		{"IDNO of a bank", "MD", "1002600003778", "IDNO", "1002600003778", "MD:IDNO:1002600003778", ""},
		{"IDNO with prefix and spaces", "", "MD 1002 6000 48836", "IDNO", "1002600048836", "MD:IDNO:1002600048836", ""},
		{"INN", "RU", "7707083893", "INN", "7707083893", "RU:INN:7707083893", ""},
		{"INN of a gas company", "RU", "7736050003", "INN", "7736050003", "RU:INN:7736050003", ""},
		{"INN of a search engine", "RU", "ru7736207543", "INN", "7736207543", "RU:INN:7736207543", ""},
		{"INN of a person", "RU", "500100732259", "INN", "500100732259", "RU:INN:500100732259", ""},
		{"INN/KPP", "RU", "7707083893/770701001", "INN", "7707083893", "RU:INN:7707083893", "RU:INN:7707083893/770701001"},
		{"CNPJ of a bank", "BR", "00.000.000/0001-91", "CNPJ", "00000000000191", "BR:CNPJ:00000000", "BR:CNPJ:00000000000191"},
		{"CNPJ of an oil company", "BR", "33.000.167/0001-01", "CNPJ", "33000167000101", "BR:CNPJ:33000167", "BR:CNPJ:33000167000101"},
		{"CNPJ", "", "BR16.727.230/0001-97", "CNPJ", "16727230000197", "BR:CNPJ:16727230", "BR:CNPJ:16727230000197"},
		{"CNPJ with letters", "BR", "12.ABC.345/01DE-35", "CNPJ", "12ABC34501DE35", "BR:CNPJ:12ABC345", "BR:CNPJ:12ABC34501DE35"},
		{"CPF", "BR", "390.533.447-05", "CPF", "39053344705", "BR:CPF:39053344705", ""},
		{"CPF in full-width digits", "BR", "１１１.４４４.７７７-３５", "CPF", "11144477735", "BR:CPF:11144477735", ""},
		{"SIREN", "FR", "552 008 443", "SIREN", "552008443", "FR:SIREN:552008443", ""},
		{"SIREN of the post", "FR", "356000000", "SIREN", "356000000", "FR:SIREN:356000000", ""},
		{"SIRET", "FR", "732 829 320 00074", "SIRET", "73282932000074", "FR:SIREN:732829320", "FR:SIRET:73282932000074"},
		{"SIRET of a post office", "FR", "35600000049837", "SIRET", "35600000049837", "FR:SIREN:356000000", "FR:SIRET:35600000049837"},
		{"SIRET of the post", "FR", "35600000000048", "SIRET", "35600000000048", "FR:SIREN:356000000", "FR:SIRET:35600000000048"},
		{"TVA", "", "Fr 40 303 265 045", "TVA", "40303265045", "FR:SIREN:303265045", ""},
		{"TVA without prefix", "FR", "23334175221", "TVA", "23334175221", "FR:SIREN:334175221", ""},
		{"TVA with a letter", "", "FRK7399859412", "TVA", "K7399859412", "FR:SIREN:399859412", ""},
		{"TVA of Monaco", "", "FR 53 0000 04605", "TVA", "53000004605", "FR:TVA:53000004605", ""},
		{"CUI", "RO", "185 472 90", "CUI", "18547290", "RO:CUI:18547290", ""},
		{"CUI of an oil company", "", "RO1590082", "CUI", "1590082", "RO:CUI:1590082", ""},
		{"CUI of a car maker", "MD", "RO 160796", "CUI", "160796", "RO:CUI:160796", ""},
		{"CUI of a bank", "RO", "5022670", "CUI", "5022670", "RO:CUI:5022670", ""},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			got := fiscal.Parse(c.country, c.text)
			if !got.Valid || got.Reason != fiscal.None {
				t.Fatalf("not valid: %+v", got)
			}
			if got.Type != c.kind || got.Value != c.value || got.CompanyKey != c.company || got.SiteKey != c.site {
				t.Errorf("got %+v, want %s %s %s %s", got, c.kind, c.value, c.company, c.site)
			}
			if again := fiscal.Parse(got.Country, got.Value); again.CompanyKey != got.CompanyKey {
				t.Errorf("parsed again %+v, first %+v", again, got)
			}
		})
	}
}

func TestParseInvalid(t *testing.T) {
	for _, c := range []struct {
		name, country, text string
		want                fiscal.Reason
		of                  string
	}{
		{"nothing", "MD", " - ", fiscal.Absent, "MD"},
		{"no country", "", "7707083893", fiscal.Unsupported, ""},
		{"other country's prefix", "MD", "DE 136695976", fiscal.Unsupported, "DE"},
		{"Greek prefix", "MD", "EL094259216", fiscal.Unsupported, "GR"},
		{"unknown country", "KZ", "940140000385", fiscal.Unsupported, "KZ"},
		{"IDNO check", "MD", "1008600038412", fiscal.BadChecksum, "MD"},
		{"IDNO length", "MD", "100860003841", fiscal.Malformed, "MD"},
		{"VAT code of Moldova", "MD", "MD0600123", fiscal.Malformed, "MD"},
		{"IDNO zeros", "MD", "0000000000000", fiscal.Placeholder, "MD"},
		{"IDNO counted", "MD", "1234567890123", fiscal.Placeholder, "MD"},
		{"INN check", "RU", "7707083894", fiscal.BadChecksum, "RU"},
		{"INN of a person, first check", "RU", "500100732269", fiscal.BadChecksum, "RU"},
		{"INN of a person, second check", "RU", "500100732258", fiscal.BadChecksum, "RU"},
		{"INN counted", "RU", "1234567894", fiscal.Placeholder, "RU"},
		{"INN without its leading zero", "RU", "105018509", fiscal.Malformed, "RU"},
		{"CNPJ check", "BR", "16.727.230/0001-98", fiscal.BadChecksum, "BR"},
		{"CNPJ with letters, check", "BR", "12.ABC.345/01DE-36", fiscal.BadChecksum, "BR"},
		{"CNPJ ones", "BR", "11111111111111", fiscal.Placeholder, "BR"},
		{"CNPJ counted", "BR", "12.345.678/0001-95", fiscal.Placeholder, "BR"},
		{"CPF check", "BR", "231.002.999-00", fiscal.BadChecksum, "BR"},
		{"CPF ones", "BR", "11111111111", fiscal.Placeholder, "BR"},
		{"SIREN check", "FR", "404833047", fiscal.BadChecksum, "FR"},
		{"SIRET check", "FR", "73282932000079", fiscal.BadChecksum, "FR"},
		{"SIRET of a wrong SIREN", "FR", "40483304700007", fiscal.BadChecksum, "FR"},
		{"SIRET zeros", "FR", "00000000000000", fiscal.Placeholder, "FR"},
		{"TVA key", "FR", "FR84323140391", fiscal.BadChecksum, "FR"},
		{"TVA with letters, key", "FR", "FRK8399859412", fiscal.BadChecksum, "FR"},
		{"TVA with forbidden letter", "FR", "FRO8399859412", fiscal.BadChecksum, "FR"},
		{"TVA counted", "", "FR4Z123456782", fiscal.Placeholder, "FR"},
		{"CUI check", "RO", "18547291", fiscal.BadChecksum, "RO"},
		{"CUI too long", "RO", "18547290123", fiscal.Malformed, "RO"},
		{"CUI of one digit", "RO", "7", fiscal.Malformed, "RO"},
		{"CUI leading zero", "RO", "018547290", fiscal.Malformed, "RO"},
		{"word", "RO", "lipsește", fiscal.Malformed, "RO"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			got := fiscal.Parse(c.country, c.text)
			if got.Valid || got.CompanyKey != "" || got.SiteKey != "" {
				t.Errorf("valid: %+v", got)
			}
			if got.Reason != c.want || got.Country != c.of {
				t.Errorf("got %+v, want reason %d of %q", got, c.want, c.of)
			}
		})
	}
}

func TestSameDigitsTwoCountries(t *testing.T) {
	// A CUI of ten digits has the form of an INN.
	if md, ru := fiscal.Parse("RO", "7707083893"), fiscal.Parse("RU", "7707083893"); md.CompanyKey == ru.CompanyKey {
		t.Errorf("one key %q for two countries", md.CompanyKey)
	}
}

// TestOneWrongDigit: every check here finds any single wrong digit, the mod 11 mod
// 10 ones and the post's digit sum excepted.
func TestOneWrongDigit(t *testing.T) {
	for _, n := range []struct{ country, number string }{
		{"FR", "73282932000074"},
		{"FR", "552008443"},
		{"BR", "33000167000101"},
		{"BR", "39053344705"},
		{"BR", "12ABC34501DE35"},
	} {
		for i := range n.number {
			for d := byte('0'); d <= '9'; d++ {
				if n.number[i] == d || n.number[i] > '9' {
					continue
				}
				wrong := n.number[:i] + string(d) + n.number[i+1:]
				got := fiscal.Parse(n.country, wrong)
				// Brazil's check maps two remainders to 0.
				if got.Valid && n.country != "BR" {
					t.Errorf("%s is valid as %+v", wrong, got)
				}
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"MD 1008600038413", "7707083893/770701001", "12.ABC.345/01DE-35", "FRK7399859412", "RO18547290", "DE136695976", "１２３", "", "\xff", "ßß123456789"} {
		for _, c := range append(fiscal.Countries(), "", "DE") {
			f.Add(c, s)
		}
	}
	f.Fuzz(func(t *testing.T, country, text string) {
		got := fiscal.Parse(country, text)
		if got.Valid != (got.Reason == fiscal.None) || got.Valid != (got.CompanyKey != "") {
			t.Fatalf("%q %q: %+v contradicts itself", country, text, got)
		}
		if n := fiscal.Normalise(text); fiscal.Normalise(n) != n && strings.ToValidUTF8(text, "") == text {
			t.Fatalf("%q: normalised twice is %q, once %q", text, fiscal.Normalise(n), n)
		}
		if !got.Valid {
			return
		}
		again := fiscal.Parse(got.Country, got.Value)
		if again.CompanyKey != got.CompanyKey {
			t.Fatalf("%q %q: %+v, again %+v", country, text, got, again)
		}
		if pre := fiscal.Parse("", got.Country+" "+got.Value); pre.CompanyKey != got.CompanyKey {
			t.Fatalf("%q %q: %+v, with prefix %+v", country, text, got, pre)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		fiscal.Parse("MD", "1008600038413")
	}
}
