package resolvers

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/graph/model"
	"github.com/trama-graph/trama/schema"
)

// entities are the row types by SDL name.
var entities = map[string]schema.Entity{
	"Customer": &schema.Customer{}, "Contact": &schema.Contact{}, "Ticket": &schema.Ticket{}, "Quote": &schema.Quote{}, "Order": &schema.Order{},
	"Invoice": &schema.Invoice{}, "Payment": &schema.Payment{}, "Payable": &schema.Payable{}, "Boleto": &schema.Boleto{},
	"Product": &schema.Product{}, "DeliveryNote": &schema.DeliveryNote{}, "PurchaseOrder": &schema.PurchaseOrder{},
}

func sdl(t *testing.T) *ast.Schema {
	t.Helper()
	files, err := filepath.Glob("../schema/*.graphql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var sources []*ast.Source
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, &ast.Source{Name: f, Input: string(b)})
	}
	return gqlparser.MustLoadSchema(sources...)
}

// TestEveryFilterAndOrderReadsWhatItNames holds the SDL's @reads: a filter key or
// an order value without one, or with one that names no field of its entity or
// another than it reads, would filter by a field nobody judged.
func TestEveryFilterAndOrderReadsWhatItNames(t *testing.T) {
	s := sdl(t)
	checked := 0
	for name := range entities {
		fields := s.Types[name].Fields
		for _, f := range s.Types[name+"Filter"].Fields {
			if f.Name == "and" || f.Name == "or" || f.Name == "not" {
				continue
			}
			checked += holds(t, name+"Filter."+f.Name, f.Directives, fields, f.Name)
		}
		for _, v := range s.Types[name+"OrderField"].EnumValues {
			checked += holds(t, name+"OrderField."+v.Name, v.Directives, fields, column(v.Name))
		}
	}
	if checked < 100 {
		t.Errorf("only %d were checked", checked)
	}
}

func holds(t *testing.T, what string, list ast.DirectiveList, fields ast.FieldList, reads string) int {
	t.Helper()
	d := list.ForName("reads")
	if d == nil {
		t.Errorf("%s has no @reads", what)
		return 0
	}
	field := d.Arguments.ForName("field").Value.Raw
	if fields.ForName(field) == nil {
		t.Errorf("%s reads %s, which does not exist", what, field)
	}
	if field != reads {
		t.Errorf("%s says it reads %s and reads %s", what, field, reads)
	}
	return 1
}

// TestEveryFilterColumnIsOneOfTheRow fills each row with values and wants every
// filter and order column to be there: a column that Column does not know would
// filter everything away.
func TestEveryFilterColumnIsOneOfTheRow(t *testing.T) {
	s := sdl(t)
	for name, row := range entities {
		fill(reflect.ValueOf(row).Elem())
		for _, f := range s.Types[name+"Filter"].Fields {
			if f.Name != "and" && f.Name != "or" && f.Name != "not" && row.Column(f.Name).IsNull() {
				t.Errorf("%s.Column(%q) is null", name, f.Name)
			}
		}
		for _, v := range s.Types[name+"OrderField"].EnumValues {
			if row.Column(column(v.Name)).IsNull() {
				t.Errorf("%s.Column(%q) is null", name, column(v.Name))
			}
		}
	}
}

func fill(v reflect.Value) {
	for i := range v.NumField() {
		switch f := v.Field(i); x := f.Addr().Interface().(type) {
		case *time.Time:
			*x = time.Unix(1, 0)
		case **schema.Money:
			*x = &schema.Money{Amount: decimal.One, Currency: "MDL"}
		case **bool:
			yes := true
			*x = &yes
		default:
			switch f.Kind() {
			case reflect.String:
				f.SetString("x")
			case reflect.Struct:
				fill(f)
			}
		}
	}
}

func TestPredicates(t *testing.T) {
	s := func(text string) *string { return &text }
	yes, no := true, false
	d := decimal.MustParse("10")
	order := &schema.Order{Number: "SO-1", Status: "Open", Total: &schema.Money{Amount: decimal.MustParse("12.50"), Currency: "EUR"}}
	for name, c := range map[string]struct {
		filter *model.OrderFilter
		want   bool
	}{
		"nothing":          {nil, true},
		"empty":            {&model.OrderFilter{}, true},
		"eq":               {&model.OrderFilter{Number: &model.StringFilter{Eq: s("SO-1")}}, true},
		"eq is exact":      {&model.OrderFilter{Number: &model.StringFilter{Eq: s("so-1")}}, false},
		"in":               {&model.OrderFilter{Number: &model.StringFilter{In: []string{"a", "SO-1"}}}, true},
		"in nothing":       {&model.OrderFilter{Number: &model.StringFilter{In: []string{}}}, false},
		"ne":               {&model.OrderFilter{Number: &model.StringFilter{Ne: s("SO-1")}}, false},
		"ne of absent":     {&model.OrderFilter{Source: &model.StringFilter{Ne: s("crm")}}, true},
		"contains":         {&model.OrderFilter{Status: &model.StringFilter{Contains: s("PE")}}, true},
		"startsWith":       {&model.OrderFilter{Status: &model.StringFilter{StartsWith: s("op")}}, true},
		"isNull":           {&model.OrderFilter{Source: &model.StringFilter{IsNull: &yes}}, true},
		"not null":         {&model.OrderFilter{Source: &model.StringFilter{IsNull: &no}}, false},
		"eq empty":         {&model.OrderFilter{Source: &model.StringFilter{Eq: s("")}}, true},
		"in with empty":    {&model.OrderFilter{Source: &model.StringFilter{In: []string{"", "crm"}}}, true},
		"gt":               {&model.OrderFilter{Total: &model.DecimalFilter{Gt: &d}}, true},
		"lt":               {&model.OrderFilter{Total: &model.DecimalFilter{Lt: &d}}, false},
		"both must hold":   {&model.OrderFilter{Number: &model.StringFilter{Eq: s("SO-1")}, Total: &model.DecimalFilter{Lt: &d}}, false},
		"and":              {&model.OrderFilter{And: []*model.OrderFilter{{Status: &model.StringFilter{Eq: s("Open")}}, {Number: &model.StringFilter{Eq: s("x")}}}}, false},
		"or":               {&model.OrderFilter{Or: []*model.OrderFilter{{Status: &model.StringFilter{Eq: s("x")}}, {Number: &model.StringFilter{Eq: s("SO-1")}}}}, true},
		"or of nothing":    {&model.OrderFilter{Or: []*model.OrderFilter{}}, false},
		"not":              {&model.OrderFilter{Not: &model.OrderFilter{Number: &model.StringFilter{Eq: s("SO-1")}}}, false},
		"an impossible or": {&model.OrderFilter{Number: &model.StringFilter{In: []string{}}, Status: &model.StringFilter{Eq: s("Open")}}, false},
	} {
		t.Run("case="+name, func(t *testing.T) {
			p := list(c.filter, (*model.OrderOrderBy)(nil), nil, nil).Where
			if got := p.Match(order); got != c.want {
				t.Errorf("got %t for %+v", got, p)
			}
		})
	}
}

func TestOrders(t *testing.T) {
	got := list((*model.OrderFilter)(nil), &model.OrderOrderBy{Field: model.OrderOrderFieldUpdatedAt, Direction: model.OrderDirectionDesc}, nil, nil).Order
	if got != (schema.Sort{Column: "updatedAt", Desc: true}) {
		t.Errorf("got %+v", got)
	}
	if !strings.EqualFold(column("DATE"), "date") {
		t.Error(column("DATE"))
	}
}
