package library

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/trama-graph/trama/graph/dataset"
)

// maxFiles is how many names a directory is looked through for.
const maxFiles = 2 * dataset.MaxDatasets

// readDir reads the texts of a directory, by name. A file that is none, or cannot be
// read, is a problem of its own; hidden names, names ending in ~ and *.md are passed
// over. The error says that the directory itself cannot be read. dir may be "".
func readDir(dir string) (texts map[string]string, problems []dataset.Problem, err error) {
	if dir == "" {
		return nil, nil, nil
	}
	fsys := os.DirFS(dir)
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, nil, plain(err)
	}
	texts = map[string]string{}
	for i, e := range entries {
		name := e.Name()
		refuse := func(reason string) { problems = append(problems, dataset.Problem{File: name, Reason: reason}) }
		if i >= maxFiles {
			refuse(fmt.Sprintf("the directory has more than %d files: this one and those behind it are not read", maxFiles))
			break
		}
		if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || strings.EqualFold(path.Ext(name), ".md") {
			continue
		}
		info, err := fs.Stat(fsys, name) // follows links, as mounted directories have them
		switch stem, isDataset := strings.CutSuffix(name, ".graphql"); {
		case err != nil:
			refuse("cannot be read: " + plain(err).Error())
		case info.IsDir():
			refuse("is a directory, which is not read")
		case !info.Mode().IsRegular():
			refuse("is no regular file")
		case !isDataset:
			refuse("is not read: datasets are in files named NAME.graphql")
		default:
			text, err := readFile(fsys, name)
			if err != nil {
				refuse("cannot be read: " + plain(err).Error())
				continue
			}
			texts[stem] = text
		}
	}
	return texts, problems, nil
}

// readFile reads one byte more than a dataset may have, so that dataset.Read refuses
// it.
func readFile(fsys fs.FS, name string) (_ string, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	raw, err := io.ReadAll(io.LimitReader(f, dataset.MaxBytes+1))
	return string(raw), err
}

// plain is the cause without the path, which the problem has already.
func plain(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
