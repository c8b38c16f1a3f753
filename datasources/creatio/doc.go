// Package creatio connects Creatio (Terrasoft bpm'online) over its OData v4
// service. It is opened by server.go and called by resolvers/loaders and by the
// directory; it never writes to Creatio.
//
// Versions: builds with OData v4 (about 7.13 and later), on .NET Framework
// (/0/odata/) and on .NET (/odata/); which of the two answers is probed. $batch
// is used where the site has it (7.16.1 and later) and done without elsewhere.
// The legacy OData v3 service is not spoken.
//
// Login: a forms login whose cookies and BPMCSRF header every call carries, or
// OAuth client credentials of the identity service, whose bearer token is
// renewed 30 seconds early. 401, a redirect and a login page with status 200
// all mean that the session is gone: one login, one replay, then an error.
//
// Limits: or-chains of at most 30 keys, an address's query of at most 2,000
// bytes, $batch of at most 100 requests, 20,000 rows in a reply. Deletions are
// invisible to Since. Rows the service user may not see are silently missing, so
// an empty list is no error and no proof. Contains and Prefix go upstream as
// tolower comparisons, and are evaluated here when the site refuses those.
//
// Missing: payments (Creatio's standard tables have none), the states an order
// went through, stock. Quotes are opportunities; their amount is in the base
// currency unless a currency column is configured. Facts are taken from the wire
// page "Creatio (Terrasoft bpm'online)" and named by its sections.
package creatio
