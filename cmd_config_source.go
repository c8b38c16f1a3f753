package main

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources/copies"
)

// sourceConfig is what every source has; settings is the connector's own part.
type sourceConfig struct {
	Name   string `yaml:"name"`
	Kind   string `yaml:"kind"`
	Supply string `yaml:"supply"`
	// Country scopes fiscal numbers that do not tell theirs.
	Country string `yaml:"country"`
	// CustomerKey says which field of which other source this one's customer key
	// equals, where it has no list of customers: "crm.code"; "" = the code of the
	// first CRM, see assumeCustomerKeys.
	CustomerKey string   `yaml:"customer_key"`
	OwnTaxIDs   []string `yaml:"own_tax_ids"`
	// UntrustedTimes says that its times of change tell nothing, as a nightly import
	// touches all rows.
	UntrustedTimes bool `yaml:"untrusted_times"`
	// Of a copy: how often it is read, which share of an entity's rows one reading
	// may delete, and how long what was deleted is remembered.
	Every       time.Duration  `yaml:"every"`
	MaxDelete   *float64       `yaml:"max_delete"`
	MaxRows     int64          `yaml:"max_rows"`
	KeepDeleted *time.Duration `yaml:"keep_deleted"`
	// Sweep is how often what is followed is compared as a whole; MaxStaleness, from
	// which age the data is in trouble.
	Sweep        time.Duration `yaml:"sweep"`
	MaxStaleness time.Duration `yaml:"max_staleness"`
	// Owner, Address and Documentation stand in the catalogue, for people.
	Owner         string `yaml:"owner"`
	Address       string `yaml:"address"`
	Documentation string `yaml:"documentation"`

	pushed   pushedConfig // of supply: push
	kind     *sourceKind  // nil where Trama calls nothing
	settings any
}

// pushedConfig is what is said of a source that sends its records, in the place of a
// connector's settings.
type pushedConfig struct {
	Entities []string `yaml:"entities"` // nil = every kind of record there is
}

// isCalled reports whether Trama calls the source.
func (s *sourceConfig) isCalled() bool { return s.Supply != "push" && s.Supply != "listed" }

// copy is how the source is copied.
func (s *sourceConfig) copy() copies.Config {
	c := copies.Config{Name: s.Name, Every: s.Every, MaxRows: s.MaxRows, Sweep: s.Sweep, MaxStaleness: s.MaxStaleness}
	c.Keep, c.KeepDeleted = s.keeps(copies.DefaultConfig().Keep)
	if s.MaxDelete != nil {
		c.MaxDelete = *s.MaxDelete
	}
	return c
}

func (s *sourceConfig) check(path string, names map[string]bool) []error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s.%s: %s", path, key, fmt.Sprintf(format, args...)))
	}
	switch {
	case !sourceName.MatchString(s.Name):
		bad("name", "want lower-case letters, digits, - and _, at most 32, not %q", s.Name)
	case names[s.Name]:
		bad("name", "%q is used twice", s.Name)
	}
	names[s.Name] = true
	s.Country = strings.ToUpper(s.Country)
	errs = append(errs, s.checkCatalogue(path)...)
	if !s.isCalled() {
		if s.Kind == "" || len(s.Kind) > 64 {
			bad("kind", "want what it is, in a word: sap, sharepoint …")
		}
		return append(errs, s.checkSupply(path)...)
	}
	if s.kind == nil {
		bad("kind", "want one of %s, not %q", strings.Join(kindNames(), ", "), s.Kind)
		return append(errs, s.checkSupply(path)...)
	}
	errs = append(errs, s.checkSupply(path)...)
	if err := s.kind.validate(s.settings); err != nil {
		for _, line := range strings.Split(err.Error(), "\n") {
			errs = append(errs, fmt.Errorf("%s.%s", path, strings.TrimPrefix(line, ".")))
		}
	}
	return errs
}

// checkSupply finds what does not go with the way the source is supplied.
func (s *sourceConfig) checkSupply(path string) []error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s.%s: %s", path, key, fmt.Sprintf(format, args...)))
	}
	switch s.Supply {
	case "live":
		if s.kind != nil && s.kind.live != nil {
			if err := s.kind.live(s.settings); err != nil {
				bad("supply", "%s", err)
			}
		}
		s.refuse(bad, "this source is asked live", "every", "max_delete", "max_rows", "keep_deleted", "sweep", "max_staleness")
	case "copy":
		d := copies.DefaultConfig()
		s.Every, s.MaxRows = cmp.Or(s.Every, d.Every), cmp.Or(s.MaxRows, d.MaxRows)
		if s.MaxDelete == nil {
			s.MaxDelete = &d.MaxDelete
		}
		if *s.MaxDelete == 0 { // copies takes it for the default
			bad("max_delete", "must be more than 0: what a source deleted would be shown for ever")
		}
		c := s.copy()
		c.Name = "any" // said elsewhere
		if err := c.Validate(); err != nil {
			for _, line := range strings.Split(err.Error(), "\n") {
				errs = append(errs, fmt.Errorf("%s.%s", path, line))
			}
		}
		if s.MaxStaleness > 0 && s.MaxStaleness < 2*s.Every {
			bad("max_staleness", "is less than two times every: it would come and go")
		}
	case "push":
		s.refuse(bad, "this source sends its records", "every", "max_rows", "sweep")
		c := s.push(nil)
		c.Name = "any" // said elsewhere
		if err := c.Validate(); err != nil {
			for _, line := range strings.Split(err.Error(), "\n") {
				errs = append(errs, fmt.Errorf("%s.%s", path, line))
			}
		}
	case "listed":
		s.refuse(bad, "this source is only listed", "every", "max_delete", "max_rows", "keep_deleted", "sweep", "max_staleness", "country", "customer_key", "own_tax_ids")
		if s.Address == "" && s.Documentation == "" && s.Owner == "" {
			bad("supply", "a source that is only listed says where to look: owner, address or documentation")
		}
	default:
		bad("supply", "want live, copy, push or listed, not %q", s.Supply)
	}
	return errs
}

// keeps is for how long it is remembered that keys were deleted, and for how long the
// records are kept. That nothing is kept does not forget the keys: of a push an old record
// would bring a deleted one back.
func (s *sourceConfig) keeps(keys time.Duration) (_, records time.Duration) {
	switch d := s.KeepDeleted; {
	case d == nil:
		return keys, copies.DefaultConfig().KeepDeleted
	case *d <= 0:
		return keys, *d
	default:
		return *d, *d
	}
}

// push is how the source is pushed.
func (s *sourceConfig) push(memory *copies.PushMemory) copies.PushedConfig {
	c := copies.PushedConfig{Name: s.Name, Kind: s.Kind, Entities: s.pushed.Entities, MaxStaleness: s.MaxStaleness, Memory: memory}
	c.Keep, c.KeepDeleted = s.keeps(copies.DefaultPushedConfig().Keep)
	if s.MaxDelete != nil {
		c.MaxDelete = *s.MaxDelete
	}
	return c
}

// pushedNames are the sources that send their records.
func (c *config) pushedNames() []string {
	var names []string
	for i := range c.Sources {
		if c.Sources[i].Supply == "push" {
			names = append(names, c.Sources[i].Name)
		}
	}
	return names
}

// refuse finds keys that do not go with the way the source is supplied.
func (s *sourceConfig) refuse(bad func(key, format string, args ...any), why string, keys ...string) {
	set := map[string]bool{
		"every": s.Every != 0, "max_delete": s.MaxDelete != nil, "max_rows": s.MaxRows != 0, "keep_deleted": s.KeepDeleted != nil, "sweep": s.Sweep != 0,
		"max_staleness": s.MaxStaleness != 0, "country": s.Country != "", "customer_key": s.CustomerKey != "", "own_tax_ids": len(s.OwnTaxIDs) > 0,
	}
	for _, key := range keys {
		if set[key] {
			bad(key, "does not go with supply: %s, %s", s.Supply, why)
		}
	}
}

// maxLink is the longest text that is shown of a source in the catalogue.
const maxLink = 500

// checkCatalogue checks what people read of a source. Addresses are shown to clients:
// one with a password in it is refused.
func (s *sourceConfig) checkCatalogue(path string) []error {
	var errs []error
	for key, text := range map[string]string{"owner": s.Owner, "address": s.Address, "documentation": s.Documentation} {
		bad := func(why string) { errs = append(errs, fmt.Errorf("%s.%s: %s", path, key, why)) }
		if len(text) > maxLink {
			bad(fmt.Sprintf("is longer than %d bytes", maxLink))
		}
		if u, err := url.Parse(text); err == nil && u.User != nil {
			bad("is shown to clients, and has a user name or a password in it")
		}
		if u, err := url.Parse(text); err == nil && slices.Contains([]string{"javascript", "vbscript", "data"}, strings.ToLower(u.Scheme)) {
			bad("is shown to clients as a link, and is a program")
		}
		if u, err := url.Parse(text); key == "documentation" && text != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
			bad("want an address that begins with https:// or http://")
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errs
}
