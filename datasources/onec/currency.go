package onec

import (
	"strings"

	"github.com/trama-graph/trama/schema"
)

// currencies are the numeric and alphabetic codes of ISO 4217 that are in use,
// and those that old documents still hold.
const currencies = "008ALL 012DZD 032ARS 036AUD 044BSD 048BHD 050BDT 051AMD 052BBD 060BMD 064BTN 068BOB 072BWP 084BZD 090SBD 096BND 104MMK 108BIF " +
	"116KHR 124CAD 132CVE 136KYD 144LKR 152CLP 156CNY 170COP 174KMF 188CRC 191HRK 192CUP 203CZK 208DKK 214DOP 222SVC 230ETB 232ERN 238FKP 242FJD " +
	"262DJF 270GMD 292GIP 320GTQ 324GNF 328GYD 332HTG 340HNL 344HKD 348HUF 352ISK 356INR 360IDR 364IRR 368IQD 376ILS 388JMD 392JPY 398KZT 400JOD " +
	"404KES 408KPW 410KRW 414KWD 417KGS 418LAK 422LBP 426LSL 430LRD 434LYD 446MOP 454MWK 458MYR 462MVR 480MUR 484MXN 496MNT 498MDL 504MAD 512OMR " +
	"516NAD 524NPR 532ANG 533AWG 548VUV 554NZD 558NIO 566NGN 578NOK 586PKR 590PAB 598PGK 600PYG 604PEN 608PHP 634QAR 643RUB 646RWF 654SHP 682SAR " +
	"690SCR 702SGD 704VND 706SOS 710ZAR 728SSP 748SZL 752SEK 756CHF 760SYP 764THB 776TOP 780TTD 784AED 788TND 800UGX 807MKD 810RUR 818EGP 826GBP " +
	"834TZS 840USD 858UYU 860UZS 882WST 886YER 901TWD 928VES 929MRU 930STN 933BYN 934TMT 936GHS 938SDG 940UYI 941RSD 943MZN 944AZN 946RON 949TRY " +
	"950XAF 951XCD 952XOF 953XPF 960XDR 967ZMW 968SRD 969MGA 971AFN 972TJS 973AOA 974BYR 975BGN 976CDF 977BAM 978EUR 980UAH 981GEL 985PLN 986BRL "

// isISO reports whether s is an alphabetic code.
func isISO(s string) bool {
	return isUpper(s, 3) && (s == schema.NoCurrency || strings.Contains(currencies, s+" "))
}

// isoCurrency returns the alphabetic code of a record of the catalogue of
// currencies: its code is the numeric one of ISO 4217, its description the
// alphabetic one or, in old bases, a local abbreviation. "" when neither is
// known.
func isoCurrency(code, description string) string {
	if len(code) == 3 && strings.Trim(code, "0123456789") == "" {
		if i := strings.Index(currencies, code); i >= 0 {
			return roubles(currencies[i+3 : i+6])
		}
	}
	for _, s := range []string{description, code} {
		if s = strings.ToUpper(strings.Trim(s, " .")); isISO(s) {
			return roubles(s)
		}
	}
	switch strings.ToLower(strings.Trim(description, " .")) {
	case "руб", "рубль", "рубли", "₽":
		return "RUB"
	case "лей", "леи", "лея", "леев", "lei", "leu":
		return "MDL"
	case "евро", "€":
		return "EUR"
	case "долл", "доллар", "доллар сша", "долл. сша", "$":
		return "USD"
	case "грн", "гривна", "₴":
		return "UAH"
	case "тенге", "тг", "₸":
		return "KZT"
	case "бел. руб", "бел.руб":
		return "BYN"
	}
	return ""
}

// roubles turns the code of before 1998, which accounting still uses, into
// today's.
func roubles(code string) string {
	if code == "RUR" {
		return "RUB"
	}
	return code
}
