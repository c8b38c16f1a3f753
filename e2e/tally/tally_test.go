package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestTally(t *testing.T) {
	const ran = `{"Action":"start","Package":"p"}` + "\n"
	tests := []struct {
		name, events, want string
	}{
		{"nothing", "", "0 passed, 0 failed, 0 skipped\n"},
		{
			"a passing package shows only go's line",
			ran + `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"PASS\n"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}`,
			"ok  \tp\t0.1s\n1 passed, 0 failed, 0 skipped\n",
		},
		{
			"a failing test shows its output",
			ran + `{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:1: got 1, want 2\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"--- FAIL: TestA (0.00s)\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"FAIL\n"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}
{"Action":"fail","Package":"p"}`,
			"    a_test.go:1: got 1, want 2\n--- FAIL: TestA (0.00s)\nFAIL\tp\t0.1s\n0 passed, 1 failed, 0 skipped\n",
		},
		{
			"a skipped test gives its reason",
			ran + `{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:7: TRAMA_TEST_REDIS is not set: no Redis\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}`,
			"ok  \tp\t0.1s\nskipped: p TestA: TRAMA_TEST_REDIS is not set: no Redis\n0 passed, 0 failed, 1 skipped\n",
		},
		{
			"a package that does not build is a failure",
			`{"ImportPath":"p [p.test]","Action":"build-output","Output":"x.go:1: undefined: y\n"}
{"ImportPath":"p [p.test]","Action":"build-fail"}
{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}
{"Action":"fail","Package":"p"}`,
			"x.go:1: undefined: y\nFAIL\tp [build failed]\n0 passed, 1 failed, 0 skipped\n",
		},
		{
			"a test cut off by a panic shows what it said",
			ran + `{"Action":"output","Package":"p","Test":"TestA","Output":"panic: oh\n"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}
{"Action":"fail","Package":"p"}`,
			"panic: oh\nFAIL\tp\t0.1s\n0 passed, 1 failed, 0 skipped\n",
		},
		{"what is no event is passed on", "go: downloading x\n", "go: downloading x\n0 passed, 0 failed, 0 skipped\n"},
	}
	for _, tt := range tests {
		t.Run("case="+tt.name, func(t *testing.T) {
			var got bytes.Buffer
			tally := newTally(&got)
			if err := tally.read(strings.NewReader(tt.events)); err != nil {
				t.Fatal(err)
			}
			tally.close()
			if got.String() != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got.String(), tt.want)
			}
		})
	}
}
