package fiscal

import (
	"strconv"
	"strings"
)

// moldova: IDNO of companies and IDNP of persons have one form and one check, so
// that neither ever tells company from person; both are IDNO here.
func moldova(v string) ID {
	if len(v) != 13 || !isDigits(v) {
		return ID{}
	}
	return ID{
		Type: "IDNO", CompanyKey: "MD:IDNO:" + v,
		Reason: judge(v, v[:12], isDigit(v, 12, weighted(v[:12], 7, 3, 1)%10)),
	}
}

// russia: INN of companies (10 digits) and persons (12), and a company's INN with
// the KPP of a branch behind it (10 + 9).
func russia(v string) ID {
	id := ID{Type: "INN", Value: v, CompanyKey: "RU:INN:" + v}
	switch {
	case len(v) == 12 && isDigits(v):
		first := weighted(v[:10], 7, 2, 4, 10, 3, 5, 9, 4, 6, 8) % 11 % 10
		second := weighted(v[:11], 3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8) % 11 % 10
		id.Reason = judge(v, v[:10], isDigit(v, 10, first) && isDigit(v, 11, second))
		return id
	case len(v) == 19 && isDigits(v[:10]) && isKPP(v[10:]):
		id.Value, id.CompanyKey = v[:10], "RU:INN:"+v[:10]
		id.SiteKey = id.CompanyKey + "/" + v[10:]
		v = v[:10]
	case len(v) != 10 || !isDigits(v):
		return ID{}
	}
	id.Reason = judge(v, v[:9], isDigit(v, 9, weighted(v[:9], 2, 4, 10, 3, 5, 9, 4, 6, 8)%11%10))
	return id
}

// isKPP: four digits of the tax office, two signs of the reason, three digits.
func isKPP(s string) bool {
	return len(s) == 9 && isDigits(s[:4]) && isAlphanumeric(s[4:6]) && isDigits(s[6:])
}

func isAlphanumeric(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// brazil: CNPJ of companies, whose first eight signs are the company and the next
// four the branch (letters from July 2026 on), and CPF of persons.
func brazil(v string) ID {
	switch {
	case len(v) == 14 && isAlphanumeric(v[:12]) && isDigits(v[12:]):
		first := check11(weighted(v[:12], 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2))
		second := check11(weighted(v[:13], 6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2))
		// 00000000 is a company (a bank), so only the whole number is looked at for
		// repeated digits.
		return ID{
			Type: "CNPJ", CompanyKey: "BR:CNPJ:" + v[:8], SiteKey: "BR:CNPJ:" + v,
			Reason: judge(v, v[:8], isDigit(v, 12, first) && isDigit(v, 13, second)),
		}
	case len(v) == 11 && isDigits(v):
		first := check11(weighted(v[:9], 10, 9, 8, 7, 6, 5, 4, 3, 2))
		second := check11(weighted(v[:10], 11, 10, 9, 8, 7, 6, 5, 4, 3, 2))
		return ID{
			Type: "CPF", CompanyKey: "BR:CPF:" + v,
			Reason: judge(v, v[:9], isDigit(v, 9, first) && isDigit(v, 10, second)),
		}
	}
	return ID{}
}

func check11(sum int) int {
	if r := sum % 11; r >= 2 {
		return 11 - r
	}
	return 0
}

// france: SIREN of companies, SIRET of their sites, and the VAT number made of a
// key and the SIREN.
func france(v string) ID {
	switch {
	case len(v) == 9 && isDigits(v):
		return ID{Type: "SIREN", CompanyKey: "FR:SIREN:" + v, Reason: judge(v, v[:8], luhn(v))}
	case len(v) == 14 && isDigits(v):
		return ID{
			Type: "SIRET", CompanyKey: "FR:SIREN:" + v[:9], SiteKey: "FR:SIRET:" + v,
			Reason: judge(v[:9], v[:8], luhn(v[:9]) && (luhn(v) || laPoste(v))),
		}
	case len(v) == 11 && isAlphanumeric(v[:2]) && isDigits(v[2:]):
		id := ID{Type: "TVA", CompanyKey: "FR:SIREN:" + v[2:]}
		checked := vatKey(v[:2], v[2:])
		if strings.HasPrefix(v[2:], "000") { // Monaco: French VAT, but no SIREN
			id.CompanyKey = "FR:TVA:" + v
		} else {
			checked = checked && luhn(v[2:])
		}
		id.Reason = judge(v[2:], v[2:10], checked)
		return id
	}
	return ID{}
}

// laPoste: the post's offices outgrew Luhn's check; theirs is a digit sum
// divisible by five.
func laPoste(siret string) bool {
	return strings.HasPrefix(siret, "356000000") && weighted(siret, 1)%5 == 0
}

// vatSigns are the signs of a French VAT key: no I and no O.
const vatSigns = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// vatKey checks the two signs before the SIREN: all digits in the old form, with
// a letter in the new one.
func vatKey(key, siren string) bool {
	n, err := strconv.Atoi(siren)
	if err != nil {
		return false
	}
	if isDigits(key) {
		return key == twoDigits((12+3*(n%97))%97)
	}
	a, b := strings.IndexByte(vatSigns, key[0]), strings.IndexByte(vatSigns, key[1])
	if a < 0 || b < 0 {
		return false
	}
	check := a*34 + b - 100
	if a < 10 {
		check = a*24 + b - 10
	}
	return (n+1+check/11)%11 == check%11
}

func twoDigits(n int) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) }

func luhn(s string) bool {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
			if d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// romania: CUI of two to ten digits, never with a leading zero.
func romania(v string) ID {
	n := len(v) - 1
	if n < 1 || n > 9 || !isDigits(v) || v[0] == '0' && !isRepeated(v) {
		return ID{}
	}
	weights := []int{7, 5, 3, 2, 1, 7, 5, 3, 2}
	return ID{
		Type: "CUI", CompanyKey: "RO:CUI:" + v,
		Reason: judge(v, v[:n], isDigit(v, n, weighted(v[:n], weights[9-n:]...)*10%11%10)),
	}
}
