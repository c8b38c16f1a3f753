package world_test

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/world"
)

const size = 1200

func TestDeterminism(t *testing.T) {
	a, b, other := world.New(7, size), world.New(7, size), world.New(8, size)
	if !reflect.DeepEqual(a.Heads(), b.Heads()) || !reflect.DeepEqual(a.Products, b.Products) || !reflect.DeepEqual(a.Staff, b.Staff) {
		t.Fatal("heads, products or staff differ")
	}
	same := 0
	// Asked in another order, and twice, the answers must not change: nothing may depend on what was asked before.
	for i := size; i >= 1; i-- {
		for name, pair := range map[string][2]any{
			"customer": {a.Customer(i), b.Customer(i)}, "orders": {a.Orders(i), b.Orders(i)}, "quotes": {a.Quotes(i), b.Quotes(i)},
			"invoices": {a.Invoices(i), b.Invoices(i)}, "crm invoices": {a.CRMInvoices(i), b.CRMInvoices(i)},
		} {
			if !reflect.DeepEqual(pair[0], pair[1]) {
				t.Fatalf("%s of customer %d differ", name, i)
			}
		}
		if a.Customer(i).LegalName == other.Customer(i).LegalName {
			same++
		}
	}
	for _, h := range a.Heads()[:200] {
		if !reflect.DeepEqual(a.Ticket(int(h.ID), true), b.Ticket(int(h.ID), true)) {
			t.Fatalf("ticket %d differs", h.ID)
		}
	}
	if same > size/2 {
		t.Errorf("%d of %d customers do not depend on the seed", same, size)
	}
}

// TestGrowth wants a customer to be the same in a world of any size: a demo made larger keeps the examples of its documentation.
func TestGrowth(t *testing.T) {
	small, large := world.New(1, 100), world.New(1, 5000)
	for i := 1; i <= 100; i++ {
		if !reflect.DeepEqual(small.Customer(i), large.Customer(i)) {
			t.Errorf("customer %d differs", i)
		}
	}
}

func TestNames(t *testing.T) {
	w := world.New(1, 20_000)
	names, domains := map[string]int{}, map[string]bool{}
	for i := 1; i <= w.Customers(); i++ {
		c := w.Customer(i)
		if before, ok := names[c.Base]; ok {
			t.Errorf("customers %d and %d are both %q", before, i, c.Base)
		}
		names[c.Base] = i
		domains[strings.TrimPrefix(c.Web, "https://www.")] = true
		if !strings.Contains(c.LegalName, c.LegalForm) || len(c.Contacts) == 0 || c.Email == "" || c.Currency == "" {
			t.Errorf("customer %d: %+v", i, c)
		}
		for _, r := range c.Latin {
			if r > 127 {
				t.Errorf("customer %d: %q is not Latin", i, c.Latin)
			}
		}
		if c.Modified.Before(c.Created) {
			t.Errorf("customer %d was modified before it was created", i)
		}
	}
}

// The checks below are written from wire/identity.md §2 and share nothing with the package.

func digitsSum(s string, weights []int) (sum int) {
	for i, w := range weights {
		sum += w * int(s[i]-'0')
	}
	return sum
}

func luhnOK(s string) bool {
	sum := 0
	for i := range len(s) {
		d := int(s[i] - '0')
		if (len(s)-i)%2 == 0 {
			d *= 2
			d = d/10 + d%10
		}
		sum += d
	}
	return sum%10 == 0
}

func cnpjDigit(s string, weights []int) byte {
	r := digitsSum(s, weights) % 11
	if r < 2 {
		return '0'
	}
	return byte('0' + 11 - r)
}

func valid(kind, n string) bool {
	last := func(d int) bool { return int(n[len(n)-1]-'0') == d }
	switch kind {
	case "IDNO":
		return len(n) == 13 && last(digitsSum(n, []int{7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1})%10)
	case "INN":
		if len(n) == 12 {
			return int(n[10]-'0') == digitsSum(n, []int{7, 2, 4, 10, 3, 5, 9, 4, 6, 8})%11%10 && last(digitsSum(n, []int{3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8})%11%10)
		}
		return len(n) == 10 && last(digitsSum(n, []int{2, 4, 10, 3, 5, 9, 4, 6, 8})%11%10)
	case "CNPJ":
		w := []int{6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2}
		return len(n) == 14 && n[12] == cnpjDigit(n, w[1:]) && n[13] == cnpjDigit(n, w)
	case "SIRET":
		return len(n) == 14 && luhnOK(n) && luhnOK(n[:9])
	case "SIREN":
		return len(n) == 9 && luhnOK(n)
	case "CUI":
		if len(n) < 2 || len(n) > 10 {
			return false
		}
		padded := strings.Repeat("0", 10-len(n)) + n
		return last(digitsSum(padded, []int{7, 5, 3, 2, 1, 7, 5, 3, 2}) * 10 % 11 % 10)
	}
	return false
}

// normal is identity.md's normalisation: no blanks, no punctuation, no country prefix; a French VAT number gives its SIREN.
func normal(c *world.Customer, s string) (kind, n string) {
	n = strings.NewReplacer(" ", "", ".", "", "-", "", "/", "").Replace(s)
	kind = c.Fiscal.Type
	if c.Country == world.RO {
		n = strings.TrimPrefix(n, "RO")
	}
	if c.Country == world.FR {
		if v, ok := strings.CutPrefix(n, "FR"); ok {
			n = v[2:]
		}
		if len(n) == 9 {
			kind = "SIREN"
		}
	}
	return kind, n
}

func TestFiscalNumbers(t *testing.T) {
	w := world.New(1, 20_000)
	seen, zeros, letters := map[string]int{}, 0, 0
	for i := 1; i <= w.Customers(); i++ {
		c := w.Customer(i)
		if !valid(c.Fiscal.Type, c.Fiscal.Number) {
			t.Errorf("customer %d: %+v is not valid", i, c.Fiscal)
		}
		key := c.Country.String() + c.Fiscal.Number
		if seen[key] != 0 {
			t.Errorf("customers %d and %d have the same number", seen[key], i)
		}
		seen[key] = i
		if c.Fiscal.Number[0] == '0' {
			zeros++
		}
		if strings.ContainsFunc(c.Fiscal.Number, func(r rune) bool { return r >= 'A' }) {
			letters++
		}
		if c.Country == world.FR {
			siren, _ := strconv.Atoi(c.Fiscal.Number[:9])
			if want := fmt.Sprintf("FR%02d%09d", (12+3*(siren%97))%97, siren); c.Fiscal.VAT != want {
				t.Errorf("customer %d: got %s, want %s", i, c.Fiscal.VAT, want)
			}
		}
		for _, a := range c.CRM {
			kind, n := normal(c, a.FiscalNumber)
			switch c.Case {
			case world.NoKey:
				if n != "" || !a.Uid1C.IsZero() {
					t.Errorf("customer %d has a key", i)
				}
			case world.BadChecksum:
				if valid(kind, n) {
					t.Errorf("customer %d: %s is valid", i, n)
				}
			case world.FiscalMismatch:
				if !valid(kind, n) || n == c.Fiscal.Number {
					t.Errorf("customer %d: %s is not another valid number", i, n)
				}
			default:
				if !valid(kind, n) || !strings.HasPrefix(c.Fiscal.Number, n) {
					t.Errorf("customer %d: the CRM's %q is not %s", i, a.FiscalNumber, c.Fiscal.Number)
				}
			}
		}
		for _, b := range c.Books {
			kind, n := normal(c, b.FiscalNumber)
			if c.Case == world.Placeholder {
				if strings.Trim(n, n[:1]) != "" {
					t.Errorf("customer %d: %s is no placeholder", i, n)
				}
			} else if !valid(kind, n) || !strings.HasPrefix(c.Fiscal.Number, n) {
				t.Errorf("customer %d: the books' %q is not %s", i, b.FiscalNumber, c.Fiscal.Number)
			}
		}
	}
	if zeros == 0 || letters == 0 {
		t.Errorf("%d numbers begin with zero, %d have letters: want some of each", zeros, letters)
	}
}

func TestCases(t *testing.T) {
	w := world.New(1, 500)
	found := map[world.Case]int{}
	countries := map[world.Country]int{}
	for i := 1; i <= 500; i++ {
		c := w.Customer(i)
		found[c.Case]++
		countries[c.Country]++
		ref := func(k int) world.GUID { return c.Books[k].Ref }
		var bad bool
		switch c.Case {
		case world.ByForeignID, world.FiscalMismatch:
			bad = len(c.CRM) != 1 || len(c.Books) != 1 || c.CRM[0].Uid1C != ref(0)
		case world.BrokenForeignID:
			k, ok := w.Resolve(c.CRM[0].Uid1C)
			bad = len(c.Books) != 1 || !ok || k.Kind != world.KindDangling
		case world.TwiceInBooks:
			bad = len(c.CRM) != 1 || len(c.Books) != 2 || c.Books[0].FiscalNumber[:6] != c.Books[1].FiscalNumber[:6]
		case world.TwiceInCRM:
			bad = len(c.CRM) != 2 || len(c.Books) != 1
		case world.CRMOnly:
			bad = len(c.CRM) != 1 || len(c.Books) != 0
		case world.BooksOnly:
			bad = len(c.CRM) != 0 || len(c.Books) != 1
		case world.DeskOnly:
			bad = len(c.CRM) != 0 || len(c.Books) != 0 || c.Desk.Key == ""
		default:
			bad = len(c.CRM) != 1 || len(c.Books) != 1
		}
		if bad {
			t.Errorf("customer %d is not %s: %+v", i, c.Case, c)
		}
	}
	for c := world.ByFiscalNumber; c <= world.DeskOnly; c++ {
		if found[c] < 5 {
			t.Errorf("%s: %d", c, found[c])
		}
	}
	for c := world.MD; c <= world.BR; c++ {
		if countries[c] < 25 {
			t.Errorf("%s: %d customers", c, countries[c])
		}
	}
}

func TestGUIDs(t *testing.T) {
	w := world.New(1, 50)
	seen := map[world.GUID]bool{}
	for kind := world.KindAccount; kind <= world.KindDangling; kind++ {
		for _, k := range []world.Key{{kind, 0, 0, 0}, {kind, 1, 2, 3}, {kind, 1<<24 - 1, 1<<16 - 1, 1<<12 - 1}} {
			g := w.GUID(k)
			back, ok := w.Resolve(g)
			if !ok || back != k || seen[g] {
				t.Errorf("%+v: got %+v %v", k, back, ok)
			}
			seen[g] = true
			text := g.String()
			if text[14] != '4' || !strings.Contains("89ab", text[19:20]) || text != strings.ToLower(text) {
				t.Errorf("%s is not of version 4 form", text)
			}
			if p, ok := world.ParseGUID(strings.ToUpper(text)); !ok || p != g {
				t.Errorf("%s does not parse", text)
			}
			g[15] ^= 1
			if _, ok := w.Resolve(g); ok {
				t.Errorf("a changed %s resolves", text)
			}
			if _, ok := world.New(2, 50).Resolve(w.GUID(k)); ok {
				t.Errorf("%s resolves in another world", text)
			}
		}
	}
	for _, s := range []string{"", "x", strings.Repeat("-", 36), "00000000-0000-0000-0000-00000000000g"} {
		if _, ok := world.ParseGUID(s); ok {
			t.Errorf("%q parses", s)
		}
	}
	if _, ok := w.Resolve(world.GUID{}); ok {
		t.Error("the zero GUID resolves")
	}
}

func TestLookups(t *testing.T) {
	w := world.New(1, size)
	orders, quotes, invoices, crmInvoices := 0, 0, 0, 0
	for i := 1; i <= size; i++ {
		c := w.Customer(i)
		for k, a := range c.CRM {
			check(t, a.Code, w.CustomerByCode, world.Ref{Customer: i, Index: k})
			if key, ok := w.Resolve(a.ID); !ok || key != (world.Key{Kind: world.KindAccount, Customer: i, Doc: k}) {
				t.Errorf("account %d/%d: got %+v", i, k, key)
			}
			if a.FiscalNumber != "" && !slices.Contains(w.CRMByFiscalNumber(a.FiscalNumber), world.Ref{Customer: i, Index: k}) {
				t.Errorf("account %d/%d is not found by %s", i, k, a.FiscalNumber)
			}
		}
		for k, b := range c.Books {
			check(t, b.Code, w.CustomerByCounterpartyCode, world.Ref{Customer: i, Index: k})
			if !slices.Contains(w.BooksByFiscalNumber(b.FiscalNumber), world.Ref{Customer: i, Index: k}) {
				t.Errorf("counterparty %d/%d is not found by %s", i, k, b.FiscalNumber)
			}
		}
		if c.Desk.Key != "" {
			if got, ok := w.CustomerByDeskKey(c.Desk.Key); !ok || got != i {
				t.Errorf("desk key %q: got %d, want %d", c.Desk.Key, got, i)
			}
		}
		if c.Desk.Key != w.DeskKey(i) || c.Case != w.Case(i) || len(c.Contacts) != w.ContactCount(i) {
			t.Errorf("customer %d: the short ways disagree with the whole", i)
		}
		for k, p := range c.Contacts {
			check(t, p.Login, w.CustomerUser, world.Ref{Customer: i, Index: k})
		}
		for k, o := range w.Orders(i) {
			if ref, ok := w.OrderAt(orders); !ok || ref != (world.Ref{Customer: i, Index: k}) {
				t.Errorf("order serial %d: got %+v", orders, ref)
			}
			orders++
			if !reflect.DeepEqual(*w.Order(i, k), o) {
				t.Errorf("Order(%d, %d) is not Orders(%d)[%d]", i, k, i, k)
			}
			refs := w.OrdersByNumber(o.Number)
			if slices.Contains(refs, world.Ref{Customer: i, Index: k}) != o.InCRM {
				t.Errorf("order %s: got %v", o.Number, refs)
			}
			if o.IsTwin && len(refs) < 2 {
				t.Errorf("twin %s: got %v", o.Number, refs)
			}
			if o.InBooks {
				check(t, o.Books.Number, w.BooksOrderByNumber, world.Ref{Customer: i, Index: k})
			}
		}
		for k, q := range w.Quotes(i) {
			quotes++
			check(t, q.Number, w.QuoteByNumber, world.Ref{Customer: i, Index: k})
		}
		for k, v := range w.Invoices(i) {
			invoices++
			check(t, v.Number, w.InvoiceByNumber, world.Ref{Customer: i, Index: k})
		}
		for k, v := range w.CRMInvoices(i) {
			crmInvoices++
			check(t, v.Number, w.CRMInvoiceByNumber, world.Ref{Customer: i, Index: k})
		}
		for k, id := range w.TicketIDs(i) {
			if h := w.Head(int(id)); int(h.Customer) != i || int(h.Index) != k || h.ID != id {
				t.Errorf("ticket %d: %+v", id, h)
			}
		}
	}
	if orders != w.OrderCount() || quotes != w.QuoteCount() || invoices != w.InvoiceCount() || crmInvoices != w.CRMInvoiceCount() {
		t.Errorf("counted %d %d %d %d documents", orders, quotes, invoices, crmInvoices)
	}
	for _, h := range w.Heads() {
		if id, ok := w.TicketByNumber(h.Number()); !ok || id != int(h.ID) {
			t.Errorf("ticket number %s: got %d, want %d", h.Number(), id, h.ID)
		}
	}
	for _, s := range []string{"", "C1", "C00000", "C99999", "c00001", "C000001", "D00001", "R&D+co"} {
		if ref, ok := w.CustomerByCode(s); ok {
			t.Errorf("code %q: got %+v", s, ref)
		}
	}
	for _, s := range []string{"", "SO-", "SO-2026-999999", "SO-1999-000001", "QT-2026-000001", "SO-2026-0000001"} {
		if refs := w.OrdersByNumber(s); refs != nil {
			t.Errorf("order number %q: got %v", s, refs)
		}
	}
}

func check(t *testing.T, key string, lookup func(string) (world.Ref, bool), want world.Ref) {
	t.Helper()
	if got, ok := lookup(key); !ok || got != want {
		t.Errorf("%q: got %+v %v, want %+v", key, got, ok, want)
	}
}

func TestMoney(t *testing.T) {
	w := world.New(1, size)
	lines := func(t *testing.T, what string, list []world.Line, net, vat, total world.Money) {
		t.Helper()
		var n, v world.Money
		for _, l := range list {
			// round(price × quantity × (100 − discount) / 100), half away from zero; all positive.
			exact := int64(l.Price) * int64(l.Quantity) * int64(100-l.Discount)
			if d := int64(l.Net)*100_000 - exact; d > 50_000 || d < -50_000 {
				t.Errorf("%s: line net %d is not %d/100000", what, l.Net, exact)
			}
			if d := int64(l.VAT)*100 - int64(l.Net)*int64(l.VATRate); d > 50 || d < -50 {
				t.Errorf("%s: line VAT %d of %d at %d %%", what, l.VAT, l.Net, l.VATRate)
			}
			if l.Total != l.Net+l.VAT || l.SKU != w.Products[l.Product].SKU {
				t.Errorf("%s: line %+v", what, l)
			}
			n += l.Net
			v += l.VAT
		}
		if n != net || v != vat || net+vat != total || len(list) == 0 || total <= 0 {
			t.Errorf("%s: %d + %d = %d, lines give %d + %d", what, net, vat, total, n, v)
		}
	}
	paid := func(t *testing.T, what string, list []world.Payment, want, total world.Money) {
		t.Helper()
		var sum world.Money
		for _, p := range list {
			sum += p.Amount
		}
		if sum != want || sum > total {
			t.Errorf("%s: payments give %d, paid is %d of %d", what, sum, want, total)
		}
	}
	states, links := map[world.InvoiceState]int{}, map[world.LinkPlace]int{}
	for i := 1; i <= size; i++ {
		orders := w.Orders(i)
		for _, o := range orders {
			lines(t, o.Number, o.Lines, o.Net, o.VAT, o.Total)
			paid(t, o.Number, o.Payments, o.Paid, o.Total)
			if o.ModifiedOn.Before(o.CreatedOn) || o.CreatedOn.Before(world.Begin) || o.ModifiedOn.After(world.End) || !o.InCRM && !o.InBooks {
				t.Errorf("order %+v", o)
			}
		}
		for _, q := range w.Quotes(i) {
			lines(t, q.Number, q.Lines, q.Net, q.VAT, q.Total)
			if q.Order >= 0 && (q.Stage != world.QuoteWon || orders[q.Order].Quote != q.Index || orders[q.Order].Total != q.Total) {
				t.Errorf("quote %s and its order disagree", q.Number)
			}
			if q.ModifiedOn.Before(q.CreatedOn) {
				t.Errorf("quote %s was modified before it was created", q.Number)
			}
		}
		bills := w.Invoices(i)
		for _, v := range bills {
			lines(t, v.Number, v.Lines, v.Net, v.VAT, v.Total)
			paid(t, v.Number, v.Payments, v.Paid, v.Total)
			states[v.State]++
			links[v.Link]++
			if v.DeletionMark != (v.State == world.InvoiceCancelled) || v.DeletionMark && (v.Posted || v.Sale != nil || len(v.Payments) > 0) {
				t.Errorf("invoice %+v", v)
			}
			number := ""
			if v.Order >= 0 {
				number = orders[v.Order].Number
			}
			field, comment := v.OrderNumber == number && number != "", number != "" && strings.Contains(v.Comment, "Order "+number)
			want := map[world.LinkPlace][2]bool{world.LinkField: {true, false}, world.LinkComment: {false, true}, world.LinkBoth: {true, true}}[v.Link]
			if [2]bool{field, comment} != want {
				t.Errorf("invoice %s of %q: link %d, but %q and %q", v.Number, number, v.Link, v.OrderNumber, v.Comment)
			}
			if v.Link == world.LinkBroken && w.OrdersByNumber(v.OrderNumber) != nil {
				t.Errorf("invoice %s: %s exists", v.Number, v.OrderNumber)
			}
		}
		for _, v := range w.CRMInvoices(i) {
			if o := orders[v.Order]; !v.OrderID.IsZero() && v.OrderID != o.ID || v.Total != o.Total {
				t.Errorf("CRM invoice %s and its order disagree", v.Number)
			}
			if k, ok := w.Resolve(v.Uid1C); !v.Uid1C.IsZero() && (!ok || bills[k.Doc].Order != v.Order || bills[k.Doc].DeletionMark && orders[v.Order].Status != world.OrderCancelled) {
				t.Errorf("CRM invoice %s: Uid1C leads to %+v", v.Number, k)
			}
		}
	}
	for s := world.InvoiceUnpaid; s <= world.InvoiceCancelled; s++ {
		if states[s] < 10 {
			t.Errorf("state %d: %d invoices", s, states[s])
		}
	}
	for l := world.LinkNone; l <= world.LinkBroken; l++ {
		if links[l] < 10 {
			t.Errorf("link %d: %d invoices", l, links[l])
		}
	}
}

func TestTickets(t *testing.T) {
	w := world.New(1, 500)
	var null, empty, ghost, order, broken, ties int
	articles := map[int]bool{}
	for i, h := range w.Heads() {
		if i > 0 && h.Created < w.Heads()[i-1].Created {
			t.Fatal("ids do not grow with time")
		}
		x := w.Ticket(int(h.ID), true)
		if h.Changed < h.Created || x.Title == "" || len(x.Articles) == 0 || len(x.Number) != 16 {
			t.Errorf("ticket %+v", x)
		}
		for _, a := range x.Articles {
			if articles[a.ID] || a.Created.Unix() < h.Created || a.Created.Unix() > h.Changed {
				t.Errorf("ticket %d: article %+v", h.ID, a)
			}
			articles[a.ID] = true
		}
		switch {
		case x.CustomerID == nil:
			null++
		case *x.CustomerID == "":
			empty++
		case strings.HasPrefix(*x.CustomerID, "GHOST"):
			ghost++
			if _, ok := w.CustomerByDeskKey(*x.CustomerID); ok {
				t.Errorf("%s is known", *x.CustomerID)
			}
		}
		if x.OrderNumber != "" {
			refs := w.OrdersByNumber(x.OrderNumber)
			if h.Flags&world.TicketBrokenOrder != 0 {
				broken++
			} else {
				order++
				if len(refs) == 0 || refs[0].Customer != int(h.Customer) {
					t.Errorf("ticket %d: order %s is %v", h.ID, x.OrderNumber, refs)
				}
			}
			if (h.Flags&world.TicketBrokenOrder != 0) != (len(refs) == 0) {
				t.Errorf("ticket %d: order %s is %v", h.ID, x.OrderNumber, refs)
			}
		}
		if h.Changed%86400 == 2*3600 {
			ties++
		}
	}
	for name, n := range map[string]int{"null": null, "empty": empty, "ghost": ghost, "order": order, "broken": broken, "ties": ties} {
		if n < 5 {
			t.Errorf("%s: %d tickets", name, n)
		}
	}
	if n := len(w.TicketIDs(world.BusyCustomer)); n < 300 {
		t.Errorf("the busy customer has %d tickets", n)
	}
	if n := len(w.TicketIDs(world.QuietCustomer)) + len(w.Orders(world.QuietCustomer)) + len(w.Invoices(world.QuietCustomer)); n != 0 {
		t.Errorf("the quiet customer has %d documents", n)
	}
	if o := w.Orders(world.TwinCustomer); o[0].Number != o[1].Number || !o[1].IsTwin || len(w.OrdersByNumber(o[0].Number)) != 2 {
		t.Errorf("no twins: %s %s", o[0].Number, o[1].Number)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		world.New(1, 100_000)
	}
}

func BenchmarkCustomer(b *testing.B) {
	w := world.New(1, 1000)
	i := 0
	for b.Loop() {
		i = i%1000 + 1
		w.Customer(i)
	}
}
