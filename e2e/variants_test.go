package e2e

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox"
	"github.com/trama-graph/trama/datasources/sandbox/creatio"
	"github.com/trama-graph/trama/datasources/sandbox/onec"
	"github.com/trama-graph/trama/datasources/sandbox/otrs"
)

// variant is a world whose systems were set up by somebody else: what the wire
// pages leave open is drawn by the seed, and the configuration says what was
// drawn.
type variant struct {
	seed    uint64
	options sandbox.Options
	crm     string // settings beside the address and the login
	books   string
	desk    string
	oauth   bool
	orders  string // documents.Order
}

func drawn(seed uint64) variant {
	r := rand.New(rand.NewPCG(seed, 7))
	coin := func() bool { return r.IntN(2) == 0 }
	v := variant{seed: seed, orders: "[crm, books]", options: sandbox.Options{Customers: 60, Seed: seed}}

	v.options.OTRS = otrs.Options{NoPostRoutes: coin(), KeepAlive: coin()}
	if coin() {
		v.options.OTRS.Variant = otrs.OTOBO11
	}
	if coin() {
		zone, err := time.LoadLocation("Europe/Bucharest")
		if err == nil {
			v.options.OTRS.Zone = zone
			v.desk += ", zone: Europe/Bucharest"
		}
	}
	if coin() {
		v.desk += ", auth: password"
	}

	c := creatio.Options{Core: coin(), TextOrder: coin(), Bounce: []creatio.Bounce{creatio.Bounce401, creatio.BounceRedirect, creatio.BounceHTML}[r.IntN(3)]}
	c.CSRFOff = c.Core && coin()
	if coin() {
		c.PageSize = 40
	}
	if coin() {
		c.TaxID = "Account.UsrIDNO"
		v.crm += ", tax_id: Account.UsrIDNO"
	}
	if v.oauth = coin(); v.oauth {
		c.ClientID, c.ClientSecret = "trama", "client-secret"
	}
	v.options.Creatio = c

	b := onec.Options{
		TextOrder: coin(), CountedPages: coin(), WideFails: coin(),
		TaxID: []string{"ИНН", "ФискальныйКод", "ИдентификационныйНомер"}[r.IntN(3)],
	}
	b.Configuration = []onec.Configuration{onec.Accounting, onec.Trade, onec.UNF}[r.IntN(3)]
	if b.Configuration == onec.Accounting {
		v.orders = "[crm]"
	}
	if coin() {
		b.WebServer = onec.Apache
		v.books += ", max_query: 7500, batch: 100"
	}
	v.options.OneC = b
	return v
}

func (v variant) configuration(box *sandbox.Sandbox) string {
	crm, books, desk := box.Source("crm"), box.Source("books"), box.Source("helpdesk")
	login := fmt.Sprintf("user: %s, password: %s", crm.User, crm.Password)
	if v.oauth {
		login = fmt.Sprintf("client_id: trama, client_secret: client-secret, token_url: %q", crm.URL+"/connect/token")
	}
	return fmt.Sprintf(`
sources:
  - {name: crm, kind: creatio, url: %q, %s, base_currency: EUR, foreign_ids: {Uid1C: books}%s}
  - {name: books, kind: onec, url: %q, user: %s, password: %s, zone: Europe/Chisinau, currency: MDL%s}
  - {name: helpdesk, kind: otrs, url: %q, user: %s, password: %s, customer_key: crm.code%s}
directory: {every: 1h}
documents: {Order: %s, Quote: [crm], Invoice: [books]}
`, crm.URL, login, v.crm, books.URL, books.User, books.Password, v.books, desk.URL, desk.User, desk.Password, v.desk, v.orders)
}

// TestSystemsSetUpByOthers gives the same answers whatever the systems were set up
// like, as long as the configuration says it.
func TestSystemsSetUpByOthers(t *testing.T) {
	for seed := range uint64(16) {
		t.Run(fmt.Sprintf("seed=%d", seed+1), func(t *testing.T) {
			v := drawn(seed + 1)
			box, err := sandbox.Start(t.Context(), v.options)
			if err != nil {
				t.Fatal(err)
			}
			defer box.Close()
			s := serve(t, v.configuration(box))
			s.filled(t)
			w := newAnswers(v.seed, v.options.Customers)
			w.booksWithoutOrders = v.orders == "[crm]"
			s.compareWithWorld(t, w)
			if t.Failed() {
				t.Logf("drawn: %+v %s %s %s", v.options, v.crm, v.books, v.desk)
			}
		})
	}
}
