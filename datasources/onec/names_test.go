package onec_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/onec"
	"github.com/trama-graph/trama/schema"
)

func TestProbe(t *testing.T) {
	b := newBase(t)
	b.fill(10)
	s := b.open(func(c *onec.Config, d *onec.Deps) {
		c.Currency, c.AllowedOnly = "", true
		d.Links = map[string]datasources.LinkRules{"Invoice.order": {{Field: "НетТакого"}}}
	})
	found, err := s.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var text []string
	for _, f := range found {
		text = append(text, fmt.Sprintf("%s | %s | %s", f.Level, f.Subject, f.Result))
	}
	golden(t, "probe.txt", strings.Join(text, "\n")+"\n")
}

func TestNamesAreKeptOnDisk(t *testing.T) {
	b := newBase(t)
	b.fill(4)
	dir := t.TempDir()
	use := func() int {
		s := b.open(func(_ *onec.Config, d *onec.Deps) { d.CacheDir = dir })
		if _, err := orders(s).List(t.Context(), datasources.Query{First: 1}); err != nil {
			t.Fatal(err)
		}
		return len(b.asked("$metadata"))
	}
	if n := use(); n != 1 {
		t.Errorf("%d reads of $metadata at first, want 1", n)
	}
	if n := use(); n != 0 {
		t.Errorf("%d reads of $metadata although nothing has changed", n)
	}
	b.put("Catalog_New")
	if n := use(); n != 1 {
		t.Errorf("%d reads of $metadata after the composition has changed, want 1", n)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(files) != 1 {
		t.Fatal(files)
	}
	if err := os.WriteFile(files[0], []byte(`{"format":1,"fingerprint`), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := use(); n != 1 {
		t.Errorf("%d reads of $metadata after the file was torn, want 1", n)
	}
	text, _ := os.ReadFile(files[0])
	if strings.Contains(string(text), password) || strings.Contains(string(text), "Noise") {
		t.Error("the file holds more than the names that are looked for")
	}
}

func TestAVanishedPropertyMakesNamesBeReadAgain(t *testing.T) {
	b := newBase(t)
	b.fill(4)
	dir := t.TempDir()
	s := b.open(func(_ *onec.Config, d *onec.Deps) { d.CacheDir = dir })
	q := datasources.Query{First: 1}
	if _, err := orders(s).List(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	b.metadata = strings.ReplaceAll(b.metadata, `Name="Комментарий"`, `Name="Примечание"`)
	b.learn()
	if _, err := orders(s).List(t.Context(), q); schema.CodeOf(err) != schema.SourceInvalid {
		t.Fatalf("got %v", err)
	}
	if rows, err := orders(s).List(t.Context(), q); err != nil || rows.Items[0].Notes != "" {
		t.Fatalf("got %v", err)
	}
}

func TestWhatTheBaseLacks(t *testing.T) {
	b := newBase(t)
	b.mu.Lock()
	delete(b.sets, "Document_ЗаказПокупателя")
	delete(b.sets, "Catalog_Номенклатура")
	delete(b.sets, "Catalog_Контрагенты")
	b.mu.Unlock()
	b.fill(0)
	b.mu.Lock()
	delete(b.sets, "Catalog_Номенклатура")
	delete(b.sets, "Catalog_Контрагенты")
	b.mu.Unlock()
	b.sell(1, 1)
	b.mu.Lock()
	delete(b.sets, "Document_ЗаказПокупателя")
	b.mu.Unlock()
	s := b.open(nil)
	_, err := orders(s).List(t.Context(), datasources.Query{First: 1})
	var e *schema.Error
	if !errors.As(err, &e) || e.Code != schema.NotEnabled || e.Source != "books" || !strings.Contains(e.Message, `"order"`) {
		t.Errorf("got %v", err)
	}
	if err := s.(datasources.CustomerIndexer).IndexCustomers(t.Context(), nil); schema.CodeOf(err) != schema.NotEnabled {
		t.Errorf("got %v", err)
	}
	rows, err := invoices(s).ByKeys(t.Context(), []string{"bill:" + id(kindBill, 1)}, nil)
	if err != nil || len(rows.Items) != 1 || rows.Items[0].OrderKey != "" || rows.Items[0].Lines[0].SKU != "" {
		t.Errorf("%+v %v", rows.Items, err)
	}
	if r, err := invoices(s).ByParent(t.Context(), "order", []string{id(kindOrder, 1)}, datasources.Query{First: 1}); err != nil || len(r.Items) != 0 {
		t.Errorf("%v %v", r, err)
	}
}

func TestEmptyComposition(t *testing.T) {
	b := newBase(t)
	b.sets = map[string][]obj{}
	now := time.Now()
	s := b.open(func(_ *onec.Config, d *onec.Deps) { d.Now = func() time.Time { return now } })
	_, err := orders(s).List(t.Context(), datasources.Query{First: 1})
	if schema.CodeOf(err) != schema.NotEnabled || !strings.Contains(err.Error(), "1C publishes no objects") {
		t.Errorf("got %v", err)
	}
	if _, err = s.Probe(t.Context()); schema.CodeOf(err) != schema.NotEnabled {
		t.Errorf("got %v", err)
	}
	b.fill(4)
	now = now.Add(2 * time.Minute)
	if _, err := orders(s).List(t.Context(), datasources.Query{First: 1}); err != nil {
		t.Errorf("the composition was set meanwhile: %v", err)
	}
}

func TestOverrides(t *testing.T) {
	b := newBase(t)
	b.metadata = strings.ReplaceAll(b.metadata, "Document_Noise_1", "Document_Комплект")
	b.sets, b.types = map[string][]obj{}, map[string]map[string]bool{}
	b.learn()
	b.put("Document_Комплект", obj{"Ref_Key": id(9, 1), "DeletionMark": false, "Number": "X", "Комментарий": "N-1", "Контрагент_Key": zero})
	s := b.open(func(c *onec.Config, _ *onec.Deps) {
		c.Objects = map[string]string{"order": "Document_Комплект"}
		c.Fields = map[string]string{"order.number": "Комментарий", "order.total": "Posted"}
	})
	rows, err := orders(s).ByKeys(t.Context(), []string{id(9, 1)}, datasources.NewFields("number"))
	if err != nil || len(rows.Items) != 1 || rows.Items[0].Number != "N-1" || rows.Items[0].CustomerKey != "" {
		t.Fatal(rows.Items, err)
	}
	found, _ := s.Probe(t.Context())
	if !slices.Contains(found, datasources.Finding{Subject: "order.total", Result: "Document_Комплект.Posted is of another kind: Edm.Boolean", Level: datasources.Fail}) {
		t.Errorf("%+v", found)
	}
}

func TestConfigMistakesAreReportedTogether(t *testing.T) {
	err := onec.Config{
		URL: "ftp://user:hunter2@host", Country: "Moldova", Currency: "lei", Batch: 1000, Invoices: []string{"bill", "x", "bill"},
		Objects: map[string]string{"orders": "X", "line": "Y", "order": "Document X"}, Fields: map[string]string{"order.nomber": "X", "order.number": "a'b"},
		Timeout: -1, Rate: onec.Rate{PerMinute: -1},
	}.Validate()
	golden(t, "config.txt", err.Error()+"\n")
	if err := (onec.Config{Name: "a", URL: "https://h/b", User: "u", Zone: "UTC"}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestDescribeDoesNotChange(t *testing.T) {
	b := newBase(t)
	b.fill(4)
	s := b.open(withLinks)
	before := fmt.Sprintf("%+v", s.Describe())
	_, _ = s.Probe(context.Background())
	if after := fmt.Sprintf("%+v", s.Describe()); after != before {
		t.Error("it changed")
	}
	for _, e := range s.Describe().Entities {
		if s.Reader(e.Name) == nil {
			t.Errorf("%s is described but has no reader", e.Name)
		}
		if e.Default.Column != "" && e.Column(e.Default.Column) == nil {
			t.Errorf("%s: default order by an unknown column", e.Name)
		}
	}
	if s.Reader("Ticket") != nil {
		t.Error("1C has no tickets")
	}
}
