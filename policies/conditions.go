package policies

import (
	"context"
	"slices"

	"github.com/ory/ladon"
)

var (
	_ ladon.Condition = (*StringInCondition)(nil)
	_ ladon.Condition = (*failClosed)(nil)
)

// StringInCondition is fulfilled by a text that is one of some.
type StringInCondition struct {
	Values []string `json:"values"`
}

// GetName returns the type as policies name it.
func (c *StringInCondition) GetName() string { return typeAmong }

// Fulfills looks value up.
func (c *StringInCondition) Fulfills(_ context.Context, value any, _ *ladon.Request) bool {
	s, ok := value.(string)
	return ok && slices.Contains(c.Values, s)
}

// failClosed decides what an absent value means: an allow does not apply and a deny
// does. With Ladon's own conditions neither would.
type failClosed struct {
	ladon.Condition
	deny bool
}

// Fulfills asks the condition unless the value is absent.
func (c *failClosed) Fulfills(ctx context.Context, value any, r *ladon.Request) bool {
	if value == nil {
		return c.deny
	}
	return c.Condition.Fulfills(ctx, value, r)
}

// static makes Ladon's condition of one that does not depend on rows.
func (c *Condition) static(deny bool) ladon.Condition {
	var of ladon.Condition
	switch c.Type {
	case typeEqual:
		of = &ladon.StringEqualCondition{Equals: c.Values[0]}
	case typeMatch:
		of = &ladon.StringMatchCondition{Matches: c.Values[0]}
	case typeCIDR:
		of = &ladon.CIDRCondition{CIDR: c.Values[0]}
	default:
		of = &StringInCondition{Values: c.Values}
	}
	return &failClosed{Condition: of, deny: deny}
}
