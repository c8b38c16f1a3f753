package main

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"github.com/trama-graph/trama/datasources/watch"
	"github.com/trama-graph/trama/schema"
)

func TestSegmentOf(t *testing.T) {
	hour := 3600
	fresh, aged := time.Now().Add(-time.Minute), time.Now().Add(-2*time.Hour)
	down := &schema.Source{Supply: schema.SupplyCopy, State: schema.SourceDown, LastErrorCode: "SOURCE_UNAVAILABLE"}
	for _, c := range []struct {
		name string
		copy *schema.EntityCopy
		want watch.State
	}{
		{"asked live, and down", nil, watch.Failing},
		{"a copy of what is down", &schema.EntityCopy{State: schema.CopyReady, AsOf: fresh, MaxStaleness: &hour}, watch.Fine},
		{"too old", &schema.EntityCopy{State: schema.CopyReady, AsOf: aged, MaxStaleness: &hour}, watch.Stale},
		{"not let delete", &schema.EntityCopy{State: schema.CopyReady, AsOf: fresh, LastErrorCode: "CONFLICT"}, watch.Stale},
		{"the source wants fewer calls", &schema.EntityCopy{State: schema.CopyReady, AsOf: fresh, LastErrorCode: "SOURCE_LIMITED"}, watch.Overloaded},
		{"the last reading failed", &schema.EntityCopy{State: schema.CopyReady, AsOf: fresh, LastErrorCode: "SOURCE_TIMEOUT"}, watch.Failing},
		{"never read", &schema.EntityCopy{State: schema.CopyFilling}, watch.Filling},
		{"not bought, or never pushed", &schema.EntityCopy{State: schema.CopyNotEnabled}, watch.Fine},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			if got := segmentOf(down, &schema.SourceEntity{Name: "Order", Copy: c.copy}); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// What nobody said would be pushed is missed by nobody.
func TestUnexpectedPushIsNoTrouble(t *testing.T) {
	for _, c := range []struct {
		name, entities string
		want           watch.State
	}{{"nothing was named", "", watch.Fine}, {"it was named", "entities: [Order, Customer]", watch.Filling}} {
		t.Run("case="+c.name, func(t *testing.T) {
			text := "store: {url: 'sqlite:" + filepath.Join(t.TempDir(), "t.db") + "'}\nsources: [{name: erp, kind: sap, supply: push, " + c.entities + "}]\n"
			cfg, err := parseConfig([]byte(text), func(string) (string, bool) { return "", false })
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			a, err := build(t.Context(), cfg, "live", newLog(&log, "warn"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := a.close(); err != nil {
					t.Error(err)
				}
			}()
			for _, r := range a.segments() {
				if r.State != c.want {
					t.Errorf("%s is %s, want %s", r.Entity, r.State, c.want)
				}
			}
			log.Reset()
			failed := a.fill(t.Context())
			if isQuiet := c.want == watch.Fine; isQuiet != (log.Len() == 0) || isQuiet != (failed["erp"] == nil) {
				t.Errorf("reading its customers: %v, logged %s", failed, log.String())
			}
		})
	}
}
