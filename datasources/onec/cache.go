package onec

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// cacheFormat counts the forms of the cache's files.
const cacheFormat = 1

// cache keeps on disk what was learned from $metadata, one file per source.
// The zero value keeps nothing.
type cache struct{ path string }

// newCache names the file after the source and the address, so that two bases
// never share one.
func newCache(dir, source, base string) cache {
	if dir == "" {
		return cache{}
	}
	sum := sha256.Sum256([]byte(source + "\n" + base))
	return cache{path: filepath.Join(dir, "onec-"+hex.EncodeToString(sum[:8])+".json")}
}

type cached struct {
	Format      int                   `json:"format"`
	Fingerprint string                `json:"fingerprint"`
	Sets        map[string]properties `json:"sets"`
}

// load returns what is kept under the fingerprint. Anything else, a torn or
// foreign file too, is as good as nothing: it is written again.
func (c cache) load(fingerprint string) (map[string]properties, bool) {
	if c.path == "" {
		return nil, false
	}
	text, err := os.ReadFile(c.path)
	if err != nil {
		return nil, false
	}
	var doc cached
	if json.Unmarshal(text, &doc) != nil || doc.Format != cacheFormat || doc.Fingerprint != fingerprint || doc.Sets == nil {
		return nil, false
	}
	return doc.Sets, true
}

// store replaces the file as a whole: a reader never sees half of one.
func (c cache) store(fingerprint string, sets map[string]properties) error {
	if c.path == "" {
		return nil
	}
	text, err := json.Marshal(cached{Format: cacheFormat, Fingerprint: fingerprint, Sets: sets})
	if err != nil {
		return fmt.Errorf("encode names: %w", err)
	}
	dir := filepath.Dir(c.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make cache folder: %w", err)
	}
	f, err := os.CreateTemp(dir, "onec-*.tmp")
	if err != nil {
		return fmt.Errorf("write names: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // does nothing once it is renamed
	_, err = f.Write(text)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), c.path)
	}
	if err != nil {
		return fmt.Errorf("write names: %w", err)
	}
	return nil
}

// drop forgets the file.
func (c cache) drop() {
	if c.path != "" {
		_ = os.Remove(c.path)
	}
}
