// Package spill puts records aside on disk that memory has no room for, while one answer
// is made: it is for graph/dataset's sums, and knows neither groups nor rows.
//
// What is written are parts of one answer: what its reader's token may see, judged and
// masked before. It lies there in clear, as Trama's own database does, in files that have
// no name (where the system lets a name go while a file is open; elsewhere until they are
// closed), that only this process can open (mode 0600), and that are gone with the answer
// or with the process.
//
// A Disk bounds what all files take together. Every block has its length and a checksum,
// so that what a broken disk gives back is an error and never a wrong sum.
package spill
