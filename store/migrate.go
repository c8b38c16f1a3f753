package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// The migrations of each kind of database, numbered without gaps. One that was
// released is never edited.
//
//go:embed migrations
var migrations embed.FS

// migrate brings the schema up to this version's. A newer schema is refused:
// this version could not keep what it does not know.
func (s *Store) migrate(ctx context.Context) error {
	dialect, dir := goose.DialectSQLite3, "migrations/sqlite"
	if s.isPostgres {
		dialect, dir = goose.DialectPostgres, "migrations/postgres"
	}
	files, err := fs.Sub(migrations, dir)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(dialect, s.w, files, goose.WithTableName("schema_versions"),
		goose.WithDisableGlobalRegistry(true), goose.WithSlog(s.log))
	if err != nil {
		return s.failed("migrate", err)
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return s.failed("migrate", err)
	}
	if have > want {
		return fmt.Errorf("store.url: %s was written by a newer version of Trama (schema %d, this one knows %d)", s.name, have, want)
	}
	done, err := p.Up(ctx)
	if err != nil {
		return s.failed("migrate", err)
	}
	if len(done) > 0 {
		s.log.InfoContext(ctx, "migrated store", "from", have, "to", want)
	}
	return nil
}
