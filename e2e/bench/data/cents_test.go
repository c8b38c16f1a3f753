package data_test

import (
	"encoding/json"
	"testing"

	"github.com/trama-graph/trama/e2e/bench/data"
)

func TestCents(t *testing.T) {
	for cents, text := range map[data.Cents]string{0: "0", 5: "0.05", 50: "0.5", 700: "7", 1230: "12.3", 404645: "4046.45"} {
		b, err := json.Marshal(cents)
		if err != nil || string(b) != text {
			t.Errorf("%d is written %s, want %s (%v)", int64(cents), b, text, err)
		}
		var back data.Cents
		if err := json.Unmarshal(b, &back); err != nil || back != cents {
			t.Errorf("%s is read %d (%v)", b, int64(back), err)
		}
	}
	for _, text := range []string{"0.001", "-1", `"1"`, "1e3", "true"} {
		var c data.Cents
		if json.Unmarshal([]byte(text), &c) == nil {
			t.Errorf("%s is read as %d", text, int64(c))
		}
	}
}
