package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
)

var _ directory.Store = (*Store)(nil)

// The counters of the directory in the table versions.
const (
	directoryVersion = "directory"
	directoryNotes   = "directory_notes"
)

// LoadDirectory implements directory.Store.
func (s *Store) LoadDirectory(ctx context.Context, in directory.Intake) error {
	ctx, cancel := context.WithTimeout(ctx, longCall)
	defer cancel()
	return s.read(ctx, "load the directory", func(tx *sql.Tx) error {
		var now directory.Version
		counters, err := readVersions(ctx, tx)
		if err != nil {
			return err
		}
		now.Records, now.Notes = counters[directoryVersion], counters[directoryNotes]
		if in.Version != nil {
			if err := in.Version(now); err != nil {
				return err
			}
		}
		type loader = func(context.Context, *sql.Tx, directory.Intake) error
		var loads []loader
		if now.Records != in.Since.Records {
			loads = append(loads, loadGolden, loadMembers, loadKept, loadDecisions)
		}
		if now.Notes != in.Since.Notes {
			loads = append(loads, loadSeen, loadReadAt, loadConflicts, loadLosses)
		}
		for _, load := range loads {
			if err := load(ctx, tx, in); err != nil {
				return err
			}
		}
		return nil
	})
}

func loadGolden(ctx context.Context, tx *sql.Tx, in directory.Intake) error {
	return each(ctx, tx, "SELECT seq, id, merged_into, created_at, changed_at FROM directory_customers"+newer(in.Since.Records)+" ORDER BY seq", func(rows *sql.Rows) error {
		var g directory.Golden
		var into, created, changed sql.NullInt64
		if err := rows.Scan(&g.Seq, &g.ID, &into, &created, &changed); err != nil {
			return err
		}
		g.MergedInto, g.CreatedAt = into.Int64, fromMicros(created)
		if changed.Int64 != 0 {
			g.ChangedAt = fromMicros(changed)
		}
		return in.Golden(g)
	})
}

// newer is the condition of rows that changed after a version. Where everything is
// asked for there is none, so that no index is gone through in vain.
func newer(since int64) string {
	if since == 0 {
		return ""
	}
	return " WHERE version > " + strconv.FormatInt(since, 10)
}

func loadMembers(ctx context.Context, tx *sql.Tx, in directory.Intake) error {
	var source string
	var raw, id, data sql.RawBytes // not copied: there are hundreds of thousands
	var m directory.Member
	return each(ctx, tx, "SELECT source, record_id, customer, origin, data FROM directory_members"+newer(in.Since.Records), func(rows *sql.Rows) error {
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
	return each(ctx, tx, "SELECT source, customer_key FROM directory_seen"+newer(in.Since.Notes), func(rows *sql.Rows) error {
		var source, key string
		if err := rows.Scan(&source, &key); err != nil {
			return err
		}
		return in.Seen(source, key)
	})
}

func loadReadAt(ctx context.Context, tx *sql.Tx, in directory.Intake) error {
	return each(ctx, tx, "SELECT source, read_at, failed FROM directory_sources", func(rows *sql.Rows) error {
		var source, failed string
		var at sql.NullInt64
		if err := rows.Scan(&source, &at, &failed); err != nil {
			return err
		}
		if at.Int64 != 0 { // 0: it failed before it was ever read
			if err := in.ReadAt(source, fromMicros(at)); err != nil {
				return err
			}
		}
		if failed == "" || in.Failed == nil {
			return nil
		}
		return in.Failed(source, schema.Code(failed))
	})
}

// SaveDirectory implements directory.Store.
func (s *Store) SaveDirectory(ctx context.Context, c *directory.Changes) error {
	ctx, cancel := context.WithTimeout(ctx, longCall)
	defer cancel()
	return s.write(ctx, "save the directory", func(tx *sql.Tx) error {
		b := newBulk(ctx, tx, s.copyDialect())
		w := &b.batch
		if !c.IsOnlyNotes() {
			// Whoever else saves waits here until the transaction ends, so that of two
			// only one can have known the version.
			n, err := s.bumpHeld(ctx, tx, directoryVersion)
			if gaveWay(err) || sqlState(err) == lockTimeout {
				return fmt.Errorf("%w: %w", directory.ErrOvertaken, err) // whoever has it will be faster
			}
			if err != nil {
				return err
			}
			if c.Known != 0 && n != c.Known+1 {
				return directory.ErrOvertaken
			}
			saveGolden(b, c.Golden, n)
			saveMembers(b, c.Members, n)
			saveKept(w, c)
			saveDecisions(w, c)
		}
		saveEvents(w, c.Events)
		if c.HasNotes() {
			n, err := s.bumpHeld(ctx, tx, directoryNotes)
			if err != nil {
				return errors.Join(err, w.close())
			}
			saveNotes(w, c, n)
			saveStates(w, c, n)
		}
		return w.close()
	})
}

// saveNotes writes what is only noted. Sources are in order, so that two instances
// do not wait for each other in a circle; the seen keys are behind the counter.
func saveNotes(w *batch, c *directory.Changes, version int64) {
	for _, k := range c.Seen {
		w.exec("INSERT INTO directory_seen (source, customer_key, version) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", k.Source, k.RecordID, version)
	}
	for _, source := range slices.Sorted(maps.Keys(c.Failed)) {
		w.exec("INSERT INTO directory_sources (source, read_at, failed) VALUES (?, 0, ?) ON CONFLICT (source) DO UPDATE SET failed = excluded.failed",
			source, string(c.Failed[source]))
	}
	for _, source := range slices.Sorted(maps.Keys(c.ReadAt)) {
		w.exec("INSERT INTO directory_sources (source, read_at) VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET read_at = excluded.read_at, failed = ''",
			source, c.ReadAt[source].UnixMicro())
	}
}

func saveGolden(w *bulk, golden []directory.Golden, version int64) {
	var own, aliases []directory.Golden
	for _, g := range golden {
		if g.MergedInto == 0 {
			own = append(own, g)
		} else {
			aliases = append(aliases, g)
		}
	}
	addGolden(w, own, version)
	for _, g := range aliases { // after those they lead to
		w.exec(`INSERT INTO directory_customers (seq, id, merged_into, created_at, changed_at, version) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (seq) DO UPDATE SET merged_into = excluded.merged_into, changed_at = excluded.changed_at, version = excluded.version`,
			g.Seq, g.ID, g.MergedInto, g.CreatedAt.UnixMicro(), changedMicros(g.ChangedAt), version)
	}
}

// changedMicros is a moment as it is kept, 0 = none.
func changedMicros(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMicro()
}

func saveMembers(w *bulk, members []directory.MemberChange, version int64) {
	var whole []*directory.MemberChange
	for i := range members {
		m := &members[i]
		switch {
		case m.KeepData:
			w.exec("UPDATE directory_members SET customer = ?, origin = ?, version = ? WHERE source = ? AND record_id = ?",
				m.Customer, m.Origin, version, m.Source, m.RecordID)
		case m.Data == nil || !isText(m.RecordID): // two odd keys may become one
			w.exec(`INSERT INTO directory_members (source, record_id, customer, origin, data, version) VALUES (?, ?, ?, ?, ?, ?)
				ON CONFLICT (source, record_id) DO UPDATE SET customer = excluded.customer, origin = excluded.origin, data = excluded.data, version = excluded.version`,
				m.Source, m.RecordID, m.Customer, m.Origin, m.Data, version)
		default:
			whole = append(whole, m)
		}
	}
	addMembers(w, whole, version)
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
