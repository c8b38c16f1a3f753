package operand_test

import (
	"testing"

	fake "github.com/trama-graph/trama/datasources/sandbox/operand"
	"github.com/trama-graph/trama/datasources/sourcetest"
)

// TestCopiedSource runs the suite of every connector on a copy of the preset.
func TestCopiedSource(t *testing.T) {
	s := serve(t, fake.New(w300(), fake.Options{}))
	a := copied(t, config(s.URL, fake.DefaultToken))
	mustSync(t, a)
	if st := a.Status(); st.AsOf.IsZero() || st.Note != "" {
		t.Errorf("status %+v", st)
	}
	sourcetest.Run(t, sourcetest.Subject{
		Source: a.Source(), Name: "agency", Lists: []string{"Invoice", "Payment", "Payable", "Boleto"},
		Down: s.Close, Secrets: []string{fake.DefaultToken}, Survives: true,
	})
}
