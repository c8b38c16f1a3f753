package policies

// Document is one policy file as it was loaded.
type Document struct {
	File    string // as messages name it
	Shipped bool   // it came with Trama

	Package           string            // the package it defines, "" for none
	Titles, Summaries map[string]string // by language: en, fr, ro, pt
	Example           string            // a GraphQL operation
	Claims            []string          // that a token of the package needs
	NotGranted        []string          // resources the package leaves out on purpose

	Policies []Policy
}

// Policy is one policy of a document: a ladon.DefaultPolicy.
type Policy struct {
	ID, Description string
	Effect          string // allow or deny
	Subjects        []string
	Resources       []string
	Actions         []string
	Conditions      []Condition // by their keys
}

// Condition is one condition of a policy; all of them must hold.
type Condition struct {
	Key    string // claim.NAME, request.door, request.address or row.NAME
	Type   string // as Ladon names it
	Claim  string // of EqualsClaimCondition
	Values []string
	Bool   *bool // of BooleanCondition
}

// The condition types, by the names Ladon knows them by or would.
const (
	typeEqual  = "StringEqualCondition"
	typeMatch  = "StringMatchCondition"
	typeBool   = "BooleanCondition"
	typeCIDR   = "CIDRCondition"
	typeClaim  = "EqualsClaimCondition"
	typeAmong  = "StringInCondition"
	claimKey   = "claim."
	requestKey = "request."
	rowKey     = "row."
	doorKey    = "request.door"
	addressKey = "request.address"
)

// claimNames are the claims a token can have.
func claimNames() []string { return []string{"customer", "shop", "carrier", "supplier"} }

// scopeNames are the row keys of which the configuration says what column they mean.
func scopeNames() []string { return []string{"shop", "carrier", "supplier"} }

func roleNames() []string { return []string{"root", "admin", "member"} }

func doorNames() []string { return []string{"graphql", "odata", "export"} }

func languageNames() []string { return []string{"en", "fr", "ro", "pt"} }
