package directory_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/trama-graph/trama/datasources"
	"github.com/trama-graph/trama/datasources/directory"
	"github.com/trama-graph/trama/schema"
)

func origins(t *testing.T, d *directory.Directory, key, field string) (line string) {
	t.Helper()
	list, err := d.Origins(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range list {
		if o.Field != field {
			continue
		}
		line = fmt.Sprintf("%s %s:%s=%s", o.Rule, o.Source, o.RecordID, o.Value)
		for _, v := range o.Others {
			line += fmt.Sprintf(" & %s:%s=%s", v.Source, v.RecordID, v.Value)
		}
		for _, v := range o.Alternatives {
			line += fmt.Sprintf(" not %s:%s=%s", v.Source, v.RecordID, v.Value)
		}
		if !o.ReadAt.Equal(at(1000)) {
			t.Errorf("read at %s", o.ReadAt)
		}
	}
	return line
}

func TestStrategies(t *testing.T) {
	world := of{
		"crm":   {{ID: "c1", TaxID: idno(1), Name: "Alfa", Email: "a@alfa.md", ModifiedAt: at(5)}},
		"books": {{ID: "b1", TaxID: idno(1), Name: "Alfa Comerț și Transport", Email: "A@ALFA.md"}},
		"erp":   {{ID: "e1", TaxID: idno(1), Name: "Alfa Com", Email: "b@alfa.md", ModifiedAt: at(9)}},
	}
	for _, c := range []struct {
		name, field, strategy, want string
		setUp                       func(*directory.Config)
	}{
		{"owner", "name", "", "owner crm:c1=Alfa not books:b1=Alfa Comerț și Transport not erp:e1=Alfa Com", nil},
		{"another owner", "name", "owner", "owner erp:e1=Alfa Com not crm:c1=Alfa not books:b1=Alfa Comerț și Transport", func(c *directory.Config) { c.Owner = map[string]string{"name": "erp"} }},
		{"most recent", "name", "recent", "recent erp:e1=Alfa Com not crm:c1=Alfa not books:b1=Alfa Comerț și Transport", nil},
		{"most recent of trusted times", "name", "recent", "recent crm:c1=Alfa not books:b1=Alfa Comerț și Transport not erp:e1=Alfa Com", func(c *directory.Config) { c.Sources[2].UntrustedTimes = true }},
		{"longest", "name", "longest", "longest books:b1=Alfa Comerț și Transport not erp:e1=Alfa Com not crm:c1=Alfa", nil},
		{"all", "email", "all", "all crm:c1=a@alfa.md & erp:e1=b@alfa.md", nil},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			cfg := config()
			if c.strategy != "" {
				cfg.Strategies = map[string]string{c.field: c.strategy}
			}
			if c.setUp != nil {
				c.setUp(&cfg)
			}
			d := open(t, cfg, newMemory())
			fill(t, d, world)
			key := golden(t, d, "crm", "c1")
			if got := origins(t, d, key, c.field); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			rows, err := d.ByKeys(t.Context(), []string{key}, datasources.NewFields("name", "email"))
			if err != nil || len(rows.Items) != 1 {
				t.Fatal(rows, err)
			}
			list, _ := d.Origins(key)
			i := slices.IndexFunc(list, func(o directory.Origin) bool { return o.Field == c.field })
			if v := rows.Items[0].Column(c.field); v.Str != list[i].Value {
				t.Errorf("the golden record has %q, its provenance %q", v.Str, list[i].Value)
			}
		})
	}
	cfg := config()
	cfg.Strategies = map[string]string{"name": "all", "colour": "owner", "email": "best"}
	cfg.Suggest = []string{"none", "name"}
	cfg.MaxLoss = 2
	want := `directory.suggest[0]: unknown rule "none", want domain, name, or none alone
directory.max_loss: want a share between 0 and 1
directory.strategies.colour: no such field, want one of name, legalName, taxId, country, email, phone, website, address
directory.strategies.email: unknown strategy "best", want owner, recent, longest or all
directory.strategies.name: only email and phone have several values`
	if err := cfg.Validate(); err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	d := open(t, config(), newMemory())
	if _, err := d.Origins("c_nobody"); schema.CodeOf(err) != schema.NotFound {
		t.Errorf("nobody: %v", err)
	}
}
