package unknown

import (
	"strconv"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// What a caller reads. Dolibarr's class members have other names than the columns that filters and sorting use: id for
// t.rowid, socid for t.fk_soc, date for t.date_commande, idprof1 for t.siren. Ids, statuses and amounts are strings, dates
// are seconds, and what is missing is null, an empty string or an empty list, as PHP left it.

func status(n int64) []member {
	t := strconv.FormatInt(n, 10)
	return []member{text("statut", t), text("status", t)}
}

func (s *Shop) thirdparty(rec Record, _ bool) []member {
	c := s.world.Customer(rec.Customer)
	b := &c.Books[rec.Index]
	id1, id2 := professional(c)
	return []member{
		text("id", rec.ID), text("ref", rec.ID), text("entity", "1"), text("name", b.Description), text("name_alias", c.Latin), text("code_client", rec.Number),
		text("client", "1"), text("fournisseur", "0"), text("status", strconv.FormatInt(open(c, rec.Index), 10)),
		text("idprof1", id1), text("idprof2", id2), text("idprof3", ""), orNull("tva_intra", c.Fiscal.VAT),
		text("email", c.Email), text("phone", c.Phone), orNull("url", c.Web), text("address", c.Address.Street), text("zip", c.Address.Zip), text("town", c.Address.City),
		text("country_code", c.Country.String()), text("country", c.Address.Country), text("multicurrency_code", c.Currency),
		unix("date_creation", c.Created), unix("date_modification", c.Modified),
		{"array_options", []byte("[]")},
	}
}

func (s *Shop) product(rec Record, _ bool) []member {
	p := &s.world.Products[rec.Index]
	return []member{
		text("id", rec.ID), text("ref", p.SKU), text("entity", "1"), text("label", p.NameFR), text("description", p.Name), orNull("barcode", p.EAN),
		text("type", strconv.FormatInt(truth(p.IsService), 10)), text("status", strconv.FormatInt(truth(p.IsActive), 10)), text("status_buy", "1"),
		amount("price", p.Price), amount("price_ttc", p.Price+(p.Price+2)/5), text("price_base_type", "HT"), text("tva_tx", "20.0000"),
		{"stock_reel", number(quantity(p.Stock))},
		{"stock_theorique", number(quantity(p.Stock - p.Reserved))},
		orNull("fk_unit", p.Unit),
		unix("date_modification", p.Modified),
		{"array_options", []byte("[]")},
	}
}

func (s *Shop) proposal(rec Record, linked bool) []member {
	q := s.world.Quote(rec.Customer, rec.Index)
	members := s.head(rec, q.Number, q.Currency)
	members = append(members, status(quoteStatus(q))...)
	return append(members, unix("date", s.day(q.Date)), unix("datep", s.day(q.Date)), unix("fin_validite", s.day(q.DueDate)), unix("date_creation", q.CreatedOn),
		unix("date_modification", q.ModifiedOn), amount("total_ht", q.Net), amount("total_tva", q.VAT), amount("total_ttc", q.Total),
		orNull("note_public", q.Title), links(linked, "commande", s.sets["orders"].byDoc[at{rec.Customer, q.Order}]), s.lines(rec, q.Lines))
}

func (s *Shop) order(rec Record, linked bool) []member {
	o := s.world.Order(rec.Customer, rec.Index)
	members := s.head(rec, o.Number, o.Currency)
	members = append(members, status(orderStatus(o))...)
	return append(members, text("billed", strconv.FormatInt(truth(o.Paid > 0), 10)), unix("date", s.day(o.Date)), unix("date_commande", s.day(o.Date)),
		unix("delivery_date", s.day(o.DueDate)), unix("date_creation", o.CreatedOn), unix("date_modification", o.ModifiedOn),
		amount("total_ht", o.Net), amount("total_tva", o.VAT), amount("total_ttc", o.Total), orNull("note_public", o.Notes),
		links(linked, "propal", rec.Of), s.lines(rec, o.Lines))
}

func (s *Shop) invoice(rec Record, linked bool) []member {
	v := s.world.Invoice(rec.Customer, rec.Index)
	state, paid := invoiceStatus(v)
	members := s.head(rec, v.OrderNumber, v.Currency)
	members = append(members, status(state)...)
	// The two sums are computed in PHP and differ in type: one is a number, the other a string.
	return append(members, text("paye", strconv.FormatInt(paid, 10)), text("type", "0"), unix("date", s.day(v.Date)), unix("date_lim_reglement", s.day(v.DueDate)),
		unix("date_creation", v.Date), unix("date_modification", invoiceChanged(v)),
		amount("total_ht", v.Net), amount("total_tva", v.VAT), amount("total_ttc", v.Total),
		member{"totalpaid", number(cents(v.Paid))}, amount("remaintopay", v.Total-v.Paid), orNull("note_public", v.Comment),
		links(linked, "commande", rec.Of), s.lines(rec, v.Lines))
}

func (s *Shop) shipment(rec Record, linked bool) []member {
	o := s.world.Order(rec.Customer, rec.Index)
	members := []member{text("id", rec.ID), text("ref", rec.Number), text("entity", "1"), text("socid", rec.Owner), orNull("ref_customer", o.Number)}
	members = append(members, status(2)...)
	return append(members, text("origin", "commande"), text("origin_id", rec.Of), unix("date_creation", o.Delivered), unix("date_delivery", o.Delivered),
		unix("date_modification", o.Delivered), text("tracking_number", tracking(rec.ID)), text("shipping_method_id", "2"), text("weight", "1.5"), text("weight_units", "0"),
		links(linked, "commande", rec.Of), s.lines(rec, o.Lines))
}

// head is what all documents begin with. The totals are in the customer's currency: the shop's rate is always one.
func (s *Shop) head(rec Record, client, currency string) []member {
	return []member{
		text("id", rec.ID), text("ref", rec.Number), null("ref_ext"), orNull("ref_client", client), text("entity", "1"), text("socid", rec.Owner),
		text("multicurrency_code", currency), text("multicurrency_tx", "1.00000000"),
		{"array_options", []byte("[]")},
	}
}

// links is linkedObjectsIds: null where it was not loaded, an empty list (PHP's empty array) where nothing is linked, else an
// object of objects, {"commande":{"881":"104"}}.
func links(linked bool, kind, id string) member {
	switch {
	case !linked:
		return null("linkedObjectsIds")
	case id == "":
		return member{"linkedObjectsIds", []byte("[]")}
	}
	inner := object(nil, []member{text("8"+id, id)})
	return member{"linkedObjectsIds", object(nil, []member{{kind, inner}})}
}

func (s *Shop) lines(rec Record, list []world.Line) member {
	b := []byte{'['}
	for i := range list {
		l := &list[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = object(b, []member{
			text("id", rec.ID+strconv.Itoa(100+i)), text("rang", strconv.Itoa(i+1)), text("fk_product", s.sets["products"].rows[l.Product].rec.ID),
			text("product_ref", l.SKU), text("product_label", l.Name), text("qty", quantity(l.Quantity).Trim(0).String()), amount("subprice", l.Price),
			text("remise_percent", strconv.Itoa(l.Discount)), text("tva_tx", strconv.Itoa(l.VATRate)+".0000"),
			amount("total_ht", l.Net), amount("total_tva", l.VAT), amount("total_ttc", l.Total), orNull("fk_unit", l.Unit),
		})
	}
	return member{"lines", append(b, ']')}
}

// payments answers invoices/ID/payments. Their dates are texts in the server's clock, unlike all others.
func (s *Shop) payments(rec Record) []byte {
	b := []byte{'['}
	for i, p := range s.world.Invoice(rec.Customer, rec.Index).Payments {
		if i > 0 {
			b = append(b, ',')
		}
		b = object(b, []member{
			amount("amount", p.Amount), text("type", "VIR"), text("date", p.Date.In(s.opts.Zone).Format("2006-01-02 15:04:05")), text("num", p.Number),
			text("ref", "PAY-"+rec.Number+"-"+strconv.Itoa(i+1)),
		})
	}
	return append(b, ']')
}
