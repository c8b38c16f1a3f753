package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trama-graph/trama/e2e/canary"
)

// silence wants nothing of a row, no token and no secret in the log.
func (l *leak) silence(t *testing.T) {
	t.Helper()
	told := 0
	for i, line := range strings.Split(l.log.String(), "\n") {
		for _, f := range l.scanner.Find(line) {
			if told++; told < 10 {
				t.Errorf("line %d of the log shows %s: %.300s", i+1, f.Label, line)
			}
		}
	}
	l.keepsSecrets(t)
}

// keepsSecrets wants no token and no secret in the log at debug level and in the
// files of the store.
func (l *leak) keepsSecrets(t *testing.T) {
	t.Helper()
	log := l.log.String()
	if !strings.Contains(log, `"level":"DEBUG"`) {
		t.Error("the log is not at debug level")
	}
	places := map[string]string{"the log": log}
	files, _ := filepath.Glob(filepath.Join(filepath.Dir(l.config), "trama.db*"))
	if len(files) == 0 {
		t.Error("there is no store")
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		places[filepath.Base(f)] = string(b)
	}
	for place, text := range places {
		for _, p := range l.partners {
			_, secret, _ := strings.Cut(p.token, p.public+"_")
			for _, s := range []string{p.token, secret, secret[:len(secret)-8]} {
				if strings.Contains(text, s) {
					t.Errorf("%s holds the token of %s", place, p.name)
				}
			}
		}
		if strings.Contains(text, canary.Key) {
			t.Errorf("%s holds the secret of a system", place)
		}
	}
}

// TestPlantedSecretsAreNotLogged sends tokens and passwords where they do not belong.
func TestPlantedSecretsAreNotLogged(t *testing.T) {
	l := leakWorld(t, false, "")
	const planted = "planted-secret-0815"
	token := l.partners[1].token
	for _, path := range []string{"/graphql?token=" + token, "/graphql?query={__typename}&api_key=" + planted, "/v1/login?password=" + planted, "/" + token, "/graphql/" + token, "/graphql?query={" + strings.ReplaceAll(planted, "-", "_") + "}"} {
		for _, bearer := range []string{"", planted, token + "x", token[:len(token)-1], "trm_live_0000000000_" + planted} {
			r := l.send(t, bearer, http.MethodGet, path, newer, nil)
			if strings.Contains(r.raw(), planted) || strings.Contains(r.raw(), token) {
				t.Errorf("the answer to %s repeats the secret: %s", path, r.raw())
			}
		}
	}
	l.query(t, token, `query($s: String) { customer(taxId: $s) { id } }`, map[string]any{"s": planted})
	l.query(t, token, `mutation { generateToken(account: "`+planted+`") { secret } }`, nil)
	if log := l.log.String(); strings.Contains(log, planted) {
		t.Errorf("the log holds a planted secret: %.300s", log[strings.Index(log, planted)-100:])
	}
	l.keepsSecrets(t)
}
