package world

import (
	"fmt"
	"strconv"
	"strings"
)

// fiscal makes the valid fiscal number of a country for an ordinal; different ordinals below 5,000,000 give different numbers.
// Check digits: wire/identity.md §2.
func fiscal(c Country, ordinal int, person, alphanumeric bool) Fiscal {
	// Multipliers coprime with the modulus: neighbours in number look like strangers.
	at := func(mod int) int { return int(uint64(ordinal) * 7_368_787 % uint64(mod)) }
	switch c {
	case MD:
		// 1 for companies, 2 for persons; then the year of registration; IDNP and IDNO share the check.
		first := 1
		if person {
			first = 2
		}
		body := fmt.Sprintf("%d%03d%08d", first, at(23)+3, at(100_000_000))
		return Fiscal{Type: "IDNO", Number: body + digit(weighted(body, 7, 3, 1)%10)}
	case RO:
		body := strconv.Itoa(1_000_000 + at(9_000_000))
		weights := []int{7, 5, 3, 2, 1, 7, 5, 3, 2}
		n := body + digit(weighted(body, weights[len(weights)-len(body):]...)*10%11%10)
		return Fiscal{Type: "CUI", Number: n, VAT: "RO" + n}
	case RU:
		region := innRegions[at(len(innRegions))]
		if person {
			body := fmt.Sprintf("%s%08d", region, at(100_000_000))
			body += digit(weighted(body, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8) % 11 % 10)
			body += digit(weighted(body, 3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8) % 11 % 10)
			return Fiscal{Type: "INN", Number: body}
		}
		body := fmt.Sprintf("%s%07d", region, at(10_000_000))
		n := body + digit(weighted(body, 2, 4, 10, 3, 5, 9, 4, 6, 8)%11%10)
		return Fiscal{Type: "INN", Number: n, KPP: n[:4] + "01001"}
	case FR:
		siren := fmt.Sprintf("%08d", 30_000_000+at(60_000_000))
		siren += digit(luhn(siren))
		n, _ := strconv.Atoi(siren)
		siret := siren + fmt.Sprintf("%04d", 1+at(7))
		return Fiscal{Type: "SIRET", Number: siret + digit(luhn(siret)), VAT: fmt.Sprintf("FR%02d%s", (12+3*(n%97))%97, siren)}
	default:
		root := fmt.Sprintf("%08d", at(100_000_000))
		if alphanumeric { // registered from July 2026 on
			r := []byte(root)
			for _, i := range []int{0, 1, 4, 6} {
				r[i] = 'A' + (r[i]-'0')*2 + byte(i&1)
			}
			root = string(r)
		}
		body := root + "0001"
		body += digit(check11(weighted(body, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)))
		body += digit(check11(weighted(body, 6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)))
		return Fiscal{Type: "CNPJ", Number: body}
	}
}

// innRegions are the first two digits of an INN; those below ten are why an INN must be text.
var innRegions = []string{"77", "78", "50", "01", "02", "05", "16", "23", "52", "54", "61", "63", "66", "74", "07", "39"}

func digit(d int) string { return string(rune('0' + d)) }

// weighted sums the characters' values (code − 48) times the weights, which repeat if they are fewer.
func weighted(s string, weights ...int) int {
	sum := 0
	for i := range len(s) {
		sum += int(s[i]-'0') * weights[i%len(weights)]
	}
	return sum
}

func check11(sum int) int {
	if r := sum % 11; r >= 2 {
		return 11 - r
	}
	return 0
}

// luhn returns the digit that must follow s.
func luhn(s string) int {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return (10 - sum%10) % 10
}

// spoil returns the number with a wrong check digit.
func spoil(n string) string {
	return n[:len(n)-1] + digit((int(n[len(n)-1]-'0')+1)%10)
}

// punctuateCNPJ prints a CNPJ as people write it: 11.222.333/0001-81.
func punctuateCNPJ(n string) string {
	if len(n) != 14 {
		return n
	}
	return n[:2] + "." + n[2:5] + "." + n[5:8] + "/" + n[8:12] + "-" + n[12:]
}

// typed returns the number as a person types it into the CRM: with prefix, spaces or punctuation, or plain.
func typed(c Country, f Fiscal, how int) string {
	switch {
	case c == RO && how < 60:
		return f.VAT
	case c == RO && how < 70:
		return "RO " + f.Number
	case c == FR && how < 35:
		return f.VAT
	case c == FR && how < 55:
		return f.Number[:9]
	case c == FR && how < 80:
		n := f.Number
		return n[:3] + " " + n[3:6] + " " + n[6:9] + " " + n[9:]
	case c == BR && how < 75:
		return punctuateCNPJ(f.Number)
	case c == MD && how < 6:
		return f.Number[:4] + " " + f.Number[4:]
	}
	return f.Number
}

// placeholder is what a bookkeeper types when the form insists on a number: shared by many, of the right length, and never a company.
func placeholder(c Country, how int) string {
	return strings.Repeat(digit(how%2), map[Country]int{MD: 13, RO: 8, RU: 10, FR: 14, BR: 14}[c])
}
