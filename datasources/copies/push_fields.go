package copies

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"github.com/trama-graph/trama/schema"
)

// Bounds of what is pushed. Keys and numbers stand in the indexes of the store, and
// so do other columns in some databases.
const (
	pushKeyMost    = 200       // bytes of an id, a link or a number
	pushColumnMost = 1000      // of a text by which rows are filtered and sorted
	pushTextMost   = 64 * 1024 // of any other
	pushListMost   = 10_000    // records in a list: lines of an order
	pushNamesMost  = 1000      // texts in one: numbers of other documents
	pushDigits     = 18        // of an amount or a version
)

// pushKind is how a field is written in a push.
type pushKind uint8

const (
	pushText pushKind = iota
	pushKey
	pushEnum
	pushTime
	pushDecimal
	pushMoney
	pushInt
	pushTruth
	pushCountry
	pushKeys    // a list of keys
	pushKeyMap  // keys by name
	pushRecord  // a record inside
	pushRecords // a list of them
)

// pushField is a field of a record as it is pushed.
type pushField struct {
	name   string // as in the SDL
	kind   pushKind
	index  []int
	most   int      // bytes of a text
	words  []string // of an enum
	elem   reflect.Type
	inside []pushField
}

// Money is written in a record as an object of these two.
const (
	moneyAmount   = "amount"
	moneyCurrency = "currency"
)

// pushFieldsOf finds the fields of a struct that may be pushed, those of embedded
// structs in their place. What Trama knows by itself is left out: which source a
// record is of, its key, which amounts a connector computed, which fields one could not
// read.
func pushFieldsOf(t reflect.Type, index []int, isOutermost bool) ([]pushField, error) {
	var out []pushField
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(slices.Clone(index), i)
		if f.Anonymous {
			inside, err := pushFieldsOf(f.Type, at, isOutermost)
			if err != nil {
				return nil, err
			}
			out = append(out, inside...)
			continue
		}
		if slices.Contains([]string{"Source", "Key", "ChangedAt", "IsDeleted", "Computed", "Faults"}, f.Name) {
			continue
		}
		p := pushField{name: pushName(f.Name), index: at}
		if err := p.classify(f.Type, isOutermost); err != nil {
			return nil, fmt.Errorf("copies: %s.%s: %w", t, f.Name, err)
		}
		out = append(out, p)
	}
	if len(out) > maxFields {
		return nil, fmt.Errorf("copies: %s has more than %d fields", t, maxFields)
	}
	return out, nil
}

// pushName is the SDL's name of a field: TaxID is taxId, SKU sku. The keys of other
// records have the name of the relation: CustomerKey is customer.
func pushName(field string) string {
	if before, isKey := strings.CutSuffix(field, "Key"); isKey {
		field = before
	}
	return lowerFirst(strings.NewReplacer("IDs", "Ids", "ID", "Id", "SKU", "Sku", "URL", "Url").Replace(field))
}

func (p *pushField) classify(t reflect.Type, isOutermost bool) error {
	var err error
	switch {
	case t == reflect.TypeFor[time.Time]():
		p.kind = pushTime
	case t == reflect.TypeFor[*decimal.Decimal]():
		p.kind = pushDecimal
	case t == reflect.TypeFor[*schema.Money]():
		p.kind = pushMoney
	case t == reflect.TypeFor[*int]():
		p.kind = pushInt
	case t == reflect.TypeFor[*bool]():
		p.kind = pushTruth
	case t == reflect.TypeFor[[]string]():
		p.kind, p.most = pushKeys, pushKeyMost
	case t == reflect.TypeFor[map[string]string]():
		p.kind, p.most = pushKeyMap, pushKeyMost
	case t == reflect.TypeFor[string]():
		p.text(isOutermost)
	case t.Kind() == reflect.String:
		p.kind, p.words = pushEnum, enumWords(t)
		if p.words == nil {
			err = fmt.Errorf("no words of %s are known", t)
		}
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct:
		p.kind, p.elem = pushRecord, t.Elem()
		p.inside, err = pushFieldsOf(t.Elem(), nil, false)
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Pointer:
		p.kind, p.elem = pushRecords, t.Elem().Elem()
		p.inside, err = pushFieldsOf(p.elem, nil, false)
	default:
		err = fmt.Errorf("no way to push a %s", t)
	}
	return err
}

// text finds out how long a text may be.
func (p *pushField) text(isOutermost bool) {
	p.kind, p.most = pushText, pushTextMost
	switch {
	case p.name == "country":
		p.kind, p.most = pushCountry, 2
	case !isOutermost:
	case slices.Contains([]string{"customer", "order", "quote", "invoice", "number", "sku", "code"}, p.name):
		p.kind, p.most = pushKey, pushKeyMost
	case slices.ContainsFunc(Columns(), func(c Column) bool { return c.Name == p.name }), p.name == "taxId":
		p.most = pushColumnMost
	}
}

// enumWords are the values of the schema's enums that records have.
func enumWords(t reflect.Type) []string {
	switch t {
	case reflect.TypeFor[schema.TicketStateType]():
		return wordsOf(schema.TicketNew, schema.TicketOpen, schema.TicketPending, schema.TicketClosed, schema.TicketMerged, schema.TicketRemoved, schema.TicketUnknown)
	case reflect.TypeFor[schema.InvoiceKind]():
		return wordsOf(schema.InvoiceBill, schema.InvoiceSale, schema.InvoiceTax)
	}
	return nil
}

func wordsOf[T ~string](list ...T) []string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = string(x)
	}
	return out
}

// PushField is a field of an entity as it is pushed, for the documentation.
type PushField struct {
	Name  string // "total", "lines[].unitPrice"
	Takes string // what is taken, in plain words
}

// PushFields returns the fields that records of an entity may have in a push, those
// of records inside behind them; nil when the entity cannot be pushed.
func PushFields(entity string) []PushField {
	k := pushKinds()[entity]
	if k == nil {
		return nil
	}
	fields, err := k.fields()
	if err != nil {
		return nil
	}
	return describePush(nil, "", fields)
}

// PushEntities returns the entities that can be pushed, sorted.
func PushEntities() []string {
	var out []string
	for name := range pushKinds() {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func describePush(out []PushField, prefix string, fields []pushField) []PushField {
	for i := range fields {
		f := &fields[i]
		out = append(out, PushField{Name: prefix + f.name, Takes: f.takes()})
		switch f.kind {
		case pushRecord:
			out = describePush(out, prefix+f.name+".", f.inside)
		case pushRecords:
			out = describePush(out, prefix+f.name+"[].", f.inside)
		}
	}
	return out
}

// takes says what a field takes, in plain words.
func (p *pushField) takes() string {
	switch p.kind {
	case pushKey:
		if slices.Contains([]string{"customer", "order", "quote", "invoice"}, p.name) {
			return fmt.Sprintf("id of the %s in this source, at most %d bytes", p.name, p.most)
		}
		return fmt.Sprintf("text of at most %d bytes, no control signs", p.most)
	case pushEnum:
		return "one of " + strings.Join(p.words, ", ")
	case pushTime:
		return "time (RFC 3339)"
	case pushDecimal:
		return "decimal"
	case pushMoney:
		return "money"
	case pushInt:
		return "whole number of 32 bits"
	case pushTruth:
		return "true or false"
	case pushCountry:
		return "ISO 3166-1 alpha-2 code, capitals"
	case pushKeys:
		return fmt.Sprintf("list of at most %d texts of at most %d bytes", pushNamesMost, p.most)
	case pushKeyMap:
		return "object: a source's kind or name, and its id of the same customer"
	case pushRecord:
		return "object"
	case pushRecords:
		return fmt.Sprintf("list of at most %d objects", pushListMost)
	}
	return fmt.Sprintf("text of at most %d bytes", p.most)
}
