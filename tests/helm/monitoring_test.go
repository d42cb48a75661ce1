package helm

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func rendered(t *testing.T, file string) []Object {
	values, err := Values(Chart + "/ci/" + file)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := Render(values)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// The alerts of a release, by their names.
func alerts(t *testing.T, objects []Object) map[string]monitoring.Rule {
	found := of[*monitoring.PrometheusRule](objects)
	if len(found) != 1 {
		t.Fatalf("%d PrometheusRules", len(found))
	}
	return byName(t, found[0].Spec)
}

func byName(t *testing.T, spec monitoring.PrometheusRuleSpec) map[string]monitoring.Rule {
	rules := map[string]monitoring.Rule{}
	for _, group := range spec.Groups {
		for _, rule := range group.Rules {
			if _, twice := rules[rule.Alert]; twice || rule.Alert == "" {
				t.Errorf("%q is no alert, or one too many", rule.Alert)
			}
			rules[rule.Alert] = rule
		}
	}
	return rules
}

func ruleFile(t *testing.T) (string, map[string]monitoring.Rule) {
	text, err := os.ReadFile(Chart + "/alerts/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var spec monitoring.PrometheusRuleSpec
	if err := yaml.UnmarshalStrict(text, &spec); err != nil {
		t.Fatal(err)
	}
	return string(text), byName(t, spec)
}

func TestTheRulesAreThoseOfTheFile(t *testing.T) {
	_, written := ruleFile(t)
	made := alerts(t, rendered(t, "monitoring.yaml"))
	if len(made) != len(written) || len(made) < 15 {
		t.Errorf("%d alerts of %d", len(made), len(written))
	}
	for name, rule := range written {
		one := made[name]
		if one.Expr.String() != rule.Expr.String() || *one.For != *rule.For || one.Labels["severity"] != rule.Labels["severity"] ||
			one.Annotations["runbook_url"] != "docs/runbooks/"+name+".md" || one.Annotations["description"] != rule.Annotations["description"] {
			t.Errorf("%s is not as it is written: %v", name, one)
		}
	}
}

// Each threshold of values.yaml is in the file, with the same number, and the other way round.
func TestEveryThresholdCanBeChanged(t *testing.T) {
	text, _ := ruleFile(t)
	values, err := Values(Chart + "/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rule := values["metrics"].(map[string]any)["prometheusRule"].(map[string]any)
	thresholds := rule["thresholds"].(map[string]any)
	seen := map[string]bool{}
	for _, found := range regexp.MustCompile(`([0-9.]+) # thresholds\.(\w+)`).FindAllStringSubmatch(text, -1) {
		var number float64
		if err := json.Unmarshal([]byte(found[1]), &number); err != nil || number != thresholds[found[2]] {
			t.Errorf("%s: %v in values.yaml, %v in the rules", found[2], thresholds[found[2]], found[1])
		}
		seen[found[2]] = true
	}
	if len(seen) != len(thresholds) || len(seen) != strings.Count(text, "thresholds.")-2 { // two in the head
		t.Errorf("%d thresholds in the rules, %d in values.yaml", len(seen), len(thresholds))
	}
	changed := map[string]any{}
	for name := range thresholds {
		changed[name] = 0.125
	}
	given, err := Values(Chart + "/ci/monitoring.yaml")
	if err != nil {
		t.Fatal(err)
	}
	given["metrics"].(map[string]any)["prometheusRule"].(map[string]any)["thresholds"] = changed
	objects, err := Render(given)
	if err != nil {
		t.Fatal(err)
	}
	for name, rule := range alerts(t, objects) {
		if strings.Contains(rule.Expr.String(), "# thresholds.") && !strings.Contains(rule.Expr.String(), "> 0.125 # thresholds.") {
			t.Errorf("%s keeps its threshold: %s", name, rule.Expr.String())
		}
	}
}

func TestAlertsAreChangedAsAsked(t *testing.T) {
	_, written := ruleFile(t)
	made := alerts(t, rendered(t, "alerts.yaml"))
	if _, there := made["EskerDeadLetters"]; there || len(made) != len(written)-1 {
		t.Error("an alert that was disabled is there, or one is missing that was not")
	}
	down := made["EskerBrokerDown"]
	if *down.For != "10m" || down.Labels["severity"] != "warning" ||
		down.Annotations["runbook_url"] != "https://runbooks.example/esker/EskerBrokerDown.md" {
		t.Errorf("not as asked: %v", down)
	}
	for name, number := range map[string]string{
		"EskerGroupLagGrowing": "> 2.5e+06 # thresholds.groupLagRecords\n", "EskerLogFull": "> 0.75 # thresholds.logFull\n",
		"EskerProduceLatencyHigh": "> 0.05 # thresholds.produceLatencySeconds\n", "EskerLogFilling": "> 0.6 # thresholds.logFilling\n",
	} {
		if rule := made[name]; !strings.Contains(rule.Expr.String(), number) {
			t.Errorf("%s: %s", name, rule.Expr.String())
		}
	}
}

func TestEveryAlertHasItsPageAndEveryPageItsAlert(t *testing.T) {
	_, written := ruleFile(t)
	const pages = "../../docs/runbooks/"
	found, err := filepath.Glob(pages + "*.md")
	if err != nil {
		t.Fatal(err)
	}
	index, err := os.ReadFile(pages + "README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range found {
		name := strings.TrimSuffix(filepath.Base(page), ".md")
		if _, there := written[name]; !there && name != "README" {
			t.Errorf("%s: there is no such alert", page)
		}
	}
	for name, rule := range written {
		page, err := os.ReadFile(pages + name + ".md")
		if err != nil {
			t.Errorf("%s has no page", name)
			continue
		}
		if !strings.HasPrefix(string(page), "# "+name+"\n") {
			t.Errorf("the page of %s is another one's", name)
		}
		for _, title := range []string{"## What users notice", "## Find the cause", "## What to do", "## It is over when"} {
			if !strings.Contains(string(page), title+"\n") {
				t.Errorf("%s: its page has no %q", name, title)
			}
		}
		after := string(*rule.For)
		if after == "0s" {
			after = "at once"
		}
		if !strings.Contains(string(index), "| ["+name+"]("+name+".md) | "+rule.Labels["severity"]+" | "+after+" |") {
			t.Errorf("%s is not in the list, or otherwise", name)
		}
		if severity := rule.Labels["severity"]; severity != "critical" && severity != "warning" {
			t.Errorf("%s is %s", name, severity)
		}
		if !strings.Contains(rule.Annotations["description"], "$labels.job") || rule.Annotations["summary"] == "" {
			t.Errorf("%s does not say where", name)
		}
	}
}

func TestDashboardsAreWhatGrafanasSidecarLooksFor(t *testing.T) {
	objects := rendered(t, "dashboards.yaml")
	files, _ := filepath.Glob(Chart + "/dashboards/*.json")
	seen := map[string]bool{}
	for _, config := range of[*corev1.ConfigMap](objects) {
		if config.Labels["grafana_dashboard"] != "1" {
			continue
		}
		if config.Labels["team"] != "queues" || config.Annotations["grafana_folder"] != "Queues" || config.Annotations["example.com/owner"] != "queues" {
			t.Errorf("%s: not labelled as asked", name(config))
		}
		for file, text := range config.Data {
			var dashboard struct {
				UID   string `json:"uid"`
				Title string `json:"title"`
			}
			if err := json.Unmarshal([]byte(text), &dashboard); err != nil || dashboard.UID == "" || dashboard.Title == "" || seen[dashboard.UID] {
				t.Errorf("%s: %s is no dashboard, or there twice: %v", name(config), file, err)
			}
			seen[dashboard.UID] = true
			// A ConfigMap takes a megabyte.
			if len(text) > 500_000 {
				t.Errorf("%s is too large", file)
			}
		}
	}
	if len(seen) != len(files) || len(seen) != 4 {
		t.Errorf("%d dashboards of %d", len(seen), len(files))
	}
}
