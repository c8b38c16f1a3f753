package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/odata/odatatest"
)

// TestTypedClientOfTables makes a client of the $metadata that the door gives, and has it
// read every page of every shipped dataset: it knows each column by name and type, no row
// is without a key, and what it has read is what was sent.
func TestTypedClientOfTables(t *testing.T) {
	s := demo(t, "--supply", "copy", "--customers", "60")
	f := &feed{server: s, token: s.tokens["bi"], base: s.URL}
	resp, metadata := f.get(t, "/odata/$metadata")
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %.300s", resp.Status, metadata)
	}
	client := odatatest.New(t, []byte(metadata))
	texts, err := dataset.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	if len(texts) != 13 {
		t.Errorf("%d datasets are shipped", len(texts))
	}
	for set := range texts {
		rows := 0
		for path := "/odata/" + set; path != ""; {
			resp, page := f.get(t, path)
			if resp.StatusCode != http.StatusOK {
				t.Fatalf("%s: %s %.300s", path, resp.Status, page)
			}
			out, err := client.Read(t, set, page)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			sent, read := jsonOf(t, page), jsonOf(t, string(out))
			if diff := cmp.Diff(sent, read); diff != "" {
				t.Fatalf("%s: %.2000s", path, diff)
			}
			list, _ := sent["value"].([]any)
			rows += len(list)
			path, _ = sent["@odata.nextLink"].(string)
		}
		if rows == 0 {
			t.Errorf("%s has no rows", set)
		}
	}
}

// jsonOf reads an object with its numbers as they are written.
func jsonOf(t testing.TB, text string) (v map[string]any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
