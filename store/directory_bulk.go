package store

import (
	"slices"

	"github.com/trama-graph/trama/datasources/directory"
)

// bulkRows is how many rows go into one statement: the first reading of a source
// has hundreds of thousands, and each statement is a round trip.
const bulkRows = 2000

// addGolden writes customers that are nobody's alias.
func addGolden(b *bulk, golden []directory.Golden, version int64) {
	columns := []string{"seq", "id", "created_at", "changed_at", "version"}
	for part := range slices.Chunk(golden, bulkRows) {
		b.insert("directory_customers", columns, len(part), func(row, column int) any {
			switch g := &part[row]; column {
			case 0:
				return g.Seq
			case 1:
				return ownText(g.ID)
			case 2:
				return g.CreatedAt.UnixMicro()
			case 3:
				return changedMicros(g.ChangedAt)
			}
			return version
		}, "ON CONFLICT (seq) DO UPDATE SET merged_into = NULL, changed_at = excluded.changed_at, version = excluded.version")
	}
}

// addMembers writes records with their data. Their references are distinct, also
// as the database takes them.
func addMembers(b *bulk, members []*directory.MemberChange, version int64) {
	columns := []string{"source", "record_id", "customer", "origin", "data", "version"}
	for part := range slices.Chunk(members, bulkRows) {
		b.insert("directory_members", columns, len(part), func(row, column int) any {
			switch m := part[row]; column {
			case 0:
				return ownText(m.Source)
			case 1:
				return ownText(m.RecordID)
			case 2:
				return m.Customer
			case 3:
				return m.Origin
			case 4:
				return m.Data
			}
			return version
		}, `ON CONFLICT (source, record_id) DO UPDATE SET customer = excluded.customer, origin = excluded.origin, data = excluded.data,
			version = excluded.version`)
	}
}
