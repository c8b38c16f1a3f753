package creatio

import "time"

// DefaultUser and DefaultPassword are the service user when Options name none.
const (
	DefaultUser     = "svc"
	DefaultPassword = "svc-sandbox"
)

// Bounce is how the server answers a request whose session has ended: set-ups differ.
type Bounce uint8

// The ways.
const (
	Bounce401      Bounce = iota // status 401
	BounceRedirect               // 302 to the login page, which answers 200 with HTML
	BounceHTML                   // the login page itself, with 200
)

// Options choose the variant of the product. The zero value is an on-site .NET Framework build with forms login.
type Options struct {
	// User and Password log in through AuthService.svc.
	User, Password string
	// ClientID and ClientSecret switch on the identity service, and with it bearer tokens.
	ClientID, ClientSecret string
	// TokenPath is where the identity service answers; empty is /connect/token. A token request anywhere else gets HTML.
	TokenPath string

	// Core is the .NET (Core) build: /odata/ instead of /0/odata/, and other cookie names.
	Core bool
	// CSRFOff leaves out the BPMCSRF cookie and does not ask for the header; only the Core build can.
	CSRFOff bool
	// Bounce is the answer to a dead session.
	Bounce Bounce
	// SessionLife ends a session that long after its login; 0 keeps it until Server.ExpireSessions.
	SessionLife time.Duration

	// QueryLimit is IIS's limit of a query string in bytes; 0 is 2048, a negative number switches it off.
	QueryLimit int
	// MaxRows is the most rows of one reply; 0 is 20 000.
	MaxRows int
	// PageSize makes the server page by itself, with @odata.nextLink and $skiptoken; 0 does not.
	PageSize int

	// TaxID is the column that holds the tax id, as Entity.Column: AccountBillingInfo.INN if empty. A custom one begins
	// with Usr and may lie on Account.
	TaxID string
	// NoUid1C leaves out Uid1C and IntegratedOn, which only integrated instances have.
	NoUid1C bool
	// Hidden are entity sets whose rows the user's record rights hide: an empty list with 200.
	Hidden []string
	// TextOrder orders GUIDs by their text, as PostgreSQL does; without it the .NET Framework build orders them as SQL
	// Server does. The Core build always runs on PostgreSQL here.
	TextOrder bool

	// Now is the clock of sessions and tokens; nil is time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.User == "" {
		o.User = DefaultUser
	}
	if o.Password == "" {
		o.Password = DefaultPassword
	}
	if o.TokenPath == "" {
		o.TokenPath = "/connect/token"
	}
	if o.QueryLimit == 0 {
		o.QueryLimit = 2048
	}
	if o.MaxRows <= 0 {
		o.MaxRows = 20000
	}
	if o.TaxID == "" {
		o.TaxID = "AccountBillingInfo.INN"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.CSRFOff = o.CSRFOff && o.Core
	o.TextOrder = o.TextOrder || o.Core
	return o
}
