// Package onec is the sandbox's 1C:Enterprise: an HTTP handler that speaks the platform's standard OData interface
// (version 3.0 with its own habits) over the customers of a demo world, under one of three typical configurations.
//
// It keeps the awkward habits that were measured on live bases, because a connector that was only ever tried against a
// polite server fails at the first customer's: the count is a string and starts with a byte order mark, the order without
// $orderby is anybody's guess, $inlinecount disables paging, a plus sign is not a space, a plain GUID against a
// composite reference finds nothing and says nothing, the web server cuts long addresses off with a page of its own, and
// errors name the records they stumbled over.
//
// The facts come from the vendor's manual (chapter 17.4, «Стандартный интерфейс OData») and from public projects that
// measured live bases or rely on what they found. Where these are silent, the comment says «assumed». Over
// HTTP everything is read-only, so every write is a forbidden method; a test writes with [Server.Edit] and its kin.
//
// The demo command and tests call it. It may never import a connector: a fake that shares code with the client it is
// tried against proves nothing.
package onec
