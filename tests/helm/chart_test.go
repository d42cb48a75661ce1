package helm

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Each test runs with every file of values, a feature each.
func each(t *testing.T, check func(t *testing.T, objects []Object)) {
	files, err := filepath.Glob(Chart + "/ci/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("ten files of values at least, there are %d (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			values, err := Values(file)
			if err != nil {
				t.Fatal(err)
			}
			objects, err := Render(values)
			if err != nil {
				t.Fatal(err)
			}
			check(t, objects)
		})
	}
}

func of[T Object](objects []Object) []T {
	var found []T
	for _, object := range objects {
		if one, is := object.(T); is {
			found = append(found, one)
		}
	}
	return found
}

func name(object Object) string {
	return object.GetObjectKind().GroupVersionKind().Kind + "/" + object.GetName()
}

// A pod that the chart makes, by whatever way.
type pod struct {
	owner  string
	labels map[string]string
	spec   corev1.PodSpec
}

func pods(objects []Object) []pod {
	var all []pod
	add := func(owner Object, meta metav1.ObjectMeta, spec corev1.PodSpec) {
		all = append(all, pod{name(owner), meta.Labels, spec})
	}
	for _, object := range objects {
		switch one := object.(type) {
		case *corev1.Pod:
			add(one, one.ObjectMeta, one.Spec)
		case *appsv1.StatefulSet:
			add(one, one.Spec.Template.ObjectMeta, one.Spec.Template.Spec)
		case *batchv1.Job:
			add(one, one.Spec.Template.ObjectMeta, one.Spec.Template.Spec)
		case *batchv1.CronJob:
			add(one, one.Spec.JobTemplate.Spec.Template.ObjectMeta, one.Spec.JobTemplate.Spec.Template.Spec)
		}
	}
	return all
}

func (p pod) containers() []corev1.Container {
	return append(append([]corev1.Container{}, p.spec.InitContainers...), p.spec.Containers...)
}

func brokers(t *testing.T, objects []Object) *appsv1.StatefulSet {
	for _, set := range of[*appsv1.StatefulSet](objects) {
		if set.Labels["app.kubernetes.io/component"] == "broker" {
			return set
		}
	}
	t.Fatal("no brokers")
	return nil
}

func TestHelmFindsNothingToSay(t *testing.T) {
	files, _ := filepath.Glob(Chart + "/ci/*.yaml")
	for _, file := range files {
		values, err := Values(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, message := range lint.RunAll(Chart, values, "prod").Messages {
			if message.Severity > support.InfoSev {
				t.Errorf("%s: %s", file, message)
			}
		}
	}
}

func TestWhatCannotWorkIsRefusedWithTheKeysName(t *testing.T) {
	files, _ := filepath.Glob(Chart + "/ci/refused/*.yaml")
	if len(files) < 10 {
		t.Fatalf("only %d files", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(text), "\n")
			key, found := strings.CutPrefix(first, "# ")
			if !found {
				t.Fatal("the first line names the key")
			}
			values, err := Values(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Render(values)
			if err == nil {
				t.Fatal("it is taken")
			}
			// The schema writes paths with slashes, and the last key in quotes.
			said := strings.ReplaceAll(err.Error(), "/", ".")
			for part := range strings.SplitSeq(key, ".") {
				if !strings.Contains(said, part) {
					t.Errorf("%q is not named: %v", key, err)
				}
			}
		})
	}
}

func TestObjectsAreNamedOnceAndLabelled(t *testing.T) {
	each(t, func(t *testing.T, objects []Object) {
		seen := map[string]bool{}
		for _, object := range objects {
			if seen[name(object)] || object.GetName() == "" || len(object.GetName()) > 63 {
				t.Errorf("%s: the name is there twice, or no name", name(object))
			}
			seen[name(object)] = true
			if object.GetLabels()["app.kubernetes.io/instance"] != "queue" {
				t.Errorf("%s: no label of the release", name(object))
			}
		}
	})
}

// The Pod Security Standard "restricted", and what it leaves open.
func TestPodsAreRestricted(t *testing.T) {
	each(t, func(t *testing.T, objects []Object) {
		for _, pod := range pods(objects) {
			security := pod.spec.SecurityContext
			if security == nil || !*security.RunAsNonRoot || *security.RunAsUser == 0 ||
				security.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
				t.Errorf("%s: not restricted", pod.owner)
			}
			if pod.spec.AutomountServiceAccountToken == nil || *pod.spec.AutomountServiceAccountToken {
				t.Errorf("%s: gets a token of Kubernetes", pod.owner)
			}
			for _, container := range pod.containers() {
				own := container.SecurityContext
				if own == nil || *own.AllowPrivilegeEscalation || !*own.ReadOnlyRootFilesystem ||
					len(own.Capabilities.Drop) != 1 || own.Capabilities.Drop[0] != "ALL" || len(own.Capabilities.Add) > 0 {
					t.Errorf("%s: %s is not restricted", pod.owner, container.Name)
				}
				if container.Resources.Requests.Cpu().IsZero() || container.Resources.Requests.Memory().IsZero() ||
					container.Resources.Limits.Memory().IsZero() {
					t.Errorf("%s: %s says not what it needs", pod.owner, container.Name)
				}
				if !regexp.MustCompile(`(:.+|@sha256:[0-9a-f]{64})$`).MatchString(container.Image) || strings.HasSuffix(container.Image, ":latest") {
					t.Errorf("%s: the image %q is not pinned", pod.owner, container.Image)
				}
			}
		}
	})
}

func TestSelectorsFindPods(t *testing.T) {
	each(t, func(t *testing.T, objects []Object) {
		all := pods(objects)
		finds := func(owner string, selector labels.Selector) {
			for _, pod := range all {
				if selector.Matches(labels.Set(pod.labels)) {
					return
				}
			}
			t.Errorf("%s selects no pod: %s", owner, selector)
		}
		parsed := func(selector *metav1.LabelSelector) labels.Selector {
			made, err := metav1.LabelSelectorAsSelector(selector)
			if err != nil || made.Empty() {
				t.Errorf("a selector of everything, or of nothing: %v %v", selector, err)
			}
			return made
		}
		ports := func(named string) bool {
			for _, pod := range all {
				for _, container := range pod.spec.Containers {
					for _, port := range container.Ports {
						if port.Name == named {
							return true
						}
					}
				}
			}
			return false
		}
		for _, service := range of[*corev1.Service](objects) {
			wanted := map[string]string{}
			for key, value := range service.Spec.Selector {
				if key != appsv1.StatefulSetPodNameLabel { // put there by Kubernetes
					wanted[key] = value
				}
			}
			finds(name(service), labels.SelectorFromSet(wanted))
			for _, port := range service.Spec.Ports {
				if port.Name == "" || !ports(port.TargetPort.StrVal) {
					t.Errorf("%s: port %q leads nowhere", name(service), port.Name)
				}
			}
		}
		for _, set := range of[*appsv1.StatefulSet](objects) {
			if !parsed(set.Spec.Selector).Matches(labels.Set(set.Spec.Template.Labels)) {
				t.Errorf("%s does not select its pods", name(set))
			}
			budgets := 0
			for _, budget := range of[*policyv1.PodDisruptionBudget](objects) {
				if parsed(budget.Spec.Selector).Matches(labels.Set(set.Spec.Template.Labels)) {
					budgets++
					if budget.Spec.MaxUnavailable.IntValue() != 1 {
						t.Errorf("%s: more than one may be away", name(budget))
					}
				}
			}
			if budgets != 1 {
				t.Errorf("%s has %d disruption budgets", name(set), budgets)
			}
			for _, spread := range set.Spec.Template.Spec.TopologySpreadConstraints {
				finds(name(set), parsed(spread.LabelSelector))
			}
			service := false
			for _, one := range of[*corev1.Service](objects) {
				service = service || one.Name == set.Spec.ServiceName && one.Spec.ClusterIP == corev1.ClusterIPNone &&
					one.Spec.PublishNotReadyAddresses
			}
			if !service {
				t.Errorf("%s: no headless service %q", name(set), set.Spec.ServiceName)
			}
		}
		for _, policy := range of[*networkingv1.NetworkPolicy](objects) {
			finds(name(policy), parsed(&policy.Spec.PodSelector))
			for _, rule := range policy.Spec.Ingress {
				for _, port := range rule.Ports {
					if !ports(port.Port.StrVal) {
						t.Errorf("%s: port %s is nobody's", name(policy), port.Port)
					}
				}
			}
		}
	})
}

func TestBrokersAreStartedWatchedAndStoppedWithCare(t *testing.T) {
	each(t, func(t *testing.T, objects []Object) {
		set := brokers(t, objects)
		spec := set.Spec.Template.Spec
		broker := spec.Containers[0]
		probes := map[string]*corev1.Probe{"/readyz": broker.ReadinessProbe, "/livez": broker.LivenessProbe}
		for path, probe := range probes {
			if probe == nil || probe.HTTPGet.Path != path || probe.HTTPGet.Port.StrVal != "http" {
				t.Errorf("%s is not asked", path)
			}
		}
		startup := broker.StartupProbe
		if startup == nil || startup.HTTPGet.Path != "/readyz" || startup.PeriodSeconds*startup.FailureThreshold < 300 {
			t.Error("a start gets less than five minutes")
		}
		if set.Spec.PodManagementPolicy != appsv1.ParallelPodManagement {
			t.Error("a first broker would wait for others for ever")
		}
		hook := broker.Lifecycle.PreStop.Exec.Command
		if len(hook) != 5 || hook[1] != "cluster" || hook[2] != "drain" || hook[3] != "--timeout" {
			t.Fatalf("no drain before the end: %v", hook)
		}
		var drain int64
		if err := json.Unmarshal([]byte(hook[4]), &drain); err != nil {
			t.Fatal(err)
		}
		// Then a broker that is told to end takes 25 s for others to take over, 5 s for responses, and flushes.
		if *spec.TerminationGracePeriodSeconds < drain+60 {
			t.Errorf("killed after %d s, with a drain of %d s", *spec.TerminationGracePeriodSeconds, drain)
		}
		zones := map[string]bool{}
		for _, spread := range spec.TopologySpreadConstraints {
			zones[spread.TopologyKey] = true
		}
		if !zones[corev1.LabelTopologyZone] || !zones[corev1.LabelHostname] {
			t.Error("brokers are not spread")
		}
		volumes := map[string]bool{}
		for _, volume := range spec.Volumes {
			volumes[volume.Name] = true
		}
		for _, claim := range set.Spec.VolumeClaimTemplates {
			volumes[claim.Name] = true
		}
		for _, mount := range broker.VolumeMounts {
			if !volumes[mount.Name] {
				t.Errorf("there is no volume %q", mount.Name)
			}
		}
	})
}

// References within the release lead somewhere; Secrets are other people's.
func TestReferencesAreThere(t *testing.T) {
	each(t, func(t *testing.T, objects []Object) {
		configs, accounts := map[string]bool{}, map[string]bool{"default": true, "": true}
		for _, config := range of[*corev1.ConfigMap](objects) {
			configs[config.Name] = true
		}
		for _, account := range of[*corev1.ServiceAccount](objects) {
			accounts[account.Name] = true
		}
		for _, pod := range pods(objects) {
			for _, volume := range pod.spec.Volumes {
				if volume.ConfigMap != nil && !configs[volume.ConfigMap.Name] {
					t.Errorf("%s: no ConfigMap %q", pod.owner, volume.ConfigMap.Name)
				}
			}
			if !accounts[pod.spec.ServiceAccountName] {
				t.Errorf("%s: no ServiceAccount %q", pod.owner, pod.spec.ServiceAccountName)
			}
		}
	})
}

func TestNoCredentialIsInTheOpen(t *testing.T) {
	secret := regexp.MustCompile(`(?i)(secret|password|access_key|account_key|token)[a-z_]*"? *= *"?[^" ]`)
	each(t, func(t *testing.T, objects []Object) {
		for _, config := range of[*corev1.ConfigMap](objects) {
			for file, text := range config.Data {
				if found := secret.FindString(text); found != "" {
					t.Errorf("%s: %s has %q", name(config), file, found)
				}
			}
		}
		for _, pod := range pods(objects) {
			for _, container := range pod.containers() {
				for _, variable := range container.Env {
					if variable.Value != "" && secret.MatchString(variable.Name+"=x") {
						t.Errorf("%s: %s is in the open", pod.owner, variable.Name)
					}
				}
			}
		}
	})
}

// Each broker behind a balancer tells clients that address, and there is a service for each.
func TestBrokersOutsideAreToldApart(t *testing.T) {
	values, err := Values(Chart + "/ci/load-balancers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	objects, err := Render(values)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, config := range of[*corev1.ConfigMap](objects) {
		for file, text := range config.Data {
			if number, is := strings.CutPrefix(file, "broker-"); is {
				number = strings.TrimSuffix(number, ".toml")
				if strings.Contains(text, `"kafka_advertised" = "broker-`+number+`.kafka.example.com:9092"`) {
					told++
				}
			}
		}
	}
	if told != 3 {
		t.Errorf("%d of three brokers say where they are reached", told)
	}
}

// What broker.config may set is what the broker knows, less what the chart sets and secrets.
func TestTheSchemaKnowsTheSettingsOfTheBroker(t *testing.T) {
	page, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(Chart + "/values.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	type node struct {
		Properties map[string]*node `json:"properties"`
	}
	var root node
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	sections := root.Properties["broker"].Properties["config"].Properties
	own := map[string]string{
		"node": "all", "listeners": "all", "log": "all", "meta": "url tls_ca tls_cert tls_key user password",
		"object_store": "url endpoint region access_key_id secret_access_key", "replication": "factor write_quorum",
	}
	section, seen := "", 0
	for line := range strings.Lines(string(page)) {
		if title, is := strings.CutPrefix(line, "## ["); is {
			section = strings.TrimRight(title, "]\n")
		} else if row := regexp.MustCompile("^\\| `(\\w+)` \\|").FindStringSubmatch(line); row != nil {
			key := row[1]
			chart := own[section] == "all" || strings.Contains(" "+own[section]+" ", " "+key+" ")
			known := sections[section] != nil && sections[section].Properties[key] != nil
			if chart == known {
				t.Errorf("%s.%s: set by the chart: %v, in the schema: %v", section, key, chart, known)
			}
			seen++
		}
	}
	if seen < 50 {
		t.Errorf("only %d settings on the page", seen)
	}
}
