// Package odata connects any OData service of version 2, 3 or 4 by configuration
// alone: where an entity of the graph lies, which property holds a column, how
// the service lets calls in. It is called by the catalogue of datasources; it
// writes nothing and knows neither policies nor GraphQL. How records become rows
// is package mapping's, how calls are let in package login's; both are shared
// with the connector rest.
//
// Facts come from the protocol's own pages, cited by title: "OData Version 4.01.
// Part 1: Protocol", "Part 2: URL Conventions", "OData JSON Format Version 4.01",
// and for the older versions "OData Version 2.0", "[MS-ODATA]" and "OData Version
// 3.0"; limits of web servers from "1C:Enterprise — standard OData interface
// (facts for a connector)", §6, and "Creatio (Terrasoft bpm'online) — facts for a
// connector", §3.
//
// Names and types. $metadata is read once, when it is first needed; each field's
// candidates are looked up in it and the first that exists is taken. The type
// found decides how literals are written and what can be left to the service. A
// candidate list that matches nothing is a problem and a finding, and the column
// is null. A service without $metadata is told about by entities.….types.
//
// Many keys. By the operator in where the service has it (tried once, unless
// $metadata says 4.01), by or-chains elsewhere; cut by batch and by the length of
// the address, and halved when a web server finds it too long all the same.
// Whatever comes back is checked to be what was asked for.
//
// Paging. The service's links are followed within its own host and root; without
// a link, lists go on by $skip in one order down to the key. Scans go on behind
// the last key, so that they can be resumed and do not shift; where a service
// cannot compare its keys, by $skip, which is said.
//
// Left to the service are comparisons of numbers, times, truth values and keys,
// and equality of texts, which is checked again here. Binary fractions
// (Edm.Double) are neither filtered nor sorted there: what is shown is not what is
// stored.
//
// Missing: writing, $batch, following changes (delta links), Atom replies,
// capabilities annotated in the vocabularies of version 4, and what $metadata
// says after it was read: a changed service needs a restart.
package odata
