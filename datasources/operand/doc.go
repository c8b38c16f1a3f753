// Package operand connects Operand (operand.com.br, an ERP of Brazilian
// agencies): clients, invoices, payments, payables and boletos.
//
// It is a preset of the connector rest: it fills in that connector's
// configuration from the wire page "Operand — what is known". Only the login, the
// clients and the paging are known, from one public client of the beta API. No
// path and no field of the finance module is known to the public: the preset's
// are placeholders (A5), and nothing is read from them until the operator sets
// them, or confirms them with confirm_paths.
//
// Login. The panel's token is exchanged for a session's, which goes into the
// header Op-Auth-Token; on 401 or 403 there is one new login. The panel's token
// travels in a query string and is in no log and no error. Only one is active: a
// token that was generated again stops this one at once, and the source says so.
//
// Limits. None is known; 2 calls at once, and 429 is honoured (A9). There is no
// get-many (A10): the source must be supplied as a copy.
//
// Receivables are payments here: the amount is what was paid of one, null while
// nothing was. What is owed stands on the invoice.
//
// Missing: issuing invoices and boletos, which change money and have no
// idempotency (A11); jobs, projects and tasks.
package operand
