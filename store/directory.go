package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/trama-graph/trama/datasources/directory"
)

var _ directory.Store = (*Store)(nil)

// LoadDirectory implements directory.Store.
func (s *Store) LoadDirectory(ctx context.Context, in directory.Intake) error {
	return s.read(ctx, "load the directory", func(tx *sql.Tx) error {
		for _, load := range []func(context.Context, *sql.Tx, directory.Intake) error{
			loadGolden, loadMembers, loadKept, loadDecisions, loadSeen, loadReadAt,
		} {
			if err := load(ctx, tx, in); err != nil {
				return err
			}
		}
		return nil
	})
}

func loadGolden(ctx context.Context, tx *sql.Tx, in directory.Intake) error {
	return each(ctx, tx, "SELECT seq, id, merged_into, created_at FROM directory_customers ORDER BY seq", func(rows *sql.Rows) error {
		var g directory.Golden
		var into, created sql.NullInt64
		if err := rows.Scan(&g.Seq, &g.ID, &into, &created); err != nil {
			return err
		}
		g.MergedInto, g.CreatedAt = into.Int64, fromMicros(created)
		return in.Golden(g)
	})
}

func loadMembers(ctx context.Context, tx *sql.Tx, in directory.Intake) error {
	var source string
	var raw, id, data sql.RawBytes // not copied: there are hundreds of thousands
	var m directory.Member
	return each(ctx, tx, "SELECT source, record_id, customer, origin, data FROM directory_members", func(rows *sql.Rows) error {
		if err := rows.Scan(&raw, &id, &m.Customer, &m.Origin, &data); err != nil {
			return err
		}
		if string(raw) != source {
			source = string(raw)
		}
		m.Source, m.RecordID, m.Data = source, string(id), data
		return in.Member(m)
	})
}

func loadKept(ctx context.Context, tx *sql.Tx, in directory.Intake) error {
	return each(ctx, tx, "SELECT deleted_source, deleted_id, other_source, other_id, rule FROM directory_kept", func(rows *sql.Rows) error {
		var k directory.Kept
		if err := rows.Scan(&k.Deleted.Source, &k.Deleted.RecordID, &k.Other.Source, &k.Other.RecordID, &k.Rule); err != nil {
			return err
		}
		return in.Kept(k)
	})
}

func loadDecisions(ctx context.Context, tx *sql.Tx, in directory.Intake) error {
	return each(ctx, tx, "SELECT a_source, a_id, b_source, b_id, verdict, author, reason, decided_at FROM directory_decisions", func(rows *sql.Rows) error {
		var d directory.Decision
		var verdict string
		var at sql.NullInt64
		if err := rows.Scan(&d.A.Source, &d.A.RecordID, &d.B.Source, &d.B.RecordID, &verdict, &d.Author, &d.Reason, &at); err != nil {
			return err
		}
		d.Verdict, d.At = directory.Verdict(verdict), fromMicros(at)
		return in.Decision(d)
	})
}

func loadSeen(ctx context.Context, tx *sql.Tx, in directory.Intake) error {
	return each(ctx, tx, "SELECT source, customer_key FROM directory_seen", func(rows *sql.Rows) error {
		var source, key string
		if err := rows.Scan(&source, &key); err != nil {
			return err
		}
		return in.Seen(source, key)
	})
}

func loadReadAt(ctx context.Context, tx *sql.Tx, in directory.Intake) error {
	return each(ctx, tx, "SELECT source, read_at FROM directory_sources", func(rows *sql.Rows) error {
		var source string
		var at sql.NullInt64
		if err := rows.Scan(&source, &at); err != nil {
			return err
		}
		return in.ReadAt(source, fromMicros(at))
	})
}

// SaveDirectory implements directory.Store.
func (s *Store) SaveDirectory(ctx context.Context, c *directory.Changes) error {
	if err := s.keeper.check(ctx); err != nil {
		return err
	}
	return s.write(ctx, "save the directory", func(tx *sql.Tx) error {
		w := &batch{ctx: ctx, tx: tx}
		saveGolden(w, c.Golden)
		saveMembers(w, c.Members)
		saveKept(w, c)
		saveDecisions(w, c)
		for _, k := range c.Seen {
			w.exec("INSERT INTO directory_seen (source, customer_key) VALUES (?, ?) ON CONFLICT DO NOTHING", k.Source, k.RecordID)
		}
		for source, at := range c.ReadAt {
			w.exec("INSERT INTO directory_sources (source, read_at) VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET read_at = excluded.read_at", source, at.UnixMicro())
		}
		saveEvents(w, c.Events)
		return w.close()
	})
}

func saveGolden(w *batch, golden []directory.Golden) {
	for _, g := range golden {
		var into any
		if g.MergedInto != 0 {
			into = g.MergedInto
		}
		w.exec("INSERT INTO directory_customers (seq, id, merged_into, created_at) VALUES (?, ?, ?, ?) ON CONFLICT (seq) DO UPDATE SET merged_into = excluded.merged_into",
			g.Seq, g.ID, into, g.CreatedAt.UnixMicro())
	}
}

func saveMembers(w *batch, members []directory.MemberChange) {
	for i := range members {
		m := &members[i]
		if m.KeepData {
			w.exec("UPDATE directory_members SET customer = ?, origin = ? WHERE source = ? AND record_id = ?", m.Customer, m.Origin, m.Source, m.RecordID)
			continue
		}
		w.exec("INSERT INTO directory_members (source, record_id, customer, origin, data) VALUES (?, ?, ?, ?, ?) ON CONFLICT (source, record_id) DO UPDATE SET customer = excluded.customer, origin = excluded.origin, data = excluded.data",
			m.Source, m.RecordID, m.Customer, m.Origin, m.Data)
	}
}

func saveKept(w *batch, c *directory.Changes) {
	for _, r := range c.Unkept {
		w.exec("DELETE FROM directory_kept WHERE deleted_source = ? AND deleted_id = ?", r.Source, r.RecordID)
	}
	for _, k := range c.Kept {
		w.exec("INSERT INTO directory_kept (deleted_source, deleted_id, other_source, other_id, rule) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
			k.Deleted.Source, k.Deleted.RecordID, k.Other.Source, k.Other.RecordID, k.Rule)
	}
}

func saveDecisions(w *batch, c *directory.Changes) {
	for _, p := range c.Withdrawn {
		w.exec("DELETE FROM directory_decisions WHERE a_source = ? AND a_id = ? AND b_source = ? AND b_id = ?", p[0].Source, p[0].RecordID, p[1].Source, p[1].RecordID)
	}
	for _, d := range c.Decisions {
		w.exec(`INSERT INTO directory_decisions (a_source, a_id, b_source, b_id, verdict, author, reason, decided_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (a_source, a_id, b_source, b_id) DO UPDATE SET verdict = excluded.verdict, author = excluded.author, reason = excluded.reason, decided_at = excluded.decided_at`,
			d.A.Source, d.A.RecordID, d.B.Source, d.B.RecordID, string(d.Verdict), d.Author, d.Reason, d.At.UnixMicro())
	}
}

func saveEvents(w *batch, events []directory.Event) {
	for i := range events {
		e := &events[i]
		w.exec("INSERT INTO directory_events (at, kind, customer, other, source, record_id, with_source, with_id, rule, author, reason, records) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			e.At.UnixMicro(), e.Kind, e.Customer, e.Other, e.Record.Source, e.Record.RecordID, e.With.Source, e.With.RecordID, e.Rule, e.Author, e.Reason, e.Records)
	}
}

// DirectoryEvents returns the history of a customer, or of all with customer "",
// the newest first and at most limit lines.
func (s *Store) DirectoryEvents(ctx context.Context, customer string, limit int) ([]directory.Event, error) {
	var events []directory.Event
	err := s.read(ctx, "list events", func(tx *sql.Tx) error {
		return each(ctx, tx, `SELECT at, kind, customer, other, source, record_id, with_source, with_id, rule, author, reason, records
			FROM directory_events WHERE ? = '' OR customer = ? ORDER BY seq DESC LIMIT ?`, func(rows *sql.Rows) error {
			var e directory.Event
			var at int64
			err := rows.Scan(&at, &e.Kind, &e.Customer, &e.Other, &e.Record.Source, &e.Record.RecordID, &e.With.Source, &e.With.RecordID, &e.Rule, &e.Author, &e.Reason, &e.Records)
			e.At = time.UnixMicro(at).UTC()
			events = append(events, e)
			return err
		}, customer, customer, limit)
	})
	return events, err
}
