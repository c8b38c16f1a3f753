package tokens

import (
	"time"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// Role is what an account may do beside asking.
type Role string

// The roles. Root does everything; Admin makes and changes members and gives them
// tokens; Member asks.
const (
	Root   Role = "root"
	Admin  Role = "admin"
	Member Role = "member"
)

// Account is who may have tokens: a person, a program, a partner.
type Account struct {
	Name      string
	Role      Role
	Agreement string // the name of what it agreed to
	Disabled  bool   // its tokens do not let in
	CreatedAt time.Time
	CreatedBy string
	// Token is the active one, nil when it has none. Only lists fill it.
	Token *Token
}

// operatorName is the account that the audit shows for acts at the command line.
// No account may have it.
const operatorName = "operator"

// maxName is the greatest length of a name.
const maxName = 64

// checkName refuses names other than 1 to 64 lower-case letters, digits and
// - _ . @.
func checkName(what, name string) error {
	ok := name != "" && len(name) <= maxName
	for i := 0; i < len(name); i++ {
		c := name[i]
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' || c == '@')
	}
	if !ok {
		return schema.Errorf(schema.BadRequest, "the name of an %s has 1 to %d signs: a-z, 0-9, - _ . @", what, maxName)
	}
	return nil
}

// Actor is who does something to accounts and tokens.
type Actor struct {
	account string
	token   string // its public id
	role    Role
	local   bool // at the command line
}

// Operator is whoever runs commands on the server's own machine. He acts as root.
func Operator() Actor { return Actor{account: operatorName, role: Root, local: true} }

// ActorOf is the holder of a token. Nobody is no actor: with nil every act is
// refused.
func ActorOf(p *policies.Principal) Actor {
	if p == nil {
		return Actor{}
	}
	return Actor{account: p.Account, token: p.TokenID, role: Role(p.Role)}
}

// may reports whether the actor may make, change or give tokens to an account of
// a role. Only root touches administrators, himself included.
func (a Actor) may(role Role) bool { return a.role == Root || a.role == Admin && role == Member }

// isHolder reports whether the actor holds a token of the account.
func (a Actor) isHolder(account string) bool { return !a.local && a.account == account }
