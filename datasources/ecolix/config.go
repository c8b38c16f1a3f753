package ecolix

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/rest"
	"github.com/trama-graph/trama/schema"
)

// Config is one Ecolix. Every key of rest is one of it, too, and replaces what
// the preset says.
type Config struct {
	rest.Config `yaml:",inline"`
	// Key opens all packages.
	Key string `yaml:"key"`
	// Packages are those that were bought: ecommerce, ecommerce-plus, crm, carrier,
	// supplier; the vendor's own words are known too.
	Packages []string `yaml:"packages"`
}

// The packages, as the vendor sells them (Ecolix, §1).
const (
	Ecommerce     = "ecommerce"
	EcommercePlus = "ecommerce-plus"
	CRM           = "crm"
	Carrier       = "carrier"
	Supplier      = "supplier"
)

func packageNames() []string { return []string{Ecommerce, EcommercePlus, CRM, Carrier, Supplier} }

// packageOf finds a package by its name here or by the vendor's; "" = there is
// none.
func packageOf(name string) string {
	name = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), "_", "-")
	switch name {
	case "transporteurs", "transporteur":
		return Carrier
	case "fournisseurs", "fournisseur":
		return Supplier
	case "ecommerce+":
		return EcommercePlus
	}
	if slices.Contains(packageNames(), name) {
		return name
	}
	return ""
}

// Validate reports all mistakes together, each with its key.
func (c *Config) Validate() error {
	var errs []error
	if len(c.Packages) == 0 {
		errs = append(errs, fmt.Errorf("packages: missing: name those that were bought, of %s", strings.Join(packageNames(), ", ")))
	}
	seen := map[string]bool{}
	for i, name := range c.Packages {
		p := packageOf(name)
		switch {
		case p == "":
			hint := schema.DidYouMean(name, packageNames())
			if hint == "" {
				hint = ", want one of " + strings.Join(packageNames(), ", ")
			}
			errs = append(errs, fmt.Errorf("packages[%d]: unknown package %q%s", i, name, hint))
		case seen[p]:
			errs = append(errs, fmt.Errorf("packages[%d]: %q is named twice", i, name))
		}
		seen[p] = true
	}
	if c.Key == "" && c.Auth.Kind == "" {
		errs = append(errs, errors.New("key: missing"))
	}
	if c.Key != "" && c.Auth.Kind != "" {
		errs = append(errs, errors.New("key: is of no use beside auth"))
	}
	if err := c.settings().Validate(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// CanLive says why Ecolix cannot be asked live, and what to write instead.
func (c *Config) CanLive() error {
	return errors.New("Ecolix cannot be asked for many records by key, and agrees few calls a minute; write supply: copy, with every: 10m or what was agreed") //nolint:staticcheck // a name begins it
}

// Links are the links of the preset: the fields that name other documents.
func (c *Config) Links() map[string]datasources.LinkRules {
	return map[string]datasources.LinkRules{
		"Quote.orders":       {{Field: "numeroCommande"}},
		"Order.quote":        {{Field: "numeroDevis"}},
		"DeliveryNote.order": {{Field: "numeroCommande"}},
	}
}

// settings is the connector's configuration: the preset with the packages that
// were not bought switched off, and the key in its place.
func (c *Config) settings() rest.Config {
	r := c.Config
	if r.Auth.Kind == "" && c.Key != "" {
		r.Auth = rest.Auth{Kind: "header", Name: "X-API-KEY", Value: c.Key}
	}
	bought := map[string]bool{}
	for _, name := range c.Packages {
		bought[packageOf(name)] = true
	}
	r.Entities = map[string]rest.Entity{}
	for name, e := range c.Entities {
		r.Entities[name] = withPackages(e, bought)
	}
	return r
}

// withPackages switches off the resources of packages that were not bought; a
// label that is no package of the vendor's is left as it is.
func withPackages(e rest.Entity, bought map[string]bool) rest.Entity {
	off := func(label string) bool { p := packageOf(label); return p != "" && !bought[p] }
	e.Disabled = e.Disabled || off(e.Package)
	e.More = slices.Clone(e.More)
	for i := range e.More {
		e.More[i].Disabled = e.More[i].Disabled || off(e.More[i].Package)
	}
	if off(e.Stock.Package) {
		e.Stock.Disabled = true
		if path, ok := carrierStocks[e.Stock.Path]; ok && bought[Carrier] {
			e.Stock.Package, e.Stock.Path, e.Stock.Disabled = Carrier, path, false
		}
	}
	return e
}

// carrierStocks is where the carriers' package has the same list.
var carrierStocks = map[string]string{"/ecommerce/stocks": "/transporteurs/stocks"}
