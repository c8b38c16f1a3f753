package policies

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// The bounds of a directory of policies.
const (
	maxFiles    = 1000
	maxFileSize = 1 << 20
)

// files lists the policy files at the root of a file system. What is no *.json is a
// mistake, as a deny in a file with a misspelt ending would not be in force; hidden
// names and *.md are passed over.
func files(fsys fs.FS) (names []string, err error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", plainCause(err))
	}
	var errs []error
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || strings.EqualFold(path.Ext(name), ".md") {
			continue
		}
		info, err := fs.Stat(fsys, name) // follows links, as mounted directories have them
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: cannot be read: %w", name, plainCause(err)))
		case info.IsDir():
			errs = append(errs, fmt.Errorf("%s: is a directory, which is not read", name))
		case !info.Mode().IsRegular():
			errs = append(errs, fmt.Errorf("%s: is no regular file", name))
		case !strings.HasSuffix(name, ".json"):
			errs = append(errs, fmt.Errorf("%s: is not read: policies are in files named *.json", name))
		default:
			names = append(names, name)
		}
	}
	if len(names) > maxFiles {
		errs = append(errs, fmt.Errorf("holds more than %d files", maxFiles))
	}
	return names, errors.Join(errs...)
}

// readFile reads one file, unless it is too large.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", plainCause(err))
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", plainCause(err))
	}
	if len(raw) > maxFileSize {
		return nil, fmt.Errorf("is larger than %d bytes", maxFileSize)
	}
	return raw, nil
}

// plainCause leaves out the operation and path an error of fs repeats.
func plainCause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
