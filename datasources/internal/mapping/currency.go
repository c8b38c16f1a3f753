package mapping

import (
	"strings"

	"golang.org/x/text/currency"
)

// minorUnits is how many decimals amounts of a currency have: 2 but for those of
// ISO 4217's list of minor units. (CLDR's digits, which golang.org/x/text has, are
// those of cash and differ.)
func minorUnits(code string) int {
	switch code {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	case "CLF", "UYW":
		return 4
	}
	return 2
}

// IsCurrency reports whether a code is one of ISO 4217, in upper case.
func IsCurrency(code string) bool {
	if len(code) != 3 || code != strings.ToUpper(code) {
		return false
	}
	_, err := currency.ParseISO(code)
	return err == nil
}
