package ecolix_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/sandbox/ecolix"
)

// reader reads records of a dialect. It shares nothing with the fake but the Dialect.
type reader struct {
	t     testing.TB
	d     ecolix.Dialect
	names map[string]string
	zone  *time.Location
}

func newReader(t testing.TB, d ecolix.Dialect) *reader {
	t.Helper()
	r := &reader{t: t, d: d, names: map[string]string{}, zone: zone(t)}
	for _, f := range ecolix.Candidates() {
		r.names[f.Key()] = f.Names[0]
		if name, ok := d.Fields[f.Key()]; ok {
			r.names[f.Key()] = name
		}
	}
	return r
}

func (r *reader) value(m record, key string) any {
	r.t.Helper()
	name, ok := r.names[key]
	if !ok {
		r.t.Fatalf("no name for %s", key)
	}
	v, ok := m[name]
	if !ok {
		return "(missing)"
	}
	return v
}

func (r *reader) text(m record, key string) string {
	r.t.Helper()
	s, ok := r.value(m, key).(string)
	if !ok {
		r.t.Errorf("%s is no text: %v", key, r.value(m, key))
	}
	return s
}

// partner reads a key that is a number or a text, as the dialect says, back into a code.
func (r *reader) partner(m record, key, prefix string, width int) string {
	r.t.Helper()
	v := r.value(m, key)
	if !r.d.NumericIDs {
		s, _ := v.(string)
		return s
	}
	n, ok := v.(json.Number)
	if !ok {
		r.t.Errorf("%s is no number: %v", key, v)
	}
	return prefix + strings.Repeat("0", max(0, width-len(n))) + n.String()
}

func (r *reader) number(m record, key string, total bool) string {
	r.t.Helper()
	v := r.value(m, key)
	if v == "(missing)" {
		return "(missing)"
	}
	style := r.d.Decimals
	if style == ecolix.DecimalAsShown {
		style = ecolix.DecimalNumber
		if total {
			style = ecolix.DecimalComma
		}
	}
	n, isNumber := v.(json.Number)
	if isNumber != (style == ecolix.DecimalNumber) {
		r.t.Errorf("%s: %T %v in style %d", key, v, v, style)
		return ""
	}
	if isNumber {
		return plain(n.String())
	}
	s := v.(string)
	space := map[ecolix.DecimalStyle]string{ecolix.DecimalSpace: " ", ecolix.DecimalNoBreak: "\u00a0", ecolix.DecimalNarrow: "\u202f"}[style]
	if style != ecolix.DecimalDot {
		if strings.Contains(s, ".") {
			r.t.Errorf("%s: a dot in %q", key, s)
		}
		s = strings.ReplaceAll(s, ",", ".")
	}
	if space != "" {
		whole, _, _ := strings.Cut(s, ".")
		if wants := (len(strings.ReplaceAll(whole, space, "")) - 1) / 3; strings.Count(whole, space) != wants {
			r.t.Errorf("%s: %q has not %d separators", key, s, wants)
		}
		s = strings.ReplaceAll(s, space, "")
	}
	return plain(s)
}

// date reads a day as 2026-03-04 and an instant as Unix seconds; "-" is none.
func (r *reader) date(m record, key string, style ecolix.DateStyle, isDay bool) string {
	r.t.Helper()
	v := r.value(m, key)
	blank := map[ecolix.BlankDate]any{ecolix.BlankEmpty: "", ecolix.BlankNull: nil, ecolix.BlankZero: "0000-00-00"}[r.d.BlankDates]
	if v == blank {
		return "-"
	}
	if style == ecolix.DateAsShown {
		style = ecolix.DateRFC3339
		if isDay {
			style = ecolix.DateISO
		}
	}
	layout := map[ecolix.DateStyle]string{
		ecolix.DateISO: time.DateOnly, ecolix.DateFrench: "02/01/2006", ecolix.DateTimeISO: "2006-01-02T15:04:05", ecolix.DateRFC3339: time.RFC3339,
	}[style]
	var at time.Time
	if n, ok := v.(json.Number); ok {
		seconds, err := n.Int64()
		if err != nil || style != ecolix.DateUnix {
			r.t.Errorf("%s: %v in style %d", key, v, style)
		}
		at = time.Unix(seconds, 0)
	} else {
		s, _ := v.(string)
		for _, day := range []string{"-02-31", "31/02/"} {
			if before, after, ok := strings.Cut(s, day); ok {
				year := before
				if before == "" {
					year = after
				}
				return "31 February " + year
			}
		}
		var err error
		if at, err = time.ParseInLocation(layout, s, r.zone); err != nil || layout == "" {
			r.t.Errorf("%s: %v in style %d", key, v, style)
		}
	}
	if isDay {
		if at = at.In(r.zone); at.Hour() != 0 || at.Minute() != 0 {
			r.t.Errorf("%s: %v is no midnight", key, v)
		}
		return at.Format(time.DateOnly)
	}
	return strconv.FormatInt(at.Unix(), 10)
}

func (r *reader) day(m record, key string) string {
	r.t.Helper()
	return r.date(m, key, r.d.Days, true)
}

func (r *reader) moment(m record, key string) string {
	r.t.Helper()
	return r.date(m, key, r.d.Moments, false)
}

func (r *reader) lines(m record, key string, priced bool) string {
	r.t.Helper()
	list, ok := r.value(m, key).([]any)
	if !ok {
		r.t.Errorf("%s is no list", key)
	}
	var out []string
	for _, v := range list {
		l := v.(record)
		s := r.text(l, "line.article") + " " + r.text(l, "line.label") + " " + r.number(l, "line.qty", false)
		if priced {
			discount := r.number(l, "line.discount", false)
			if discount == "(missing)" {
				discount = "0"
			}
			s += " " + r.number(l, "line.unitPriceHT", false) + " " + discount + " " + r.number(l, "line.vatRate", false) + " " + r.number(l, "line.totalHT", false)
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

func (r *reader) line(kind string, m record) string {
	r.t.Helper()
	switch kind {
	case "client":
		return join(r.partner(m, "client.id", "CL", 5), r.text(m, "client.name"), r.text(m, "client.siret"), r.text(m, "client.siren"), r.text(m, "client.vat"),
			r.text(m, "client.email"), r.text(m, "client.phone"), r.text(m, "client.street"), r.text(m, "client.zip"), r.text(m, "client.town"),
			r.text(m, "client.country"), r.moment(m, "client.updatedAt"))
	case "commande":
		return join(r.text(m, "commande.number"), r.partner(m, "commande.clientId", "CL", 5), r.text(m, "commande.clientRef"), r.day(m, "commande.date"),
			r.text(m, "commande.status"), r.text(m, "commande.shop"), r.number(m, "commande.totalHT", true), r.number(m, "commande.totalTVA", true), r.number(m, "commande.totalTTC", true),
			r.number(m, "commande.paid", true), r.lines(m, "commande.lines", true), r.moment(m, "commande.updatedAt"))
	case "etat":
		return join(r.text(m, "commande.number"), r.partner(m, "commande.clientId", "CL", 5), r.text(m, "commande.clientRef"), r.text(m, "commande.status"),
			r.moment(m, "commande.updatedAt"))
	case "devis":
		return join(r.text(m, "devis.number"), r.partner(m, "devis.clientId", "CL", 5), r.text(m, "devis.clientRef"), r.day(m, "devis.date"),
			r.day(m, "devis.validUntil"), r.text(m, "devis.status"), r.text(m, "devis.shop"), r.text(m, "devis.orderNumber"), r.number(m, "devis.totalHT", true),
			r.number(m, "devis.totalTVA", true), r.number(m, "devis.totalTTC", true), r.lines(m, "devis.lines", true), r.moment(m, "devis.updatedAt"))
	case "bl":
		return join(r.text(m, "bl.number"), r.text(m, "bl.orderNumber"), r.text(m, "bl.carrier"), r.moment(m, "bl.appointment"), r.day(m, "bl.shippedAt"),
			r.value(m, "bl.parcels"), r.number(m, "bl.weight", false), r.lines(m, "bl.lines", false), r.moment(m, "bl.updatedAt"))
	case "fournisseur_commande":
		f := func(field string) string { return "fournisseur_commande." + field }
		return join(r.text(m, f("number")), r.partner(m, f("supplierId"), "F", 4), r.text(m, f("supplierName")), r.text(m, f("supplierSiret")),
			r.day(m, f("date")), r.text(m, f("status")), r.day(m, f("expectedDate")), r.number(m, f("totalHT"), true), r.number(m, f("totalTVA"), true),
			r.number(m, f("totalTTC"), true), r.lines(m, f("lines"), true), r.moment(m, f("updatedAt")))
	case "article":
		active, ok := r.value(m, "article.active").(bool)
		if !ok {
			r.t.Errorf("article.active is no boolean in %v", m)
		}
		if r.names["article.active"] == "sommeil" {
			active = !active
		}
		return join(r.text(m, "article.id"), r.text(m, "article.label"), r.text(m, "article.barcode"), r.number(m, "article.priceHT", false),
			r.number(m, "article.vatRate", false), active, r.moment(m, "article.updatedAt"))
	}
	expected := "the text 1.234"
	if r.value(m, "stock.expected") != "1.234" {
		expected = r.number(m, "stock.expected", false)
	}
	return join(r.text(m, "stock.article"), r.text(m, "stock.depot"), r.number(m, "stock.available", false), r.number(m, "stock.physical", false),
		r.number(m, "stock.reserved", false), expected, r.moment(m, "stock.updatedAt"))
}

func compare(t testing.TB, path string, got, want []string) {
	t.Helper()
	for k := range min(len(got), len(want)) {
		if got[k] != want[k] {
			t.Errorf("%s, row %d:\n got %s\nwant %s", path, k, got[k], want[k])
			return
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d rows, want %d", path, len(got), len(want))
	}
}

// checkAll reads every list of every package and compares it with the world.
func (c *client) checkAll(want truth) {
	c.t.Helper()
	r := newReader(c.t, c.d)
	for path, kind := range lists() {
		var got []string
		for _, m := range c.all(path) {
			_, hasID := m["id"]
			documents := []string{"commande", "etat", "devis", "bl", "fournisseur_commande"}
			if isDocument := slices.Contains(documents, kind); isDocument && hasID != c.d.DocumentIDs {
				c.t.Fatalf("%s: technical id: %v", path, hasID)
			}
			got = append(got, r.line(kind, m))
		}
		compare(c.t, path, got, want[kind])
	}
}
