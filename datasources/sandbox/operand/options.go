package operand

import (
	"cmp"
	"time"
)

// DefaultToken is the panel token when Options name none.
const DefaultToken = "op_sandbox_painel_4f7d1c9ab2e84e02"

// MaxPage is the most rows of one reply, whatever limit asks for.
const MaxPage = 100

// Resource is one list of the API.
type Resource string

// The resources. The first five are known from the public client, the finance module is assumed (wire/operand.md §2, §4).
const (
	Clients     Resource = "clients"
	Persons     Resource = "persons"
	Jobs        Resource = "jobs"
	Tasks       Resource = "tasks"
	Projects    Resource = "projects"
	Receivables Resource = "receivables"
	Payables    Resource = "payables"
	Invoices    Resource = "invoices"
	Boletos     Resource = "boletos"
	Payments    Resource = "payments"
)

// Resources returns all resources.
func Resources() []Resource {
	return []Resource{Clients, Persons, Jobs, Tasks, Projects, Receivables, Payables, Invoices, Boletos, Payments}
}

// IsFinance says whether the resource is of the finance module: its rows are FinanceEntries and its lists know the window.
func (r Resource) IsFinance() bool {
	switch r {
	case Receivables, Payables, Invoices, Boletos, Payments:
		return true
	}
	return false
}

// DefaultPath returns where a resource is served unless Options.Paths says otherwise.
func DefaultPath(r Resource) string {
	return map[Resource]string{
		Clients: "/beta/entity/clients", Persons: "/beta/entity/persons", Jobs: "/beta/jobs", Tasks: "/beta/tasks", Projects: "/beta/projects",
		Receivables: "/v1/financeiro/receitas", Payables: "/v1/financeiro/despesas", Invoices: "/v1/financeiro/notas-fiscais",
		Boletos: "/v1/financeiro/boletos", Payments: "/v1/financeiro/pagamentos",
	}[r]
}

// Options choose the variant. The zero value speaks the shapes of wire/operand.md §2 and §4 and limits nothing.
type Options struct {
	Token   string              // the panel token; "" means DefaultToken
	Dialect Dialect             // the zero Dialect is the wire page's examples
	Paths   map[Resource]string // where a resource is served; one that is not named has its DefaultPath

	// NoDirt leaves out the dirty receivables of world.AgencyDirt. Clients without a document stay.
	NoDirt bool

	// SessionCalls ends a session after so many calls; 0 keeps it until Server.ExpireSessions.
	SessionCalls int
	// ReplaceKillsSessions makes Server.ReplaceToken end the live sessions too: it is not known which is true (wire/operand.md §6).
	ReplaceKillsSessions bool

	// RatePerMinute bounds the calls of one minute, logins included; more are answered 429 with Retry-After. 0 bounds nothing.
	RatePerMinute int
	// MaxParallel bounds the calls under way at once; more are answered 429 with Retry-After 1. 0 bounds nothing.
	MaxParallel int
	// Now is the clock of the rate limit; nil is time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	o.Token = cmp.Or(o.Token, DefaultToken)
	paths := make(map[Resource]string, len(o.Paths))
	for _, r := range Resources() {
		paths[r] = cmp.Or(o.Paths[r], DefaultPath(r))
	}
	o.Paths = paths
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Zone returns the wall clock of all times: America/Sao_Paulo, which has been UTC−3 the year round since 2019.
func Zone() *time.Location {
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil { // no zone database on this system
		return time.FixedZone("-03", -3*60*60)
	}
	return zone
}
