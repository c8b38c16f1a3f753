package policies

import (
	"cmp"
	"net/netip"
	"regexp/syntax"
	"slices"
	"strings"
)

// conditions reads the conditions of a policy; their keys and types are checked here,
// whether the rows have such a column is checked by checker.
func (r *reader) conditions(t *tree, path string) []Condition {
	if t.kind != jsonObject {
		r.wrong(path, "want an object, have %s", t.kind)
		return nil
	}
	var list []Condition
	for i := range t.members {
		m := &t.members[i]
		at := keyPath(path, m.key)
		if !r.conditionKey(m.key, at) {
			continue
		}
		if m.value.kind != jsonObject {
			r.wrong(at, "want an object with type and options, have %s", m.value.kind)
			continue
		}
		if c, ok := r.condition(&m.value, m.key, at); ok {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b Condition) int { return cmp.Compare(a.Key, b.Key) })
	return list
}

// conditionKey checks a key that needs no type to be checked.
func (r *reader) conditionKey(key, path string) bool {
	name, isClaim := strings.CutPrefix(key, claimKey)
	switch {
	case isClaim && slices.Contains(claimNames(), name), key == doorKey, key == addressKey:
		return true
	case isClaim:
		r.wrong(path, "there is no claim %q%s", name, didYouMean(name, claimNames()))
		return false
	case strings.HasPrefix(key, rowKey) && len(key) > len(rowKey):
		return true
	}
	known := []string{doorKey, addressKey, rowKey + CustomerColumn, rowKey + ViaColumn}
	for _, n := range claimNames() {
		known = append(known, claimKey+n)
	}
	for _, n := range scopeNames() {
		known = append(known, rowKey+n)
	}
	r.wrong(path, "unknown key, want claim.NAME, request.door, request.address or row.COLUMN%s", didYouMean(key, known))
	return false
}

// optionOf is the one option each condition type has.
func optionOf(conditionType string) string {
	switch conditionType {
	case typeEqual:
		return "equals"
	case typeMatch:
		return "matches"
	case typeBool:
		return "value"
	case typeCIDR:
		return "cidr"
	case typeClaim:
		return "claim"
	case typeAmong:
		return "values"
	}
	return ""
}

// refused says why Trama has no use for a condition type of Ladon's.
func refused(conditionType string) string {
	switch conditionType {
	case "EqualsSubjectCondition":
		return "is refused: a token has several subjects; name them in subjects"
	case "StringPairsEqualCondition":
		return "is refused: no key holds pairs; use EqualsClaimCondition"
	case "ResourceContainsCondition":
		return "is refused: no key holds a part of a resource; write it into resources"
	}
	return ""
}

func (r *reader) condition(t *tree, key, path string) (Condition, bool) {
	c := Condition{Key: key}
	before := len(r.mistakes)
	has := r.known(t, path, "type", "options")
	c.Type = r.needed(has["type"], path+".type")
	option := optionOf(c.Type)
	types := []string{typeEqual, typeMatch, typeBool, typeCIDR, typeClaim, typeAmong}
	switch why := refused(c.Type); {
	case c.Type == "":
		return c, false
	case why != "":
		r.wrong(path+".type", "%s %s", c.Type, why)
		return c, false
	case option == "":
		r.wrong(path+".type", "unknown condition type %q%s", c.Type, didYouMean(c.Type, types))
		return c, false
	case !slices.Contains(typesFor(key), c.Type):
		r.wrong(path+".type", "%s cannot be asked of %s, want one of %s", c.Type, key, oneOfNames(typesFor(key)))
		return c, false
	}
	o := has["options"]
	switch {
	case o == nil:
		r.wrong(path+".options", "is missing, want %s", option)
		return c, false
	case o.kind != jsonObject:
		r.wrong(path+".options", "want an object, have %s", o.kind)
		return c, false
	}
	at := keyPath(path+".options", option)
	value := r.known(o, path+".options", option)[option]
	if value == nil {
		r.wrong(at, "is missing")
		return c, false
	}
	r.option(&c, value, at)
	return c, len(r.mistakes) == before
}

// typesFor are the condition types a key can be asked with. Of rows only what every
// source can be asked, or what can be checked again on the row.
func typesFor(key string) []string {
	switch {
	case key == addressKey:
		return []string{typeCIDR}
	case key == rowKey+CustomerColumn:
		return []string{typeClaim}
	case key == rowKey+ViaColumn:
		return []string{typeEqual, typeAmong}
	case strings.HasPrefix(key, rowKey):
		return []string{typeEqual, typeAmong, typeClaim, typeBool}
	}
	return []string{typeEqual, typeAmong, typeMatch}
}

// option reads the value of a condition's one option.
func (r *reader) option(c *Condition, value *tree, path string) {
	switch c.Type {
	case typeBool:
		if value.kind != jsonTruth {
			r.wrong(path, "want true or false, have %s", value.kind)
			return
		}
		c.Bool = &value.truth
	case typeAmong:
		c.Values = r.some(value, path)
	case typeClaim:
		c.Claim = r.text(value, path)
		if c.Claim != "" && !slices.Contains(claimNames(), c.Claim) {
			r.wrong(path, "there is no claim %q%s", c.Claim, didYouMean(c.Claim, claimNames()))
		}
	default:
		c.Values = []string{r.text(value, path)}
	}
	for _, v := range c.Values {
		switch {
		case v == "":
		case c.Type == typeMatch:
			if err := anchored(v); err != "" {
				r.wrong(path, "%s", err)
			}
		case c.Type == typeCIDR:
			if p, err := netip.ParsePrefix(v); err != nil || p.Addr().Is4In6() {
				r.wrong(path, "%q is no network, want one as 10.0.0.0/8", v)
			}
		case c.Key == doorKey && !slices.Contains(doorNames(), v):
			r.wrong(path, "there is no door %q, want one of %s%s", v, oneOfNames(doorNames()), didYouMean(v, doorNames()))
		}
	}
}

// anchored checks that a pattern matches whole texts only, as Ladon's condition looks
// for it anywhere: then "shop" would match "no-shop".
func anchored(pattern string) string {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "the pattern is refused: " + err.Error()
	}
	if re.Op != syntax.OpConcat || len(re.Sub) < 2 || re.Sub[0].Op != syntax.OpBeginText || re.Sub[len(re.Sub)-1].Op != syntax.OpEndText {
		return "the pattern must begin with ^ and end with $, around a group where it has alternatives: ^(?:a|b)$"
	}
	return ""
}
