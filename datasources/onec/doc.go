// Package onec connects the standard OData interface of 1C:Enterprise (8.3.5
// and later, any configuration): customers for the directory, orders, bills,
// sales, tax invoices, payments, delivery notes and products. Facts come from
// the page "1C:Enterprise — standard OData interface", cited as "1C OData
// facts, §N". It is called by the catalogue of datasources; it writes nothing
// and knows neither policies nor GraphQL.
//
// Names. Every configuration of 1C names its objects in its own way, so an
// object ("order") and a field ("order.number") are found by ordered candidates
// in the base's own $metadata (names.go), or named in the config. $metadata is
// 15–17 MB and takes up to half a minute: it is read as a stream, only what is
// looked for is kept, and that is kept on disk under the fingerprint of the
// service document. What was chosen is in Probe's findings. An object the base
// lacks is NOT_ENABLED; a field it lacks is null.
//
// Login. HTTP Basic with UTF-8 bytes; there is no session.
//
// Limits. No filter "in": many keys are an or-chain, at most Config.Batch keys
// and Config.MaxQuery bytes long, and shorter when the web server refuses a long
// address. Pages by $top and $skip with an explicit order; totals by $count, as
// $inlinecount may switch paging off. Texts are compared by the database's
// collation, so equality is checked again here and "contains" is never pushed.
//
// Status. Where the base has a field for it ("Статус", "СостояниеЗаказа"), its
// text; otherwise one of the derived words "posted", "draft" and "deleted".
//
// Keys. Orders, payments, delivery notes and products have the GUID of the
// record; invoices have "bill:GUID", "sale:GUID" or "tax:GUID", as the GUID
// alone does not tell which document it is of.
//
// Links. A document refers to its order or bill by ДокументОснование, whose type
// is compared; only what it points to directly counts: a sale made of a bill has
// no order by that, but may have one by the configured link rules.
//
// Missing: stock and prices of products, balances and turnovers (virtual
// tables), writing, following changes (a document's DataVersion is no
// watermark), quotes, carriers and the dates of shipping; createdAt and
// updatedAt, which 1C does not keep.
package onec
