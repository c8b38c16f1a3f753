package ecolix_test

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/trama-graph/trama/datasources/sandbox/ecolix"
)

// The example dialect and fifty others say the same of every record, and it is what the world says.
func TestEveryDialectTellsTheSame(t *testing.T) {
	want := worldTruth(t, ecolix.New(demo, ecolix.Options{}).ERP())
	t.Run("case=the example shapes", func(t *testing.T) { start(t, ecolix.Options{}).checkAll(want) })
	for seed := range uint64(50) {
		t.Run(fmt.Sprint("case=random dialect ", seed), func(t *testing.T) {
			t.Parallel()
			start(t, ecolix.Options{Dialect: ecolix.RandomDialect(seed)}).checkAll(want)
		})
	}
}

func TestRandomDialect(t *testing.T) {
	seen := map[string]map[string]bool{}
	names := map[string]bool{}
	for seed := range uint64(200) {
		d := ecolix.RandomDialect(seed)
		if !reflect.DeepEqual(d, ecolix.RandomDialect(seed)) {
			t.Fatalf("seed %d gives two dialects", seed)
		}
		v := reflect.ValueOf(d)
		for k := range v.NumField() {
			name := v.Type().Field(k).Name
			if seen[name] == nil {
				seen[name] = map[string]bool{}
			}
			seen[name][fmt.Sprint(v.Field(k).Interface())] = true
		}
		for key, name := range d.Fields {
			names[key+"="+name] = true
		}
	}
	// How many values each switch must have been seen with.
	for name, want := range map[string]int{
		"Envelope": 5, "Reads": 2, "Paging": 3, "FirstPage": 2, "MaxSize": 5, "EmptyIs404": 2, "Auth": 4, "Decimals": 7, "Days": 6, "Moments": 4,
		"BlankDates": 3, "NumericIDs": 2, "DocumentIDs": 2, "SinceParam": 3, "ErrorsInBody": 2, "ErrorField": 2, "NotBought": 3, "IgnorePaging": 1,
	} {
		if got := len(seen[name]); got != want {
			t.Errorf("%s: %d values drawn, want %d", name, got, want)
		}
	}
	for _, f := range ecolix.Candidates() {
		for _, name := range f.Names {
			if !names[f.Key()+"="+name] {
				t.Errorf("%s was never named %s", f.Key(), name)
			}
		}
	}
}

// One order of the demo world, CC2511-00102 of CL00041 from 17 November 2025 over 5,352 euros, in each style.
func TestStyles(t *testing.T) {
	const number = "CC2511-00102"
	for _, c := range []struct {
		name string
		d    ecolix.Dialect
		want []string
	}{
		{"as shown", ecolix.Dialect{}, []string{
			`{"data":{"numero":"CC2511-00102","codeClient":"CL00041","refClient":"SO-2025-000102","date":"2025-11-17",`,
			`"totalHT":"4460,00","totalTVA":"892,00","totalTTC":"5352,00","reglementPercu":"5352,00"`, `"quantite":3,"prixUnitaireHT":1003.84,"tauxTva":20.0`,
			`"dateModification":"2025-11-17T14:26:09+01:00"`,
		}},
		{"numbers", ecolix.Dialect{Decimals: ecolix.DecimalNumber}, []string{`"totalTTC":5352.00`, `"prixUnitaireHT":1003.84`}},
		{"dots", ecolix.Dialect{Decimals: ecolix.DecimalDot}, []string{`"totalTTC":"5352.00"`, `"prixUnitaireHT":"1003.84"`, `"quantite":"3"`}},
		{"commas", ecolix.Dialect{Decimals: ecolix.DecimalComma}, []string{`"totalTTC":"5352,00"`, `"tauxTva":"20,0"`}},
		{"spaces", ecolix.Dialect{Decimals: ecolix.DecimalSpace}, []string{`"totalTTC":"5 352,00"`, `"totalTVA":"892,00"`}},
		{"no-break spaces", ecolix.Dialect{Decimals: ecolix.DecimalNoBreak}, []string{"\"totalTTC\":\"5\u00a0352,00\""}},
		{"narrow no-break spaces", ecolix.Dialect{Decimals: ecolix.DecimalNarrow}, []string{"\"totalTTC\":\"5\u202f352,00\""}},
		{"ISO days", ecolix.Dialect{Days: ecolix.DateISO, Moments: ecolix.DateISO}, []string{`"date":"2025-11-17"`, `"dateModification":"2025-11-17"`}},
		{"French days", ecolix.Dialect{Days: ecolix.DateFrench, Moments: ecolix.DateFrench}, []string{`"date":"17/11/2025"`, `"dateModification":"17/11/2025"`}},
		{"local times", ecolix.Dialect{Days: ecolix.DateTimeISO, Moments: ecolix.DateTimeISO}, []string{`"date":"2025-11-17T00:00:00"`, `"dateModification":"2025-11-17T14:26:09"`}},
		{"seconds", ecolix.Dialect{Days: ecolix.DateUnix, Moments: ecolix.DateUnix}, []string{`"date":1763334000`, `"dateModification":1763385969`}},
		{"offsets", ecolix.Dialect{Days: ecolix.DateRFC3339}, []string{`"date":"2025-11-17T00:00:00+01:00"`}},
		{"numeric ids", ecolix.Dialect{NumericIDs: true}, []string{`{"data":{"numero":"CC2511-00102","codeClient":41,`}},
		{"document ids", ecolix.Dialect{DocumentIDs: true}, []string{`{"data":{"id":"102","numero":`}},
		{"both ids", ecolix.Dialect{DocumentIDs: true, NumericIDs: true}, []string{`{"data":{"id":102,"numero":`}},
		{"other names", ecolix.Dialect{Fields: map[string]string{"line.qty": "qte", "commande.updatedAt": "dateMaj"}}, []string{`"qte":3`, `"dateMaj":`}},
		{"items", ecolix.Dialect{Envelope: ecolix.EnvelopeItems}, []string{`{"items":[{"numero":"CC2511-00102"`}},
		{"bare", ecolix.Dialect{Envelope: ecolix.EnvelopeBare}, []string{`{"numero":"CC2511-00102"`}},
		{"metadata", ecolix.Dialect{Envelope: ecolix.EnvelopeMetadata}, []string{`{"data":{"numero":"CC2511-00102"`, `},"metadata":{"rowcount":1,"issuccess":true},"error":null}`}},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			a := start(t, ecolix.Options{Dialect: c.d}).get("/crm/commandes/" + number)
			if a.status != http.StatusOK {
				t.Fatal(a)
			}
			decode(t, a.body)
			for _, want := range c.want {
				if !strings.Contains(a.body, want) {
					t.Errorf("%s\nhas not %s", a.body, want)
				}
			}
		})
	}
}

func TestBlankDates(t *testing.T) {
	erp := ecolix.New(demo, ecolix.Options{}).ERP()
	number := ""
	for k := range erp.Quotes {
		if q := erp.Quote(k); q.ValidUntil.IsZero() {
			number = q.ERP
		}
	}
	for style, want := range map[ecolix.BlankDate]string{
		ecolix.BlankEmpty: `"dateValidite":"",`, ecolix.BlankNull: `"dateValidite":null,`, ecolix.BlankZero: `"dateValidite":"0000-00-00",`,
	} {
		t.Run("case="+want, func(t *testing.T) {
			if a := start(t, ecolix.Options{Dialect: ecolix.Dialect{BlankDates: style}}).get("/crm/devis/" + number); !strings.Contains(a.body, want) {
				t.Error(a.body)
			}
		})
	}
}

func TestFieldsMustExist(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a misspelt field passed")
		}
	}()
	ecolix.New(demo, ecolix.Options{Dialect: ecolix.Dialect{Fields: map[string]string{"client.nam": "x"}}})
}

func TestSleepingArticle(t *testing.T) {
	c := start(t, ecolix.Options{Dialect: ecolix.Dialect{Fields: map[string]string{"article.active": "sommeil"}}})
	asleep := 0
	for k, m := range c.all("/ecommerce/articles") {
		if m["sommeil"] == demo.Products[k].IsActive || m["actif"] != nil {
			t.Errorf("%s: %v", demo.Products[k].SKU, m)
		}
		if m["sommeil"] == true {
			asleep++
		}
	}
	if asleep == 0 {
		t.Error("no article sleeps")
	}
}
