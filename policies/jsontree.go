package policies

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// maxNesting is more than any document needs: policies, policy, conditions,
// condition, options, values.
const maxNesting = 12

// tree is a JSON value with its keys as they stand, so that unknown keys, keys that
// are there twice and keys in another case are seen. encoding/json passes over all
// three, and a policy whose "conditions" it does not know allows everybody.
type tree struct {
	kind    jsonKind
	text    string // of a string
	truth   bool
	items   []tree
	members []treeMember
}

type treeMember struct {
	key   string
	value tree
}

type jsonKind uint8

const (
	jsonNull jsonKind = iota
	jsonTruth
	jsonNumber
	jsonString
	jsonList
	jsonObject
)

// String names the kind as messages do.
func (k jsonKind) String() string {
	return [...]string{"null", "a truth value", "a number", "a text", "a list", "an object"}[k]
}

// parseTree reads one JSON value and nothing behind it. Keys that are there twice are
// reported to twice by their paths.
func parseTree(raw []byte, twice func(path string)) (tree, error) {
	if !utf8.Valid(raw) {
		return tree{}, errors.New("is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	t, err := parseValue(d, "", 0, twice)
	if err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the text ends too early")
		}
		return tree{}, fmt.Errorf("is not JSON: line %d: %w", 1+bytes.Count(raw[:min(int(d.InputOffset()), len(raw))], []byte("\n")), err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return tree{}, errors.New("something stands behind the document")
	}
	return t, nil
}

func parseValue(d *json.Decoder, path string, depth int, twice func(string)) (tree, error) {
	if depth > maxNesting {
		return tree{}, errors.New("is nested too deeply")
	}
	token, err := d.Token()
	if err != nil {
		return tree{}, err
	}
	switch x := token.(type) {
	case json.Delim:
		if x == '[' {
			return parseList(d, path, depth, twice)
		}
		return parseObject(d, path, depth, twice)
	case string:
		return tree{kind: jsonString, text: x}, nil
	case json.Number:
		return tree{kind: jsonNumber, text: x.String()}, nil
	case bool:
		return tree{kind: jsonTruth, truth: x}, nil
	}
	return tree{}, nil
}

func parseList(d *json.Decoder, path string, depth int, twice func(string)) (tree, error) {
	t := tree{kind: jsonList}
	for d.More() {
		v, err := parseValue(d, path+"["+strconv.Itoa(len(t.items))+"]", depth+1, twice)
		if err != nil {
			return tree{}, err
		}
		t.items = append(t.items, v)
	}
	_, err := d.Token()
	return t, err
}

func parseObject(d *json.Decoder, path string, depth int, twice func(string)) (tree, error) {
	t := tree{kind: jsonObject}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return tree{}, err
		}
		key, _ := token.(string)
		at := keyPath(path, key)
		if seen[key] {
			twice(at)
		}
		seen[key] = true
		v, err := parseValue(d, at, depth+1, twice)
		if err != nil {
			return tree{}, err
		}
		t.members = append(t.members, treeMember{key, v})
	}
	_, err := d.Token()
	return t, err
}

// keyPath is the path of a key: policies[0].conditions["row.shop"].
func keyPath(path, key string) string {
	for _, r := range key {
		if r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return path + "[" + strconv.Quote(key) + "]"
		}
	}
	if path == "" {
		return key
	}
	return path + "." + key
}
