package unknown

import (
	"fmt"
	"strconv"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// serials give ids that grow and have gaps, as those of a table from which rows were deleted.
type serials struct{ next, step int }

func (s *serials) take() string {
	id := s.next
	s.next += s.step
	return strconv.Itoa(id)
}

// numbers count the documents of a month: CO2603-0042.
type numbers struct {
	prefix string
	given  map[string]int
}

func (n *numbers) take(on time.Time) string {
	month := on.Format("0601")
	n.given[month]++
	return fmt.Sprintf("%s%s-%04d", n.prefix, month, n.given[month])
}

func (s *Shop) set(name, singular string, columns ...string) *shopSet {
	t := &shopSet{name: name, singular: singular, columns: columns, byID: map[string]int{}, byNumber: map[string]int{}, byDoc: map[at]string{}}
	s.sets[name] = t
	return t
}

// day is the local midnight that a DATE column stands for.
func (s *Shop) day(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	y, m, d := t.In(s.opts.Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, s.opts.Zone)
}

// fill numbers the world's rows. Everything that a document points to is numbered before it.
func (s *Shop) fill() {
	s.sets = map[string]*shopSet{}
	customers := bookCustomers(s.world)
	parties := s.fillThirdparties(customers)
	s.fillProducts()
	proposals := s.fillProposals(customers, parties)
	orders, shipped := s.fillOrders(customers, parties, proposals)
	s.fillInvoices(customers, parties, orders)
	s.fillShipments(shipped, orders)
}

// parties are the ids of a customer's third parties, one for each of its counterparties in the books.
type parties map[int][]string

func (s *Shop) fillThirdparties(customers []*world.Customer) parties {
	t := s.set("thirdparties", "Third party", "rowid", "nom", "code_client", "siren", "siret", "tva_intra", "email", "phone", "zip", "town", "status", "datec", "tms")
	t.render = s.thirdparty
	var docs []document
	byNumber := map[int]*world.Customer{}
	for _, c := range customers {
		byNumber[c.Number] = c
		for k := range c.Books {
			docs = append(docs, document{customer: c.Number, index: k, at: c.Created})
		}
	}
	ids, codes, found := serials{17, 2}, numbers{"CU", map[string]int{}}, parties{}
	for _, d := range inOrder(docs) {
		c := byNumber[d.customer]
		rec := Record{ID: ids.take(), Number: codes.take(d.at), Customer: d.customer, Index: d.index}
		if found[d.customer] == nil {
			found[d.customer] = make([]string, len(c.Books))
		}
		found[d.customer][d.index] = rec.ID
		siren, siret := professional(c)
		t.add(rec, idCell(rec.ID), textCell(c.Books[d.index].Description), textCell(rec.Number), nullable(siren), nullable(siret), nullable(c.Fiscal.VAT),
			nullable(c.Email), nullable(c.Phone), nullable(c.Address.Zip), nullable(c.Address.City), intCell(open(c, d.index)), timeCell(c.Created), timeCell(c.Modified))
	}
	return found
}

// professional are idprof1 and idprof2: SIREN and SIRET in France; elsewhere the first is the country's fiscal number.
func professional(c *world.Customer) (id1, id2 string) {
	if c.Fiscal.Type == "SIRET" {
		return c.Fiscal.Number[:9], c.Fiscal.Number
	}
	return c.Fiscal.Number, c.Fiscal.KPP
}

// open is the status of a third party: 0 closed, 1 open.
func open(c *world.Customer, k int) int64 {
	if c.Books[k].DeletionMark {
		return 0
	}
	return 1
}

func idCell(id string) cell {
	n, _ := strconv.ParseInt(id, 10, 64) // our own serial
	return intCell(n)
}

func (s *Shop) fillProducts() {
	t := s.set("products", "Product", "rowid", "ref", "label", "barcode", "price", "tosell", "fk_product_type", "stock", "tms")
	t.render = s.product
	ids := serials{3, 1}
	for i := range s.world.Products {
		p := &s.world.Products[i]
		rec := Record{ID: ids.take(), Number: p.SKU, Index: i}
		t.add(rec, idCell(rec.ID), textCell(p.SKU), textCell(p.NameFR), nullable(p.EAN), decimalCell(cents(p.Price)), intCell(truth(p.IsActive)),
			intCell(truth(p.IsService)), decimalCell(quantity(p.Stock)), timeCell(p.Modified))
	}
}

func truth(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

func (s *Shop) fillProposals(customers []*world.Customer, owners parties) map[at]string {
	t := s.set("proposals", "Commercial Proposal", "rowid", "ref", "ref_client", "fk_soc", "fk_statut", "datep", "datec", "fin_validite", "tms", "total_ht", "total_ttc")
	t.render = s.proposal
	var docs []document
	quotes := map[at]*world.Quote{}
	for _, c := range customers {
		list := s.world.Quotes(c.Number)
		for k := range list {
			docs = append(docs, document{customer: c.Number, index: k, at: list[k].CreatedOn})
			quotes[at{c.Number, k}] = &list[k]
		}
	}
	ids, refs, found := serials{40, 3}, numbers{"PR", map[string]int{}}, map[at]string{}
	for _, d := range inOrder(docs) {
		q := quotes[at{d.customer, d.index}]
		rec := Record{ID: ids.take(), Owner: owners[d.customer][0], Customer: d.customer, Index: d.index}
		rec.Number = numberOf(&refs, rec.ID, q.Stage == world.QuoteQualification, d.at)
		found[at{d.customer, d.index}] = rec.ID
		t.add(rec, idCell(rec.ID), textCell(rec.Number), nullable(q.Number), idCell(rec.Owner), intCell(quoteStatus(q)), timeCell(s.day(q.Date)),
			timeCell(q.CreatedOn), timeCell(s.day(q.DueDate)), timeCell(q.ModifiedOn), decimalCell(cents(q.Net)), decimalCell(cents(q.Total)))
	}
	return found
}

// numberOf is the number of a document: a draft has none yet and is called by its id, brackets included.
func numberOf(refs *numbers, id string, isDraft bool, on time.Time) string {
	if isDraft {
		return "(PROV" + id + ")"
	}
	return refs.take(on)
}

func (s *Shop) fillOrders(customers []*world.Customer, owners parties, proposals map[at]string) (ids map[at]string, shipped []document) {
	t := s.set("orders", "Order", "rowid", "ref", "ref_client", "fk_soc", "fk_statut", "date_commande", "date_creation", "date_livraison", "tms", "total_ht", "total_ttc")
	t.render = s.order
	var docs []document
	all := map[at]*world.Order{}
	for _, c := range customers {
		list := s.world.Orders(c.Number)
		for k := range list {
			docs = append(docs, document{customer: c.Number, index: k, at: list[k].CreatedOn})
			all[at{c.Number, k}] = &list[k]
			if !list[k].Delivered.IsZero() {
				shipped = append(shipped, document{customer: c.Number, index: k, at: list[k].Delivered})
			}
		}
	}
	give, refs := serials{101, 3}, numbers{"CO", map[string]int{}}
	ids = map[at]string{}
	for _, d := range inOrder(docs) {
		o := all[at{d.customer, d.index}]
		rec := Record{ID: give.take(), Owner: owners[d.customer][o.Counterparty], Customer: d.customer, Index: d.index}
		if o.Quote >= 0 {
			rec.Of = proposals[at{d.customer, o.Quote}]
		}
		rec.Number = numberOf(&refs, rec.ID, o.Status == world.OrderDraft, d.at)
		ids[at{d.customer, d.index}] = rec.ID
		t.add(rec, idCell(rec.ID), textCell(rec.Number), nullable(o.Number), idCell(rec.Owner), intCell(orderStatus(o)), timeCell(s.day(o.Date)),
			timeCell(o.CreatedOn), timeCell(s.day(o.DueDate)), timeCell(o.ModifiedOn), decimalCell(cents(o.Net)), decimalCell(cents(o.Total)))
	}
	return ids, inOrder(shipped)
}

func (s *Shop) fillInvoices(customers []*world.Customer, owners parties, orders map[at]string) {
	t := s.set("invoices", "Invoice", "rowid", "ref", "ref_client", "fk_soc", "fk_statut", "paye", "datef", "datec", "date_lim_reglement", "tms", "total_ht", "total_ttc")
	t.render = s.invoice
	var docs []document
	all := map[at]*world.Invoice{}
	for _, c := range customers {
		list := s.world.Invoices(c.Number)
		for k := range list {
			docs = append(docs, document{customer: c.Number, index: k, at: list[k].Date})
			all[at{c.Number, k}] = &list[k]
		}
	}
	ids, refs := serials{12, 2}, numbers{"FA", map[string]int{}}
	for _, d := range inOrder(docs) {
		v := all[at{d.customer, d.index}]
		rec := Record{ID: ids.take(), Owner: owners[d.customer][v.Counterparty], Customer: d.customer, Index: d.index, Number: refs.take(d.at)}
		if v.Order >= 0 {
			rec.Of = orders[at{d.customer, v.Order}]
		}
		status, paid := invoiceStatus(v)
		t.add(rec, idCell(rec.ID), textCell(rec.Number), nullable(v.OrderNumber), idCell(rec.Owner), intCell(status), intCell(paid), timeCell(s.day(v.Date)),
			timeCell(v.Date), timeCell(s.day(v.DueDate)), timeCell(invoiceChanged(v)), decimalCell(cents(v.Net)), decimalCell(cents(v.Total)))
	}
}

func (s *Shop) fillShipments(docs []document, orders map[at]string) {
	t := s.set("shipments", "Shipment", "rowid", "ref", "fk_soc", "fk_statut", "date_creation", "date_delivery", "tms", "tracking_number")
	t.render = s.shipment
	ids, refs := serials{5, 4}, numbers{"SH", map[string]int{}}
	for _, d := range docs {
		order := s.sets["orders"]
		of := orders[at{d.customer, d.index}]
		rec := Record{ID: ids.take(), Number: refs.take(d.at), Of: of, Owner: order.rows[order.byID[of]].rec.Owner, Customer: d.customer, Index: d.index}
		t.add(rec, idCell(rec.ID), textCell(rec.Number), idCell(rec.Owner), intCell(2), timeCell(d.at), timeCell(d.at), timeCell(d.at), textCell(tracking(rec.ID)))
	}
}

func tracking(id string) string { return fmt.Sprintf("6A%011s", id) }

func quoteStatus(q *world.Quote) int64 {
	switch q.Stage {
	case world.QuoteQualification:
		return 0
	case world.QuoteWon:
		return 2
	case world.QuoteLost:
		return 3
	}
	return 1
}

func orderStatus(o *world.Order) int64 {
	return map[world.OrderStatus]int64{
		world.OrderDraft: 0, world.OrderConfirmed: 1, world.OrderInProgress: 2, world.OrderDelivered: 3, world.OrderCancelled: -1,
	}[o.Status]
}

// invoiceStatus is fk_statut (1 validated, 2 paid, 3 abandoned) and paye.
func invoiceStatus(v *world.Invoice) (status, paid int64) {
	switch v.State {
	case world.InvoicePaid:
		return 2, 1
	case world.InvoiceCancelled:
		return 3, 0
	}
	return 1, 0
}
