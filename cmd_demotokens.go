package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/trama-graph/trama/datasources/sandbox"
	"github.com/trama-graph/trama/datasources/sandbox/world"
	"github.com/trama-graph/trama/policies/tokens"
)

// demoToken is what the demo gives out for one package. Its claims name a shop, a
// carrier and a supplier that the fake ERP has rows of.
type demoToken struct {
	name   string
	role   tokens.Role
	claims map[string]string
}

func demoTokensOf(box *sandbox.Sandbox) []demoToken {
	erp := world.NewERP(box.World)
	claim := func(name string, values []string) map[string]string {
		if len(values) == 0 { // a world so small that nobody delivered anything yet
			return map[string]string{name: "nobody"}
		}
		return map[string]string{name: values[0]}
	}
	return []demoToken{
		{name: "admin", role: tokens.Root},
		{name: "dashboard", role: tokens.Member},
		{name: "bi", role: tokens.Member},
		{name: "ecommerce", role: tokens.Member},
		{name: "ecommerce-plus", role: tokens.Member, claims: claim("shop", erp.Shops())},
		{name: "crm", role: tokens.Member},
		{name: "carrier", role: tokens.Member, claims: claim("carrier", erp.Carriers())},
		{name: "supplier", role: tokens.Member, claims: claim("supplier", erp.SupplierNames())},
	}
}

// addOns are tokens of packages that need a customer: one who has tickets and orders,
// known when the directory was read.
func (a *app) addOns(ctx context.Context) ([]demoToken, error) {
	result, err := a.web.Execute(ctx, operator(), `{ customers(first: 50) { nodes { id tickets(first: 1) { nodes { id } } orders(first: 1) { nodes { id } } } } }`, nil)
	if err != nil {
		return nil, err
	}
	type page struct{ Nodes []struct{ ID string } }
	var answer struct {
		Data struct {
			Customers struct {
				Nodes []struct {
					ID              string
					Tickets, Orders page
				}
			}
		}
	}
	if err := json.Unmarshal(result.AppendJSON(nil), &answer); err != nil {
		return nil, err
	}
	for _, c := range answer.Data.Customers.Nodes {
		if len(c.Tickets.Nodes) > 0 && len(c.Orders.Nodes) > 0 {
			claims := map[string]string{"customer": c.ID}
			return []demoToken{{name: "tickets", role: tokens.Member, claims: claims}, {name: "own-orders", role: tokens.Member, claims: claims}}, nil
		}
	}
	return nil, nil
}

// demoTokens makes one token for each package, by its name.
func (a *app) demoTokens(ctx context.Context, list []demoToken) (map[string]string, error) {
	out := map[string]string{}
	for _, t := range list {
		text, _, err := a.tokens.Issue(ctx, tokens.Operator(), tokens.Grant{
			Account: t.name, Packages: []string{t.name}, Claims: t.claims, Role: t.role,
		})
		if err != nil {
			return nil, fmt.Errorf("make the token %s: %w", t.name, err)
		}
		out[t.name] = text
	}
	return out, nil
}

// showTokens prints the tokens, and whose rows each sees.
func showTokens(out io.Writer, list []demoToken, texts map[string]string) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, t := range list {
		scope := ""
		for _, name := range slices.Sorted(maps.Keys(t.claims)) {
			scope = strings.TrimSpace(scope + " " + name + "=" + t.claims[name])
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", t.name, texts[t.name], scope)
	}
	return w.Flush()
}
