// Package packages holds the policy documents that come with Trama: one JSON file
// for each package an agreement can name, what everybody may see (everybody.json)
// and what the roles root and admin may do (roles.json). It is data: it decides
// nothing and imports nothing. policies.Open reads it.
//
// Who may read what in ecommerce, ecommerce-plus, crm, carrier and supplier is
// Ecolix's own division of its interface (its vendor's "Notes techniques": which
// records each package exports), in this graph's terms.
//
// Every file says of every field of the schema whether its package has it: what no
// policy names stands in not_granted. A test holds that, so that a new field is
// decided on before it is released. Partners' packages name each field they grant,
// so that a new one is never granted by accident.
package packages

import "embed"

// FS holds the documents, *.json at its root.
//
//go:embed *.json
var FS embed.FS
