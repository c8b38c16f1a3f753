package onec

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// properties are those of one object: Edm type by name. Tabular parts have a
// type that begins with "Collection(".
type properties map[string]string

// The bounds of what is kept of a base: a document of the widest configurations
// has a few hundred properties.
const (
	maxProperties = 5000
	maxSets       = 100_000
)

// decodeMetadata reads $metadata as a stream and keeps the properties of the
// wanted types only: the whole is 15–17 MB with thousands of types (1C OData
// facts, §1). A type has the name of its set. A document that ends early is an
// error.
func decodeMetadata(r io.Reader, wanted map[string]bool) (map[string]properties, error) {
	found := make(map[string]properties, len(wanted))
	d := xml.NewDecoder(r)
	var current properties
	depth, at := 0, 0
	root := ""
	for {
		// Raw tokens: namespaces differ by platform version and are not needed.
		tok, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("onec: $metadata: %w", err)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			depth++
			if root == "" {
				root = t.Name.Local
			}
			switch t.Name.Local {
			case "EntityType":
				if name := attr(t, "Name"); wanted[name] {
					current, at = properties{}, depth
					found[name] = current
				}
			case "Property":
				if name := attr(t, "Name"); current != nil && name != "" && len(current) < maxProperties {
					current[name] = attr(t, "Type")
				}
			}
		case xml.EndElement:
			if depth == at {
				current, at = nil, 0
			}
			depth--
		}
	}
	if depth != 0 || root != "Edmx" {
		return nil, errors.New("onec: $metadata ends early")
	}
	return found, nil
}

func attr(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// decodeService reads the names of all published sets.
func decodeService(body []byte) ([]string, error) {
	if !utf8.Valid(body) {
		return nil, errors.New("onec: service document is not UTF-8")
	}
	var doc struct {
		Value []struct {
			Name string `json:"name"`
			URL  string `json:"url"`
		} `json:"value"`
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(&doc); err != nil {
		return nil, errors.New("onec: service document is not JSON of the expected form")
	}
	if doc.Value == nil {
		return nil, errors.New("onec: service document has no value")
	}
	if len(doc.Value) > maxSets {
		return nil, errors.New("onec: service document is too long")
	}
	names := make([]string, 0, len(doc.Value))
	for _, v := range doc.Value {
		// Both are the same in all known versions.
		if name := cmp.Or(v.Name, v.URL); name != "" {
			names = append(names, name)
		}
	}
	return names, nil
}
