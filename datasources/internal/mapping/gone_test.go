package mapping_test

import (
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/mapping"
	"github.com/trama-graph/trama/schema"
)

// TestGarbledMarksOfDeletion: only what was agreed on says that a record is deleted.
func TestGarbledMarksOfDeletion(t *testing.T) {
	plain := mapping.Field{At: []string{"gone"}}
	inverse := mapping.Field{At: []string{"gone"}, Inverse: true}
	words := mapping.Field{At: []string{"gone"}, Map: map[string]string{"active": "false", "inactive": "true"}}
	flags := mapping.Field{At: []string{"gone"}, Map: map[string]string{"0": "true", "1": "false"}}
	for name, c := range map[string]struct {
		field  mapping.Field
		record string
		gone   bool
	}{
		"true":                    {plain, `"gone":true`, true},
		"a word":                  {plain, `"gone":"Yes"`, true},
		"false":                   {plain, `"gone":false`, false},
		"null":                    {plain, `"gone":null`, false},
		"absent":                  {plain, `"x":1`, false},
		"a text":                  {plain, `"gone":"maybe"`, false},
		"a number":                {plain, `"gone":7`, false},
		"a fraction":              {plain, `"gone":1.0`, false},
		"an object":               {plain, `"gone":{"is":true}`, false},
		"a list":                  {plain, `"gone":[true]`, false},
		"twice":                   {plain, `"gone":true,"gone":true`, false},
		"a date":                  {plain, `"gone":"2026-01-01"`, false},
		"inverse":                 {inverse, `"gone":false`, true},
		"inverse, a text":         {inverse, `"gone":"maybe"`, false},
		"inverse, null":           {inverse, `"gone":null`, false},
		"inverse, an object":      {inverse, `"gone":{}`, false},
		"inverse, twice":          {inverse, `"gone":false,"gone":false`, false},
		"mapped":                  {words, `"gone":"inactive"`, true},
		"mapped, another word":    {words, `"gone":"true"`, false},
		"mapped, a truth value":   {words, `"gone":true`, false},
		"mapped, a number":        {words, `"gone":1`, false},
		"mapped, an unknown word": {words, `"gone":"archived"`, false},
		"flags":                   {flags, `"gone":0`, true},
		"flags, another word":     {flags, `"gone":"yes"`, false},
	} {
		t.Run("case="+name, func(t *testing.T) {
			record := parse(t, `[{"id":1,`+c.record+`}]`)
			fields := mapping.Fields{"id": {At: []string{"id"}}, "deleted": c.field}
			rows := run[schema.Invoice](t, mapping.Options{Source: "erp", Entity: "Invoice", Fields: fields}, record)
			if (rows.Gone == 1) != c.gone || (len(rows.Rows) == 1) == c.gone {
				t.Errorf("got %+v", rows)
			}
			of := run[datasources.CustomerRecord](t, mapping.Options{Source: "erp", Entity: "Customer", Fields: fields}, record)
			if len(of.Rows) != 1 || of.Rows[0].Deleted != c.gone {
				t.Errorf("of customers: %+v", of)
			}
		})
	}
}
