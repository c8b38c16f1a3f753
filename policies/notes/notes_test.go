package notes_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/notes"
)

var update = flag.Bool("update", false, "write the goldens anew")

const sdl = `
directive @reads(field: String!) on INPUT_FIELD_DEFINITION | ENUM_VALUE | ARGUMENT_DEFINITION
directive @value on OBJECT
scalar Decimal
scalar DateTime
type Query {
  "Any record by its id."
  node("The id." id: ID!): Node
  "One parcel, by its id or code."
  parcel("The id." id: ID "The code | or the old one." code: String @reads(field: "code")): Parcel
  "Parcels, a page at a time."
  parcels(filter: ParcelFilter, orderBy: ParcelOrderBy, first: Int, after: String): ParcelPage
  "Who this token is."
  me: Me
}
interface Node { id: ID! }
"Something that is sent."
type Parcel implements Node {
  "Sealed and stable."
  id: ID!
  "The code on it."
  code: String
  "A telephone number."
  phone: String
  "What it is worth."
  value: Money
  "How far it is."
  state: ParcelState
  "What is in it."
  items: [Item!]
  "When it was sent."
  sentAt: DateTime
  "For whom."
  customer: Customer
}
type ParcelPage { nodes: [Parcel!]! edges: [ParcelEdge!]! pageInfo: PageInfo! }
type ParcelEdge { cursor: String! node: Parcel! }
type PageInfo @value { hasNextPage: Boolean! endCursor: String }
input ParcelFilter { and: [ParcelFilter!] code: StringFilter @reads(field: "code") worth: DecimalFilter @reads(field: "value") sentAt: DateTimeFilter @reads(field: "sentAt") }
input DateTimeFilter { ge: DateTime lt: DateTime }
input StringFilter { eq: String in: [String!] }
input DecimalFilter { lt: Decimal gt: Decimal }
enum ParcelOrderField { WORTH @reads(field: "value") }
input ParcelOrderBy { field: ParcelOrderField! }
"How far a parcel is."
enum ParcelState {
  "On its way."
  SENT
}
"A thing in a parcel."
type Item {
  "What it is."
  name: String
}
"A customer."
type Customer implements Node {
  "Sealed and stable."
  id: ID!
  "His name."
  name: String
}
"An exact amount."
type Money @value {
  "The amount."
  amount: Decimal!
}
"Who a token is."
type Me {
  "Its account."
  account: String
}
type Agreement { name: String callsPerMinute: Int maxDepth: Int maxCost: Int }
`

// view is what the package of the goldens sees.
type view struct{}

func (view) Grant(typeName, field string) policies.Grant {
	switch typeName + "." + field {
	case "Parcel.phone":
		return policies.Grant{Verdict: policies.Mask, Mask: policies.MaskLast4}
	case "Parcel.value":
		sent := &policies.Rule{Op: policies.Is, Column: "state", Values: []string{"SENT", "LOST"}}
		return policies.Grant{Verdict: policies.Row, Full: &policies.Rule{Op: policies.Not, Of: []*policies.Rule{sent}}}
	}
	return policies.Grant{Verdict: policies.Allow}
}

func (view) Rows(typeName string) (*policies.Rule, bool) {
	if typeName == "Customer" {
		return &policies.Rule{Op: policies.Either, Of: []*policies.Rule{
			{Op: policies.Is, Column: policies.ViaColumn, Values: []string{"Parcel"}},
			{Op: policies.FromClaim, Column: policies.CustomerColumn, Claim: "customer"},
		}}, true
	}
	return &policies.Rule{Op: policies.FromClaim, Column: "carrier", Claim: "carrier"}, true
}

func input(t *testing.T) notes.Input {
	t.Helper()
	s, err := gqlparser.LoadSchema(&ast.Source{Name: "test.graphql", Input: sdl})
	if err != nil {
		t.Fatal(err)
	}
	return notes.Input{
		Package: notes.Package{
			Name: "parcels", Claims: []string{"carrier", "colour"}, Example: "{ parcels(first: 2) { nodes { code value { amount } } } }",
			Titles:    map[string]string{"en": "Parcels", "fr": "Colis", "ro": "Colete", "pt": "Encomendas"},
			Summaries: map[string]string{"en": "Sends.", "fr": "Envoie.", "ro": "Trimite.", "pt": "Envia."},
		},
		Language: notes.English, Schema: s, Full: s, View: view{},
		Limits: notes.Limits{DefaultPage: 50, PageSize: 1000, Depth: 25, Time: 30 * time.Second, Cost: 20_000_000},
		URL:    "https://trama.example.net",
	}
}

func TestRender(t *testing.T) {
	for _, l := range notes.Languages() {
		t.Run("case="+string(l), func(t *testing.T) {
			in := input(t)
			in.Language = l
			var b strings.Builder
			if err := notes.Render(&b, in); err != nil {
				t.Fatal(err)
			}
			name := filepath.Join("testdata", notes.File("parcels", l))
			if *update {
				if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Errorf("-want +got, see -update:\n%s", diff)
			}
		})
	}
}

func TestRenderRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*notes.Input)
		want   string
	}{
		{"an example that asks what is not there", func(in *notes.Input) { in.Package.Example = "{ parcels { nodes { weight } } }" }, `example of package parcels: example:1:21: Cannot query field "weight" on type "Parcel".`},
		{"an example that is none", func(in *notes.Input) { in.Package.Example = "{" }, "example of package parcels: example:1:2: Expected Name, found <EOF>"},
		{"two examples", func(in *notes.Input) { in.Package.Example = "query A { me { account } } query B { me { account } }" }, "example of package parcels: it is not one operation"},
		{"an unknown language", func(in *notes.Input) { in.Language = "de" }, "no notes in the language de"},
	}
	for _, tt := range tests {
		t.Run("case="+tt.name, func(t *testing.T) {
			in := input(t)
			tt.change(&in)
			var b strings.Builder
			err := notes.Render(&b, in)
			if err == nil || strings.TrimSpace(err.Error()) != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if b.Len() > 0 {
				t.Error("half a note was written")
			}
		})
	}
}

// What the parts of a page say that a golden shows, but nobody reads.
func TestRenderSays(t *testing.T) {
	tests := []struct {
		name   string
		change func(*notes.Input)
		want   string
		not    string
	}{
		{name: "where the token goes", want: "`GET https://trama.example.net/v1/login`"},
		{name: "an address nobody gave", change: func(in *notes.Input) { in.URL = "" }, want: "POST https://api.example.com/graphql", not: "{url}"},
		{name: "the rows by a claim", want: "**Rows**: only where `carrier` is the `carrier` of your token."},
		{name: "the rows by a relation", want: "it was reached from `Parcel` or he is the customer your token names.", not: "in no list"},
		{name: "a field on fewer rows", want: "Only where `state` is neither `SENT` nor `LOST`; else null with `FORBIDDEN_FIELD`."},
		{name: "a title with a colon", change: func(in *notes.Input) { in.Package.Titles = map[string]string{"en": "Add-on: parcels"} }, want: "# Add-on: parcels – technical note\n"},
		{name: "a title in English only", change: func(in *notes.Input) {
			in.Language, in.Package.Titles = notes.French, map[string]string{"en": "Parcels"}
		}, want: "# Parcels – note technique\n"},
		{name: "no title, no summary", change: func(in *notes.Input) { in.Package.Titles, in.Package.Summaries = nil, nil }, want: "# parcels – technical note\n", not: "Sends."},
		{name: "no example", change: func(in *notes.Input) { in.Package.Example = "" }, want: "## Questions", not: "## Example"},
		{
			name: "rows with a not", change: func(in *notes.Input) { in.View = without{} },
			want: "**Rows**: only where `shop` is the `shop` of your token, and `status` is neither `BROUILLON` nor `Draft`.",
		},
		{
			name: "rows with a not in Romanian", change: func(in *notes.Input) { in.Language, in.View = notes.Romanian, without{} },
			want: "**Rânduri**: numai cele la care `shop` este `shop` din tokenul dumneavoastră, iar `status` nu este nici `BROUILLON`, nici `Draft`.",
		},
		{
			name: "a not before several parts", change: func(in *notes.Input) { in.View = outside{} },
			want: "**Rows**: only where `status` is not `Draft` or it was not reached from `Order` or `active` is not `true`.",
		},
		{
			name: "fields on records of other packages",
			change: func(in *notes.Input) {
				in.Schema = gqlparser.MustLoadSchema(&ast.Source{Input: "type Query { me: Me } type Me { account: String }"})
				in.Package.Example = ""
				in.Added = []notes.Added{{Type: "Parcel", Field: "code", If: true}, {Type: "Parcel", Field: "phone", Mask: policies.MaskDomain}}
			},
			want: "### Parcel\n\n| Field | Type | Meaning |\n|---|---|---|\n| `code` | `String` | The code on it. Only under the conditions agreed with you, such as the address you call from. |\n| `phone` | `String` | A telephone number. Masked: `domain`. |\n",
			not:  "## Lists",
		},
		{
			name: "neither records nor additions",
			change: func(in *notes.Input) {
				in.Schema = gqlparser.MustLoadSchema(&ast.Source{Input: "type Query { me: Me } type Me { account: String }"})
				in.Package.Example = ""
			},
			want: "## Limits", not: "## Records",
		},
		{name: "numbers", want: "| cost of a question | 20,000,000 | `maxCost` |"},
		{name: "numbers in French", change: func(in *notes.Input) { in.Language = notes.French }, want: "20\u202f000\u202f000"},
		{name: "numbers in Portuguese", change: func(in *notes.Input) { in.Language = notes.Portuguese }, want: "20.000.000"},
		{name: "numbers in Romanian", change: func(in *notes.Input) { in.Language = notes.Romanian }, want: "20.000.000"},
		{name: "a filter", want: "A list by a condition:\n\n```graphql\n{\n  parcels(first: 10, filter: {worth:{gt:\"100.00\"}}) {\n"},
		{name: "a date in a filter", want: "  parcels(first: 10, filter: {sentAt:{ge:\"2026-03-01T00:00:00Z\",lt:\"2026-04-01T00:00:00Z\"}}) {\n    nodes {\n      code\n      phone\n      state\n      sentAt\n"},
		{name: "the next page", want: "query Next ($after: String) {\n  parcels(first: 10, after: $after) {\n"},
		{name: "a mask and what it does", want: "- `last4`: the last four signs", not: "- `hash`"},
		{name: "a filter by what it reads", want: "| `value` | [`Money`](#money) | What it is worth. Only where `state` is neither `SENT` nor `LOST`; else null with `FORBIDDEN_FIELD`. | number | `WORTH` |"},
		{name: "a bar inside a cell", want: "The code \\| or the old one."},
		{name: "limits", want: "| nesting of fields | 25 | `maxDepth` |"},
		{name: "no limit", want: "| calls a minute | none | `callsPerMinute` |"},
		{name: "nothing masked", change: func(in *notes.Input) { in.View = all{} }, want: "**Rows**: all.", not: "## Masks"},
		{name: "a scope without a column", change: func(in *notes.Input) { in.View = none{} }, want: "**Rows**: none, since the server does not say which column this scope means."},
		{
			name: "rows that are reached only", change: func(in *notes.Input) { in.View = reached{} },
			want: "**Rows**: only where it was reached from `Parcel`, `Item` or `Me`. Such a row is in no list, and `node(id)` does not find it.",
		},
	}
	for _, tt := range tests {
		t.Run("case="+tt.name, func(t *testing.T) {
			in := input(t)
			if tt.change != nil {
				tt.change(&in)
			}
			var b strings.Builder
			if err := notes.Render(&b, in); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(b.String(), tt.want) {
				t.Errorf("the note does not say %q:\n%s", tt.want, b.String())
			}
			if tt.not != "" && strings.Contains(b.String(), tt.not) {
				t.Errorf("the note says %q", tt.not)
			}
		})
	}
}

type all struct{}

func (all) Grant(string, string) policies.Grant { return policies.Grant{Verdict: policies.Allow} }
func (all) Rows(string) (*policies.Rule, bool)  { return nil, true }

type none struct{ all }

func (none) Rows(string) (*policies.Rule, bool) { return &policies.Rule{Op: policies.Never}, true }

type reached struct{ all }

func (reached) Rows(string) (*policies.Rule, bool) {
	return &policies.Rule{Op: policies.Is, Column: policies.ViaColumn, Values: []string{"Parcel", "Item", "Me"}}, true
}

type without struct{ all }

func (without) Rows(string) (*policies.Rule, bool) {
	return &policies.Rule{Op: policies.Both, Of: []*policies.Rule{
		{Op: policies.Not, Of: []*policies.Rule{{Op: policies.Is, Column: "status", Values: []string{"BROUILLON", "Draft"}}}},
		{Op: policies.FromClaim, Column: "shop", Claim: "shop"},
	}}, true
}

type outside struct{ all }

func (outside) Rows(string) (*policies.Rule, bool) {
	yes := true
	return &policies.Rule{Op: policies.Not, Of: []*policies.Rule{{Op: policies.Both, Of: []*policies.Rule{
		{Op: policies.Is, Column: "status", Values: []string{"Draft"}},
		{Op: policies.Is, Column: policies.ViaColumn, Values: []string{"Order"}},
		{Op: policies.Is, Column: "active", Bool: &yes},
	}}}}, true
}
