package operand_test

import (
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/operand"
	"github.com/trama-graph/trama/datasources/sandbox/world"
)

// plain is a row without its dialect: amounts in hundredths, days and instants as RFC 3339 prints them, ids as digits.
type plain map[string]string

// decode undoes the dialect; a value that it cannot read becomes a text that no truth has.
func (c *client) decode(r operand.Resource, row map[string]any) plain {
	out := plain{}
	for _, name := range operand.Fields(r) {
		v, ok := c.field(r, row, name)
		if !ok {
			out[name] = "(absent)"
			continue
		}
		out[name] = c.value(name, v)
	}
	return out
}

func (c *client) value(name string, v any) string {
	text := ""
	if v != nil {
		text = fmt.Sprint(v)
	}
	if _, quoted := v.(string); quoted && wantsNumber(c.d, name) {
		return "(quoted) " + text
	}
	switch name {
	case "amount", "paidAmount":
		return cents(text, c.d.Amounts)
	case "id", "partyId", "invoiceId", "receivableId", "idClient", "idPerson":
		if c.d.IDs == operand.IDPrefixed && text != "" {
			_, text, _ = strings.Cut(text, "-")
		}
		return text
	case "dueDate", "competenceDate":
		return readTime(text, c.d.DayLayout, time.UTC)
	case "issueDate", "paymentDate":
		return readTime(text, c.d.TimeLayout, operand.Zone())
	case "status":
		for s, word := range c.d.Statuses {
			if word == text {
				return [...]string{"OPEN", "PAID", "PARTIAL", "CANCELLED"}[s]
			}
		}
		return "(unknown) " + text
	case "situation":
		return strconv.FormatBool(text == c.d.Situations[0])
	case "isDeleted":
		return strconv.FormatBool(text == "true" || text == "1")
	}
	return text
}

// wantsNumber says whether a field must not be quoted.
func wantsNumber(d operand.Dialect, name string) bool {
	switch name {
	case "amount", "paidAmount":
		return d.Amounts == operand.AmountNumber
	}
	return false
}

func readTime(text, layout string, zone *time.Location) string {
	if text == "" || text == operand.Zeros(layout) {
		return ""
	}
	t, err := time.ParseInLocation(layout, text, zone)
	if err != nil {
		return "(bad) " + text
	}
	return t.UTC().Format(time.RFC3339)
}

// cents reads an amount with at most two decimals.
func cents(text string, style operand.AmountStyle) string {
	whole, part, _ := strings.Cut(text, ".")
	if style == operand.AmountComma || style == operand.AmountCommaBare {
		whole, part, _ = strings.Cut(text, ",")
		if style == operand.AmountComma {
			groups := strings.Split(whole, ".")
			for k, g := range groups {
				if k > 0 && len(g) != 3 || k == 0 && (g == "" || len(g) > 3) {
					return "(bad) " + text
				}
			}
			whole = strings.Join(groups, "")
		}
	}
	if len(part) > 2 || style != operand.AmountNumber && len(part) != 2 {
		return "(bad) " + text
	}
	n, err := strconv.Atoi(whole + part + "00"[len(part):])
	if err != nil {
		return "(bad) " + text
	}
	return strconv.Itoa(n)
}

// truth returns what the world says of every finance row, by resource and id. Dirty rows are not in it.
func truth(w *world.World, d operand.Dialect) map[operand.Resource]map[string]plain {
	m := map[operand.Resource]map[string]plain{}
	for _, r := range operand.Resources() {
		m[r] = map[string]plain{}
	}
	word := func(english, portuguese string) string {
		if d.Portuguese {
			return portuguese
		}
		return english
	}
	stamp := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format(time.RFC3339)
	}
	num := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	money := func(m world.Money) string { return strconv.FormatInt(int64(m), 10) }
	status := func(s world.AgencyStatus) string { return [...]string{"OPEN", "PAID", "PARTIAL", "CANCELLED"}[s] }
	for _, a := range w.AgencyClients() {
		late, jobs := 0, w.AgencyJobs(a.Customer)
		for _, j := range jobs {
			if j.Status < 3 && !j.Deadline.IsZero() && j.Deadline.Before(world.End) {
				late++
			}
		}
		m[operand.Clients][num(a.ID)] = plain{
			"idClient": num(a.ID), "idPerson": num(a.PersonID), "namePerson": a.Name, "nationalDocument": a.NationalDocument, "situation": strconv.FormatBool(!a.IsInactive),
			"totalJobs": strconv.Itoa(len(jobs)), "lateJobs": strconv.Itoa(late), "isDeleted": strconv.FormatBool(a.IsDeleted),
		}
		for _, v := range w.AgencyInvoices(a.Customer) {
			row := plain{
				"id": num(v.ID), "partyId": num(a.ID), "partyName": a.Name, "partyTaxId": a.NationalDocument, "description": v.Description, "documentNumber": v.OrderNumber, "orderNumber": "",
				"invoiceNumber": v.Number, "issueDate": stamp(v.Issued), "competenceDate": stamp(v.Competence), "dueDate": stamp(v.Due), "amount": money(v.Total), "paidAmount": money(v.Paid),
				"currency": "BRL", "status": status(v.Status), "accountName": v.Account, "costCenter": v.CostCenter, "category": v.Category,
				"situation": strconv.FormatBool(!v.IsInactive), "isDeleted": strconv.FormatBool(v.IsDeleted),
			}
			if d.OrderNumberIn == "orderNumber" {
				row["documentNumber"], row["orderNumber"] = v.Document, v.OrderNumber
			}
			m[operand.Invoices][row["id"]] = row
			for _, x := range v.Receivables {
				link := ""
				if x.Boleto != nil {
					link = x.Boleto.URL
				}
				row := plain{
					"id": num(x.ID), "kind": word("RECEIVABLE", "Receita"), "partyId": num(a.ID), "partyName": a.Name, "partyTaxId": a.NationalDocument, "description": x.Description,
					"documentNumber": v.Number + "-" + num(x.Instalment), "invoiceNumber": v.Number, "invoiceId": num(v.ID), "instalment": num(x.Instalment), "instalments": num(len(v.Receivables)),
					"boletoUrl": link, "issueDate": stamp(x.Issued), "competenceDate": stamp(x.Competence), "dueDate": stamp(x.Due), "paymentDate": stamp(x.PaidOn),
					"amount": money(x.Amount), "paidAmount": money(x.Paid), "currency": "BRL", "status": status(x.Status), "accountName": x.Account, "costCenter": x.CostCenter,
					"category": x.Category, "situation": strconv.FormatBool(!x.IsInactive), "isDeleted": strconv.FormatBool(x.IsDeleted),
				}
				m[operand.Receivables][row["id"]] = row
				if x.Boleto != nil {
					m[operand.Boletos][num(x.Boleto.ID)] = plain{
						"id": num(x.Boleto.ID), "receivableId": num(x.ID), "invoiceId": num(v.ID), "partyId": num(a.ID), "partyName": a.Name, "partyTaxId": a.NationalDocument,
						"ourNumber": x.Boleto.OurNumber, "boletoUrl": link, "issueDate": stamp(x.Issued), "dueDate": stamp(x.Due), "paymentDate": stamp(x.PaidOn), "amount": money(x.Amount),
						"paidAmount": money(x.Paid), "currency": "BRL", "status": status(x.Status), "isDeleted": strconv.FormatBool(x.IsDeleted),
					}
				}
				for _, p := range x.Payments {
					m[operand.Payments][num(p.ID)] = plain{
						"id": num(p.ID), "receivableId": num(x.ID), "invoiceId": num(v.ID), "partyId": num(a.ID), "partyName": a.Name, "partyTaxId": a.NationalDocument,
						"dueDate": stamp(x.Due), "paymentDate": stamp(p.Date), "amount": money(p.Amount), "currency": "BRL", "method": p.Method, "accountName": x.Account,
					}
				}
			}
		}
	}
	suppliers := w.AgencySuppliers()
	for _, p := range w.AgencyPayables() {
		from := suppliers[p.Supplier]
		m[operand.Payables][num(p.ID)] = plain{
			"id": num(p.ID), "kind": word("PAYABLE", "Despesa"), "partyId": num(from.ID), "partyName": from.Name, "partyTaxId": from.Document, "description": p.Description,
			"documentNumber": p.Document, "invoiceNumber": "", "invoiceId": "", "instalment": "1", "instalments": "1", "boletoUrl": "", "issueDate": stamp(p.Issued),
			"competenceDate": stamp(p.Competence), "dueDate": stamp(p.Due), "paymentDate": stamp(p.PaidOn), "amount": money(p.Amount), "paidAmount": money(p.Paid), "currency": "BRL",
			"status": status(p.Status), "accountName": p.Account, "costCenter": from.CostCenter, "category": from.Category, "situation": "true", "isDeleted": strconv.FormatBool(p.IsDeleted),
		}
	}
	return m
}

// Fifty guesses at the wire, one truth.
func TestDialects(t *testing.T) {
	w := world.New(1, 400)
	dialects := map[string]operand.Dialect{"zero": {}, "portuguese": {Portuguese: true, Amounts: operand.AmountComma, DayLayout: "02/01/2006"}}
	for seed := range uint64(50) {
		dialects["seed "+strconv.FormatUint(seed, 10)] = operand.RandomDialect(seed)
	}
	for name, d := range dialects {
		t.Run("case="+name, func(t *testing.T) {
			t.Parallel()
			c := start(t, w, operand.Options{Dialect: d, NoDirt: true})
			want := truth(w, c.d)
			for _, r := range []operand.Resource{operand.Clients, operand.Invoices, operand.Receivables, operand.Payables, operand.Boletos, operand.Payments} {
				rows := c.all(r, nil)
				if len(rows) != len(want[r]) || len(rows) == 0 {
					t.Errorf("%s: got %d rows, want %d", r, len(rows), len(want[r]))
				}
				bad := 0
				for _, row := range rows {
					got := c.decode(r, row)
					if truth := want[r][got[idField(r)]]; !reflect.DeepEqual(got, truth) {
						if bad++; bad < 3 {
							t.Errorf("%s: got\n%v\nwant\n%v\nfrom %v", r, got, truth, row)
						}
					}
				}
			}
		})
	}
}

// Names must differ within a row, or one value hides another.
func TestNamesAreUnique(t *testing.T) {
	for seed := range uint64(500) {
		d := operand.RandomDialect(seed)
		if !reflect.DeepEqual(d, operand.RandomDialect(seed)) {
			t.Fatalf("seed %d gives two dialects", seed)
		}
		for _, portuguese := range []bool{false, true} {
			d.Portuguese = portuguese
			for _, r := range operand.Resources() {
				seen := map[string]string{}
				for _, field := range operand.Fields(r) {
					name := d.Name(r, field)
					outer, _, _ := strings.Cut(name, ".")
					if before, ok := seen[name]; ok || name == "" {
						t.Errorf("seed %d, %s: %s and %s are both %q", seed, r, before, field, name)
					}
					if other, ok := seen[outer]; ok && outer != name && other != "nested" {
						t.Errorf("seed %d, %s: %s and %s are both %q", seed, r, other, field, outer)
					}
					seen[name] = field
					if outer != name {
						seen[outer] = "nested"
					}
				}
			}
		}
	}
}

// The dirt is where the answer sheet says, in every dialect, and nowhere else.
func TestDirt(t *testing.T) {
	w := world.New(1, 300)
	dialects := map[string]operand.Dialect{"zero": {}}
	for seed := range uint64(10) {
		dialects["seed "+strconv.FormatUint(seed, 10)] = operand.RandomDialect(seed)
	}
	for name, d := range dialects {
		t.Run("case="+name, func(t *testing.T) {
			c := start(t, w, operand.Options{Dialect: d})
			raw, got := map[string]map[string]any{}, map[string]plain{}
			for _, row := range c.all(operand.Receivables, nil) {
				p := c.decode(operand.Receivables, row)
				raw[p["id"]], got[p["id"]] = row, p
			}
			clean := truth(w, c.d)[operand.Receivables]
			for _, x := range w.AgencyDirt() {
				id := strconv.Itoa(x.ID)
				row, r := got[id], operand.Receivables
				amount, _ := c.field(r, raw[id], "amount")
				switch x.Kind {
				case world.AgencyAmbiguousAmount:
					if amount != "1.234" {
						t.Errorf("ambiguous amount %v", amount)
					}
				case world.AgencyThreeDecimals:
					want := [...]string{"1234.007", "1234.007", "1.234,007", "1234,007"}[c.d.Amounts]
					if fmt.Sprint(amount) != want || !strings.HasPrefix(row["amount"], "(bad)") {
						t.Errorf("three decimals: %v", amount)
					}
				case world.AgencyNullAmount:
					if amount != nil {
						t.Errorf("null amount: %v", amount)
					}
				case world.AgencyImpossibleDay:
					if !strings.HasPrefix(row["dueDate"], "(bad)") || !strings.Contains(row["dueDate"], "31") {
						t.Errorf("impossible day: %v", raw[id])
					}
				case world.AgencyNoDue:
					if row["dueDate"] != "" {
						t.Errorf("no due day: %v", row["dueDate"])
					}
				case world.AgencyUnknownStatus:
					if row["status"] != "(unknown) "+x.Text {
						t.Errorf("status %v", row["status"])
					}
				case world.AgencyMissingFields:
					for _, field := range []string{"partyId", "partyName", "partyTaxId", "status", "paidAmount"} {
						if row[field] != "(absent)" {
							t.Errorf("%s is there: %v", field, raw[id])
						}
					}
					if row["amount"] != "123400" {
						t.Errorf("amount %v", row["amount"])
					}
				case world.AgencyGhostParty:
					if row["partyId"] != strconv.Itoa(world.AgencyGhostID) || row["partyName"] != "" || row["partyTaxId"] != "" {
						t.Errorf("ghost %v", row)
					}
				case world.AgencyNoDocument:
					continue
				}
				if _, ok := clean[id]; ok || got[id] == nil {
					t.Errorf("dirty row %s is in the truth, or not in the reply", id)
				}
				delete(got, id)
			}
			if !reflect.DeepEqual(got, clean) {
				t.Errorf("%d rows beside the dirt, want %d", len(got), len(clean))
			}
			for _, row := range c.all(operand.Clients, url.Values{}) {
				if p := c.decode(operand.Clients, row); p["idClient"] == strconv.Itoa(world.AgencyUndocumentedID) && p["nationalDocument"] != "" {
					t.Errorf("client %v", row)
				}
			}
		})
	}
}
