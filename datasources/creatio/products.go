package creatio

import "github.com/trama-graph/trama/schema"

// archiveColumn takes a product out of sale although it is active.
const archiveColumn = "IsArchive"

func productShape() *shape {
	sh := newShape(
		"Product", setProduct,
		column{field: "sku", up: "Code"},
		column{field: "name", up: "Name"},
		column{field: "barcode"},
		column{field: "category", up: "CategoryId", kind: lookup, table: "ProductCategory"},
		column{field: "unit", up: "UnitId", kind: lookup, table: tableUnit},
		column{field: "price", up: "Price", kind: number, sort: true},
		column{field: "currency", up: "CurrencyId", kind: lookup, table: tableCurrency},
		column{field: "taxRate", up: "TaxId", kind: lookup, table: tableTax},
		column{field: "active", up: "Active", kind: truth},
	)
	sh.number, sh.money = "sku", true
	sh.notes = "Active means active and not archived. Stock is not read."
	return sh
}

func buildProduct(b *builder, r *record) schema.Product {
	x := schema.Product{
		Record:   b.record(r),
		SKU:      b.text(r, "sku"),
		Name:     b.text(r, "name"),
		Barcode:  b.text(r, "barcode"),
		Category: b.text(r, "category"),
		Unit:     b.text(r, "unit"),
		Price:    b.money(r, "price"),
		TaxRate:  b.percent(r, "taxRate"),
		Active:   r.cell("active").flag,
	}
	if archived := r.archived(); x.Active != nil && archived {
		no := false
		x.Active = &no
	}
	return x
}

func (r *record) archived() bool {
	if !r.sel.archive {
		return false
	}
	for i, name := range r.sel.extra {
		if name == archiveColumn {
			flag := r.cells[len(r.sel.columns)+i].flag
			return flag != nil && *flag
		}
	}
	return false
}
