package copies

import (
	"reflect"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/schema"
)

// pushEntity is an entity as it can be pushed.
type pushEntity interface {
	fields() ([]pushField, error)
	order() schema.Sort
	// reader is what a source of the entity would have; it is never asked.
	reader() any
	columns() []string
	// packer makes what reads records of a source.
	packer(source string) (pushPacker, error)
}

// pushPacker reads the data of one record with its key into a row for the store.
type pushPacker func(r *jsonReader, key string) (Row, error)

// pushKinds are the entities that can be pushed: those that can be kept, and the
// customers for the directory.
func pushKinds() map[string]pushEntity {
	date := schema.Sort{Column: "date", Desc: true}
	made := schema.Sort{Column: "createdAt", Desc: true}
	return map[string]pushEntity{
		customers:       pushedCustomers{},
		"Contact":       pushedEntity[schema.Contact, *schema.Contact]{made},
		"Ticket":        pushedEntity[schema.Ticket, *schema.Ticket]{made},
		"Quote":         pushedEntity[schema.Quote, *schema.Quote]{date},
		"Order":         pushedEntity[schema.Order, *schema.Order]{date},
		"Invoice":       pushedEntity[schema.Invoice, *schema.Invoice]{date},
		"Payment":       pushedEntity[schema.Payment, *schema.Payment]{date},
		"Payable":       pushedEntity[schema.Payable, *schema.Payable]{date},
		"Boleto":        pushedEntity[schema.Boleto, *schema.Boleto]{date},
		"Product":       pushedEntity[schema.Product, *schema.Product]{schema.Sort{Column: "id"}},
		"DeliveryNote":  pushedEntity[schema.DeliveryNote, *schema.DeliveryNote]{date},
		"PurchaseOrder": pushedEntity[schema.PurchaseOrder, *schema.PurchaseOrder]{date},
	}
}

// pushedEntity is an entity whose rows answer to columns.
type pushedEntity[T any, P datasources.EntityOf[T]] struct{ sort schema.Sort }

func (e pushedEntity[T, P]) fields() ([]pushField, error) {
	return pushFieldsOf(reflect.TypeFor[T](), nil, true)
}

func (e pushedEntity[T, P]) order() schema.Sort { return e.sort }
func (e pushedEntity[T, P]) reader() any        { return unread[T]{} }

// columns are what a row that has everything answers to Column.
func (e pushedEntity[T, P]) columns() []string {
	var x T
	fill(reflect.ValueOf(&x).Elem())
	out := []string{"id", "source"}
	for _, c := range Columns() {
		if !P(&x).Column(c.Name).IsNull() {
			out = append(out, c.Name)
		}
	}
	return out
}

// fill gives each field a value that is not zero.
func fill(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(1, 0)))
	case v.Kind() == reflect.String:
		v.SetString("x")
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String:
		v.Set(reflect.ValueOf([]string{"x"}))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i))
			}
		}
	}
}

func (e pushedEntity[T, P]) packer(source string) (pushPacker, error) {
	fields, err := e.fields()
	if err != nil {
		return nil, err
	}
	rows, err := newCodec[T]()
	if err != nil {
		return nil, err
	}
	p := &packer[T, P]{source: source, codec: rows, columns: Columns()}
	at, _ := reflect.TypeFor[T]().FieldByName("Record")
	return func(r *jsonReader, key string) (Row, error) {
		items := make([]T, 1)
		v := reflect.ValueOf(&items[0]).Elem()
		*v.FieldByIndex(at.Index).Addr().Interface().(*schema.Record) = schema.Record{Source: source, Key: key}
		if err := r.record(fields, v, r.sameID(key)); err != nil {
			return Row{}, err
		}
		list, _ := p.pack(items)
		return list[0], nil
	}, nil
}

// sameID reads the id that may stand in the data too: it must be the record's own.
func (r *jsonReader) sameID(key string) func(name string) (bool, error) {
	seen := false
	return func(name string) (bool, error) {
		if name != "id" {
			return false, nil
		}
		if seen {
			return true, errTwice
		}
		seen = true
		s, err := r.key()
		if err == nil && s != key {
			err = errOtherID
		}
		return true, err
	}
}

// pushedCustomer is a customer as it is pushed: the SDL's fields, and what the
// directory links by.
type pushedCustomer struct {
	Code          string
	ForeignIDs    map[string]string
	Name          string
	LegalName     string
	TaxID         string
	Country       string
	Email         string
	Phone         string
	Website       string
	Address       *pushedAddress
	IsPerson      *bool
	MarkedDeleted *bool
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// pushedAddress has no country: a customer has one.
type pushedAddress struct{ Street, City, PostalCode string }

func (x *pushedCustomer) record(key string) datasources.CustomerRecord {
	a := pushedAddress{}
	if x.Address != nil {
		a = *x.Address
	}
	if len(x.ForeignIDs) == 0 {
		x.ForeignIDs = nil
	}
	return datasources.CustomerRecord{
		ID: key, Code: x.Code, ForeignIDs: x.ForeignIDs, Name: x.Name, LegalName: x.LegalName, TaxID: x.TaxID, Country: x.Country,
		Email: x.Email, Phone: x.Phone, Website: x.Website, Street: a.Street, City: a.City, PostalCode: a.PostalCode,
		CreatedAt: x.CreatedAt, ModifiedAt: x.UpdatedAt, Deleted: isTrue(x.MarkedDeleted), IsPerson: isTrue(x.IsPerson),
	}
}

func isTrue(b *bool) bool { return b != nil && *b }

// pushedCustomers are the records for the directory.
type pushedCustomers struct{}

func (pushedCustomers) fields() ([]pushField, error) {
	return pushFieldsOf(reflect.TypeFor[pushedCustomer](), nil, true)
}
func (pushedCustomers) order() schema.Sort { return schema.Sort{} }
func (pushedCustomers) reader() any        { return nil }
func (pushedCustomers) columns() []string  { return nil }

func (e pushedCustomers) packer(string) (pushPacker, error) {
	fields, err := e.fields()
	if err != nil {
		return nil, err
	}
	rows, err := newCodec[datasources.CustomerRecord]()
	if err != nil {
		return nil, err
	}
	p := &customerPacker{codec: rows}
	return func(r *jsonReader, key string) (Row, error) {
		var x pushedCustomer
		if err := r.record(fields, reflect.ValueOf(&x).Elem(), r.sameID(key)); err != nil {
			return Row{}, err
		}
		list, _ := p.pack([]datasources.CustomerRecord{x.record(key)})
		return list[0], nil
	}, nil
}
