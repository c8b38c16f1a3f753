// Package creatio is the sandbox's Creatio (Terrasoft bpm'online): an HTTP handler that speaks its OData 4 interface and
// its two ways of logging in, over the customers of a demo world.
//
// It keeps the awkward habits of the product, because a connector that was only ever tried against a polite server fails
// at the first customer's: a wrong password answers 200, a bounced session may be an HTML page with 200, a filter on the
// scalar half of a lookup is a server error, «in» is not understood, batch answers come in any order, and IIS cuts long
// addresses off with an HTML page.
//
// The facts come from the vendor's documentation (AuthService.svc, OData basics, OData 4, batch requests, identity
// service), from public clients, and from api-evangelist's summaries of errors. Where these are silent, the comment says
// «assumed». The world is read-only, so writes are refused as if the user had no right to them.
//
// The demo command and tests call it. It may never import a connector: a fake that shares code with the client it is
// tried against proves nothing.
package creatio
