// Package unknown plays two business systems that Trama has no connector for, so that the declarative connectors have something
// to be tried on that nobody wrote them for: a REST shop and an OData ledger.
//
// [NewShop] is a shop and small ERP whose interface follows Dolibarr's (wire/ecolix.md §2 for the addresses and names; the
// rules of sqlfilters, the session login and the texts of errors after Dolibarr's published api_*.class.php). Options turn it
// into its cousins: other ways to log in, other ways to page, errors under status 200.
//
// [NewLedger] is an OData service of version 2, 3 or 4, as strict as SAP Gateway, WCF Data Services and ASP.NET OData are:
// literals of the wrong form, unknown properties and functions are refused, pages are as long as the server likes. Its
// addresses, literals and formats follow the OData specifications of the three versions (V2 and V3: "URI Conventions" and "JSON
// Format", verbose and light; 4.01: "Part 2: URL Conventions" and "JSON Format"). Texts of errors and SAP's codes are in the
// manner of those products, not taken from one.
//
// What a shop or ledger does not have: writing, $batch, reading a single property, paths and lambdas in $filter, arithmetic,
// paging within $expand, full metadata, change tracking.
//
// Both are read-only and serve the customers that the world's books know, under keys and names of their own. Record says what
// a key stands for in the world, which is how a test knows the truth. Tests and the documented example call the package; it
// never looks at a connector and may be imported by no serving code.
package unknown
