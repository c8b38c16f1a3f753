// Package ecolix connects an Ecolix ERP (Félix Informatique, France): clients,
// quotes, orders, articles with stock, delivery notes and purchase orders.
//
// It is a preset of the connector rest: it fills in that connector's
// configuration from the wire page "Ecolix — what is known", and adds what is the
// vendor's own: the packages that are bought one by one, and the key. Nothing of
// the wire is public, so every path, name and style here is an assumption (E1 to
// E13 of the page) and can be replaced in the configuration, key by key.
//
// Login. A key in the header X-API-KEY (E2); auth replaces it.
//
// Packages. Each is bought or not. Where several give the same records, they are
// read in the order CRM, Ecommerce+, carrier and joined by number; what only a
// package that was not bought has is NOT_ENABLED.
//
// Limits. 30 calls a minute unless another number was agreed (E3); there is no
// get-many (E8) and no filter by change (E7): the source must be supplied as a
// copy.
//
// Keys. A document's key is its number, and a client's is the code that documents
// hold.
//
// Missing: imports (clients, orders, delivery notes, confirmations), prices and
// stock of single clients, and a delivery note's client where the package does
// not name him.
package ecolix
