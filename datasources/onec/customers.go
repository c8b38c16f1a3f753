package onec

import (
	"context"
	"errors"
	"strings"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/internal/places"
)

// IndexCustomers implements datasources.CustomerIndexer: the whole catalogue page
// by page, without folders, with the records marked for deletion.
func (s *source) IndexCustomers(ctx context.Context, f func([]datasources.CustomerRecord) error) error {
	m, err := s.model(ctx)
	if err != nil {
		return err
	}
	o := m.object(conceptCustomer)
	if o == nil {
		return notEnabled(s.cfg.Name, conceptCustomer)
	}
	q := request{name: "customers", set: o.set, order: "Ref_Key", top: s.cfg.Page, cols: present(append([]string{
		"Ref_Key", o.prop("deleted"), o.prop("folder"), o.prop("code"), o.prop("name"), o.prop("legalName"), o.prop("taxId"), o.prop("isPerson"),
	}, o.parts...)...)}
	if folder := o.prop("folder"); folder != "" {
		q.filter = folder + " eq false"
	}
	seen := map[string]bool{}
	for {
		var page []datasources.CustomerRecord
		n, fresh := 0, 0
		_, err := s.client.rows(ctx, q, func(rows []row) error {
			n, page = len(rows), make([]datasources.CustomerRecord, 0, len(rows))
			for _, r := range rows {
				c, isFolder, err := s.customer(o, r)
				if err != nil {
					return err
				}
				if !isFolder {
					page = append(page, c)
				}
			}
			return nil
		})
		if err != nil {
			return asError(s.cfg.Name, err)
		}
		kept := page[:0]
		for _, c := range page {
			// Pages shift while records are added: one may come twice.
			if seen[c.ID] {
				continue
			}
			seen[c.ID] = true
			fresh++
			kept = append(kept, c)
		}
		if len(page) > 0 && fresh == 0 {
			return asError(s.cfg.Name, errors.New("the same page came twice"))
		}
		if len(kept) > 0 {
			if err := f(kept); err != nil {
				return err
			}
		}
		if n < q.top {
			return nil
		}
		q.skip += n
	}
}

// customer reads a row of the catalogue of counterparties.
func (s *source) customer(o *object, r row) (c datasources.CustomerRecord, isFolder bool, err error) {
	d := &reads{r: r}
	c = datasources.CustomerRecord{
		ID:        d.ref("Ref_Key"),
		Code:      d.text(o.prop("code")),
		Name:      d.text(o.prop("name")),
		LegalName: d.text(o.prop("legalName")),
		TaxID:     d.text(o.prop("taxId")),
		IsPerson:  isPerson(d.text(o.prop("isPerson"))),
	}
	if deleted := d.bool(o.prop("deleted")); deleted != nil {
		c.Deleted = *deleted
	}
	if folder := d.bool(o.prop("folder")); folder != nil {
		isFolder = *folder
	}
	for _, part := range o.parts {
		d.keep(contacts(&c, r, part))
	}
	if c.Country == "" {
		c.Country = s.cfg.Country
	}
	if d.err == nil && c.ID == "" {
		return c, false, errNoKey
	}
	return c, isFolder, d.err
}

// isPerson reads the enumerations ЮридическоеФизическоеЛицо (ФизическоеЛицо) and
// ЮрФизЛицо (ФизЛицо). A sole trader trades under a number of his own and counts
// as a company.
func isPerson(s string) bool { return strings.HasPrefix(s, "Физ") }

// contacts reads the tabular part of contact details: of each kind the first
// counts (1C OData facts, §2).
func contacts(c *datasources.CustomerRecord, r row, part string) error {
	rows, err := r.part(part, newColumns("Тип", "Представление", "АдресЭП", "НомерТелефона", "Город", "Страна"))
	if err != nil {
		return err
	}
	for _, r := range rows {
		d := &reads{r: r}
		text := d.text("Представление")
		set := func(field *string, values ...string) {
			for _, v := range values {
				if *field == "" {
					*field = v
				}
			}
		}
		switch d.text("Тип") {
		case "АдресЭлектроннойПочты":
			set(&c.Email, d.text("АдресЭП"), text)
		case "Телефон":
			set(&c.Phone, text, d.text("НомерТелефона"))
		case "ВебСтраница":
			set(&c.Website, text)
		case "Адрес":
			if c.Street == "" {
				c.Street, c.City = text, d.text("Город")
			}
			set(&c.Country, places.CountryCode(d.text("Страна")))
		}
		if d.err != nil {
			return d.err
		}
	}
	return nil
}
