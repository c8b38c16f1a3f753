package dataset

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed shipped/*.graphql
var shippedFiles embed.FS

// Shipped returns the texts of the datasets that come with Trama, by name, for Load.
// An operator's text of the same name takes the place of one.
func Shipped() (map[string]string, error) {
	const dir = "shipped"
	entries, err := shippedFiles.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list the shipped datasets: %w", err)
	}
	out := make(map[string]string, len(entries))
	for _, e := range entries {
		text, err := shippedFiles.ReadFile(dir + "/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("read the shipped datasets: %w", err)
		}
		out[strings.TrimSuffix(e.Name(), ".graphql")] = string(text)
	}
	return out, nil
}
