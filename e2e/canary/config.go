package canary

import (
	"fmt"
	"strings"
)

// Gamma is a third system that fails whatever it is asked.
const Gamma = "gamma"

// Config is what an operator writes to connect the systems at an address: alpha is
// asked live, beta copied, and gamma, if it is wanted, fails.
func Config(url string, withGamma bool) string {
	var b strings.Builder
	b.WriteString("sources:\n")
	source(&b, url, Alpha, "live", Types())
	source(&b, url, Beta, "copy", Types())
	if withGamma {
		source(&b, url, Gamma, "live", []string{"Customer", "Order", "Product"})
	}
	fmt.Fprintf(&b, "  - {name: %s, kind: otrs, url: %s/%s, user: trama, password: %s, customer_key: alpha.code}\n", Desk, url, Desk, Key)
	owners := []string{}
	for _, f := range []string{"name", "legalName", "taxId", "country", "email", "phone", "website", "address"} {
		owners = append(owners, f+": "+Owner(f))
	}
	fmt.Fprintf(&b, "directory: {every: 1h, owner: {%s}}\n", strings.Join(owners, ", "))
	fmt.Fprintf(&b, "links: [{source: %s, relation: Ticket.order, by: [DynamicField.OrderNumber]}]\n", Desk)
	b.WriteString("scope: {shop: shop, carrier: carrier, supplier: supplier}\n")
	return b.String()
}

func source(b *strings.Builder, url, name, supply string, types []string) {
	fmt.Fprintf(b, `  - name: %s
    kind: rest
    supply: %s
    url: %s/%s
    auth: {kind: header, name: X-Key, value: %s}
    rate: {per_minute: 600000}
    timeout: 5s
    retries: 0
`, name, supply, url, name, Key)
	if supply == "copy" {
		b.WriteString("    every: 1h\n")
	}
	b.WriteString("    country: MD\n    locale: {decimals: dot}\n    entities:\n")
	for _, t := range types {
		fmt.Fprintf(b, "      %s:\n        path: /%s\n        fields: {%s}\n", t, lower(t), strings.Join(fields(t), ", "))
		if supply != "live" {
			continue
		}
		b.WriteString("        keys: {param: by_id}\n        relations:\n")
		for _, l := range links(t) {
			fmt.Fprintf(b, "          %s: {param: by_%s}\n", l, l)
		}
		number := "number"
		if t == "Product" {
			number = "sku"
		}
		if t != "Customer" && t != "Contact" {
			fmt.Fprintf(b, "          number: {param: by_%s}\n", number)
		}
	}
}

// fields maps every column of a type to the member of the same name.
func fields(of string) []string {
	out := []string{"id: id"}
	all := columns(of)
	if of == "Customer" {
		all = append(customerColumns(), column{name: "code"}, column{name: "taxId"}, column{name: "country"})
		out = append(out, "foreignIds: {fields: {"+Alpha+": alphaKey}}")
	}
	for _, c := range all {
		out = append(out, c.name+": "+c.name)
	}
	for _, l := range links(of) {
		out = append(out, l+": "+l)
	}
	for list, item := range lists(of) {
		var inner []string
		for _, c := range columns(item) {
			inner = append(inner, c.name+": "+c.name)
		}
		out = append(out, fmt.Sprintf("%s: {at: %s, fields: {%s}}", list, list, strings.Join(inner, ", ")))
	}
	return out
}
