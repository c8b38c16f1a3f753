package scan_test

import (
	"encoding/json"
	"testing"

	"github.com/trama-graph/trama/e2e/bench/scan"
)

func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		`[]`, `[{"id":"1","name":"a \"b\" \\"}]`, ` [ { "name" : null , "id" : [1,{"id":"}"}] } , {} ] `,
		`[{"id":1`, `[{"id"`, `{"id":1}`, `[{"id":"\\\""},{"id":-1.5e3,"x":[[]]}]`, `["`, `[{"`, `[{"a":"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var got []scan.Record
		ok := scan.Rows(text, []string{"id", "name"}, func(r *scan.Record) { got = append(got, *r) })
		var want []struct{ ID, Name json.RawMessage }
		var any []map[string]json.RawMessage
		if json.Unmarshal(text, &any) != nil || json.Unmarshal(text, &want) != nil || any == nil {
			return // whatever it reads of what is no list of objects: it has not fallen
		}
		for i := range any {
			if any[i] == nil {
				return // null among the objects
			}
		}
		if !ok || len(got) != len(want) {
			t.Fatalf("got %v with %d records, want %d", ok, len(got), len(want))
		}
		for i := range any {
			for k, name := range []string{"id", "name"} {
				// A name that is written with escapes, or twice, is not the scanner's concern.
				if v, ok := any[i][name]; ok && len(any[i]) == 1 && got[i][k] != nil && string(got[i][k]) != string(v) {
					t.Errorf("got %s, want %s", got[i][k], v)
				}
			}
		}
	})
}
