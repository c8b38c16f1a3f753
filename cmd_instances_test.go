package main

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/trama-graph/trama/datasources/copies"
)

// The example of several instances is one that is read: its configuration without a
// mistake, and its compose file as YAML with every place it refers to.
func TestExampleOfInstances(t *testing.T) {
	text, err := os.ReadFile("docs/instances/trama.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := parseConfig(text, func(string) (string, bool) { return "postgres://trama@postgres/trama", true })
	// The folder is one of the container's.
	if err != nil && err.Error() != "policies.dir: /etc/trama/policies is not a directory" {
		t.Errorf("trama.yaml: %v", err)
	}
	if c.Instances != 2 {
		t.Errorf("it is for %d instances", c.Instances)
	}
	text, err = os.ReadFile("docs/instances/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var compose struct {
		Services map[string]struct {
			Image       string
			Build       struct{ Context, Dockerfile string }
			Command     []string
			DependsOn   any `yaml:"depends_on"`
			Volumes     []string
			Ports       []string
			Environment map[string]string
		}
		Volumes map[string]any
	}
	if err := yaml.Unmarshal(text, &compose); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"trama-1", "trama-2", "proxy", "postgres", "redis"} {
		s, ok := compose.Services[name]
		if !ok || s.Image == "" && s.Build.Dockerfile == "" {
			t.Errorf("the service %s is missing, or made of nothing", name)
		}
	}
	if _, err := os.Stat(compose.Services["trama-1"].Build.Dockerfile); err != nil {
		t.Errorf("the image: %v", err)
	}
	for name := range compose.Services["trama-1"].Environment {
		if !bytes.Contains(text, []byte(name)) {
			t.Errorf("%s is not used", name)
		}
	}
}

// Every metric the alert rules speak of is one that /metrics shows.
func TestAlertRules(t *testing.T) {
	text, err := os.ReadFile("docs/alerts.rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&rules); err != nil {
		t.Fatal(err)
	}
	known := []string{
		"trama_segment_state", "trama_policies_refused", "trama_quota_degraded", "trama_budget_degraded", "trama_redis_failures_total", "trama_operation_seconds_count",
		"trama_source_problems",
	}
	// Which an operator must consent to, or not.
	kinds, told := []string{copies.ProblemRefused, copies.ProblemGarbled, copies.ProblemHeld}, map[string]bool{}
	used := map[string]bool{}
	for _, r := range rules.Groups[0].Rules {
		if r.Alert == "" || r.Expr == "" || r.Annotations["summary"] == "" || r.Labels["severity"] == "" {
			t.Errorf("a rule is incomplete: %+v", r)
		}
		for _, m := range regexp.MustCompile(`trama_\w+`).FindAllString(r.Expr, -1) {
			used[m] = true
			if !slices.Contains(known, m) {
				t.Errorf("%s speaks of %s", r.Alert, m)
			}
		}
		for _, kind := range regexp.MustCompile(`kind="([^"]+)"`).FindAllStringSubmatch(r.Expr, -1) {
			if !slices.Contains(kinds, kind[1]) {
				t.Errorf("%s speaks of problems %q", r.Alert, kind[1])
			}
			told[kind[1]] = true
		}
	}
	if len(told) != len(kinds) {
		t.Errorf("the rules speak of %v, want all of %q", told, kinds)
	}
	source := ""
	for _, file := range []string{"cmd_metrics.go", "cmd_metrics_access.go", "cmd_watch.go", "cmd_instances.go"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source += string(b)
	}
	for _, m := range known {
		name := regexp.MustCompile(`_count$`).ReplaceAllString(m, "")
		if !used[m] || !regexp.MustCompile(`"`+name+`"`).MatchString(source) {
			t.Errorf("%s is not used by a rule, or not shown", m)
		}
	}
}
