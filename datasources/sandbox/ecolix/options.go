package ecolix

import (
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

const (
	// DefaultKey opens all packages.
	DefaultKey = "ecolix-sandbox-key" // a demo key, printed by the demo
	// DefaultUser is the user of basic authentication, whose password is the key.
	DefaultUser = "trama"
	// Base is the path below which all packages lie; the paths of wire/ecolix.md §3 are relative to it.
	Base = "/api"
	// DefaultPerMinute is the limit of calls a minute per package and key: high, so that only who asks for a limit meets one.
	DefaultPerMinute = 6000
	// DefaultMaxImports is how many imports are remembered before more are refused.
	DefaultMaxImports = 10_000
)

// Package is one of the five that the vendor sells separately (wire/ecolix.md §1), by the name it has in §3.
type Package string

// The packages.
const (
	Ecommerce     Package = "ecommerce"
	EcommercePlus Package = "ecommerce_plus"
	CRM           Package = "crm"
	Transporteurs Package = "transporteurs"
	Fournisseurs  Package = "fournisseurs"
)

// Packages returns all five.
func Packages() []Package {
	return []Package{Ecommerce, EcommercePlus, CRM, Transporteurs, Fournisseurs}
}

// Options set up a fake ERP. The zero Options have all packages, one key and the example shapes of wire/ecolix.md §3.
type Options struct {
	Dialect Dialect
	// NotBought are the packages that the customer has not bought; Dialect.NotBought says how they answer.
	NotBought []Package
	// Key opens all packages that Keys does not name; "" means DefaultKey.
	Key string
	// Keys are the keys of single packages, which the common key then does not open.
	Keys map[Package]string
	// PerMinute is how many calls a minute a key may make to a package; 0 means DefaultPerMinute, a negative number no limit.
	PerMinute int
	// MaxImports bounds what is remembered; 0 means DefaultMaxImports. One more is refused with 507.
	MaxImports int
	// Now is the server's clock. Nil means the later of the real clock and the world's end, so that the world's dates are never in its future.
	Now func() time.Time
	// Zone is the server's wall clock: all days, and all times without an offset. Nil means Europe/Paris.
	Zone *time.Location
}

func (o Options) withDefaults() Options {
	if o.Key == "" {
		o.Key = DefaultKey
	}
	if o.PerMinute == 0 {
		o.PerMinute = DefaultPerMinute
	}
	if o.MaxImports == 0 {
		o.MaxImports = DefaultMaxImports
	}
	if o.Now == nil {
		o.Now = func() time.Time {
			if now := time.Now(); now.After(world.End) {
				return now
			}
			return world.End
		}
	}
	if o.Zone == nil {
		zone, err := time.LoadLocation("Europe/Paris")
		if err != nil { // no zone database on this system
			zone = time.FixedZone("CET", 60*60)
		}
		o.Zone = zone
	}
	return o
}

// key returns the key that opens a package.
func (o *Options) key(p Package) string {
	if k, ok := o.Keys[p]; ok {
		return k
	}
	return o.Key
}
