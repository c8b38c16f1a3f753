package odata

import (
	"strings"
)

// The headers that carry the version of the protocol. HeaderVersion is on every
// reply, those of errors and of the parts of a batch too.
const (
	HeaderVersion    = "OData-Version"
	HeaderMaxVersion = "OData-MaxVersion"
	Version          = "4.0"
)

// CheckVersion judges a request's OData-Version and OData-MaxVersion, "" if it
// has none. A request in a version this service does not read fails (Part 1
// §8.1.5); so does one that takes no answer as new as 4.0 (§8.2.6). 4.01 is
// read: what it spells otherwise than 4.0 is refused where it stands.
func CheckVersion(version, maxVersion string) error {
	if err := checkVersion(version, maxVersion); err != nil {
		return err
	}
	return nil
}

func checkVersion(version, maxVersion string) *Error {
	if version != "" {
		if v := major(version); v != "4.0" && v != "4.01" {
			return badf("", "%s: this service reads 4.0", HeaderVersion)
		}
	}
	if maxVersion == "" {
		return nil
	}
	whole, fraction, _ := strings.Cut(major(maxVersion), ".")
	if !isDigits(whole) || len(whole) > 3 || fraction != "" && !isDigits(fraction) {
		return badf("", "%s: expected a version such as 4.0", HeaderMaxVersion)
	}
	if len(whole) == 1 && whole < "4" {
		return badf("", "%s: this service answers in 4.0, which is newer than what the client takes", HeaderMaxVersion)
	}
	return nil
}

// major cuts what some clients write behind the number, as in "3.0;NetFx".
func major(version string) string {
	number, _, _ := strings.Cut(version, ";")
	return strings.TrimSpace(number)
}
