// Package output writes rows as files and feeds: CSV, NDJSON, XLSX, Parquet and
// OData JSON, one file for each format.
//
// The doors call it with the cells that graph/engine delivers, window by
// window. Every writer writes while rows come and holds a bounded piece of the
// table, never the table: a buffer of some 64 KB, in Parquet one row group of
// at most RowGroupRows rows.
//
// It may never ask who reads: what arrives here is already what the token may
// see. It knows columns and cells only, no schema, no address and no request.
//
// # A file that is not whole
//
// A writer that met an error writes nothing more, and End does not make it
// whole: the array of OData JSON stays open, XLSX has no central directory and
// Parquet no footer, so that every reader refuses them. CSV and NDJSON have no
// end that could be missing: whoever serves them has to break the connection,
// and whoever saves them has to rename the file only after End.
//
// # Texts
//
// A byte that is no UTF-8 becomes U+FFFD in every format. What a format cannot
// hold besides is told at its writer.
//
// # Numbers
//
// Decimals never pass through a float, and nothing is rounded. A decimal that
// has more places than its column declares, or more digits, is an error that
// names the column. Scale says how the column's places are declared.
package output
