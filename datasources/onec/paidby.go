package onec

import "context"

// A payment changes what is paid of its bill without touching the bill's record:
// who follows bills follows payments too.

// paymentColumns are what tells which bill a payment is of.
func paymentColumns(b *builder) []string {
	prop := b.o.prop("invoice")
	cols := append(b.stampColumns(), prop)
	if b.o.composite(prop) {
		cols = append(cols, prop+typeSuffix)
	}
	return present(cols...)
}

// billOf is the bill a payment refers to, "" = none.
func billOf(b *builder, r row) (string, error) {
	d := &reads{r: r}
	prop := b.o.prop("invoice")
	if b.o.composite(prop) && b.m.conceptOf(d.text(prop+typeSuffix), conceptBill) == "" {
		return "", d.err
	}
	id := d.ref(prop)
	return id, d.err
}

// paidPrints is by bill a print of the payments that refer to it. Its size is that
// of the bills with payments, some 60 bytes each.
func (s *source) paidPrints(ctx context.Context, m *model) (map[string]uint64, error) {
	b, err := s.builder(ctx, m, m.object(conceptPayment), "Payment", s.payments.key, nil)
	if err != nil {
		return nil, err
	}
	prints := map[string]uint64{}
	q := request{name: "Payment keys", set: b.o.set, cols: paymentColumns(b), order: "Ref_Key", top: s.cfg.Page}
	if mark := b.o.prop("deleted"); mark != "" {
		q.filter = mark + " eq false" // marked ones are paid by nobody
	}
	first := ""
	for {
		n := 0
		_, err := s.client.rows(ctx, q, func(rows []row) error {
			n = len(rows)
			for i, r := range rows {
				st, ok, err := b.stamp(r)
				if err != nil {
					return err
				}
				if i == 0 && q.skip > 0 && st.id == first {
					return errRepeats
				}
				if i == 0 && q.skip == 0 {
					first = st.id
				}
				bill, err := billOf(b, r)
				if err != nil {
					return err
				}
				if ok && bill != "" {
					prints[bill] += print(st.id, st.version)
				}
			}
			return nil
		})
		if err != nil {
			return nil, asError(s.cfg.Name, err)
		}
		if n < q.top {
			return prints, nil
		}
		q.skip += n
	}
}
