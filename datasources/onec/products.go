package onec

import (
	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// productColumns are the properties that must be read for the asked fields. A
// product's code is its article number, its record's code where it has none.
func (s *source) productColumns(_ string, o *object, f datasources.Fields) []string {
	cols := []string{"Ref_Key", o.prop("folder"), o.prop("sku"), o.prop("code")}
	for _, name := range []string{"name", "barcode", "unit", "taxRate"} {
		if f.Has(name) {
			cols = append(cols, o.prop(name))
		}
	}
	if f.Has("category") {
		cols = append(cols, o.prop("parent"))
	}
	if f.Has("active") {
		cols = append(cols, o.prop("deleted"))
	}
	return present(cols...)
}

// product reads a row. Its category is the folder it lies in.
func (b *builder) product(r row) (schema.Product, error) {
	d := &reads{r: r}
	o := b.o
	id := d.ref("Ref_Key")
	if d.err == nil && id == "" {
		return schema.Product{}, errNoKey
	}
	x := schema.Product{
		SKU:     d.text(o.prop("sku")),
		Name:    d.text(o.prop("name")),
		Barcode: d.text(o.prop("barcode")),
		TaxRate: taxRate(d.text(o.prop("taxRate"))),
	}
	x.Source, x.Key = b.s.cfg.Name, id
	if x.SKU == "" {
		x.SKU = d.text(o.prop("code"))
	}
	if folder := d.ref(o.prop("parent")); folder != "" {
		x.Category = b.lookup(tableFolder, folder).name
	}
	if unit := d.ref(o.prop("unit")); unit != "" {
		x.Unit = b.lookup(conceptUnit, unit).name
	}
	if deleted := d.bool(o.prop("deleted")); deleted != nil && b.fields.Has("active") {
		active := !*deleted
		x.Active = &active
	}
	return x, d.err
}

// productReader reads the catalogue of goods and services.
func (s *source) productReader() *reader[schema.Product, *schema.Product] {
	return &reader[schema.Product, *schema.Product]{
		s: s, e: s.desc.Entity("Product"), concepts: []string{conceptProduct},
		columns: (*source).productColumns,
		build:   func(b *builder, r row) (schema.Product, error) { return b.product(r) },
	}
}
