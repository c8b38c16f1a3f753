package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// connections is how many of them one process has to PostgreSQL, whose default is
// to serve 100 altogether; one more has its rights, once Elect was called.
const connections = 10

// migrationLock is the first half of an advisory lock, "trma"; the second half is
// the schema, so that two Tramas in two schemas of one database do not wait for
// each other.
const migrationLock = 0x74726d61

func openPostgres(ctx context.Context, url string, deps Deps) (*Store, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		// The cause is not told: it may quote the address with its password.
		return nil, errors.New("store.url: want postgres://USER:PASSWORD@HOST:PORT/DATABASE, with signs such as @ and / escaped, and known settings after ?")
	}
	cfg.RuntimeParams["application_name"] = "trama"
	cfg.RuntimeParams["lock_timeout"] = strconv.FormatInt(deps.BusyTimeout.Milliseconds(), 10)
	// A process that was stopped in the middle of a transaction must not keep the others
	// from writing; a transaction here never waits for anything but the server.
	cfg.RuntimeParams["idle_in_transaction_session_timeout"] = "10000"
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 5 * time.Second
	}
	dialer := dialer()
	cfg.DialFunc = dialer.DialContext
	db := sql.OpenDB(rebound{stdlib.GetConnector(*cfg)})
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	s := &Store{
		name: "postgres://" + net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port))) + "/" + cfg.Database, w: db, r: db, log: deps.Log, now: deps.Now,
		isPostgres: true, dial: cfg, hold: " FOR UPDATE", reading: &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead},
	}
	if err := s.preparePostgres(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// preparePostgres checks whose schema it is and migrates it. Processes that start
// at once do so one after the other.
func (s *Store) preparePostgres(ctx context.Context) (err error) {
	conn, err := s.w.Conn(ctx)
	if err != nil {
		return s.failed("open", err)
	}
	defer func() { err = errors.Join(err, s.failed("open", conn.Close())) }()
	var schema sql.NullString
	if err := conn.QueryRowContext(ctx, "SELECT current_schema()").Scan(&schema); err != nil {
		return s.failed("open", err)
	}
	if !schema.Valid {
		return fmt.Errorf("store.url: %s has none of the schemas in its search_path", s.name)
	}
	// Another process may take as long as it needs.
	if _, err := conn.ExecContext(ctx, "SET lock_timeout = 0"); err != nil {
		return s.failed("open", err)
	}
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock(?, hashtext(current_schema()))", migrationLock); err != nil {
		return s.failed("wait for another process to migrate", err)
	}
	defer func() {
		// Not by ctx: the lock must not go back into the pool with its connection.
		_, e := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(?, hashtext(current_schema()))", migrationLock)
		_, e2 := conn.ExecContext(context.WithoutCancel(ctx), "RESET lock_timeout")
		err = errors.Join(err, s.failed("open", errors.Join(e, e2)))
	}()
	var isOurs, isUsed bool
	err = conn.QueryRowContext(ctx, `SELECT coalesce(bool_or(tablename = 'schema_versions'), false), count(*) > 0
		FROM pg_tables WHERE schemaname = current_schema()`).Scan(&isOurs, &isUsed)
	if err != nil {
		return s.failed("open", err)
	}
	if isUsed && !isOurs {
		return fmt.Errorf("store.url: the schema %s of %s has tables of another program; give Trama a database or a schema of its own", schema.String, s.name)
	}
	return s.migrate(ctx)
}

// explainPostgres says what an operator can do about PostgreSQL's codes; the cause
// stays wrapped. pgx writes no password into its errors.
func explainPostgres(err error) error {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) && sqlState(err) == "" {
		return fmt.Errorf("the server cannot be reached: %w", err)
	}
	switch code := sqlState(err); code {
	case "":
	case "28000", "28P01":
		return fmt.Errorf("the server does not let this user in: %w", err)
	case "3D000":
		return fmt.Errorf("there is no such database: %w", err)
	case "42501":
		return fmt.Errorf("the user may not do this: %w", err)
	case lockTimeout:
		return fmt.Errorf("the database is locked by another process: %w", err)
	case "25006":
		return fmt.Errorf("the database is read-only, probably a replica: %w", err)
	case "53100":
		return fmt.Errorf("the disk is full: %w", err)
	case "53300":
		return fmt.Errorf("the server has no connection left: %w", err)
	case "57P01", "57P02", "57P03":
		return fmt.Errorf("the server is starting or stopping: %w", err)
	}
	return err
}

// lockTimeout is PostgreSQL's code for a lock that was not given in time.
const lockTimeout = "55P03"

// sqlState returns PostgreSQL's code of an error, "" when it has none.
func sqlState(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// isUniquePostgres reports whether err is a broken UNIQUE constraint.
func isUniquePostgres(err error) bool { return sqlState(err) == "23505" }

// gaveWay reports whether PostgreSQL gave up a transaction in favour of another: it
// may be tried again.
func gaveWay(err error) bool {
	code := sqlState(err)
	return code == "40001" || code == "40P01"
}
