package canary

import "fmt"

// customers makes two customers that both systems know: the first is recognised by
// his fiscal number, the second by the key that beta stores. The systems disagree
// about name, e-mail and telephone.
func (w *World) customers() {
	for i := range 2 {
		tax := w.taxID(fmt.Sprintf("Customer.taxId of %d", i+1))
		var made []*Row
		for _, source := range []string{Alpha, Beta} {
			r := &Row{Type: "Customer", Name: fmt.Sprintf("customer-%s%d", source[:1], i+1), Source: source, Golden: i + 1, Texts: map[string]string{}, Links: map[string]*Row{}, record: map[string]any{}}
			w.Rows = append(w.Rows, r)
			made = append(made, r)
			key := w.text("key of "+r.Name, "")
			r.Key, r.record["id"] = key.Canary, key.Canary
			w.member(key, r, "recordId")
			code := w.text("code of "+r.Name, "")
			r.record["code"] = code.Canary
			w.member(code, r, "code")
			r.record["country"] = "MD"
			if i == 0 || source == Alpha {
				r.record["taxId"] = tax.Canary
				r.Texts["taxId"] = tax.Canary
			}
			for _, c := range customerColumns() {
				cell := w.cell(c, "Customer."+c.name+" of "+r.Name)
				r.record[c.name] = cell.Canary
				f := c.name
				switch f {
				case "street", "city", "postalCode":
					f = "address"
				}
				whole := Field{"Customer", f}
				if source == Owner(f) {
					cell.Paths = append(cell.Paths, Path{r, []Field{whole}})
					r.Texts[c.name] = cell.Canary
				}
				if c.kind == moment {
					continue // of the other system it is shown nowhere
				}
				cell.Paths = append(cell.Paths, Path{r, []Field{{"Customer", "provenance"}, {"FieldProvenance", "alternatives"}, {"FieldAlternative", "value"}, whole}})
			}
		}
		if i == 1 {
			made[1].record["alphaKey"] = made[0].Key
		}
		tax.Paths = []Path{
			{made[0], []Field{{"Customer", "taxId"}}},
		}
		w.Customers[i] = made
	}
}

// member lets a cell be seen wherever a member of a customer is shown.
func (w *World) member(c *Cell, r *Row, field string) {
	c.Paths = append(c.Paths,
		Path{r, []Field{{"Customer", "members"}, {"CustomerMember", field}}},
		Path{r, []Field{{"Customer", "conflicts"}, {"CustomerConflict", "records"}, {"CustomerMember", field}}},
	)
}

// Owner is the system a field of Customer is taken from, as Config says; of its
// times, the system that has the first entry, and the latest change.
func Owner(field string) string {
	switch field {
	case "email", "website", "address", "updatedAt":
		return Beta
	}
	return Alpha
}

func customerColumns() []column {
	return []column{
		{"name", text},
		{"legalName", text},
		{"email", email},
		{"phone", number},
		{"website", text},
		{"street", text},
		{"city", text},
		{"postalCode", text},
		{"createdAt", moment},
		{"updatedAt", moment},
	}
}
