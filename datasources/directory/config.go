package directory

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// The rules by their names in the configuration (wire/identity.md, Match rules).
const (
	RuleManual    = "manual"     // R0
	RuleForeignID = "foreign_id" // R1
	RuleTaxID     = "tax_id"     // R2
	RuleEmail     = "email"      // R3, only when asked for
)

// The rules that only suggest (R4, R5), as Config.Suggest names them.
const (
	SuggestDomain = "domain" // R4: one business domain
	SuggestName   = "name"   // R5: one name, and a town, a postcode or a telephone
	SuggestNone   = "none"
)

// The ways a field of the golden record is chosen among the sources' values
// (wire/identity.md, Survivorship).
const (
	StrategyOwner   = "owner"   // the owner's, else the first source's in order
	StrategyRecent  = "recent"  // the one changed last, of those whose source tells
	StrategyLongest = "longest" // the longest
	StrategyAll     = "all"     // all of them, the owner's first; email and phone
)

// Config says how customers are recognised.
type Config struct {
	// Rules that link; manual, foreign_id and tax_id when empty. Without "manual"
	// no decision made by hand links, but a denial still parts. "email" must be
	// named: a mailbox is weaker evidence than a number.
	Rules []string
	// Suggest names the rules that suggest: "domain", "name". Both when empty,
	// neither with "none".
	Suggest []string
	// Strategies says by SDL field name how a field of the golden record is chosen;
	// StrategyOwner when a field is not there.
	Strategies map[string]string
	// MaxLoss is the share of a source's living records that one reading may lose
	// before it is held back until an operator accepts it; 0 = DefaultMaxLoss,
	// 1 = whatever it loses is believed.
	MaxLoss float64
	// FreeMail and SharedBoxes are added to the domains and to the mailbox names
	// that are nobody's own: "mail.example", "dispatch".
	FreeMail, SharedBoxes []string
	// Owner names the source a field of the golden record is taken from, by SDL
	// field name. Fields without an owner are taken from the sources in order.
	Owner map[string]string
	// Sources in order of authority.
	Sources []SourceConfig
	// Every is how often the indexes are read again; 0 = DefaultEvery.
	Every time.Duration
	// SharedLimit is how many records of one source may bear a fiscal number
	// before it is taken for a placeholder; 0 = DefaultSharedLimit.
	SharedLimit int
}

// SourceConfig says what the directory must know of a source.
type SourceConfig struct {
	Name string
	Kind string
	// Country is the scope of fiscal numbers without a prefix in records that do
	// not tell their country, ISO 3166 alpha-2.
	Country string
	// Indexed sources list their customers.
	Indexed bool
	// AssumedFrom is for a source that is not indexed: the field of another
	// source its customer key equals, "SOURCE.code", "SOURCE.id" or
	// "SOURCE.taxId".
	AssumedFrom string
	// OwnTaxIDs are the company's own numbers, which nobody else is linked by.
	OwnTaxIDs []string
	// UntrustedTimes says that the source's times of change tell nothing about
	// which value is newer (a nightly import touches all rows).
	UntrustedTimes bool
}

// The defaults of Config.
const (
	DefaultEvery       = 5 * time.Minute
	DefaultSharedLimit = 3
	DefaultMaxLoss     = 0.5
)

// ownedFields are the fields of schema.Customer a source can own.
var ownedFields = [...]string{"name", "legalName", "taxId", "country", "email", "phone", "website", "address"}

// withDefaults fills what was left out.
func (c Config) withDefaults() Config {
	if len(c.Rules) == 0 {
		c.Rules = []string{RuleManual, RuleForeignID, RuleTaxID}
	}
	if c.Every == 0 {
		c.Every = DefaultEvery
	}
	if c.SharedLimit == 0 {
		c.SharedLimit = DefaultSharedLimit
	}
	if c.MaxLoss == 0 {
		c.MaxLoss = DefaultMaxLoss
	}
	if len(c.Suggest) == 0 {
		c.Suggest = []string{SuggestDomain, SuggestName}
	}
	return c
}

// Validate reports all mistakes together, each with its path below directory.
func (c Config) Validate() error {
	var errs []error
	bad := func(path, format string, args ...any) {
		errs = append(errs, fmt.Errorf("directory.%s: %s", path, fmt.Sprintf(format, args...)))
	}
	for i, r := range c.Rules {
		switch r {
		case RuleManual, RuleForeignID, RuleTaxID, RuleEmail:
		default:
			bad(fmt.Sprintf("rules[%d]", i), "unknown rule %q, want manual, foreign_id, tax_id or email", r)
		}
	}
	c.checkChoices(bad)
	known := map[string]*SourceConfig{}
	for i := range c.Sources {
		s := &c.Sources[i]
		path := fmt.Sprintf("sources[%d]", i)
		if s.Name == "" {
			bad(path+".name", "missing")
		}
		if known[s.Name] != nil {
			bad(path+".name", "%q is used twice", s.Name)
		}
		known[s.Name] = s
		if s.Country != "" && (len(s.Country) != 2 || strings.ToUpper(s.Country) != s.Country) {
			bad(path+".country", "%q is not an ISO 3166 alpha-2 code", s.Country)
		}
	}
	for i := range c.Sources {
		s := &c.Sources[i]
		if s.AssumedFrom == "" {
			continue
		}
		path := fmt.Sprintf("sources[%d].assumed_from", i)
		source, field, ok := splitAssumed(s.AssumedFrom)
		of := known[source]
		switch {
		case s.Indexed:
			bad(path, "%s lists its customers, nothing is assumed of it", s.Name)
		case !ok:
			bad(path, "%q, want SOURCE.code, SOURCE.id or SOURCE.taxId", s.AssumedFrom)
		case of == nil:
			bad(path, "no source %q", source)
		case !of.Indexed:
			bad(path, "%s does not list its %ss", source, field)
		}
	}
	for _, field := range slices.Sorted(maps.Keys(c.Owner)) {
		source := c.Owner[field]
		if !slices.Contains(ownedFields[:], field) {
			bad("owner."+field, "no such field, want one of %s", strings.Join(ownedFields[:], ", "))
		}
		if known[source] == nil {
			bad("owner."+field, "no source %q", source)
		}
	}
	for _, field := range slices.Sorted(maps.Keys(c.Strategies)) {
		c.checkStrategy(field, bad)
	}
	if c.Every < 0 {
		bad("every", "must not be negative")
	}
	if c.SharedLimit < 0 {
		bad("shared_limit", "must not be negative")
	}
	return errors.Join(errs...)
}

// checkChoices checks what has a list of words or a range.
func (c Config) checkChoices(bad func(path, format string, args ...any)) {
	for i, r := range c.Suggest {
		switch {
		case r == SuggestDomain || r == SuggestName:
		case r == SuggestNone && len(c.Suggest) == 1:
		default:
			bad(fmt.Sprintf("suggest[%d]", i), "unknown rule %q, want domain, name, or none alone", r)
		}
	}
	if !(c.MaxLoss >= 0 && c.MaxLoss <= 1) { // so that what is no number is refused
		bad("max_loss", "want a share between 0 and 1")
	}
}

func (c Config) checkStrategy(field string, bad func(path, format string, args ...any)) {
	path := "strategies." + field
	if !slices.Contains(ownedFields[:], field) {
		bad(path, "no such field, want one of %s", strings.Join(ownedFields[:], ", "))
	}
	switch c.Strategies[field] {
	case StrategyOwner, StrategyRecent, StrategyLongest:
	case StrategyAll:
		if field != "email" && field != "phone" {
			bad(path, "only email and phone have several values")
		}
	default:
		bad(path, "unknown strategy %q, want owner, recent, longest or all", c.Strategies[field])
	}
}

// splitAssumed parts "crm.code" at its last dot; source names may have dots.
func splitAssumed(text string) (source, field string, ok bool) {
	i := strings.LastIndexByte(text, '.')
	if i < 1 {
		return "", "", false
	}
	source, field = text[:i], text[i+1:]
	switch field {
	case "id", "code", "taxId":
		return source, field, true
	}
	return "", "", false
}
