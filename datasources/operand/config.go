package operand

import (
	"errors"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/rest"
)

// Config is one Operand. Every key of rest is one of it, too, and replaces what
// the preset says.
type Config struct {
	rest.Config `yaml:",inline"`
	// Token is the one the panel shows under API Operand > Gerar token.
	Token string `yaml:"token"`
	// ConfirmPaths says that the preset's finance paths are right.
	ConfirmPaths bool `yaml:"confirm_paths"`
}

// Validate reports all mistakes together, each with its key.
func (c *Config) Validate() error {
	var errs []error
	if c.Token == "" && c.Auth.Kind == "" {
		errs = append(errs, errors.New("token: missing"))
	}
	if c.Token != "" && c.Auth.Kind != "" {
		errs = append(errs, errors.New("token: is of no use beside auth"))
	}
	if err := c.settings().Validate(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// CanLive says why Operand cannot be asked live, and what to write instead.
func (c *Config) CanLive() error {
	return errors.New("Operand cannot be asked for many records by key; write supply: copy, with every: 15m") //nolint:staticcheck // a name begins it
}

// Links are the links of the preset: the fields that name other documents.
func (c *Config) Links() map[string]datasources.LinkRules {
	return map[string]datasources.LinkRules{
		"Invoice.order":   {{Field: "orderNumber"}, {Field: "documentNumber"}},
		"Payment.invoice": {{Field: "invoiceNumber"}},
		"Boleto.invoice":  {{Field: "invoiceNumber"}},
	}
}

// settings is the connector's configuration: the preset with the token in its
// place, and each path a placeholder only while it is the preset's own.
func (c *Config) settings() rest.Config {
	r := c.Config
	if r.Auth.Kind == "" {
		r.Auth = rest.Auth{Kind: "session", Login: login(c.Token)}
	}
	r.Entities = map[string]rest.Entity{}
	for name, e := range c.Entities {
		e.Placeholder = e.Placeholder && e.Path == placeholders[name] && !c.ConfirmPaths
		if e.Window.FromParam == "" && e.Window.ToParam == "" {
			// The preset's was taken out, and with it what is a part of it.
			e.Window, e.Follow.Back, e.Follow.Ahead = rest.Window{}, 0, 0
		}
		r.Entities[name] = e
	}
	return r
}
