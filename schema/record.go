package schema

import "time"

// Record is what every entity has: which system it comes from, its key there,
// and when it was made and changed there. Empty texts and zero times are absent and
// leave the graph as null.
type Record struct {
	Source    string // configured name
	Key       string // the source's own id, as text
	CreatedAt time.Time
	UpdatedAt time.Time
	// ChangedAt is when Trama last saw the row change, by its own clock and to the
	// millisecond; zero where the source is asked itself. Sources never set it: copies
	// and the directory do, beside the row's own data.
	ChangedAt time.Time `json:",omitzero" copy:"-"`
	// IsDeleted says that the source has the row no more: it is as it was last, and
	// ChangedAt is when Trama learned so. Copies set it, beside the row's own data, on rows
	// of a list that asks for deleted ones.
	IsDeleted bool `json:",omitzero" copy:"-"`
	// Faults are the fields that cannot be shown, nil = all can.
	Faults *Faults `json:",omitempty"`
}

// Spoilt returns the fields of the row that cannot be shown, nil = all can.
func (r *Record) Spoilt() *Faults { return r.Faults }

// Changed notes when Trama last saw the row change.
func (r *Record) Changed(at time.Time) { r.ChangedAt = at }

// Delete notes that the row's source has it no more.
func (r *Record) Delete() { r.IsDeleted = true }

// Identity returns the row's source and key.
func (r *Record) Identity() (source, key string) { return r.Source, r.Key }

// IsNode marks the implementations of the SDL's Node.
func (*Record) IsNode() {}

func (r *Record) column(name string) Value {
	switch name {
	case "id":
		return String(r.Key)
	case "source":
		return String(r.Source)
	case "createdAt":
		return Time(r.CreatedAt)
	case "updatedAt":
		return Time(r.UpdatedAt)
	case "changedAt":
		return Time(r.ChangedAt)
	case "isDeleted":
		return Bool(r.IsDeleted)
	}
	return Null
}

// Entity is a row of the graph: one record of one source.
type Entity interface {
	Row
	Identity() (source, key string)
}

// Links are the keys by which a document refers to others. CustomerKey,
// OrderKey, QuoteKey and InvoiceKey are keys of the same source. The numbers are
// candidates found by the configured link rules, in the rules' order; they may
// belong to any source.
type Links struct {
	CustomerKey    string
	OrderKey       string
	QuoteKey       string
	InvoiceKey     string
	OrderNumbers   []string
	QuoteNumbers   []string
	InvoiceNumbers []string
}

// LinkKeys returns the links, for the rooms that join.
func (l *Links) LinkKeys() *Links { return l }

func (l *Links) column(name string) Value {
	switch name {
	case "customer":
		return String(l.CustomerKey)
	case "order":
		return String(l.OrderKey)
	case "quote":
		return String(l.QuoteKey)
	case "invoice":
		return String(l.InvoiceKey)
	case "orderNumber":
		return firstOf(l.OrderNumbers)
	case "quoteNumber":
		return firstOf(l.QuoteNumbers)
	case "invoiceNumber":
		return firstOf(l.InvoiceNumbers)
	}
	return Null
}

func firstOf(list []string) Value {
	if len(list) == 0 {
		return Null
	}
	return String(list[0])
}

func either(a, b Value) Value {
	if a.IsNull() {
		return b
	}
	return a
}

func currencyOf(m *Money) Value {
	if m == nil {
		return Null
	}
	return String(m.Currency)
}
