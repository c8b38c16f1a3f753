package store_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/schema"
	"github.com/trama-graph/trama/store"
	"github.com/trama-graph/trama/store/servicetest"
)

var anywhere = netip.MustParseAddr("192.0.2.1")

func service(t testing.TB, s *store.Store, options ...tokens.Option) *tokens.Service {
	t.Helper()
	key, err := s.ServerKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tokens.New(s, key, "live", nil, options...)
}

// TestMigrateTokens: tokens that a version without accounts made let in as before,
// and whoever could do everything still can.
func TestMigrateTokens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trama.db")
	first := open(t, path)
	svc := service(t, first)
	texts := map[string]string{}
	for _, account := range []string{"admin", "Old Name", "bi", "retired"} {
		text, _, err := svc.Issue(t.Context(), tokens.Operator(), tokens.Grant{Account: strings.ReplaceAll(strings.ToLower(account), " ", "-"), Packages: []string{"admin"}, Role: tokens.Root})
		if err != nil {
			t.Fatal(err)
		}
		texts[account] = text
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	// Back to the schema of the version before, with the tokens as it made them.
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("migrations/sqlite"), goose.WithTableName("schema_versions"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.DownTo(t.Context(), 4); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	old := `INSERT INTO tokens VALUES ('%s', x'00', '%s', '%s', '{}', '[]', '%s', 'operator', %d, NULL, NULL, 'operator', 1)`
	raw(t, path,
		"UPDATE tokens SET account = 'Old Name' WHERE account = 'old-name'",
		`UPDATE tokens SET packages = '["bi"]' WHERE account = 'bi'`,
		"UPDATE tokens SET state = 'disabled' WHERE account = 'retired'",
		fmt.Sprintf(old, "x1", "bi", `["admin"]`, "replaced", int64(1)<<60), // what counts is the token in use
		fmt.Sprintf(old, "x2", "admin", `["bi"]`, "replaced", 1),
		fmt.Sprintf(old, "x3", "tricky", `["x\"admin\"", "administrator"]`, "active", 1),
	)
	again := open(t, path)
	defer again.Close()
	accounts, err := again.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]tokens.Role{}
	for _, a := range accounts {
		got[a.Name] = a.Role
		if a.Agreement != tokens.DefaultAgreement || a.Disabled || a.CreatedBy != "migration" || a.CreatedAt.IsZero() {
			t.Errorf("account %+v", a)
		}
	}
	want := map[string]tokens.Role{"admin": tokens.Root, "Old Name": tokens.Root, "bi": tokens.Member, "retired": tokens.Root, "tricky": tokens.Member}
	if len(got) != len(want) {
		t.Errorf("accounts %v", got)
	}
	for name, role := range want {
		if got[name] != role {
			t.Errorf("%s is %q, want %q", name, got[name], role)
		}
	}
	svc = service(t, again)
	for _, account := range []string{"admin", "Old Name", "bi"} {
		p, err := svc.Verify(t.Context(), texts[account], anywhere)
		if err != nil {
			t.Fatalf("%s: %v", account, err)
		}
		if p.Account != account || p.Role != string(want[account]) || p.Has("admin") != (account != "bi") || p.Agreement.Name != tokens.DefaultAgreement {
			t.Errorf("%s is let in as %+v", account, p)
		}
		if p.Role != string(tokens.Root) {
			continue
		}
		if _, err := svc.SaveAccount(t.Context(), tokens.ActorOf(p), "shop", func(*tokens.Account) {}); err != nil {
			t.Errorf("%s cannot administer: %v", account, err)
		}
		if _, _, err := svc.Issue(t.Context(), tokens.ActorOf(p), tokens.Grant{Account: account, Packages: []string{"admin"}}); err != nil {
			t.Errorf("%s cannot have a new token: %v", account, err)
		}
	}
	if _, err := svc.Verify(t.Context(), texts["retired"], anywhere); schema.CodeOf(err) != schema.Unauthenticated {
		t.Errorf("a disabled token: %v", err)
	}
}

// databases are the kinds of databases there are: how to open an empty one, to run
// SQL behind the store's back, and to read all that is in it.
func databases(t testing.TB, f func(name, address string, exec func(text string) error, dump func() []byte)) {
	path := filepath.Join(t.TempDir(), "trama.db")
	f("SQLite", "sqlite:"+path, func(text string) error {
		db := must(sql.Open("sqlite", path))
		defer db.Close()
		_, err := db.Exec(text)
		return err
	}, func() []byte {
		var all []byte
		for _, name := range []string{path, path + "-wal"} {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, data...)
		}
		return all
	})
	if !servicetest.HasPostgres(t) {
		return // TestPostgres says so
	}
	address := servicetest.Postgres(t)
	f("PostgreSQL", address, func(text string) error {
		db := connect(t, address)
		defer db.Close()
		_, err := db.Exec(text)
		return err
	}, func() []byte { return dumpPostgres(t, address) })
}

// dumpPostgres reads every row of every table as text, and every value of bytes as
// it is.
func dumpPostgres(t testing.TB, address string) []byte {
	db := connect(t, address)
	defer db.Close()
	var names []string
	tables := must(db.Query("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"))
	for tables.Next() {
		var name string
		if err := tables.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	tables.Close()
	var all []byte
	for _, name := range names {
		rows := must(db.Query("SELECT * FROM " + name))
		columns := must(rows.Columns())
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				if b, ok := v.([]byte); ok {
					all = append(all, b...)
				}
				all = fmt.Appendf(all, " %v ", v)
			}
		}
		rows.Close()
	}
	return all
}

// TestDump: a copy of the database lets nobody in. Neither the texts of tokens nor
// their secrets are in it, in no form.
func TestDump(t *testing.T) {
	databases(t, func(name, address string, _ func(string) error, dump func() []byte) {
		t.Run("case="+name, func(t *testing.T) {
			s := openAt(t, address)
			defer s.Close()
			svc := service(t, s)
			var texts []string
			for i := range 20 {
				text, _, err := svc.Issue(t.Context(), tokens.Operator(), tokens.Grant{
					Account: fmt.Sprintf("a%d", i%5), Packages: []string{"bi"}, Role: tokens.Member, Claims: map[string]string{"shop": "canary-shop"},
				})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := svc.Verify(t.Context(), text, anywhere); err != nil {
					t.Fatal(err)
				}
				texts = append(texts, text)
				// What somebody tries with a token where no token belongs.
				_, _ = svc.Disable(t.Context(), tokens.Operator(), text)
				_, _, _ = svc.Issue(t.Context(), tokens.Operator(), tokens.Grant{Account: text, Packages: []string{"bi"}, Role: tokens.Member})
				_, _ = svc.SaveAccount(t.Context(), tokens.Operator(), text, func(*tokens.Account) {})
			}
			if err := svc.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			data := dump()
			if !bytes.Contains(data, []byte("canary-shop")) || !bytes.Contains(data, []byte(strings.Split(texts[0], "_")[2])) {
				t.Fatal("the dump has not what is stored")
			}
			for _, text := range texts {
				secret := text[strings.LastIndex(text, "_")+1:]
				if bytes.Contains(data, []byte(text)) || bytes.Contains(data, []byte(secret[:32])) || bytes.Contains(bytes.ToLower(data), []byte(fmt.Sprintf("%x", secret[:32]))) {
					t.Errorf("the secret of %s is in it", strings.Split(text, "_")[2])
				}
			}
		})
	})
}

// TestAuditAppendOnly: the database itself refuses to change what was written.
func TestAuditAppendOnly(t *testing.T) {
	databases(t, func(name, address string, exec func(string) error, _ func() []byte) {
		t.Run("case="+name, func(t *testing.T) {
			s := openAt(t, address)
			defer s.Close()
			svc := service(t, s)
			if err := svc.Append(t.Context(), tokens.Entry{Kind: "denied", Detail: "what was"}); err != nil {
				t.Fatal(err)
			}
			texts := []string{"UPDATE audit SET detail = ''", "DELETE FROM audit"}
			if name == "PostgreSQL" {
				texts = append(texts, "TRUNCATE audit")
			}
			for _, text := range texts {
				if err := exec(text); err == nil || !strings.Contains(err.Error(), "append-only") {
					t.Errorf("%s: %v", text, err)
				}
			}
			list, err := svc.Audit(t.Context(), tokens.AuditFilter{})
			if err != nil || len(list) != 1 || list[0].Detail != "what was" || time.Since(list[0].At) > time.Hour {
				t.Errorf("the audit %+v, %v", list, err)
			}
		})
	})
}

// Benchmarks on both databases: a token that was let in within the last second, one
// that is looked up, one that is made.
func BenchmarkTokens(b *testing.B) {
	databases(b, func(name, address string, _ func(string) error, _ func() []byte) {
		s := openAt(b, address)
		defer s.Close()
		cached, looked := service(b, s), service(b, s, tokens.WithCache(0))
		text, _, err := cached.Issue(b.Context(), tokens.Operator(), tokens.Grant{Account: "shop", Packages: []string{"bi"}, Role: tokens.Member})
		if err != nil {
			b.Fatal(err)
		}
		for kind, svc := range map[string]*tokens.Service{"cached": cached, "looked up": looked} {
			b.Run(name+"/verify "+kind, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := svc.Verify(b.Context(), text, anywhere); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(name+"/verify cached parallel", func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := cached.Verify(b.Context(), text, anywhere); err != nil {
						b.Error(err)
					}
				}
			})
		})
		b.Run(name+"/issue", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := cached.Issue(b.Context(), tokens.Operator(), tokens.Grant{Account: "shop", Packages: []string{"bi"}}); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}
