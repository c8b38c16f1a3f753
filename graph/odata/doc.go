// Package odata reads OData v4.0 addresses and writes OData documents. It turns
// a path and a query string into a Question (which set, columns, filter, order,
// window), and writes $metadata, the service document, context and next links,
// batch envelopes and errors. It never fetches a row: the caller turns a
// Question into an operation for graph/engine, so that there is one path on
// which policies are applied.
//
// A set is flat: columns of primitive types, no navigation, one text key. What
// OData knows and this service does not do is refused by name with 501; what is
// wrong is refused with 400 and the position; nothing is ever ignored.
//
// The sections named in comments are those of OData Version 4.0 Plus Errata 03:
// Part 1 (Protocol), Part 2 (URL Conventions), Part 3 (CSDL), and the OData JSON
// Format Version 4.0; JSON batches are those of OData JSON Format Version 4.01.
// What real clients send is from the project's page «How Power BI / Excel /
// Tableau / Fabric pull joined data».
package odata
