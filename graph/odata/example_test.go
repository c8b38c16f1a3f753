package odata_test

import (
	"fmt"

	"github.com/trama-graph/trama/graph/odata"
)

// What Power Query sends for an incremental refresh, and what becomes of it.
func ExampleParse() {
	q, err := odata.Parse("/invoices",
		"%24filter=modifiedAt%20ge%202026-01-01T00:00:00Z%20and%20modifiedAt%20lt%202026-02-01T00:00:00Z&$select=amount,key&api_key=secret",
		sets, odata.Limits{})
	if err != nil {
		fmt.Println(odata.Status(err), err)
		return
	}
	fmt.Println(q.Filter)
	fmt.Println(q.Filter.Columns(), q.Select, q.Order)
	fmt.Println(q.Context("https://api.example.md/odata"))

	_, err = odata.Parse("/invoices", "$filter=amount gt 5 and custmerName eq 'x'", sets, odata.Limits{})
	fmt.Println(odata.Status(err), err)
	// Output:
	// (modifiedAt ge 2026-01-01T00:00:00Z) and (modifiedAt lt 2026-02-01T00:00:00Z)
	// [5] [0 4] [{0 false}]
	// https://api.example.md/odata/$metadata#invoices(key,amount)
	// 400 $filter: invoices has no column "custmerName" that it can be filtered by, did you mean customerName? (at position 17)
}
