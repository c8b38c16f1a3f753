package rest

import (
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
)

// TestCoveredLevels: a column that no record has is a warning, one that no line has is
// told only.
func TestCoveredLevels(t *testing.T) {
	for name, c := range map[string]struct {
		coverage mapping.Coverage
		want     datasources.Level
	}{
		"a column":             {mapping.Coverage{Field: "paid", Paths: []string{"regle"}, Records: 3}, datasources.Warn},
		"of lines":             {mapping.Coverage{Field: "lines.discount", Paths: []string{"remise"}, Records: 3}, datasources.OK},
		"of lines, and broken": {mapping.Coverage{Field: "lines.discount", Paths: []string{"remise"}, Records: 3, Problems: map[string]int{mapping.NotANumber: 1}}, datasources.Warn},
	} {
		t.Run("case="+name, func(t *testing.T) {
			if got := covered("Order", c.coverage); got.Level != c.want || got.Result == "" {
				t.Errorf("got %+v", got)
			}
		})
	}
}
