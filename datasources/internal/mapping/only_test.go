package mapping_test

import (
	"testing"

	"github.com/trama-graph/trama/datasources/internal/mapping"
)

// TestOnlyMember finds what a system keeps under a name nobody can know, as
// Dolibarr's linkedObjectsIds: {"commande": {"881": "104"}}.
func TestOnlyMember(t *testing.T) {
	for name, tc := range map[string]struct{ record, want string }{
		"one text":                     {`{"linked":{"order":{"881":"104"}}}`, "104"},
		"one number":                   {`{"linked":{"order":{"881":104}}}`, "104"},
		"two":                          {`{"linked":{"order":{"881":"104","882":"105"}}}`, ""},
		"none":                         {`{"linked":{"order":{}}}`, ""},
		"an empty list, as PHP writes": {`{"linked":[]}`, ""},
		"null":                         {`{"linked":null}`, ""},
		"an object":                    {`{"linked":{"order":{"881":{"id":1}}}}`, ""},
		"a null member":                {`{"linked":{"order":{"881":null}}}`, ""},
	} {
		t.Run("case="+name, func(t *testing.T) {
			doc, err := mapping.Parse([]byte(tc.record))
			if err != nil {
				t.Fatal(err)
			}
			p, err := mapping.ParsePath("linked.order.*")
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Find(doc.Root()).String(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
