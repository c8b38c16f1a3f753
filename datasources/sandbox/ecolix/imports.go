package ecolix

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

const (
	// maxRemembered bounds the bytes of all imports together.
	maxRemembered = 16 << 20
	// maxKey bounds what is remembered of an Idempotency-Key.
	maxKey = 200
)

// submit takes one import under the write lock. It either changes the memory and says what it has done, or refuses and changes nothing.
type submit func(s *Server, v *view, in *input, job job) (done, *failure)

// job is what an import is told beside its record.
type job struct {
	serial int
	id     string // of the record in the address
	now    time.Time
}

// done is what an import has come to.
type done struct {
	kind   string
	number string // as Import.Number
	field  string // of the number in the answer
	status int
}

// take reads an import and remembers it. The same record sent twice is two records: there is no de-duplication, and nobody looks at
// the Idempotency-Key (E10).
func (s *Server) take(r *http.Request, a address, submit submit, body []byte) reply {
	if len(strings.TrimSpace(string(body))) == 0 {
		body = []byte("{}")
	}
	fields, ok := readObject(body)
	if !ok {
		return s.fail(bad("Corps de requête JSON attendu"))
	}
	key := r.Header.Get("Idempotency-Key")
	key = key[:min(len(key), maxKey)]
	in := &input{fields: fields, names: s.inputNames(), zone: s.opts.Zone}
	v := s.view()

	s.mu.Lock()
	defer s.mu.Unlock()
	m := &s.memory
	if len(m.imports) >= s.opts.MaxImports || m.bytes+len(body) > maxRemembered {
		return s.fail(&failure{status: http.StatusInsufficientStorage, text: "Base pleine", gate: true})
	}
	j := job{serial: len(m.imports) + 1, id: a.id, now: s.now()}
	d, f := submit(s, v, in, j)
	if f != nil {
		return s.fail(f)
	}
	m.bytes += len(body)
	m.imports = append(m.imports, Import{Serial: j.serial, Number: d.number, Package: a.pkg, Kind: d.kind, Target: a.id, Key: key, Body: body, At: j.now})

	e := s.encoder()
	e.one(func() {
		e.open('{')
		if d.field == "client.id" {
			e.partner(d.field, d.number)
		} else {
			e.text(d.field, d.number)
		}
		e.name("numeroImport")
		e.b = strconv.AppendInt(e.b, int64(j.serial), 10)
		e.close('}')
	})
	return reply{status: d.status, body: e.b}
}

// number is a number as the ERP gives it.
func (j job) number(prefix string, serial int) string {
	return fmt.Sprintf("%s%s-%05d", prefix, j.now.Format("0601"), serial)
}

// clientChange is what an update has set, by field.
type clientChange struct {
	set      map[string]string
	modified time.Time
}

func (c clientChange) apply(to *client) {
	for field, at := range map[string]*string{
		"client.name": &to.name, "client.siret": &to.siret, "client.siren": &to.siren, "client.vat": &to.vat, "client.email": &to.email,
		"client.phone": &to.phone, "client.street": &to.street, "client.zip": &to.zip, "client.town": &to.town, "client.country": &to.country,
	} {
		if v, ok := c.set[field]; ok {
			*at = v
			to.hasNoPhone = to.hasNoPhone && field != "client.phone"
		}
	}
	to.modified = c.modified
}

// change reads the fields of a client that are there.
func (in *input) change(now time.Time) clientChange {
	c := clientChange{set: map[string]string{}, modified: now}
	for key := range in.names {
		if strings.HasPrefix(key, "client.") {
			if v, ok := in.text(key); ok {
				c.set[key] = v
			}
		}
	}
	return c
}

func (s *Server) importClient(v *view, in *input, j job) (done, *failure) {
	c := in.change(j.now)
	if c.set["client.name"] == "" {
		return done{}, refused("Champ obligatoire : " + s.names["client.name"])
	}
	made := client{code: clientCode(v.erp.World().Customers() + j.serial)}
	c.apply(&made)
	if made.siren == "" && len(made.siret) == 14 {
		made.siren = made.siret[:9]
	}
	v.memory.clients = append(v.memory.clients, made)
	return done{"client", made.code, "client.id", http.StatusCreated}, nil
}

// updateClient sets the fields that were sent and leaves the others.
func (s *Server) updateClient(v *view, in *input, j job) (done, *failure) {
	i, ok := s.lists["clients"].pos(v, j.id)
	if !ok {
		return done{}, noRecord("Client", j.id)
	}
	c := in.change(j.now)
	code := v.client(i).code
	if k := i - len(v.erp.Clients); k >= 0 {
		c.apply(&v.memory.clients[k])
	} else {
		before := v.memory.updates[i]
		for field, value := range before.set {
			if _, ok := c.set[field]; !ok {
				c.set[field] = value
			}
		}
		v.memory.updates[i] = c
	}
	return done{"client_update", code, "client.id", http.StatusOK}, nil
}

func (s *Server) importOrder(v *view, in *input, j job) (done, *failure) {
	key, _ := in.text("commande.clientId")
	at, ok := s.lists["clients"].pos(v, key)
	if !ok {
		return done{}, refused("Client « " + key + " » introuvable")
	}
	o := order{serial: v.erp.World().OrderCount() + j.serial, code: v.client(at).code, state: OrderStates()[0], modified: j.now}
	o.number = j.number("CC", o.serial)
	o.ref, _ = in.text("commande.clientRef")
	var f *failure
	if o.date, f = in.moment("commande.date"); f != nil {
		return done{}, f
	}
	if o.date.IsZero() {
		o.date = j.now
	}
	paid, f := in.scaled("commande.paid", 2, 1e14, 0)
	if f != nil {
		return done{}, f
	}
	o.paid = world.Money(paid)
	if o.lines, f = readLines(v, in, "commande.lines"); f != nil {
		return done{}, f
	}
	if len(o.lines) == 0 {
		return done{}, refused("Commande sans lignes")
	}
	for _, l := range o.lines {
		o.net, o.vat, o.total = o.net+l.Net, o.vat+l.VAT, o.total+l.Total
	}
	v.memory.orders = append(v.memory.orders, o)
	return done{"commande", o.number, "commande.number", http.StatusCreated}, nil
}

// readLines reads the lines of an order or delivery note; what is not said is the article's.
func readLines(v *view, in *input, key string) ([]world.Line, *failure) {
	given, f := in.lines(key)
	if f != nil {
		return nil, f
	}
	lines := make([]world.Line, 0, len(given))
	for k, in := range given {
		ref, _ := in.text("line.article")
		pos, ok := v.articlePos(ref)
		if !ok {
			return nil, refused("Article « " + ref + " » introuvable")
		}
		p := &v.erp.World().Products[pos]
		l := world.Line{Index: k, Product: pos, SKU: p.SKU, Name: p.NameFR, Unit: p.Unit}
		if label, _ := in.text("line.label"); label != "" {
			l.Name = label
		}
		// The bounds keep price × quantity × 100 within 63 bits.
		quantity, f := in.scaled("line.qty", 3, 1e8, 0)
		if f == nil && quantity == 0 {
			f = refused("Quantité manquante pour « " + ref + " »")
		}
		price, f2 := in.scaled("line.unitPriceHT", 2, 1e8, int64(p.PriceIn(world.FR)))
		discount, f3 := in.scaled("line.discount", 0, 100, 0)
		rate, f4 := in.scaled("line.vatRate", 0, 100, int64(frenchVAT(p)))
		for _, f := range []*failure{f, f2, f3, f4} {
			if f != nil {
				return nil, f
			}
		}
		l.Quantity, l.Price, l.Discount, l.VATRate = world.Qty(quantity), world.Money(price), int(discount), int(rate)
		l.Net = world.Money((price*quantity*(100-discount) + 50_000) / 100_000)
		l.VAT = world.Money((int64(l.Net)*rate + 50) / 100)
		l.Total = l.Net + l.VAT
		lines = append(lines, l)
	}
	return lines, nil
}

// acceptQuote marks a quote as accepted. A second time is accepted, too, and gets the next number.
func (s *Server) acceptQuote(v *view, _ *input, j job) (done, *failure) {
	k, ok := s.lists["devis"].pos(v, j.id)
	if !ok {
		return done{}, noRecord("Devis", j.id)
	}
	v.memory.accepted[k] = j.now
	return done{"devis", v.quote(k).ERP, "devis.number", http.StatusOK}, nil
}

// importNote creates a delivery note for an order, after the carrier's appointment (wire/ecolix.md §1).
func (s *Server) importNote(v *view, in *input, j job) (done, *failure) {
	ref, _ := in.text("bl.orderNumber")
	at, ok := s.lists["commandes"].pos(v, ref)
	if !ok {
		return done{}, refused("Commande « " + ref + " » introuvable")
	}
	n := note{serial: v.erp.World().OrderCount() + j.serial, order: v.order(at).number, modified: j.now, parcels: 1}
	n.number = j.number("BL", n.serial)
	n.carrier, _ = in.text("bl.carrier")
	if n.carrier == "" {
		return done{}, refused("Champ obligatoire : " + s.names["bl.carrier"])
	}
	var f *failure
	if n.appointment, f = in.moment("bl.appointment"); f != nil {
		return done{}, f
	}
	if n.shipped, f = in.calendar("bl.shippedAt"); f != nil {
		return done{}, f
	}
	parcels, f := in.scaled("bl.parcels", 0, 1e6, 1)
	if f != nil {
		return done{}, f
	}
	weight, f := in.scaled("bl.weight", 3, 1e9, 0)
	if f != nil {
		return done{}, f
	}
	n.parcels, n.weight = int(parcels), world.Qty(weight)
	if n.lines, f = readLines(v, in, "bl.lines"); f != nil {
		return done{}, f
	}
	if len(n.lines) == 0 {
		n.lines = v.order(at).lines
	}
	v.memory.notes = append(v.memory.notes, n)
	return done{"bl", n.number, "bl.number", http.StatusCreated}, nil
}

// confirmPurchase is a supplier's confirmation: the order is confirmed, and its date is the one that the supplier names, if any.
func (s *Server) confirmPurchase(v *view, in *input, j job) (done, *failure) {
	k, ok := s.lists["fournisseurs/commandes"].pos(v, j.id)
	if !ok {
		return done{}, noRecord("Commande fournisseur", j.id)
	}
	expected, f := in.calendar("fournisseur_commande.expectedDate")
	if f != nil {
		return done{}, f
	}
	if expected.IsZero() {
		expected = v.memory.purchases[k].expected
	}
	v.memory.purchases[k] = purchaseChange{state: PurchaseStates()[world.PurchaseConfirmed], expected: expected, modified: j.now}
	return done{"confirmation", j.number("AR", j.serial), "fournisseur_commande.number", http.StatusCreated}, nil
}

// importInvoice is a supplier's invoice for an order, which is then invoiced.
func (s *Server) importInvoice(v *view, in *input, j job) (done, *failure) {
	ref, _ := in.text("bl.orderNumber") // numeroCommande, too
	k, ok := s.lists["fournisseurs/commandes"].pos(v, ref)
	if !ok {
		return done{}, refused("Commande fournisseur « " + ref + " » introuvable")
	}
	change := v.memory.purchases[k]
	change.state, change.modified = PurchaseStates()[world.PurchaseInvoiced], j.now
	v.memory.purchases[k] = change
	return done{"facture", j.number("FF", j.serial), "fournisseur_commande.number", http.StatusCreated}, nil
}
