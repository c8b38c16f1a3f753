package tokens

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/trama-graph/trama/schema"
)

// Grant is what a new token is issued with.
type Grant struct {
	Account  string
	Packages []string          // nil = all that the agreement has
	Claims   map[string]string // customer, shop, carrier, supplier
	// Source makes a source's token: it pushes that source's records and may nothing
	// else, so that it has no packages and no claims.
	Source   string
	Networks []string  // CIDR or single addresses; none = any
	Expires  time.Time // zero = never
	// Role is what the account is made with when there is none of this name; with ""
	// that is NOT_FOUND.
	Role Role
}

// Issue makes the account's token and returns its text, which is not stored and
// cannot be shown again. The token the account had stops at once, or when the
// overlap of its agreement is over; one that overlapped already stops at once.
// A grant that is not allowed is FORBIDDEN, one that makes no sense BAD_REQUEST, an
// account that does not exist NOT_FOUND.
func (s *Service) Issue(ctx context.Context, by Actor, g Grant) (text string, t Token, err error) {
	p, err := fresh(s.env)
	if err != nil {
		return "", Token{}, err
	}
	err = s.act(ctx, by, Entry{About: g.Account, Subject: g.Account, Detail: "generate a token"}, func(tx Tx, now time.Time) error {
		a, err := s.holder(ctx, tx, by, &g, now)
		if err != nil {
			return err
		}
		agreement, err := agreementOf(ctx, tx, a.Agreement)
		if err != nil {
			return err
		}
		t = Token{
			ID: p.id, SecretHMAC: mac(s.key, p), Account: a.Name, Claims: maps.Clone(g.Claims), State: Active,
			CreatedBy: by.account, CreatedAt: now, ExpiresAt: g.Expires, StateBy: by.account, StateAt: now,
		}
		if g.Source != "" {
			err = s.grantSource(&t, &g, &a)
		} else {
			err = s.grantReading(&t, &g, &a, &agreement)
		}
		if err != nil {
			return err
		}
		if t.Networks, err = prefixes(g.Networks); err != nil {
			return err
		}
		if !g.Expires.IsZero() && !now.Before(g.Expires) {
			return schema.Errorf(schema.BadRequest, "the token would have ended already")
		}
		if err := stopOld(ctx, tx, by, &t, agreement.Overlap); err != nil {
			return err
		}
		if err := tx.AddToken(ctx, t); err != nil {
			return err
		}
		e := by.entry(TokenGenerated, now)
		e.About, e.Subject, e.Detail = a.Name, t.ID, t.describe()
		return tx.Audit(ctx, e.bounded())
	})
	if err != nil {
		return "", Token{}, err
	}
	return p.text(), t, nil
}

// holder returns the account a token is for, held for this transaction.
func (s *Service) holder(ctx context.Context, tx Tx, by Actor, g *Grant, now time.Time) (Account, error) {
	a, err := tx.Hold(ctx, g.Account)
	if schema.CodeOf(err) == schema.NotFound && g.Role != "" {
		a = Account{Name: g.Account, Role: g.Role, Agreement: DefaultAgreement, CreatedAt: now, CreatedBy: by.account}
		return a, s.addAccount(ctx, tx, by, &a)
	}
	switch {
	case err != nil:
		return a, err
	case !by.may(a.Role):
		return a, schema.Errorf(schema.Forbidden, "only root gives tokens to administrators")
	case a.Disabled:
		return a, schema.Errorf(schema.BadRequest, "the account is disabled")
	}
	return a, nil
}

// grantReading decides what a token that reads may have.
func (s *Service) grantReading(t *Token, g *Grant, a *Account, agreement *Agreement) error {
	var err error
	if t.Packages, err = s.granted(g, a, agreement); err != nil {
		return err
	}
	if err := s.checkClaims(g.Claims); err != nil {
		return err
	}
	return s.checkNeeds(t.Packages, g.Claims)
}

// granted decides the packages of a token.
func (s *Service) granted(g *Grant, a *Account, agreement *Agreement) ([]string, error) {
	packages := unique(g.Packages)
	if packages == nil {
		packages = unique(agreement.Packages)
	} else if err := checkPackages(packages, s.known()); err != nil {
		return nil, err
	}
	if agreement.Name != DefaultAgreement {
		for _, p := range packages {
			if !slices.Contains(agreement.Packages, p) {
				return nil, schema.Errorf(schema.BadRequest, "the agreement %s does not have the package %s", agreement.Name, p)
			}
		}
	}
	// An administrator may administer without seeing data.
	if len(packages) == 0 && a.Role == Member {
		return nil, schema.Errorf(schema.BadRequest, "a token without packages would see nothing: name its packages")
	}
	return packages, nil
}

// maxClaim is the greatest length of a claim's value in characters.
const maxClaim = 200

func (s *Service) checkClaims(claims map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		if !slices.Contains(s.claims, name) {
			return schema.Errorf(schema.BadRequest, "there is no claim %q; there are %s", named(name), strings.Join(s.claims, ", "))
		}
		v := claims[name]
		if v == "" || strings.TrimSpace(v) != v || !utf8.ValidString(v) || utf8.RuneCountInString(v) > maxClaim || strings.ContainsFunc(v, unicode.IsControl) {
			return schema.Errorf(schema.BadRequest, "the claim %s needs a value of 1 to %d characters, without spaces at its ends", name, maxClaim)
		}
	}
	return nil
}

// checkNeeds refuses packages whose rows are bound to a claim that is not given.
func (s *Service) checkNeeds(packages []string, claims map[string]string) error {
	if s.needs == nil {
		return nil
	}
	for _, p := range packages {
		for _, name := range s.needs(p) {
			if _, given := claims[name]; !given {
				return schema.Errorf(schema.BadRequest, "the package %s needs the claim %s", p, name)
			}
		}
	}
	return nil
}

// stopOld replaces what let in until now.
func stopOld(ctx context.Context, tx Tx, by Actor, fresh *Token, overlap time.Duration) error {
	old, err := tx.LetIn(ctx, fresh.Account)
	if err != nil {
		return err
	}
	now := fresh.CreatedAt
	for i := range old {
		o := &old[i]
		detail := "by " + fresh.ID
		if o.StateNow(now) == Active && overlap > 0 {
			o.State = Overlapping
			if end := now.Add(overlap); o.ExpiresAt.IsZero() || end.Before(o.ExpiresAt) {
				o.ExpiresAt = end
			}
			detail += ", lets in until " + stamp(o.ExpiresAt)
		} else {
			o.State = Replaced
		}
		o.StateBy, o.StateAt = by.account, now
		if err := tx.SetState(ctx, *o); err != nil {
			return err
		}
		e := by.entry(TokenReplaced, now)
		e.About, e.Subject, e.Detail = o.Account, o.ID, detail
		if err := tx.Audit(ctx, e.bounded()); err != nil {
			return err
		}
	}
	return nil
}

// describe is what the audit keeps of a new token.
func (t *Token) describe() string {
	text := "packages " + strings.Join(t.Packages, ", ")
	if t.Source() != "" {
		text = "no packages"
	}
	for _, name := range slices.Sorted(maps.Keys(t.Claims)) {
		text += "; " + name + " = " + t.Claims[name]
	}
	if len(t.Networks) > 0 {
		text += "; from " + strings.Join(t.Networks, ", ")
	}
	if !t.ExpiresAt.IsZero() {
		text += "; until " + stamp(t.ExpiresAt)
	}
	return text
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Disable stops a token at once and returns it as it is then; one that let nobody
// in stays as it is. An unknown one is NOT_FOUND.
func (s *Service) Disable(ctx context.Context, by Actor, id string) (Token, error) {
	var t Token
	err := s.act(ctx, by, Entry{Subject: id, Detail: "disable a token"}, func(tx Tx, now time.Time) error {
		var err error
		if t, err = tx.Token(ctx, id); err != nil {
			return err
		}
		a, err := tx.Hold(ctx, t.Account)
		if err != nil {
			return err
		}
		if !by.may(a.Role) {
			return schema.Errorf(schema.Forbidden, "only root disables tokens of administrators")
		}
		// Read again now that nobody else changes it.
		if t, err = tx.Token(ctx, id); err != nil {
			return err
		}
		if t.State != Active && t.State != Overlapping {
			return nil
		}
		t.State, t.StateBy, t.StateAt = Disabled, by.account, now
		if err := tx.SetState(ctx, t); err != nil {
			return err
		}
		e := by.entry(TokenDisabled, now)
		e.About, e.Subject = t.Account, t.ID
		return tx.Audit(ctx, e.bounded())
	})
	return t, err
}

// maxNetworks is how many networks a token may name: each call looks through them.
const maxNetworks = 100

// prefixes reads networks; a single address is a network of one.
func prefixes(networks []string) ([]string, error) {
	if len(networks) > maxNetworks {
		return nil, schema.Errorf(schema.BadRequest, "more than %d networks", maxNetworks)
	}
	var out []string
	for i, n := range networks {
		p, err := netip.ParsePrefix(n)
		if a, single := netip.ParseAddr(n); single == nil && a.Zone() == "" {
			a = a.Unmap()
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err == nil && p.Addr().Is4In6() {
			err = errors.New("it is an IPv4 network in IPv6 form") // an address of a client never has that form
		}
		if err != nil {
			return nil, schema.Errorf(schema.BadRequest, "network %d is none; want one such as 10.0.0.0/8", i+1).Because(err)
		}
		out = append(out, p.Masked().String())
	}
	return out, nil
}
