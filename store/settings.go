package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
)

// serverKeySize is enough for an HMAC-SHA-512 key, from which keys for single
// purposes are derived.
const serverKeySize = 64

// ServerKey returns the server's secret, 64 random bytes made once. Whoever holds
// it can forge ids and check tokens: it never leaves the process.
func (s *Store) ServerKey(ctx context.Context) ([]byte, error) {
	key, err := s.setting(ctx, "server_key")
	if err == nil {
		return checkKey(s, key)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return nil, s.failed("read the server key", err)
	}
	err = s.write(ctx, "make the server key", func(tx *sql.Tx) error {
		fresh := make([]byte, serverKeySize)
		if _, err := rand.Read(fresh); err != nil {
			return err
		}
		// Two processes may start at once: the first one's key stays.
		if _, err := tx.ExecContext(ctx, "INSERT INTO settings (name, value) VALUES ('server_key', ?) ON CONFLICT (name) DO NOTHING", fresh); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, "SELECT value FROM settings WHERE name = 'server_key'").Scan(&key)
	})
	if err != nil {
		return nil, err
	}
	return checkKey(s, key)
}

func checkKey(s *Store, key []byte) ([]byte, error) {
	if len(key) != serverKeySize {
		return nil, s.failed("read the server key", errors.New("it has the wrong length"))
	}
	return key, nil
}

// maxSetting bounds what is kept under one name.
const maxSetting = 1 << 20

// Setting returns what was kept under a name, nil when there is nothing.
func (s *Store) Setting(ctx context.Context, name string) ([]byte, error) {
	value, err := s.setting(ctx, name)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return value, s.failed("read a setting", err)
}

func (s *Store) setting(ctx context.Context, name string) (value []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, shortCall)
	defer cancel()
	err = s.r.QueryRowContext(ctx, "SELECT value FROM settings WHERE name = ?", name).Scan(&value)
	return value, err
}

// SetSetting keeps a value of at most 1 MiB under a name, in the place of another.
func (s *Store) SetSetting(ctx context.Context, name string, value []byte) error {
	if name == "server_key" || len(value) > maxSetting {
		return s.failed("keep a setting", errors.New("it is not one"))
	}
	return s.write(ctx, "keep a setting", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
		return err
	})
}
